"""The readable path: frames the kernel leaves. Link frames, end-device events, refusals, meter answers, unknown functions."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from metropool.capabilities.metering.frontend.tasks import DeviceEvent, Result
from metropool.core.errors import Invalid
from metropool.devices.addresses import unpack
from metropool.devices.cjt188.frame import decode_frame as decode_cjt188
from metropool.devices.dlt645.frame import decode_frame as decode_dlt645
from metropool.devices.dlt645.status import error_names
from metropool.devices.fields import Explained, FieldReader
from metropool.devices.gdw1376.addressing import functions_of
from metropool.devices.gdw1376.frame import Frame, decode_frame
from metropool.devices.gdw1376.requests import CONFIRM, EVENTS, FORWARDING, LINK, forwarded_answer
from metropool.devices.gdw1376.rows import rows_of
from metropool.devices.gdw1376.units import ADDRESS, read_units
from metropool.devices.rows import Row

LOGIN, LOGOUT, HEARTBEAT = 1, 2, 3
_DEVICE_ZONE = timezone(timedelta(hours=8))


@dataclass
class Told:
    """What one frame told.

    Attributes:
        rows: Measured values.
        events: End-device events.
        left: Why part of it was not understood; empty when all was.
    """

    rows: list[Row] = field(default_factory=list)
    events: list[DeviceEvent] = field(default_factory=list)
    left: str = ""


@dataclass(frozen=True)
class Verdict:
    """How a request was answered: ``answered``, ``denied`` or ``silent`` (the meter behind the terminal), and why."""

    result: Result
    detail: str = ""


def link_function(raw: bytes) -> tuple[Frame, int]:
    """The frame of AFN 02 and its function: login, logout, heartbeat; 0 for none of them.

    Raises:
        Invalid: Not such a frame.
    """
    frame = decode_frame(raw)
    functions = functions_of(frame.units[2:4]) if len(frame.units) >= 4 else ()
    if frame.afn != LINK:
        raise Invalid("not a link frame")
    return frame, functions[0] if functions else 0


def told_by(raw: bytes, *, device: int, received_at: int) -> Told:
    """Everything a frame tells that the kernel left; never raises: what cannot be read is told as ``left``."""
    try:
        frame = decode_frame(raw)
        if frame.afn == EVENTS:
            return Told(events=_events(frame, device, received_at))
        found = rows_of(frame)
    except Invalid as cause:
        return Told(left=cause.what)
    return Told(rows=found.rows, left="; ".join(found.left))


def verdict_on(raw: bytes) -> Verdict:
    """What an answer says about the request it answers."""
    try:
        frame = decode_frame(raw)
        if frame.afn == CONFIRM:
            return Verdict("denied", "denied by the terminal") if _is_denial(frame) else Verdict("answered")
        if frame.afn != FORWARDING:
            return Verdict("answered")
        inner = forwarded_answer(frame)
    except Invalid as cause:
        return Verdict("denied", cause.what)
    return Verdict("silent", "the meter behind the terminal does not answer") if inner is None else meter_verdict(inner)


def _is_denial(frame: Frame) -> bool:
    """AFN 00: all denied (F2), or one unit of those told one by one (F3) with an error."""
    told, unit = frame.units[4:], ADDRESS + 1
    errors = told[unit::unit]
    return functions_of(frame.units[2:4]) == (2,) or (functions_of(frame.units[2:4]) == (3,) and any(errors))


def meter_verdict(inner: bytes) -> Verdict:
    """What a meter's own answer says: accepted, or refused with the names of its error bits."""
    try:
        told = decode_dlt645(inner)
        if told.is_refusal:
            names = error_names(told.data[0]) if told.data else []
            return Verdict("denied", ", ".join(names) or "refused")
        return Verdict("answered")
    except Invalid:
        pass
    try:
        is_refused = decode_cjt188(inner).is_refusal
    except Invalid as cause:
        return Verdict("denied", f"meter frame refused: {cause.what}")
    return Verdict("denied", "refused") if is_refused else Verdict("answered")


def is_from(raw: bytes, meter: int) -> bool:
    """A forwarded answer is of the meter that was asked; a silent one is nobody's and counts."""
    try:
        inner = forwarded_answer(decode_frame(raw))
    except Invalid:
        return True
    return inner is None or _device_digits(inner) in ("", _digits_of(meter))


def _device_digits(inner: bytes) -> str:
    for read in (decode_dlt645, decode_cjt188):
        try:
            return str(read(inner).address).lstrip("0")
        except Invalid:
            continue
    return ""


def _digits_of(meter: int) -> str:
    return unpack(meter).address.lstrip("0")


def _events(frame: Frame, device: int, received_at: int) -> list[DeviceEvent]:
    """The records of AFN 0E F1 and F2."""
    units = read_units(frame, FieldReader(plain=frame.units, wire=frame.units))
    records = [record for unit in units.units for record in _records(unit.content)]
    return [_event(record, device, received_at) for record in records]


def _records(content: Explained) -> list[Explained]:
    found = content.get("events", [])
    return [record for record in found if isinstance(record, dict)] if isinstance(found, list) else []


def _event(record: Explained, device: int, received_at: int) -> DeviceEvent:
    times = [record.get(name) for name in ("event_time", "on_time", "off_time")]
    stamped = next((text for text in times if isinstance(text, str)), None)
    detail: dict[str, str | int | None] = {
        name: value for name, value in record.items() if isinstance(value, str | int) and name != "erc"
    }
    return DeviceEvent(
        device=device,
        code=f"erc_{record['erc']}",
        at=_unix_s(stamped) if stamped else received_at // 1000,
        received_at=received_at,
        detail=detail,
    )


def _unix_s(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=_DEVICE_ZONE).timestamp())
