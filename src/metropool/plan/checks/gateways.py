"""Who comes in over MQTT is vouched for, by whom the contract links it to, and can be told from others. Pure."""

from collections.abc import Iterator

from metropool.plan.checks.case import Case
from metropool.plan.gateways import ADMISSION
from metropool.plan.source import PlanFault


def gateways(case: Case) -> Iterator[PlanFault]:
    """Each kind of gateways says what there is one of them for, as no other does, and is vouched for at the other end of its rows."""
    source, kinds = case.plan_source, dict[str, str]()
    for name, facts in case.systems.items():
        path = ("systems", name)
        if facts.kind != "device" or "mqtt" not in facts.way_in:
            continue
        if facts.per is None:
            yield source.fault("gateway_of_nothing", *path, name=name)
        elif facts.per in kinds:
            yield source.fault("gateway_kind_taken", *path, name=name, per=facts.per, other=kinds[facts.per])
        elif not any(facts.per in other.hosts.get(ADMISSION, ()) for other in case.systems.values()):
            yield source.fault("gateway_unvouched", *path, name=name, per=facts.per, capability=ADMISSION)
        kinds.setdefault(facts.per or "", name)
    yield from _vouching(case, kinds)


def _vouching(case: Case, kinds: dict[str, str]) -> Iterator[PlanFault]:
    """Whoever vouches for a kind is linked with it by a row, be it one that is not built yet."""
    linked = {frozenset(entry.link) for entry in case.plan.all_rows(case.contract).values()}
    for name, facts in case.systems.items():
        for place, per in enumerate(facts.hosts.get(ADMISSION, ())):
            if per not in kinds or frozenset((name, kinds[per])) not in linked:
                path = ("systems", name, "hosts", ADMISSION, place)
                yield case.plan_source.fault("gateway_unlinked", *path, name=name, per=per)
