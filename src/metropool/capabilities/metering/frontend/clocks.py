"""Clocks of meters and terminals as the front end asks and sets them, and what was told between which instants of ours."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import TypeVar

from metropool.capabilities.metering.frontend.tasks import ClockShown, SetClock
from metropool.core.errors import Invalid
from metropool.devices import addresses
from metropool.devices.addresses import DeviceAddress
from metropool.devices.cjt188 import clock as cjt188_clock
from metropool.devices.cjt188 import requests as cjt188
from metropool.devices.cjt188.frame import decode_frame as decode_cjt188
from metropool.devices.cjt188.frame import encode_frame as encode_cjt188
from metropool.devices.dlt645 import clock as dlt645_clock
from metropool.devices.dlt645.frame import decode_frame as decode_dlt645
from metropool.devices.dlt645.frame import encode_frame as encode_dlt645
from metropool.devices.gdw1376 import clock as terminal_clock
from metropool.devices.gdw1376.frame import decode_frame as decode_gdw1376
from metropool.devices.gdw1376.requests import FORWARDING, forwarded_answer

_PREAMBLE = 4
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Exchanged:
    """One answer with a clock, or half a clock, in it.

    Attributes:
        device: Who was asked.
        inner: The meter's own frame, or the terminal's.
        asked_at, heard_at: When it was asked and answered [Unix ms].
    """

    device: int
    inner: bytes
    asked_at: int
    heard_at: int


@dataclass(frozen=True)
class Written:
    """A frame that sets a clock, and whether the meter answers it."""

    frame: bytes
    is_answered: bool


def clock_reads(meter: int) -> list[bytes]:
    """The frames that ask a meter for its clock.

    Raises:
        Invalid: Its protocol has no clock we can ask for.
    """
    who = _who(meter)
    if who.protocol == "cjt188":
        return [encode_cjt188(cjt188.read(address=who.address, meter_type=who.meter_type, serial=0))]
    return [encode_dlt645(frame, preamble=_PREAMBLE) for frame in dlt645_clock.read_clock(address=who.address)]


def clock_writes(task: SetClock) -> list[Callable[[datetime], Written]]:
    """What sets a clock: each makes its frame at the instant it is sent.

    Raises:
        Invalid: Its protocol has no clock we can set.
    """
    who = _who(task.meter)
    if who.protocol == "cjt188":
        return [partial(_cjt188_set, who)]
    if not task.authority:
        return [partial(_dlt645_set, who)]
    return [partial(_dlt645_write, who, task.authority, part) for part in range(2)]


def inner_of(raw: bytes) -> bytes:
    """What a terminal's answer carries: the meter's frame, or the whole answer where it is the terminal's own."""
    try:
        frame = decode_gdw1376(raw)
        return (forwarded_answer(frame) or b"") if frame.afn == FORWARDING else raw
    except Invalid:
        return b""


def clocks_shown(answers: Sequence[Exchanged]) -> Iterator[ClockShown]:
    """The clocks of some answers, which come device by device; whoever did not tell a whole clock is left out."""
    for device, some in groupby(answers, key=lambda one: one.device):
        told = list(some)
        if device >> addresses.TAG_SHIFT == addresses.DLT645_METER:
            yield from _joined(told)
        elif device >> addresses.TAG_SHIFT == addresses.TERMINAL:
            yield _shown(told[0], _told(decode_gdw1376, terminal_clock.clock_shown, told[0].inner))
        else:
            yield _shown(told[0], _told(decode_cjt188, cjt188_clock.clock_shown, told[0].inner))


def _who(meter: int) -> DeviceAddress:
    who = addresses.unpack(meter & (1 << 64) - 1)
    if who.protocol not in ("dlt645", "cjt188"):
        raise Invalid(f"{who.protocol} {who.address} is no meter with a clock")
    return who


def _joined(told: Sequence[Exchanged]) -> Iterator[ClockShown]:
    """Date and time of one DL/T 645 meter; nothing when one of them did not come."""
    if len(told) < 2:
        return
    first, second = told[0], told[1]
    date = _told(decode_dlt645, dlt645_clock.date_shown, first.inner)
    time = _told(decode_dlt645, dlt645_clock.time_shown, second.inner)
    between_s = (second.heard_at - first.heard_at) / 1000
    yield _shown(second, dlt645_clock.joined(date=date, time=time, between_s=between_s) if date and time else None)


def _told(decode: Callable[[bytes], T], shown: Callable[[T], R | None], raw: bytes) -> R | None:
    try:
        return shown(decode(raw))
    except Invalid:
        return None


def _shown(one: Exchanged, shown_at: int | None) -> ClockShown:
    return ClockShown(device=one.device, shown_at=shown_at, asked_at=one.asked_at, heard_at=one.heard_at)


def _cjt188_set(who: DeviceAddress, now: datetime) -> Written:
    order = cjt188_clock.set_clock(address=who.address, meter_type=who.meter_type, serial=1, time=now)
    return Written(encode_cjt188(order), is_answered=True)


def _dlt645_set(who: DeviceAddress, now: datetime) -> Written:
    return Written(encode_dlt645(dlt645_clock.set_time(address=who.address, time=now), preamble=_PREAMBLE), is_answered=False)


def _dlt645_write(who: DeviceAddress, authority: bytes, part: int, now: datetime) -> Written:
    frames = dlt645_clock.write_clock(address=who.address, authority=authority, time=now)
    return Written(encode_dlt645(frames[part], preamble=_PREAMBLE), is_answered=True)
