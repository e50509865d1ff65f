"""The frames a task comes to: 376.1 requests to a terminal, sized so that an answer stays within eight frames."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from metropool.capabilities.metering.frontend import clocks
from metropool.capabilities.metering.frontend.tasks import (
    AnyTask,
    Forward,
    Read,
    ReadClock,
    ReadProfile,
    SetClock,
    SetProfile,
)
from metropool.core.errors import Invalid
from metropool.core.periods import BUSINESS_ZONE
from metropool.core.quantities import reading_types_by_id
from metropool.devices import addresses
from metropool.devices.cjt188 import requests as cjt188
from metropool.devices.cjt188.frame import encode_frame as encode_cjt188
from metropool.devices.dlt645 import requests as dlt645
from metropool.devices.dlt645.frame import encode_frame as encode_dlt645
from metropool.devices.gdw1376 import clock as terminal_clock
from metropool.devices.gdw1376 import profile as archive
from metropool.devices.gdw1376 import requests as gdw1376
from metropool.devices.gdw1376.frame import Frame
from metropool.devices.gdw1376.requests import Link as Exchange

PORT_CONTROL = gdw1376.port_control(speed_bd=2400)
ANSWER_S, FORWARD_S = 15.0, 45.0
_EPOCH = date(1970, 1, 1)
_EPOCH_MIDNIGHT = datetime(1970, 1, 1, tzinfo=BUSINESS_ZONE)

_DAILY = {"electricity_forward_register": 161, "electricity_reverse_register": 163}
_MONTHLY = {"electricity_forward_month_register": 177}
_CURVES = {
    "electricity_active_power": 81,
    "electricity_reactive_power": 85,
    "electricity_voltage_a": 89,
    "electricity_current_a": 92,
    "electricity_forward_energy": 97,
    "electricity_reverse_energy": 99,
    "electricity_forward_profile_register": 101,
}
_BEGINNINGS = frozenset({"electricity_forward_energy", "electricity_reverse_energy"})
"""Curves whose stamps are the beginnings of their intervals; those of the others are the ends."""

_CURRENT = {"electricity_forward_register": 129, "electricity_reverse_register": 131, "electricity_active_power": 25}
_DENSITIES: dict[int, gdw1376.Density] = {900: "15min", 1800: "30min", 3600: "60min"}
_DATA_IDS = {
    "electricity_forward_register": 0x00010000,
    "electricity_reverse_register": 0x00020000,
    "electricity_relay_state": 0x04000503,
    "electricity_voltage_a": 0x02010100,
    "electricity_current_a": 0x02020100,
    "electricity_active_power": 0x02030000,
}
ON_DEMAND = 3


@dataclass(frozen=True)
class Request:
    """One frame to send and what may answer it.

    Attributes:
        frame: The frame; its sequence number is 0, the link's next takes its place.
        patience_s: How long an answer is waited for.
        meter: Device the answer must be of; 0 for the terminal's own points.
        is_answered: The meter answers it; a time set is never answered, and its silence is as it should be.
    """

    frame: Frame
    patience_s: float
    meter: int = 0
    is_answered: bool = True


def requests_of(task: AnyTask, *, region: str, terminal: int, now: Callable[[], datetime]) -> Iterator[Request]:
    """The requests of a task, in order. Those that set a clock are made when they are taken, from ``now()``.

    Raises:
        Invalid: An item no request reads, or a meter of a protocol that cannot be forwarded.
    """
    exchange = Exchange(region=region, terminal=terminal)
    if isinstance(task, SetClock):
        for make in clocks.clock_writes(task):
            written = make(now())
            yield _forward(exchange, written.frame, task.meter, is_answered=written.is_answered)
        return
    if isinstance(task, ReadClock):
        if task.own:
            yield Request(terminal_clock.read_clock(exchange), ANSWER_S)
        for meter in task.meters:
            for inner in clocks.clock_reads(meter):
                yield _forward(exchange, inner, meter)
        return
    if isinstance(task, SetProfile):
        yield Request(archive.write_profile(exchange, task.profile), ANSWER_S)
        return
    if isinstance(task, ReadProfile):
        yield Request(archive.read_profile(exchange, number=task.number), ANSWER_S)
        return
    if isinstance(task, Forward):
        yield _forward(exchange, task.frame, task.meter)
        return
    for group in gdw1376.point_groups(task.points):
        yield Request(_read_points(exchange, task, group), ANSWER_S)
    for meter in task.meters:
        yield _forward(exchange, meter_read(meter, item=task.item), meter)


def meter_read(meter: int, *, item: int) -> bytes:
    """The frame that asks a meter for the present value of an item.

    Raises:
        Invalid: Its protocol has no such item.
    """
    who = addresses.unpack(meter & (1 << 64) - 1)
    if who.protocol == "cjt188":
        return encode_cjt188(cjt188.read(address=who.address, meter_type=who.meter_type, serial=item & 0xFF))
    data_id = _DATA_IDS.get(reading_types_by_id()[item].code)
    if who.protocol != "dlt645" or data_id is None:
        raise Invalid(f"a {who.protocol} meter cannot be asked for {reading_types_by_id()[item].code}")
    return encode_dlt645(dlt645.read(address=who.address, data_id=data_id), preamble=4)


def _forward(exchange: Exchange, inner: bytes, meter: int, *, is_answered: bool = True) -> Request:
    frame = gdw1376.pass_through(exchange, inner=inner, port=gdw1376.POWER_LINE, port_control=PORT_CONTROL)
    return Request(frame, FORWARD_S, meter & (1 << 64) - 1, is_answered)


def _read_points(exchange: Exchange, task: Read, points: tuple[int, ...]) -> Frame:
    code = reading_types_by_id()[task.item].code
    if task.origin == ON_DEMAND and code in _CURRENT:
        return gdw1376.request_current(exchange, points=points, function=_CURRENT[code])
    if code in _DAILY:
        day = _EPOCH + timedelta(days=task.day)
        return gdw1376.request_daily(exchange, points=points, function=_DAILY[code], day=day)
    if code in _MONTHLY:
        month = _EPOCH + timedelta(days=task.day)
        return gdw1376.request_monthly(exchange, points=points, function=_MONTHLY[code], month=month)
    if code not in _CURVES:
        raise Invalid(f"no 376.1 request reads {code} of a measuring point")
    return gdw1376.request_curve(
        exchange,
        points=points,
        function=_CURVES[code],
        start=_curve_start(task, code),
        density=_DENSITIES[task.interval_s],
        count=task.last_slot - task.first_slot,
    )


def _curve_start(task: Read, code: str) -> datetime:
    slot = task.first_slot if code in _BEGINNINGS else task.first_slot + 1
    return _EPOCH_MIDNIGHT + timedelta(days=task.day, seconds=slot * task.interval_s)
