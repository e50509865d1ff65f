"""Operations of meter exchange: record one, correct one. Each is one unit of work; sealing and bills follow by themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Protocol

from metropool.capabilities.metering.control.devices import meter_number
from metropool.capabilities.metering.meter_exchange import late
from metropool.capabilities.metering.meter_exchange.adapters.book import ExchangeBook
from metropool.capabilities.metering.meter_exchange.model import MAIN, Draft, NewMeter, check_registers, registers_of
from metropool.capabilities.metering.ports import CollectionWork
from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.core.identifiers import SystemId, derived_id
from metropool.core.quantities import reading_types_by_id
from metropool.facts.events import EndDeviceEvent
from metropool.facts.readings.book import Readings
from metropool.facts.registry.tables import channel, end_device, installation, usage_point

Row = Mapping[str, Any]
POINT_MAX = 2040


class ExchangeWork(CollectionWork, Protocol):
    """One unit of work of meter exchange."""

    @property
    def exchanges(self) -> ExchangeBook: ...
    @property
    def readings(self) -> Readings: ...
    @property
    def system(self) -> SystemId: ...


def record_exchange(*, work: ExchangeWork, draft: Draft, key: str) -> str:
    """Record that a meter was exchanged; returns the id of the exchange.

    The same key and draft by the same person give the same exchange. Sealed days from then on are sealed again, and bills they
    touch are reckoned again.

    Raises:
        NotFound: No such meter.
        Invalid: The time is in the future or before the meter was put in, or the registers cannot be right.
        Conflict: The meter serves nothing (any more), the new number, address or point is in use, or the key was used otherwise.
    """
    number = derived_id("meter_exchange", str(work.system), draft.by, key)
    known = work.exchanges.versions(id=number)
    if known:
        if known[0]["body_hash"] != draft.digest:
            raise Conflict("the key was used for another exchange", key="metering.exchange_key_reused")
        return number
    old = work.registry.one(end_device, id=draft.device)
    serving = _serving(work, draft.device)
    _check_time(work, draft.at, serving)
    new = _checked_meter(work, draft.new, old)
    digest, draft = draft.digest, replace(draft, new=new)
    registers = _checked_registers(work, draft, serving)
    device = _put_in(work, old, new)
    _begin(work, serving, device, draft, registers)
    row = _row(draft, registers, number=number, version=1, new_device=device, usage_point=serving[0]["usage_point_id"])
    work.exchanges.add(row | {"recorded_at": _now_ms(work), "body_hash": digest})
    _follow(work, (draft.device, device), draft, number)
    return number


def correct_exchange(*, work: ExchangeWork, id: str, draft: Draft) -> str:
    """Say otherwise how a meter was exchanged; the version before stays. Returns the id.

    Raises:
        NotFound: No such exchange.
        Invalid, Conflict: As for recording one, or it is of another meter, or the new meter was itself taken out since.
    """
    versions = work.exchanges.versions(id=id)
    if not versions:
        raise NotFound(f"no meter exchange {id}")
    before = versions[-1]
    if before["old_device"] != draft.device:
        raise Conflict("a correction is of the same old meter", key="metering.exchange_other_meter")
    if before["body_hash"] == draft.digest:
        return id
    old, device = work.registry.one(end_device, id=draft.device), str(before["new_device"])
    ended = _installed(work, draft.device, ends=before["at"])
    begun = _installed(work, device, ends=None)
    if not begun or any(row["valid_from"] != before["at"] for row in begun):
        raise Conflict(f"{device} was exchanged itself", key="metering.exchange_exchanged_again")
    _check_time(work, draft.at, ended)
    new = _checked_meter(work, draft.new, old, known=work.registry.one(end_device, id=device))
    digest, draft = draft.digest, replace(draft, new=new)
    registers = _checked_registers(work, draft, ended)
    _rename(work, old, device, draft.new)
    for row in (*ended, *begun):
        final, start = registers.get(row["reading_type"], (None, None))
        at = int(draft.at.timestamp())
        ends = (
            {"valid_to": at, "register_to": final}
            if row["device"] == draft.device
            else {"valid_from": at, "register_from": start}
        )
        work.registry.correct_installation(old=row["id"], new=ends)
    row = _row(draft, registers, number=id, version=before["version"] + 1, new_device=device, usage_point=before["usage_point"])
    work.exchanges.add(row | {"recorded_at": _now_ms(work), "body_hash": digest})
    _follow(work, (draft.device, device), draft, f"{id}-{before['version'] + 1}")
    return id


def _serving(work: ExchangeWork, device: str) -> list[dict[str, Any]]:
    """The open installations of a device with their reading types.

    Raises:
        Conflict: It serves nothing.
    """
    rows = _installed(work, device, ends=None)
    if not rows:
        raise Conflict(f"{device} serves nothing now", key="metering.exchange_not_installed")
    return rows


def _installed(work: ExchangeWork, device: str, *, ends: int | None) -> list[dict[str, Any]]:
    """Believed installations of a device that end at an instant, or are open."""
    channels = {row["id"]: row for row in work.registry.rows(channel, device=device)}
    rows = work.registry.rows(installation, channel=list(channels), replaced_by=None, valid_to=ends)
    points = {row["number"]: row["id"] for row in work.registry.rows(usage_point, number=[row["usage_point"] for row in rows])}
    more = {row["id"]: channels[row["channel"]] for row in rows}
    return [
        {
            **row,
            "device": device,
            "reading_type": more[row["id"]]["reading_type"],
            "usage_point_id": points[row["usage_point"]],
        }
        for row in rows
    ]


def _check_time(work: ExchangeWork, at: datetime, serving: Sequence[Row]) -> None:
    if at > work.now:
        raise Invalid("the exchange is in the future", key="metering.exchange_future")
    if not serving or at.timestamp() <= max(row["valid_from"] for row in serving):
        raise Invalid("the old meter was put in later than that", key="metering.exchange_too_early")


def _checked_meter(work: ExchangeWork, new: NewMeter, old: Row, *, known: Row | None = None) -> NewMeter:
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


def _checked_registers(work: ExchangeWork, draft: Draft, serving: Sequence[Row]) -> dict[int, tuple[int, int]]:
    """The registers to be kept of each reading type that is installed, held against what was read."""
    kinds = reading_types_by_id()
    service = kinds[serving[0]["reading_type"]].service
    registers = registers_of(draft, service)
    kind = next(one for one in kinds.values() if one.code == MAIN[service][0])
    dials = {one.id for one in kinds.values() if one.code in MAIN[service]}
    channels = [row["id"] for row in work.registry.rows(channel, device=draft.device) if row["reading_type"] in dials]
    before, after = late.readings_around(work=work, channels=channels, at=draft.at)
    final, start = registers[kind.id]
    final = check_registers(kind=kind, final=final, start=start, before=before, after=after)
    return {item: (final, start) if item in dials else both for item, both in registers.items()}


def _put_in(work: ExchangeWork, old: Row, new: NewMeter) -> str:
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


def _rename(work: ExchangeWork, old: Row, device: str, new: NewMeter) -> None:
    own = _packed(new, old)
    rows = work.registry.rows(channel, device=device)
    addresses = {row["id"]: (row["address"], new.point) if row["point"] else (own, 0) for row in rows}
    meter = {"serial": new.number, "protocol": new.protocol, "address": new.address, "point": new.point, "model": new.model}
    work.exchanges.rename(device=device, meter=meter, addresses=addresses)


def _begin(
    work: ExchangeWork, serving: Sequence[Row], device: str, draft: Draft, registers: Mapping[int, tuple[int, int]]
) -> None:
    """The old meter's installations end, the new one's begin, at one instant."""
    at = int(draft.at.timestamp())
    channels = {row["reading_type"]: row["id"] for row in work.registry.rows(channel, device=device) if _is_like(row, draft.new)}
    for row in serving:
        final, _ = registers.get(row["reading_type"], (None, None))
        work.registry.correct_installation(old=row["id"], new={"valid_to": at, "register_to": final})
    work.registry.install(
        [
            {
                "channel": channels[row["reading_type"]],
                "usage_point": row["usage_point"],
                "multiplier": row["multiplier"],
                "valid_from": at,
                "register_from": registers.get(row["reading_type"], (None, None))[1],
            }
            for row in serving
        ]
    )


def _is_like(row: Row, new: NewMeter) -> bool:
    """A channel that can be installed: of the measuring point, where the meter has one."""
    return bool(row["point"]) == bool(new.point)


def _row(
    draft: Draft, registers: Mapping[int, tuple[int, int]], *, number: str, version: int, new_device: str, usage_point: str
) -> dict[str, Any]:
    return {
        "id": number,
        "version": version,
        "usage_point": usage_point,
        "old_device": draft.device,
        "new_device": new_device,
        "at": int(draft.at.timestamp()),
        "registers": {str(item): list(both) for item, both in registers.items()},
        "final_source": draft.final_source,
        "new_meter": asdict(draft.new),
        "reason": draft.reason,
        "recorded_by": draft.by,
    }


def _follow(work: ExchangeWork, devices: Sequence[str], draft: Draft, name: str) -> None:
    """What an exchange brings with it: readings that came before it was known, events, pages that look again."""
    late.adopt(work=work, device=devices[1], since=draft.at, name=name)
    at, heard = int(draft.at.timestamp()), _now_ms(work)
    detail = {"old": devices[0], "new": devices[1]}
    work.events.add(
        [EndDeviceEvent(device=device, code="meter_exchanged", at=at, received_at=heard, detail=detail) for device in devices]
    )
    for topic in ("readings", "collection", "alarms"):
        work.changed(topic)


def _now_ms(work: ExchangeWork) -> int:
    return int(work.now.timestamp() * 1000)
