"""The contract itself: what it refers to exists, and each plan it gives rows to could work. Pure."""

from collections import Counter
from collections.abc import Iterator

from metropool.plan.checks.case import Case, without_origin, zone_joined
from metropool.plan.schema import Contract, MessageEntry, Row, letters_of
from metropool.plan.source import PlanFault, Source


def contract_names(case: Case) -> Iterator[PlanFault]:
    """Everything the contract refers to exists in it."""
    contract, source = case.contract, case.contract_source
    for name, system in contract.systems.items():
        if system.party not in contract.parties:
            yield source.fault("unknown_party", "systems", name, "party", name=system.party)
    for name, message in contract.messages.items():
        if name not in case.plan.add_messages:
            yield from begins_known(message, contract, source, ("messages", name))
    for row, entry in contract.rows.items():
        yield from row_names(entry, contract, source, ("rows", row))


def contract_rows(case: Case) -> Iterator[PlanFault]:
    """Rows the contract gives to this plan join only systems of this plan, and keep the zones apart."""
    contract, source = case.contract, case.contract_source
    for row, entry in _given(case).items():
        for name in entry.link:
            if contract.systems[name].plans and case.plan.plan not in contract.systems[name].plans:
                yield source.fault("system_of_other_plan", "rows", row, name=name, plan=case.plan.plan)
        if zone := zone_joined(entry.link, entry.via, contract):
            yield source.fault("zone_crossing", "rows", row, row=row, left=entry.link[0], right=entry.link[1], zone=zone)


def contract_origins(case: Case) -> Iterator[PlanFault]:
    """With every row of the contract in place, whoever passes a message on was given it."""
    contract, said = case.contract, [pair for pair in letters_of(_given(case)) if pair[1].message in case.contract.messages]
    for row, letter in without_origin(said, contract=contract, systems=set(contract.systems)):
        values = {"row": row, "message": letter.message, "system": letter.sender}
        yield case.contract_source.fault("orphan", "rows", row, **values)


def contract_messages(case: Case) -> Iterator[PlanFault]:
    """Every message of the contract is in some row."""
    used = {letter.message for _, letter in letters_of(case.contract.rows)}
    for name in case.contract.messages:
        if name not in used and name not in case.plan.add_messages:
            yield case.contract_source.fault("message_unused", "messages", name, name=name)


def begins_known(message: MessageEntry, contract: Contract, source: Source, path: tuple[str, ...]) -> Iterator[PlanFault]:
    """The systems a message begins with are known."""
    for place, name in enumerate(message.begins):
        if name not in contract.systems:
            yield source.fault("unknown_system", *path, "from", place, name=name)


def row_names(entry: Row, contract: Contract, source: Source, path: tuple[str, ...]) -> Iterator[PlanFault]:
    """Systems and messages of a row are known, each message there once."""
    for name in dict.fromkeys((*entry.link, *entry.path)):
        if name not in contract.systems:
            yield source.fault("unknown_system", *path, name=name)
    for letter, count in Counter(entry.letters()).items():
        if letter.message not in contract.messages:
            yield source.fault("unknown_message", *path, name=letter.message)
        if count > 1:
            yield source.fault("duplicate", *path, name=letter.message, first=source.line(*path))


def _given(case: Case) -> dict[str, Row]:
    """The rows the contract gives to this plan, as far as their systems are known."""
    rows, systems = case.contract.rows.items(), case.contract.systems
    return {row: entry for row, entry in rows if case.plan.plan in entry.plans and all(name in systems for name in entry.link)}
