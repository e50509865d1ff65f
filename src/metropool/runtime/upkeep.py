"""What a served node looks after in its own books: files nobody lists, chains nobody may touch, rows nobody needs."""

from datetime import timedelta
from typing import Any

import structlog

from metropool.access.audit import Audit
from metropool.access.tidy import tidy
from metropool.core.texts import Sentence
from metropool.exchange.evidence import Evidence
from metropool.facts.ledger.verification import ChainReport
from metropool.runtime.chains import ChainCheck, note_check
from metropool.runtime.evidence import examine_audit
from metropool.runtime.node import Node

log = structlog.get_logger()
EVERY = timedelta(days=1)
AT_ONCE = 5_000
Found = tuple[int, Sentence | None]
"""How many rows of a chain are right, and what is wrong with the next."""


async def put_in_order(node: Node) -> None:
    """Remove what a crash left in the lake and check ledger, audit and evidence; before anything works on this node.

    Only for the one process that serves the node: a file written for a unit that is still to come looks like one that a crash left.
    """
    orphans = await node.on_writer(node.sweep)
    if orphans:
        log.warning("lake files of a crash removed", system=node.system, files=len(orphans), first=orphans[0])
    await check_chains(node)
    await forget(node)


async def keep_in_order(node: Node) -> None:
    """Check the chains every business day, and forget what nobody asks for again; for ever."""
    while True:
        await node.clock.sleep_until(node.clock.now() + EVERY)
        await check_chains(node)
        await forget(node)


async def forget(node: Node) -> None:
    """Keep the tables of the door bounded, some rows a unit, so that nobody waits long for the writer."""
    while await node.write(min(node.hosts), lambda work: tidy(work.context, limit=AT_ONCE)) == AT_ONCE:
        continue


async def check_chains(node: Node) -> None:
    """Check every posting, every row of the audit and all evidence beside the writer, keep what was found, say what is wrong.

    When a posting was touched nothing is posted any more; the rest goes on: bills can be read and meters collected while the
    books are being restored. Touched audit or evidence stops nothing: they are what tells who did what meanwhile.
    """
    capability = min(node.hosts)
    ledger: ChainReport = await node.read(capability, lambda work: work.ledger.verify())
    if not ledger.is_whole:
        ledger = await node.write(capability, lambda work: work.ledger.stop_if_broken())
        log.error("the ledger was stopped", system=node.system, reason=ledger.reason)
    audit: Found = await node.read(capability, lambda work: examine_audit(work.context))
    evidence: Found = await node.read(capability, lambda work: Evidence(work.context).examine())
    for name, (_, fault) in (("audit", audit), ("evidence", evidence)):
        if fault:
            log.error(f"the {name} was touched", system=node.system, reason=str(fault))
    found = {"ledger": (ledger.rows, ledger.fault), "audit": audit, "evidence": evidence}
    await node.write(capability, lambda work: _note(work, **found))


def _note(work: Any, **found: Found) -> None:
    for chain, (rows, fault) in found.items():
        told = fault.both() if fault else {}
        check = ChainCheck(chain=chain, checked_at=work.now, rows=rows, fault=told)
        if note_check(work.context.connection, check):
            _audit_of(work).note(
                actor="upkeep", action=f"{chain}.verify", on=work.system, outcome="broken", details={"fault": told}
            )


def _audit_of(work: Any) -> Audit:
    return Audit(work.context.connection, int(work.now.timestamp()))
