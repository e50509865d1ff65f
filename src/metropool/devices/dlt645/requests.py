"""What a master sends to a DL/T 645-2007 meter, and joining of answers that came in parts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from metropool.core.errors import Invalid
from metropool.devices import bcd
from metropool.devices.dlt645.frame import BROADCAST_ADDRESS, WILDCARD_ADDRESS, Frame

READ, FOLLOW, READ_ADDRESS, WRITE, FREEZE, CONTROL, TIME = 0x11, 0x12, 0x13, 0x14, 0x16, 0x1C, 0x08
RECORDS_MAX = 99
LIMITED_TRIP, LIMIT_STEP_MIN, LIMIT_MIN_MAX = 0x1D, 5, 1275
"""N1 of the limited trip [U], and its time: N2 units of five minutes, 1 to 255; N2 = 0 is refused and never sent."""

Command = Literal["trip", "allow_closing", "close", "alarm_on", "alarm_off", "keep_power_on", "keep_power_off"]
FreezeEvery = Literal["now", "hour", "day", "month"]
COMMANDS: dict[Command, int] = {
    "trip": 0x1A,
    "allow_closing": 0x1B,
    "close": 0x1C,
    "alarm_on": 0x2A,
    "alarm_off": 0x2B,
    "keep_power_on": 0x3A,
    "keep_power_off": 0x3B,
}


@dataclass(frozen=True)
class PlainAuthority:
    """Who orders, in the 2007 text's plain form: password level (2 or 4), six digits, operator code of eight digits."""

    level: int
    password: str = field(repr=False)
    operator: str

    def encode(self) -> bytes:
        """PA P0-P2 C0-C3.

        Raises:
            Invalid: Not digits of these lengths.
        """
        return bytes([self.level]) + bcd.encode_digits(self.password, width=3) + bcd.encode_digits(self.operator, width=4)


def read(*, address: str, data_id: int) -> Frame:
    """Ask for a data identifier."""
    return Frame(address=address, control=READ, data=data_id.to_bytes(4, "little"))


def read_following(*, address: str, data_id: int, sequence: int) -> Frame:
    """Ask for part ``sequence`` (from 1) of an answer that said more follows."""
    return Frame(address=address, control=FOLLOW, data=data_id.to_bytes(4, "little") + bytes([sequence & 0xFF]))


def read_load_records(*, address: str, data_id: int, count: int, since: datetime | None = None) -> Frame:
    """Ask for ``count`` load records (06xx0000 oldest, 06xx0001 since an instant, 06xx0002 newest).

    Raises:
        Invalid: ``since`` and the identifier do not go together, or the count is not 1-99.
    """
    if (since is not None) != (data_id & 0xFF == 0x01) or not 1 <= count <= RECORDS_MAX:
        raise Invalid(f"{data_id:08X} does not read {count} records since {since}")
    tail = bcd.encode_time("YYMMDDhhmm", since) if since else b""
    data = data_id.to_bytes(4, "little") + bcd.encode_integer(count, width=1) + tail
    return Frame(address=address, control=READ, data=data)


def read_address() -> Frame:
    """Ask the one meter on the line for its address."""
    return Frame(address=WILDCARD_ADDRESS, control=READ_ADDRESS)


def broadcast_time(*, time: datetime) -> Frame:
    """Set the clocks of all meters; never answered."""
    return Frame(address=BROADCAST_ADDRESS, control=TIME, data=bcd.encode_time("YYMMDDhhmmss", time))


def freeze(*, every: FreezeEvery, address: str = BROADCAST_ADDRESS, at: datetime | None = None) -> Frame:
    """Freeze now, or every hour, day or month at the minute, hour and day of ``at``.

    Raises:
        Invalid: ``at`` is missing for a repeated freeze.
    """
    named = {"now": 0, "hour": 1, "day": 2, "month": 3}[every]
    if named and at is None:
        raise Invalid("a repeated freeze needs its time")
    parts = bcd.encode_time("DDhhmm", at)[:named] if at and named else b""
    return Frame(address=address, control=FREEZE, data=parts + b"\x99" * (4 - named))


def control(*, address: str, command: Command, authority: PlainAuthority, valid_until: datetime) -> Frame:
    """Order the relay, the alarm or the supply guarantee; the meter refuses it after ``valid_until``."""
    return _control(address, COMMANDS[command], 0, authority, valid_until)


def limited_trip(*, address: str, minutes: int, authority: PlainAuthority, valid_until: datetime) -> Frame:
    """Order the relay to open and, so many minutes after it opened, to close by itself (N1 = 1D) [U].

    Raises:
        Invalid: Not 5, 10, … 1275 minutes.
    """
    units, rest = divmod(minutes, LIMIT_STEP_MIN)
    if rest or not LIMIT_STEP_MIN <= minutes <= LIMIT_MIN_MAX:
        raise Invalid(f"a limited trip lasts {LIMIT_STEP_MIN} to {LIMIT_MIN_MAX} minutes by fives, not {minutes}")
    return _control(address, LIMITED_TRIP, units, authority, valid_until)


def join_parts(parts: Sequence[Frame]) -> bytes:
    """The whole content of an answer that came as 91/B1 and then 92/B2, without its data identifier.

    Raises:
        Invalid: A part is missing, out of order or of another address or identifier, or the last says more follows.
    """
    if not parts or parts[0].function != READ or any(frame.function != FOLLOW for frame in parts[1:]):
        raise Invalid("the parts of an answer do not begin with one")
    for number, frame in enumerate(parts[1:], start=1):
        if frame.data[-1:] != bytes([number & 0xFF]):
            raise Invalid(f"part {number} of an answer carries the wrong sequence number")
    wrong = [frame for frame in parts if frame.is_refusal or len(frame.data) < 4 or frame.data[:4] != parts[0].data[:4]]
    if wrong or len({frame.address for frame in parts}) != 1:
        raise Invalid("a part of an answer belongs to another one")
    if parts[-1].more_follows or not all(frame.more_follows for frame in parts[:-1]):
        raise Invalid("an answer is not complete")
    return parts[0].data[4:] + b"".join(frame.data[4:-1] for frame in parts[1:])


def _control(address: str, command: int, units: int, authority: PlainAuthority, valid_until: datetime) -> Frame:
    """Command 1C in its plain form: PA P0-P2 C0-C3 N1 N2 and ``ss mm hh DD MM YY``."""
    data = authority.encode() + bytes([command, units]) + bcd.encode_time("YYMMDDhhmmss", valid_until)
    return Frame(address=address, control=CONTROL, data=data)
