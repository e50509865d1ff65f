"""What a served node looks after in its own books: files nobody lists, postings nobody may touch."""

from datetime import timedelta

import structlog

from metropool.facts.ledger.verification import ChainReport
from metropool.runtime.node import Node

log = structlog.get_logger()
EVERY = timedelta(days=1)


async def put_in_order(node: Node) -> None:
    """Remove what a crash left in the lake and check the ledger; before anything works on this node.

    Only for the one process that serves the node: a file written for a unit that is still to come looks like one that a crash left.
    """
    orphans = await node.on_writer(node.sweep)
    if orphans:
        log.warning("lake files of a crash removed", system=node.system, files=len(orphans), first=orphans[0])
    await check_ledger(node)


async def check_ledger_daily(node: Node) -> None:
    """Check the ledger every business day, for ever."""
    while True:
        await node.clock.sleep_until(node.clock.now() + EVERY)
        await check_ledger(node)


async def check_ledger(node: Node) -> ChainReport:
    """Check every posting beside the writer; when one was touched let nothing be posted any more, and say so.

    The rest goes on: bills can be read and meters collected while the books are being restored.
    """
    capability = min(node.hosts)
    report: ChainReport = await node.read(capability, lambda work: work.ledger.verify())
    if not report.is_whole:
        report = await node.write(capability, lambda work: work.ledger.stop_if_broken())
        log.error("the ledger was stopped", system=node.system, reason=report.reason)
    return report
