"""What the doctor looks for in the books of a home: chains that nobody touched, batches that are whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from metropool.core.texts import Sentence
from metropool.runtime.cli.words import language
from metropool.runtime.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection


def touched_chains(settings: Settings) -> tuple[int, list[str]]:
    """How many chains there are in the embedded databases of a home, and a sentence on each that is not whole.

    Every row is looked at; nothing is changed, and a server may run meanwhile.
    """
    found = [(system, chain, fault) for system, file in _books(settings) for chain, fault in _faults(file, system, settings)]
    return len(found), [f"{system}, {chain}: {fault.said(language())}" for system, chain, fault in found if fault]


def short_batches(settings: Settings) -> list[str]:
    """A sentence on each of the oldest batches that should be whole by now, in the embedded databases of a home; nothing is changed."""
    from metropool.runtime.batch_health import late_before

    before = late_before(settings.the_clock)
    return [f"{system}: {said}" for system, file in _books(settings) for said in _short(file, before)]


def _short(file: Path, before: datetime) -> list[str]:
    from sqlalchemy import inspect

    from metropool.exchange.batches import Batches, inbox_batch
    from metropool.runtime.batch_health import SHOWN, short_sentence
    from metropool.runtime.cli.words import word

    with _looked_at(file) as connection:
        if not inspect(connection).has_table(inbox_batch.name):
            return []
        found = Batches(connection).short(limit=SHOWN, before=before)
    said = [short_sentence(one).said(language()) for one in found.oldest]
    more = found.count - len(said)
    return [*said, word("batch_more", count=more)] if more else said


def _books(settings: Settings) -> Iterator[tuple[str, Path]]:
    """The systems of a home and their databases, as far as there are any."""
    from metropool.runtime.systems import compile_named

    for system in compile_named(settings.plan, home=settings.home).nodes():
        if (file := settings.folder(system) / f"{system}.sqlite").is_file():
            yield system, file


@contextmanager
def _looked_at(file: Path) -> Iterator["Connection"]:
    """A database that is only read; a server may run meanwhile."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    with create_engine(f"sqlite:///file:{file}?mode=ro&uri=true", poolclass=NullPool).connect() as connection:
        yield connection


def _faults(file: Path, system: str, settings: Settings) -> list[tuple[str, Sentence | None]]:
    from sqlalchemy import inspect

    from metropool.access.tables import audit
    from metropool.core.clock import SystemClock
    from metropool.core.identifiers import PartyId, RandomIds, SystemId
    from metropool.exchange.evidence import Evidence
    from metropool.exchange.evidence.tables import evidence
    from metropool.facts.ledger import SqlLedger
    from metropool.facts.ledger.tables import posting
    from metropool.runtime.evidence import examine_audit
    from metropool.storage.lake import Lake
    from metropool.storage.units import UnitContext

    with _looked_at(file) as connection:
        tables = set(inspect(connection).get_table_names())
        now, lake = SystemClock().now(), Lake(root=settings.lake_root(system))
        context = UnitContext(connection, now, lake, SystemId(system), PartyId(system), RandomIds())
        faults = []
        if posting.name in tables:
            faults.append(("ledger", SqlLedger(context).verify().fault))
        if evidence.name in tables:
            faults.append(("evidence", Evidence(context).examine()[1]))
        if {audit.name, evidence.name} <= tables:
            faults.append(("audit", examine_audit(context)[1]))
        return faults
