"""Rows of a plan: each one listed once, both ends there, zones kept apart, and every message given before it is passed on. Pure."""

from collections.abc import Iterator, Mapping

from metropool.plan.checks.case import Case, without_origin, zone_joined
from metropool.plan.schema import Letter
from metropool.plan.source import PlanFault


def rows_listed(case: Case) -> Iterator[PlanFault]:
    """A plan lists each row that the contract gives it once: as running, or as not yet built."""
    plan, contract, source = case.plan, case.contract, case.plan_source
    listed = [("rows", place, row) for place, row in enumerate(plan.rows)]
    unbuilt = [("not_yet", "rows", place, row) for place, row in enumerate(plan.not_yet.rows)]
    seen: dict[str, int] = {}
    for *path, row in (*listed, *unbuilt):
        if row in seen:
            yield source.fault("duplicate", *path, name=row, first=seen[str(row)])
        elif row not in contract.rows:
            yield source.fault("unknown_row", *path, name=row)
        elif plan.plan not in contract.rows[str(row)].plans:
            yield source.fault("row_of_other_plan", *path, name=row, plan=plan.plan)
        seen.setdefault(str(row), source.line(*path))
    for row in plan.add:
        if row in contract.rows:
            yield source.fault("duplicate", "add", row, name=row, first=case.contract_source.line("rows", row))
    for row, entry in contract.rows.items():
        if plan.plan in entry.plans and row not in seen:
            yield source.fault("row_forgotten", "rows", name=row, plan=plan.plan)


def rows_apart(case: Case) -> Iterator[PlanFault]:
    """No row lets pass what another lets pass already: of two, the narrower would narrow nothing."""
    rows, seen = case.plan.running_rows(case.contract), dict[Letter, list[str]]()
    for row, letter in case.said:
        before = seen.setdefault(letter, [])
        if other := next((name for name in before if _covers(rows[name].where, rows[row].where)), None):
            source, path = case.at_row(row)
            values = {"row": row, "other": other, "message": letter.message, "left": letter.sender, "right": letter.receiver}
            yield source.fault("row_covered", *path, **values)
        else:
            before.append(row)


def _covers(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether one of two limits is the other, or a part of it."""
    return one.items() <= other.items() or other.items() <= one.items()


def ends_running(case: Case) -> Iterator[PlanFault]:
    """Both ends of a running row, and whatever it passes on its way, run."""
    for row, entry in case.plan.running_rows(case.contract).items():
        source, path = case.at_row(row)
        for name in dict.fromkeys((*entry.link, *entry.path)):
            if name in case.contract.systems and name not in case.plan.systems:
                yield source.fault("system_not_running", *path, row=row, name=name)


def ends_placed(case: Case) -> Iterator[PlanFault]:
    """The ends of a row that is not built yet are written down too, and no system is written down that no row reaches."""
    plan, rows = case.plan, case.plan.all_rows(case.contract)
    placed, reached = plan.all_systems(), {name for entry in rows.values() for name in (*entry.link, *entry.path)}
    for row in plan.not_yet.rows:
        for name in rows[row].link if row in rows else ():
            if name in case.contract.systems and name not in placed:
                source, path = case.at_row(row)
                yield source.fault("system_forgotten", *path, row=row, name=name)
    for name in placed:
        if name in case.contract.systems and name not in reached:
            yield case.plan_source.fault("system_idle", *case.at_system(name), name=name)


def zones(case: Case) -> Iterator[PlanFault]:
    """Production meets the public side and the carrier only through the access zone, and never over the public network."""
    for row, entry in case.plan.all_rows(case.contract).items():
        if any(name not in case.contract.systems for name in entry.link):
            continue
        source, path = case.at_row(row)
        if zone := zone_joined(entry.link, entry.via, case.contract):
            yield source.fault("zone_crossing", *path, row=row, left=entry.link[0], right=entry.link[1], zone=zone)
        inside = [name for name in entry.link if case.contract.systems[name].zone == "production"]
        if inside and case.plan.network(row) == "public":
            yield source.fault("production_in_public", *path, row=row, name=inside[0])


def origins(case: Case) -> Iterator[PlanFault]:
    """Whoever passes a message on was given it: it begins somewhere in the running plan."""
    for row, letter in without_origin(case.said, contract=case.contract, systems=set(case.systems)):
        source, path = case.at_row(row)
        if letter.receiver in case.contract.messages[letter.message].begins:
            yield source.fault("backwards", *path, row=row, message=letter.message, left=letter.sender, right=letter.receiver)
        else:
            yield source.fault("orphan", *path, row=row, message=letter.message, system=letter.sender)
