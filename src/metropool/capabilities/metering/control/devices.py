"""What the registry says about the device of a command: how it is reached, what it can, whom it serves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from metropool.capabilities.metering.collection.adapters.terminals import link_address
from metropool.core.errors import Invalid
from metropool.core.quantities import reading_types_by_id
from metropool.devices.addresses import pack_cjt188, pack_dlt645
from metropool.facts.registry import Registry
from metropool.facts.registry.tables import channel, end_device, installation, usage_point


@dataclass(frozen=True)
class Device:
    """A meter as control sees it.

    Attributes:
        id: End device.
        model: Model id of the device catalog.
        protocol: ``dlt645`` or ``cjt188``.
        address: Digits of its own address.
        number: Device number of its own address.
        terminal: Device number of what keeps its link; its own when it is alone on one.
        terminal_protocol: What that speaks; its own when it is alone on one.
        point: Measuring point at the terminal; 0 when it has none.
        service: Service kind it measures.
        usage_points: Ids of the usage points it serves now.
        settings: What the registry keeps of it beside, such as the password. Not in the repr.
    """

    id: str
    model: str
    protocol: str
    address: str
    number: int
    terminal: int
    terminal_protocol: str
    point: int
    service: str
    usage_points: tuple[str, ...]
    settings: dict[str, Any] = field(repr=False)


def device_of(registry: Registry, device_id: str) -> Device:
    """A meter that can be read or ordered.

    Raises:
        NotFound: No such device.
        Invalid: It is no meter.
    """
    row = registry.one(end_device, id=device_id)
    channels = registry.rows(channel, device=device_id)
    services = sorted({reading_types_by_id()[found["reading_type"]].service for found in channels})
    settings = dict(row["settings"] or {})
    number = meter_number(row["protocol"], row["address"], settings)
    if not services:
        raise Invalid(f"{device_id} measures nothing")
    top = _top(registry, row)
    return Device(
        id=device_id,
        model=row["model"],
        protocol="cjt188" if row["protocol"] == "cjt188" else "dlt645",
        address=row["address"],
        number=number,
        terminal=number if top is row else link_address(top["protocol"], top["address"], top["settings"] or {}),
        terminal_protocol=top["protocol"],
        point=row["point"],
        service=services[0],
        usage_points=_served(registry, [found["id"] for found in channels]),
        settings=settings,
    )


def device_serving(registry: Registry, *, usage_point_id: str, items: set[int]) -> str:
    """The device that can switch a usage point now: one with a channel of the given reading types that may be written.

    Raises:
        NotFound: The usage point does not exist.
        Invalid: No such device serves it.
    """
    number = registry.one(usage_point, id=usage_point_id)["number"]
    serving = registry.rows(installation, usage_point=number, replaced_by=None, valid_to=None)
    devices = sorted({row["device"] for row in registry.rows(channel, id=[row["channel"] for row in serving])})
    able = [row["device"] for row in registry.rows(channel, device=devices) if row["reading_type"] in items and row["writable"]]
    if not able:
        raise Invalid(f"no device that can switch serves {usage_point_id}")
    return str(min(able))


def meter_number(protocol: str, address: str, settings: Mapping[str, Any]) -> int:
    """Device number of a meter's own address.

    Raises:
        Invalid: No meter of a protocol we speak, or no address of it.
    """
    if protocol == "cjt188":
        return pack_cjt188(address, meter_type=int(str(settings.get("meter_type", "10")), 16))
    if not protocol.startswith("dlt645"):
        raise Invalid(f"{address} ({protocol}) is no meter")
    return pack_dlt645(address)


def _top(registry: Registry, row: Any) -> Any:
    """What keeps the link of a device; itself, when it is alone on one."""
    above = row
    for _ in range(8):
        if above["parent"] is None:
            break
        above = registry.one(end_device, id=above["parent"])
    return above


def _served(registry: Registry, channels: list[int]) -> tuple[str, ...]:
    rows = registry.rows(installation, channel=channels, replaced_by=None, valid_to=None)
    numbers = sorted({row["usage_point"] for row in rows})
    return tuple(sorted(row["id"] for row in registry.rows(usage_point, number=numbers)))
