"""Capabilities of a plan: built, hosted where the contract puts them, and able to say and hear what the rows carry. Pure."""

from collections import defaultdict
from collections.abc import Iterator

from metropool.plan.checks.case import Case
from metropool.plan.compiled import CapabilityFacts
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
        if running.kind == "node" and running.per:
            yield case.plan_source.fault("many_instances", "systems", name, "per", name=name)


def hosting(case: Case) -> Iterator[PlanFault]:
    """A capability is hosted where the contract puts it in this plan, or is listed as not yet built."""
    plan, source = case.plan, case.plan_source
    given = {entry: _as_tuple(by_plan[plan.plan]) for entry, by_plan in case.contract.hosting.items() if plan.plan in by_plan}
    placed = {entry.partition("[")[0] for entry in case.contract.hosting}
    places: dict[str, set[str]] = defaultdict(set)
    for entry, hosts in given.items():
        places[entry.partition("[")[0]] |= set(hosts)
    for name, running in plan.all_systems().items():
        for capability in running.hosts:
            if given and capability in placed and name not in places[capability]:
                path = (*case.at_system(name), "hosts", capability)
                yield source.fault("hosted_elsewhere", *path, name=capability, system=name)
    for entry in given:
        capability = entry.partition("[")[0]
        hosted = any(capability in running.hosts for running in plan.systems.values())
        if not hosted and entry not in plan.not_yet.capabilities:
            yield source.fault("capability_forgotten", "systems", name=entry, plan=plan.plan)


def said_and_heard(case: Case) -> Iterator[PlanFault]:
    """Between nodes of ours, somebody at the sender says each message and somebody at the receiver hears it."""
    for row, letter in case.said:
        if any(case.systems[end].kind != "node" for end in (letter.sender, letter.receiver)):
            continue
        kind = case.contract.messages[letter.message].carried_by
        values = {"row": row, "message": letter.message, "kind": kind}
        source, path = case.at_row(row)
        if not any(facts is None or kind in facts.produces for facts in _hosted(case, letter.sender)):
            yield source.fault("nobody_produces", *path, system=letter.sender, **values)
        if not any(facts is None or kind in facts.consumes for facts in _hosted(case, letter.receiver)):
            yield source.fault("nobody_consumes", *path, system=letter.receiver, **values)


def _as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _hosted(case: Case, system: str) -> list[CapabilityFacts | None]:
    """What a system hosts; None for a capability that is not built, which is a fault of its own."""
    return [case.capabilities.get(name) for name in case.systems[system].hosts]
