"""The meter that is put in: checked against the registry, registered with the channels of the old one, renamed by a correction."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from metropool.capabilities.metering.control.devices import meter_number
from metropool.capabilities.metering.meter_exchange.model import NewMeter
from metropool.capabilities.metering.meter_exchange.ports import ExchangeWork
from metropool.core.errors import Conflict, Invalid
from metropool.facts.registry.tables import channel, end_device

Row = Mapping[str, Any]
POINT_MAX = 2040


def checked(*, work: ExchangeWork, new: NewMeter, old: Row, known: Row | None = None) -> NewMeter:
    """The new meter as it is put in, with its point.

    Args:
        known: The same device where its record is corrected.
    """
    _packed(new, old)
    mine = known["id"] if known else None
    taken = [*work.registry.rows(end_device, serial=new.number), *work.registry.rows(end_device, address=new.address)]
    if any(row["id"] != mine and row["kind"] == old["kind"] for row in taken):
        raise Conflict(f"meter {new.number} is in the registry", key="metering.exchange_in_use", values={"number": new.number})
    new = replace(new, model=new.model or old["model"])
    if not old["point"]:
        return replace(new, point=0)
    terminal = _terminal_of(work, old)
    taken_points = work.exchanges.points_taken(terminal=terminal) - ({known["point"]} if known else set())
    free = next(point for point in range(1, POINT_MAX + 1) if point not in taken_points)
    point = new.point or (known["point"] if known else free)
    if point in taken_points or not 1 <= point <= POINT_MAX:
        values: dict[str, object] = {"point": point, "free": free}
        raise Conflict(f"measuring point {point} had a meter", key="metering.exchange_point", values=values)
    return replace(new, point=point)


def put_in(*, work: ExchangeWork, old: Row, new: NewMeter) -> str:
    """Register the new meter with the channels of the old one; returns its id."""
    device = f"meter-{new.number}"
    what = {"serial": new.number, "address": new.address, "protocol": new.protocol, "point": new.point, "model": new.model}
    if not work.registry.add(end_device, [{**old, "id": device, **what}]):
        raise Conflict(f"{device} is in the registry", key="metering.exchange_in_use", values={"number": new.number})
    highest, _ = work.exchanges.highest()
    rows = sorted(work.registry.rows(channel, device=old["id"]), key=lambda row: int(row["id"]))
    own = _packed(new, old)
    work.registry.add(
        channel,
        [
            {
                **row,
                "id": highest + n,
                "device": device,
                "address": row["address"] if row["point"] else own,
                "point": new.point if row["point"] else 0,
            }
            for n, row in enumerate(rows, start=1)
        ],
    )
    return device


def rename(*, work: ExchangeWork, old: Row, device: str, new: NewMeter) -> None:
    """Say otherwise what was put in, on the device and its channels."""
    own = _packed(new, old)
    rows = work.registry.rows(channel, device=device)
    addresses = {row["id"]: (row["address"], new.point) if row["point"] else (own, 0) for row in rows}
    meter = {"serial": new.number, "protocol": new.protocol, "address": new.address, "point": new.point, "model": new.model}
    work.exchanges.rename(device=device, meter=meter, addresses=addresses)


def _packed(new: NewMeter, old: Row) -> int:
    """The device number of the new meter.

    Raises:
        Invalid: No address of its protocol, or a protocol of another family than the old meter's.
    """
    if new.protocol.partition("-")[0] != str(old["protocol"]).partition("-")[0]:
        raise Invalid(f"{new.protocol} cannot follow {old['protocol']}", key="metering.exchange_protocol")
    try:
        return meter_number(new.protocol, new.address, old["settings"] or {})
    except Invalid as cause:
        raise Invalid(cause.what, key="metering.exchange_address") from cause


def _terminal_of(work: ExchangeWork, old: Row) -> int:
    """Device number under which the values of the old meter's measuring point come."""
    rows = [row for row in work.registry.rows(channel, device=old["id"]) if row["point"]]
    return int(rows[0]["address"])
