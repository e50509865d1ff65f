"""Setting a meter's clock (对时): by which way, when not, and what the clock that was read back says."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from metropool.capabilities.metering.clocks.model import Drift, clock_rules_on
from metropool.capabilities.metering.control.devices import Device
from metropool.capabilities.metering.control.frames import authority_of
from metropool.capabilities.metering.control.model import DID_NOT_ACT, Shown
from metropool.capabilities.metering.frontend.tasks import ReadClock, SetClock
from metropool.capabilities.metering.ports import ControlWork
from metropool.core.errors import Invalid
from metropool.core.periods import business_date, day_period
from metropool.devices.dlt645.clock import FREEZE_MARGIN, TIME_SET_MAX
from metropool.facts.commands import Command

Way = Literal["time_set", "write"]
KIND = "synchronize_clock"
PATIENCE_MS = 120_000
SETTLES_MS = 2_000
_LEFT = ("sent", "accepted", "confirmed", "unknown")


def way_to_set(device: Device, *, ahead_ms: int | None, was_set_today: bool, now: datetime) -> Way:
    """How a meter's clock can be set now.

    A DL/T 645 meter takes a time set once a day, when its clock is off by at most five minutes, and not around midnight, where
    it freezes; else its clock is written with its password.

    Raises:
        Invalid: It cannot be set now, and why.
    """
    if device.protocol == "cjt188":
        return "write"
    midnight = day_period(business_date(now + FREEZE_MARGIN)).start
    if abs(now - midnight) <= FREEZE_MARGIN:
        raise Invalid("no clock is set around midnight, where meters freeze", key="metering.clock_midnight")
    is_near = ahead_ms is None or abs(ahead_ms) <= TIME_SET_MAX // timedelta(milliseconds=1)
    if is_near and not was_set_today:
        return "time_set"
    if not device.settings.get("password"):
        raise Invalid("a write of this clock needs the meter's password", key="metering.clock_no_password")
    return "write"


def check(work: ControlWork, device: Device, *, beside: str = "") -> Way:
    """The way to set a device's clock by what is known of it; ``beside`` is the command that is about to.

    Raises:
        Invalid: It cannot be set now, and why.
    """
    clock = work.clocks.of([device.id]).get(device.id)
    return way_to_set(
        device,
        ahead_ms=clock.ahead_ms if clock else None,
        was_set_today=_was_set(work.commands.recent(device=device.id), beside=beside, now=work.now),
        now=work.now,
    )


def set_task(work: ControlWork, command: Command, *, device: Device) -> SetClock:
    """What to have the front end do.

    Raises:
        Invalid: The clock cannot be set now.
    """
    is_written = device.protocol == "dlt645" and check(work, device, beside=command.id) == "write"
    return SetClock(
        id=command.id,
        terminal=device.terminal,
        expires_at=command.expires_at,
        meter=device.number,
        authority=authority_of(device.settings).encode() if is_written else b"",
    )


def read_back_of(command: Command, *, device: Device, now_ms: int) -> ReadClock:
    """The read that shows whether the clock is right."""
    return ReadClock(
        id=f"{command.id}-{now_ms}", terminal=device.terminal, expires_at=now_ms + PATIENCE_MS, meters=[device.number]
    )


def shown_by_clock(drift: Drift | None, *, now: datetime) -> Shown:
    """What a clock says about the command that set it."""
    is_right = drift is not None and drift.is_settled(clock_rules_on(business_date(now)).settled_s)
    return "done" if is_right else "not_done"


def _was_set(commands: Iterable[Command], *, beside: str, now: datetime) -> bool:
    """A command of today reached the meter, or may have; also one that it did not follow."""
    today = day_period(business_date(now)).start.timestamp() * 1000
    some = [row for row in commands if row.kind == KIND and row.id != beside and (row.sent_at or 0) >= today]
    return any(row.state in _LEFT or row.note == DID_NOT_ACT for row in some)
