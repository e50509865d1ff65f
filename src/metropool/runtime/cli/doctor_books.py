"""What the doctor looks for in the books of a home: chains of ledger, audit and evidence that nobody touched."""

from pathlib import Path

from metropool.core.texts import Sentence
from metropool.runtime.cli.words import language
from metropool.runtime.settings import Settings


def touched_chains(settings: Settings) -> tuple[int, list[str]]:
    """How many chains there are in the embedded databases of a home, and a sentence on each that is not whole.

    Every row is looked at; nothing is changed, and a server may run meanwhile.
    """
    from metropool.runtime.systems import compile_named

    found = [
        (system, chain, fault)
        for system in compile_named(settings.plan, home=settings.home).nodes()
        if (file := settings.folder(system) / f"{system}.sqlite").is_file()
        for chain, fault in _faults(file, system, settings)
    ]
    return len(found), [f"{system}, {chain}: {fault.said(language())}" for system, chain, fault in found if fault]


def _faults(file: Path, system: str, settings: Settings) -> list[tuple[str, Sentence | None]]:
    from sqlalchemy import create_engine, inspect
    from sqlalchemy.pool import NullPool

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

    engine = create_engine(f"sqlite:///file:{file}?mode=ro&uri=true", poolclass=NullPool)
    with engine.connect() as connection:
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
