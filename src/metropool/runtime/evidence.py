"""Signs a node's evidence while it is served, and looks whether evidence and audit are what was signed.

The second that a record waits for its signed root is the machine's, however fast the business clock runs: an outsider waits as long.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from metropool.access.audit import Audit
from metropool.core.errors import Invalid, Unavailable
from metropool.exchange.evidence import Anchor, Evidence, Listing
from metropool.plan.compiled import Compiled
from metropool.plan.schema import Letter
from metropool.runtime.pause import pause
from metropool.runtime.settings import Settings
from metropool.storage.disk import write_once
from metropool.storage.suites import SigningKey, draw_secret, self_test, signing_key
from metropool.storage.units import UnitContext

if TYPE_CHECKING:
    from metropool.runtime.node import Node

log = structlog.get_logger()
GATHER_S = 0.5
"""How long records gather for one root; with the unit that signs it this stays below a second."""


def key_file(settings: Settings, system: str) -> Path:
    """Where a system keeps the key that signs its evidence."""
    return settings.folder(system) / "keys" / f"evidence-{settings.suite}.key"


def open_key(settings: Settings, system: str) -> SigningKey:
    """The key that signs a system's evidence, drawn at the first call; what is known is signed first, as a test.

    Raises:
        Unavailable: The suite cannot be used here, or the key not be kept.
        Invalid: There is no such suite, or the file holds no key.
    """
    self_test(settings.suite)
    file = key_file(settings, system)
    if not file.exists():
        write_once(file, draw_secret(settings.suite) + "\n")
    return read_key(settings, system)


def read_key(settings: Settings, system: str) -> SigningKey:
    """The same where it must be there.

    Raises:
        Unavailable, Invalid: See ``open_key``.
    """
    file = key_file(settings, system)
    try:
        return signing_key(settings.suite, file.read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError) as cause:
        raise Unavailable(f"the key of {system} cannot be read from {file}: {cause}; serve the system once") from cause
    except Invalid as cause:
        raise Invalid(f"{file}: {cause.what}; put the key back from a backup, or remove the file: a new one is drawn") from cause


async def sign_evidence(node: "Node", key: SigningKey) -> None:
    """Cover what is new with a signed root at most a second after it was noted, for ever; at once what a crash left uncovered."""
    while True:
        node.uncovered.clear()
        try:
            await node.on_writer(partial(cover, node, key))
        except Unavailable as reason:
            log.warning("evidence is signed later", system=node.system, reason=str(reason))
            node.uncovered.set()
        await pause(GATHER_S)
        await node.uncovered.wait()


def cover(node: "Node", key: SigningKey) -> None:
    """One root over all that is new, on the writer thread."""
    with node.database.unit() as connection:
        context = node.context(connection)
        number, chained = Audit(connection, int(context.now.timestamp())).head()
        Evidence(context).cover(key, Anchor(number=number, hash=chained))


def listing_of(compiled: Compiled) -> Listing:
    """What the running plan says of letters."""
    rows: dict[tuple[str, str, str], str] = {
        each: " ".join(edge.rows)
        for edge in compiled.picture.edges
        for flow in edge.flows
        for phrase in flow.messages
        for each in compiled.spread(Letter(flow.sender, phrase, flow.receiver))
    }
    parties = {name: str(facts.party) for name, facts in compiled.systems.items()}
    places = {name: facts.place for name, facts in compiled.systems.items() if facts.place}
    return Listing(plan=compiled.plan, parties=parties, rows=rows, places=places)


def examine_audit(context: UnitContext) -> tuple[int, str]:
    """How many rows of the audit are right, and what is wrong with the next: as a chain, and as signed roots saw it."""
    audit, evidence = Audit(context.connection, int(context.now.timestamp())), Evidence(context)
    right, fault = audit.examine()
    newest = evidence.last_root()
    if fault or newest is None or audit.hash_of(newest[0].audit.number) == newest[0].audit.hash:
        return right, fault
    before = 0
    for root in evidence.roots():
        if audit.hash_of(root.audit.number) != root.audit.hash:
            covered = f"rows {before + 1} to {root.audit.number} of the audit"
            return before, f"{covered} are not those that root {root.number} of the evidence covers: they were written anew"
        before = root.audit.number
    return before, f"row {before + 1} of the audit is not what was noted, or is missing"
