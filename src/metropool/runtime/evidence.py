"""Signs a node's evidence while it is served, and looks whether evidence and audit are what was signed.

The second that a record waits for its signed root is the machine's, however fast the business clock runs: an outsider waits as long.
"""

from functools import partial
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING

import structlog

from metropool.access.audit import Audit, touched
from metropool.core.errors import Invalid, Unavailable
from metropool.core.texts import Sentence
from metropool.exchange.evidence import Anchor, Broken, Evidence, Listing
from metropool.plan.compiled import Compiled
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
    """Cover what is new with a signed root at most a second after it was noted, for ever; at once what a crash left uncovered.

    Whatever stops it is told (``node.unsigned``) and tried again: what waits for its root is kept.
    """
    while True:
        node.uncovered.clear()
        try:
            await node.on_writer(partial(cover, node, key))
        except Exception as reason:  # signing must go on once whatever it was has passed
            _note_unsigned(node, reason)
            node.uncovered.set()
        else:
            node.unsigned = None
        await pause(GATHER_S)
        await node.uncovered.wait()


def _note_unsigned(node: "Node", reason: Exception) -> None:
    """Say why evidence is not signed: in the log once, on the health page while it lasts."""
    before, node.unsigned = node.unsigned, reason
    if repr(before) == repr(reason):
        return
    if isinstance(reason, Unavailable):
        log.warning("evidence is signed later", system=node.system, reason=str(reason))
    else:
        log.error("evidence is not signed", system=node.system, fault="".join(format_exception(reason)))


def cover(node: "Node", key: SigningKey) -> None:
    """One root over all that is new, on the writer thread."""
    with node.database.unit() as connection:
        context = node.context(connection)
        number, chained = Audit(connection, int(context.now.timestamp())).head()
        Evidence(context).cover(key, Anchor(number=number, hash=chained))


def listing_of(compiled: Compiled) -> Listing:
    """What the running plan says of what is exchanged."""
    rows: dict[tuple[str, str, str], str] = {}
    for row, letter in compiled.running.said:
        for way in compiled.spread(letter):
            rows[way] = f"{rows.get(way, '')} {row}".strip()
    parties = {name: str(facts.party) for name, facts in compiled.systems.items()}
    places = {name: facts.place for name, facts in compiled.systems.items() if facts.place}
    return Listing(plan=compiled.plan, parties=parties, rows=rows, places=places)


def examine_audit(context: UnitContext) -> tuple[int, Sentence | None]:
    """How many rows of the audit are right, and what is wrong with the next: as a chain, and as signed roots saw it."""
    right, fault = Audit(context.connection, int(context.now.timestamp())).examine()
    if fault:
        return right, fault
    try:
        return _as_roots_saw(context, right)
    except Broken as broken:
        return 0, broken.sentence


def _as_roots_saw(context: UnitContext, right: int) -> tuple[int, Sentence | None]:
    audit, evidence = Audit(context.connection, int(context.now.timestamp())), Evidence(context)
    newest = evidence.last_root()
    if newest is None or audit.hash_of(newest[0].audit.number) == newest[0].audit.hash:
        return right, None
    before = 0
    for root in evidence.roots():
        if audit.hash_of(root.audit.number) != root.audit.hash:
            rows = {"first": before + 1, "last": root.audit.number, "root": root.number}
            return before, Sentence("metropool.runtime", "audit_written_anew", rows)
        before = root.audit.number
    return before, touched(before + 1)
