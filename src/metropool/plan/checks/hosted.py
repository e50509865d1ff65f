"""Capabilities of a plan: built, hosted where the contract puts them, and able to say and hear what the rows carry. Pure."""

from collections.abc import Iterator, Sequence

from metropool.exchange.ways import PLACES
from metropool.plan.carriers import is_carried, medium_of
from metropool.plan.checks.case import Case
from metropool.plan.compiled import CapabilityFacts
from metropool.plan.passing import Passing, passing_of
from metropool.plan.source import PlanFault


def capabilities_known(case: Case) -> Iterator[PlanFault]:
    """What a system hosts is built; only nodes of ours host; a node hosts something and is one instance."""
    for name, running in case.plan.systems.items():
        for capability in running.hosts:
            if capability not in case.capabilities:
                yield case.plan_source.fault("missing_capability", "systems", name, "hosts", capability, name=capability)
            elif running.kind != "node":
                yield case.plan_source.fault("hosts_nothing", "systems", name, "hosts", name=name)
        if running.kind == "node" and not running.hosts:
            yield case.plan_source.fault("node_without_work", "systems", name, name=name)
        if running.kind == "node" and running.per and running.per not in PLACES:
            yield case.plan_source.fault("many_of_no_place", "systems", name, "per", name=name, per=running.per)
        elif running.kind == "node" and running.per:
            yield case.plan_source.note("many_instances", "systems", name, "per", name=name)
        doors = [name for name in running.hosts if name in case.capabilities and case.capabilities[name].is_door]
        if running.software == "outside" and not doors:
            yield case.plan_source.fault("outside_without_door", "systems", name, "software", name=name)


def unbuilt_capabilities(case: Case) -> Iterator[PlanFault]:
    """What a system that does not run yet will host is built, or placed by the contract."""
    placed = {entry.partition("[")[0] for entry in case.contract.hosting}
    for name, running in case.plan.not_yet.systems.items():
        for capability in running.hosts:
            if capability not in case.capabilities and capability not in placed:
                path = ("not_yet", "systems", name, "hosts", capability)
                yield case.plan_source.fault("missing_capability", *path, name=capability)


def hosting(case: Case) -> Iterator[PlanFault]:
    """A capability is hosted where the contract puts it in this plan, or is listed as not yet built."""
    plan, source = case.plan, case.plan_source
    given = {entry: _as_tuple(by_plan[plan.plan]) for entry, by_plan in case.contract.hosting.items() if plan.plan in by_plan}
    placed = {entry.partition("[")[0] for entry in case.contract.hosting}
    for name, running in plan.all_systems().items():
        for capability, rows in running.hosts.items():
            entries = [capability] if capability in given else [f"{capability}[{row}]" for row in rows]
            here = entries and all(name in given.get(entry, ()) for entry in entries)
            if given and capability in placed and not here:
                path = (*case.at_system(name), "hosts", capability)
                yield source.fault("hosted_elsewhere", *path, name=capability, system=name)
    outside = {name for name, running in plan.systems.items() if running.software == "outside"}
    for entry, hosts in given.items():
        capability, _, row = entry.rstrip("]").partition("[")
        hosted = outside & set(hosts) or any(
            capability in running.hosts and (not row or row in running.hosts[capability]) for running in plan.systems.values()
        )
        if not hosted and entry not in plan.not_yet.capabilities:
            yield source.fault("capability_forgotten", "systems", name=entry, plan=plan.plan)


def said_and_heard(case: Case) -> Iterator[PlanFault]:
    """Between nodes of ours, somebody at the sender says each message and somebody at the receiver hears it, or passes it on.

    What outside software says, only that software knows: where it runs a system, whatever the rows list may be said.
    """
    passing = passing_in(case)
    for row, letter in case.said:
        if letter not in passing.letters:
            continue
        kind = case.contract.messages[letter.message].carried_by
        values = {"row": row, "message": letter.message, "kind": kind}
        source, path = case.at_row(row)
        begun = case.systems[letter.sender].software or (letter.sender, letter.message) in passing.relays
        if not begun and not any(facts is None or kind in facts.produces for facts in _hosted(case, letter.sender)):
            yield source.fault("nobody_produces", *path, system=letter.sender, **values)
        goes_on = (letter.receiver, letter.message) in passing.relays
        if not goes_on and not any(facts is None or kind in facts.consumes for facts in _hosted(case, letter.receiver)):
            yield source.fault("nobody_consumes", *path, system=letter.receiver, **values)


def spoken_of(case: Case) -> Iterator[PlanFault]:
    """Who says or hears a message of one medium hosts what does so for that medium: one of water is not said by who bills gas alone."""
    passing, rows = passing_in(case), case.plan.running_rows(case.contract)
    for row, letter in case.said:
        entry = case.contract.messages[letter.message]
        medium = {**entry.where, **rows[row].where}.get("service")
        if letter not in passing.letters or medium is None:
            continue
        ends = {letter.sender: "produces", letter.receiver: "consumes"}
        for system, does in ends.items():
            able = [facts for facts in _hosted(case, system) if facts is not None and entry.carried_by in getattr(facts, does)]
            relays = (system, letter.message) in passing.relays or case.systems[system].software
            if able and not relays and not any(_is_for(facts, medium, case.systems[system].hosts[facts.name]) for facts in able):
                source, path = case.at_row(row)
                yield source.fault("of_other_medium", *path, row=row, system=system, message=letter.message, medium=medium)


def _is_for(facts: CapabilityFacts, medium: str, hosted: Sequence[str]) -> bool:
    """Whether a capability hosted for these rows has to do with a medium; one that is not hosted by media has to do with each.

    What is hosted for something that it cannot be hosted for is a fault of its own, and may be a slip of just this medium's name.
    """
    rows = set(facts.rows or ())
    return medium in hosted or not hosted or medium not in rows or not rows.issuperset(hosted)


def carriers(case: Case) -> Iterator[PlanFault]:
    """Something carries each message: a class where letters go, an operation to people's apps, frames to terminals."""
    for row, letter in case.said:
        medium = medium_of(case.systems[letter.sender], case.systems[letter.receiver])
        if not is_carried(case.contract.messages[letter.message], medium):
            source, path = case.at_row(row)
            values = {"row": row, "message": letter.message, "left": letter.sender, "right": letter.receiver}
            yield source.fault("no_carrier", *path, by=medium, **values)


def circles(case: Case) -> Iterator[PlanFault]:
    """What is passed on never comes back to who passed it on."""
    passing = passing_in(case)
    for system, message in passing.circles():
        rows = [row for row, letter in case.said if (letter.sender, letter.message) == (system, message)]
        source, path = case.at_row(rows[0])
        yield source.fault("passed_in_circle", *path, system=system, message=message)


def passing_in(case: Case) -> Passing:
    """What is passed on between the nodes of the plan."""
    nodes = {name for name, facts in case.systems.items() if facts.kind == "node"}
    letters = {letter for _, letter in case.said if letter.sender in nodes and letter.receiver in nodes}
    return passing_of(letters, contract=case.contract, systems=case.systems, capabilities=case.capabilities)


def _as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _hosted(case: Case, system: str) -> list[CapabilityFacts | None]:
    """What a system hosts; None for a capability that is not built, which is a fault of its own."""
    return [case.capabilities.get(name) for name in case.systems[system].hosts]
