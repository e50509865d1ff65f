"""The clock of a DL/T 645-2007 meter (日历时钟): what asks for it, what its answers say, what sets it.

A meter tells date and time in two answers. It takes a time set (08) only when its clock is off by at most five minutes, once a
day, and not around midnight, where it freezes; anything else is written (14) with the password.
Source: DL/T 645-2007 by public descriptions [S]; a time set for one meter alone (not 99..99) is of one public frame [U].
"""

from datetime import datetime, timedelta

from metropool.devices import bcd
from metropool.devices.dlt645.frame import Frame
from metropool.devices.dlt645.requests import READ, TIME, WRITE
from metropool.devices.dlt645.values import reader_of
from metropool.devices.rows import unix_s

CLOCK_DATE, CLOCK_TIME = 0x04000101, 0x04000102
READ_ANSWER = 0x91
TIME_SET_MAX = timedelta(minutes=5)
"""A meter whose clock is off by more does not take a time set."""

FREEZE_MARGIN = timedelta(minutes=5)
"""How close to midnight no clock is set."""


def read_clock(*, address: str) -> tuple[Frame, Frame]:
    """Ask for the date, then for the time."""
    return _of(address, READ, CLOCK_DATE, b""), _of(address, READ, CLOCK_TIME, b"")


def date_shown(frame: Frame) -> str | None:
    """The date of an answer, ISO; None when it is no such answer or names no date."""
    return _shown(frame, CLOCK_DATE, "YYMMDDWW")


def time_shown(frame: Frame) -> str | None:
    """The time of day of an answer, ISO; None when it is no such answer or names no time."""
    return _shown(frame, CLOCK_TIME, "hhmmss")


def joined(*, date: str, time: str, between_s: float) -> int:
    """Date and time as one instant [Unix s].

    Args:
        date: As it was read first.
        time: As it was read then.
        between_s: How much later. A time less than that after midnight is of the day after.
    """
    start = unix_s(f"{date}T00:00:00")
    second = unix_s(f"{date}T{time}")
    assert start is not None
    assert second is not None
    return second + 86_400 if second - start < between_s else second


def set_time(*, address: str, time: datetime) -> Frame:
    """Set the clock of one meter by a few seconds or minutes; never answered."""
    return Frame(address=address, control=TIME, data=bcd.encode_time("YYMMDDhhmmss", time))


def write_clock(*, address: str, authority: bytes, time: datetime) -> tuple[Frame, Frame]:
    """Write date, then time, whatever the clock shows.

    Args:
        authority: Password level, password, operator code (``PlainAuthority.encode``).
    """
    local = time.astimezone(bcd.DEVICE_ZONE)
    weekday = bcd.encode_integer(local.isoweekday() % 7, width=1)
    date = _of(address, WRITE, CLOCK_DATE, authority + weekday + bcd.encode_time("YYMMDD", time))
    return date, _of(address, WRITE, CLOCK_TIME, authority + bcd.encode_time("hhmmss", time))


def _of(address: str, control: int, data_id: int, content: bytes) -> Frame:
    return Frame(address=address, control=control, data=data_id.to_bytes(4, "little") + content)


def _shown(frame: Frame, data_id: int, form: str) -> str | None:
    if frame.control != READ_ANSWER or len(frame.data) < 4 or frame.data_id != data_id:
        return None
    content = frame.data[4:]
    found = reader_of(form)(content) if len(content) == len(form) // 2 else None
    return found if isinstance(found, str) else None
