"""What a master station sends to a 376.1 terminal. A ``Link`` says to whom, as which station, with which sequence number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from metropool.core.errors import Invalid
from metropool.devices import bcd
from metropool.devices.gdw1376.addressing import encode_functions, encode_points
from metropool.devices.gdw1376.frame import PW, SINGLE, Frame

CONFIRM, LINK, CURRENT, HISTORY, EVENTS, FORWARDING = 0x00, 0x02, 0x0C, 0x0D, 0x0E, 0x10
SEND_CONFIRM, REQUEST_CLASS_1, REQUEST_CLASS_2 = 0x0B, 0x4B, 0x4B
POINTS_PER_CURVE_MAX = 255
Density = Literal["15min", "30min", "60min", "5min", "1min"]
DENSITIES: dict[Density, int] = {"15min": 1, "30min": 2, "60min": 3, "5min": 254, "1min": 255}
Parity = Literal["none", "even", "odd"]
POWER_LINE = 31
"""The port at which meters are reached over the power line."""

_SPEEDS = (300, 600, 1200, 2400, 4800, 7200, 9600, 19200)
_EIGHT_BITS = 3


@dataclass(frozen=True)
class Link:
    """One exchange with a terminal: its address, our station number, the sequence number 0-15 of the request."""

    region: str
    terminal: int
    station: int = 1
    sequence: int = 0
    password: bytes = field(default=b"\x00" * PW, repr=False)

    def frame(self, *, control: int, afn: int, units: bytes, with_password: bool = False) -> Frame:
        """A single frame on this link."""
        return Frame(
            region=self.region,
            terminal=self.terminal,
            control=control,
            afn=afn,
            seq=SINGLE | self.sequence & 0x0F,
            units=units,
            station=self.station,
            password=self.password if with_password else b"",
        )


def link_of(frame: Frame) -> Link:
    """The link on which to answer ``frame``: its address, station and sequence number."""
    return Link(region=frame.region, terminal=frame.terminal, station=frame.station, sequence=frame.seq & 0x0F)


def confirm(frame: Frame) -> Frame:
    """Confirm everything in ``frame``: login, heartbeat or push (AFN 00 F1)."""
    return link_of(frame).frame(control=SEND_CONFIRM, afn=CONFIRM, units=unit_address(points=(0,), functions=(1,)))


def deny(frame: Frame) -> Frame:
    """Deny everything in ``frame`` (AFN 00 F2)."""
    return link_of(frame).frame(control=SEND_CONFIRM, afn=CONFIRM, units=unit_address(points=(0,), functions=(2,)))


def confirm_units(frame: Frame, errors: Sequence[tuple[int, int, int]]) -> Frame:
    """Confirm unit by unit (AFN 00 F3): (point, function, error) each, error 0 = done."""
    units = unit_address(points=(0,), functions=(3,)) + bytes([frame.afn])
    for point, function, error in errors:
        units += unit_address(points=(point,), functions=(function,)) + bytes([error])
    return link_of(frame).frame(control=SEND_CONFIRM, afn=CONFIRM, units=units)


def request_current(link: Link, *, points: Sequence[int], function: int) -> Frame:
    """Ask for current data (AFN 0C): F129 registers, F25 power, F2 clock of point 0 ..."""
    units = b"".join(unit_address(points=group, functions=(function,)) for group in point_groups(points))
    return link.frame(control=REQUEST_CLASS_1, afn=CURRENT, units=units)


def request_daily(link: Link, *, points: Sequence[int], function: int, day: date) -> Frame:
    """Ask for what was frozen at the end of ``day`` (AFN 0D F161-F168, F1-F8)."""
    label = bcd.encode_time("YYMMDD", _midnight(day))
    return _history(link, points=points, function=function, label=label)


def request_monthly(link: Link, *, points: Sequence[int], function: int, month: date) -> Frame:
    """Ask for what was frozen at the end of the month ``month`` lies in (AFN 0D F177-F184, F17-F24)."""
    return _history(link, points=points, function=function, label=bcd.encode_time("YYMM", _midnight(month)))


def request_curve(link: Link, *, points: Sequence[int], function: int, start: datetime, density: Density, count: int) -> Frame:
    """Ask for ``count`` values of a curve (AFN 0D F81-F108) from ``start`` on.

    Raises:
        Invalid: More values than one request can name.
    """
    if not 1 <= count <= POINTS_PER_CURVE_MAX:
        raise Invalid(f"a curve request names 1 to {POINTS_PER_CURVE_MAX} values, not {count}")
    label = bcd.encode_time("YYMMDDhhmm", start) + bytes([DENSITIES[density], count])
    return _history(link, points=points, function=function, label=label)


def pass_through(
    link: Link, *, inner: bytes, port: int, port_control: int, frame_timeout: int = 100, byte_timeout: int = 10
) -> Frame:
    """Have the terminal send ``inner`` to a meter and return the answer (AFN 10 F1).

    Args:
        port: 1-31; 31 is ``POWER_LINE``.
        port_control: See ``port_control``.
        frame_timeout: Time to wait for the answer; the top bit chooses the unit, 0: 10 ms, 1: s.
        byte_timeout: Time between bytes [10 ms].
    """
    content = bytes([port, port_control, frame_timeout, byte_timeout]) + len(inner).to_bytes(2, "little") + inner
    units = unit_address(points=(0,), functions=(1,)) + content
    return link.frame(control=REQUEST_CLASS_1, afn=FORWARDING, units=units, with_password=True)


def port_control(*, speed_bd: int, parity: Parity = "even", stop_bits: int = 1) -> int:
    """The port control byte: speed, stop bits, parity, eight data bits.

    Raises:
        Invalid: A speed the byte cannot name.
    """
    if speed_bd not in _SPEEDS:
        raise Invalid(f"a port has no speed {speed_bd} bit/s; it has {_SPEEDS}")
    parity_bits = {"none": 0, "even": 1 << 3, "odd": 1 << 3 | 1 << 2}[parity]
    return _SPEEDS.index(speed_bd) << 5 | (stop_bits - 1) << 4 | parity_bits | _EIGHT_BITS


def forwarded_answer(frame: Frame) -> bytes | None:
    """The meter's frame inside a pass-through answer; None when the meter was silent.

    Raises:
        Invalid: ``frame`` is none.
    """
    units = frame.units
    if frame.afn != FORWARDING or len(units) < 7 or units[2:4] != encode_functions(1):
        raise Invalid("not a pass-through answer")
    size = int.from_bytes(units[5:7], "little")
    if len(units) < 7 + size:
        raise Invalid("length")
    return units[7 : 7 + size] or None


def unit_address(*, points: Sequence[int], functions: Sequence[int]) -> bytes:
    """DA and DT of a data unit."""
    return encode_points(*points) + encode_functions(*functions)


def point_groups(points: Sequence[int]) -> list[tuple[int, ...]]:
    """Measuring points in groups one DA can name, ascending."""
    groups: dict[int, list[int]] = {}
    for point in sorted(set(points)):
        groups.setdefault((point - 1) // 8 if point else -1, []).append(point)
    return [tuple(group) for group in groups.values()]


def _history(link: Link, *, points: Sequence[int], function: int, label: bytes) -> Frame:
    units = b"".join(unit_address(points=group, functions=(function,)) + label for group in point_groups(points))
    return link.frame(control=REQUEST_CLASS_2, afn=HISTORY, units=units)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=bcd.DEVICE_ZONE)
