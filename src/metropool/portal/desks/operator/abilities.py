"""Which commands a meter can take: what its model can do by the device catalog, and what the registry lets be switched."""

from metropool.capabilities.metering.control import profile_setting
from metropool.capabilities.metering.ports import ControlWork
from metropool.capabilities.metering.queries.city import MeterFact
from metropool.core.errors import NotFound
from metropool.devices.catalog import device_model
from metropool.facts.commands import KINDS

SWITCHING = {
    "switches_supply": frozenset({"disconnect", "reconnect"}),
    "limits_supply": frozenset({"limit_supply"}),
    "has_valve": frozenset({"open_valve", "close_valve"}),
}


CLOCK_PROTOCOLS = ("dlt645", "dlt645-2007", "cjt188")
"""Protocols whose meters' clocks can be set from here."""


def sets_clock(meter: MeterFact) -> bool:
    """Whether a meter's clock can be set from here."""
    return meter.protocol in CLOCK_PROTOCOLS


def why_no_profile(meter: MeterFact) -> profile_setting.Refusal | None:
    """Why no terminal keeps a profile of a meter that could be set from here; None when one does."""
    return profile_setting.why_never(protocol=meter.protocol, terminal_protocol=meter.terminal_protocol, point=meter.point)


def kinds_of(meter: MeterFact) -> frozenset[str]:
    """Kinds of commands a meter can take: none once it is taken out."""
    if meter.served and meter.now is None:
        return frozenset()
    switching = frozenset[str]().union(*(SWITCHING[ability] for ability in _abilities(meter) & SWITCHING.keys()))
    harmless = {"read_on_demand"} | ({"synchronize_clock"} if sets_clock(meter) else set())
    harmless |= set() if why_no_profile(meter) else {profile_setting.KIND}
    return frozenset(harmless | (switching if meter.can_switch else set())) & KINDS.keys()


def _abilities(meter: MeterFact) -> frozenset[str]:
    """Of its model; a model the catalog does not know can do what the registry lets be switched of its service."""
    try:
        return device_model(meter.model).abilities
    except NotFound:
        return frozenset({"switches_supply" if meter.service == "electricity" else "has_valve"})


def guarantee_of(work: ControlWork, meter: MeterFact) -> str | None:
    """Why supply through a meter is guaranteed now; None when it is not."""
    if meter.now is None:
        return None
    return work.guarantees.of(usage_point=meter.now.usage_point, now=work.now)
