"""Systems whose work software does that is not ours: it comes through a door in place of what they host. Pure."""

from collections.abc import Sequence

from metropool.core.errors import NotFound
from metropool.plan.schema import Plan, RunningSystem

WITH_GATEWAYS = ("admission", "places", "points")
"""Capabilities that speak with gateways at the broker, which no software at a door can."""


def run_outside(plan: Plan, systems: Sequence[str], *, door: str) -> Plan:
    """The same plan with some systems run by software that is not ours and comes through a door.

    Raises:
        NotFound: The plan runs no such node.
    """
    unknown = [name for name in systems if name not in plan.systems or plan.systems[name].kind != "node"]
    if unknown:
        names = ", ".join(unknown)
        what = f"the plan {plan.plan} runs no node {names} that outside software could run"
        raise NotFound(what, key="plan.no_node", values={"plan": plan.plan, "names": names})
    outside = {name: _through(plan.systems[name], door) for name in systems}
    return plan.model_copy(update={"systems": {**plan.systems, **outside}})


def _through(running: RunningSystem, door: str) -> RunningSystem:
    """The same system with a door in place of what it hosts, for the same rows; what speaks with gateways stays ours."""
    ours = {name: rows for name, rows in running.hosts.items() if name in WITH_GATEWAYS}
    rows = tuple(dict.fromkeys(row for name, hosted in running.hosts.items() if name not in ours for row in hosted))
    return running.model_copy(update={"hosts": {door: rows, **ours}, "software": "outside", "front_end": None})
