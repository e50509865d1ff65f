"""Operations of meter exchange: record one, correct one. Each is one unit of work; sealing and bills follow by themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from metropool.capabilities.metering.meter_exchange import late, new_meter
from metropool.capabilities.metering.meter_exchange.model import MAIN, Draft, NewMeter, check_registers, registers_of
from metropool.capabilities.metering.meter_exchange.ports import ExchangeWork
from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.core.identifiers import derived_id
from metropool.core.quantities import reading_types_by_id
from metropool.facts.events import EndDeviceEvent
from metropool.facts.registry.tables import channel, end_device, installation, usage_point

Row = Mapping[str, Any]


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
    new = new_meter.checked(work=work, new=draft.new, old=old)
    digest, draft = draft.digest, replace(draft, new=new)
    registers = _checked_registers(work, draft, serving)
    device = new_meter.put_in(work=work, old=old, new=new)
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
    new = new_meter.checked(work=work, new=draft.new, old=old, known=work.registry.one(end_device, id=device))
    digest, draft = draft.digest, replace(draft, new=new)
    registers = _checked_registers(work, draft, ended)
    new_meter.rename(work=work, old=old, device=device, new=draft.new)
    _move(work, ended, begun, draft, registers)
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


def _move(
    work: ExchangeWork, ended: Sequence[Row], begun: Sequence[Row], draft: Draft, registers: Mapping[int, tuple[int, int]]
) -> None:
    """The installations that ended and began at an exchange do so at another instant, with other registers."""
    at, unknown = int(draft.at.timestamp()), (None, None)
    for row in ended:
        final, _ = registers.get(row["reading_type"], unknown)
        work.registry.correct_installation(old=row["id"], new={"valid_to": at, "register_to": final})
    for row in begun:
        _, start = registers.get(row["reading_type"], unknown)
        work.registry.correct_installation(old=row["id"], new={"valid_from": at, "register_from": start})


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
