"""What is wrong in the field (告警): findings of validation that go on, events of devices, terminals without a link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol

from metropool.capabilities.metering.clocks.adapters.book import ClockBook, DeviceClock
from metropool.capabilities.metering.queries.adapters.journal import JournalRows, Row
from metropool.capabilities.metering.queries.city import City
from metropool.capabilities.metering.queries.flow import FlowWork
from metropool.capabilities.metering.queries.standing import TerminalStanding
from metropool.capabilities.metering.validation.flags import FlagClass
from metropool.core.identifiers import derived_id
from metropool.core.periods import business_date, day_period

LOOKS_BACK = timedelta(days=30)
EVENT_STANDS = timedelta(hours=24)
"""An event is over when it is told; it stands as an alarm for a day so that somebody sees it."""

FLICKERS = timedelta(minutes=10)
"""What a device tells again within this is the same trouble: power that flickers is one alarm, not twenty a minute."""

CRITICAL, WARNING, INFO = "critical", "warning", "info"
FLAG_SEVERITY: Mapping[FlagClass, str] = {
    FlagClass.BACKWARD: CRITICAL,
    FlagClass.RESET: CRITICAL,
    FlagClass.SWAP: CRITICAL,
    FlagClass.ZEROED: CRITICAL,
    FlagClass.NEGATIVE: CRITICAL,
    FlagClass.SPIKE: WARNING,
    FlagClass.SCALE_CHANGE: WARNING,
    FlagClass.STANDSTILL: WARNING,
    FlagClass.STUCK: WARNING,
    FlagClass.FUTURE_TIME: WARNING,
    FlagClass.UNSET_CLOCK: WARNING,
    FlagClass.CONTINUOUS_FLOW: WARNING,
    FlagClass.LEVEL_CHANGE: WARNING,
}
"""Findings that say something of the device; the others are how its data were treated."""

EVENT_SEVERITY: Mapping[str, str] = {
    **{f"erc_{number}": WARNING for number in (2, 9, 10, 11, 12, 14, 17, 24, 25, 27, 28, 31, 33)},
    **{f"erc_{number}": CRITICAL for number in (13, 21, 29, 30, 34, 35)},
    "address_conflict": CRITICAL,
    "clock_bad": WARNING,
    "clock_off": WARNING,
    "sealed_refused": WARNING,
}
CLOCK_EVENTS = ("clock_off", "clock_right")
"""A clock is off until it is right again, however long: its alarm is made of both, not of the one event."""


@dataclass(frozen=True)
class Alarm:
    """Something wrong; instants Unix s; ``closed_at`` None while it is open."""

    id: str
    kind: str
    code: str
    severity: str
    device: str
    at: int
    closed_at: int | None
    detail: Mapping[str, Any]


class AlarmWork(FlowWork, Protocol):
    """One unit of work of metering, as far as alarms need it."""

    @property
    def clocks(self) -> ClockBook: ...


def alarms(*, work: AlarmWork, city: City, terminals: Sequence[TerminalStanding]) -> list[Alarm]:
    """Alarms of the last 30 days, newest first."""
    rows = JournalRows(work.context.connection)
    first = business_date(work.now - LOOKS_BACK)
    found = of_flags(rows.flags(codes=[int(code) for code in FLAG_SEVERITY], first=first), city=city, sealed=_sealed(work))
    since = int(day_period(first).start.timestamp())
    events = rows.events(since=since)
    found += of_events([row for row in events if row["code"] not in CLOCK_EVENTS], now=work.now)
    found += of_clocks(work.clocks.off(), events)
    return sorted([*found, *_of_terminals(city, terminals)], key=lambda alarm: (-alarm.at, alarm.id))


def of_flags(rows: Sequence[Row], *, city: City, sealed: Sequence[date]) -> list[Alarm]:
    """One alarm for each device and class while it goes on: from its first day to the last without a sealed day between.

    Args:
        rows: Findings, oldest first.
        city: The registry.
        sealed: Days that validation has looked at, ascending.
    """
    following = dict(pairwise(sealed))
    newest = sealed[-1] if sealed else None
    found: list[Alarm] = []
    going_on: dict[tuple[str, int], tuple[int, date]] = {}
    for row in rows:
        device, day = _device(city, row["channel"]), date.fromisoformat(row["business_date"])
        if device is None:
            continue
        place, before = going_on.get((device, row["code"]), (-1, day))
        if place < 0 or day not in (before, following.get(before)):
            found.append(_of_flag(row, device))
            place = len(found) - 1
        ends = None if day == newest else max(row["to_at"], row["from_at"])
        found[place] = replace(found[place], closed_at=ends)
        going_on[device, row["code"]] = place, day
    return found


def of_clocks(off: Sequence[DeviceClock], events: Sequence[Row]) -> list[Alarm]:
    """Clocks that are off by more than allowed, and those of the period that are right again."""
    spans = [(clock.device, clock.off_since or 0, None, {"drift_s": _seconds(clock.ahead_ms)}) for clock in off]
    spans += [
        (row["device"], row["detail"]["since"], row["at"], {"drift_s": None}) for row in events if row["code"] == "clock_right"
    ]
    return [
        Alarm(derived_id("clock", device, str(since)), "events", "clock_off", WARNING, device, since, closed_at, detail)
        for device, since, closed_at, detail in spans
    ]


def _seconds(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else round(milliseconds / 1000)


def of_events(rows: Sequence[Row], *, now: datetime) -> list[Alarm]:
    """One alarm for what a device tells again and again: from its first telling, as long as none is far from the one before.

    Args:
        rows: Events, newest first; those that only inform are left out.
        now: The present.
    """
    found: list[Alarm] = []
    going_on: dict[tuple[str, str], tuple[int, int]] = {}
    for row in reversed(rows):
        severity, key = severity_of_event(row["code"]), (row["device"], row["code"])
        if severity == INFO:
            continue
        place, last_at = going_on.get(key, (-1, 0))
        if place < 0 or row["at"] - last_at > FLICKERS.total_seconds():
            place = len(found)
            found.append(Alarm(row["id"], "events", row["code"], severity, row["device"], row["at"], None, row["detail"]))
        is_over = now.timestamp() - row["at"] > EVENT_STANDS.total_seconds()
        found[place] = replace(found[place], closed_at=row["at"] if is_over else None)
        going_on[key] = place, row["at"]
    return found


def severity_of_event(code: str) -> str:
    """How much an event matters; a refused login is a warning."""
    return EVENT_SEVERITY.get(code, WARNING if code.startswith("login_") else INFO)


def _of_flag(row: Row, device: str) -> Alarm:
    code = FlagClass(row["code"])
    number = derived_id("flag", device, code.key, str(row["from_at"]))
    return Alarm(number, "flags", code.key, FLAG_SEVERITY[code], device, row["from_at"], None, {"count": row["count"]})


def _of_terminals(city: City, terminals: Sequence[TerminalStanding]) -> list[Alarm]:
    found = []
    for fact, stands in zip(city.terminals, terminals, strict=True):
        if stands.state == "silent":
            code = "quarantined" if stands.is_quarantined else "silent"
            severity = CRITICAL if stands.is_quarantined else WARNING
            at = stands.since // 1000
            found.append(
                Alarm(derived_id("terminal", fact.id, code, str(at)), "terminals", code, severity, fact.id, at, None, {})
            )
    return found


def _device(city: City, channel: int) -> str | None:
    meter = int(city.meter_of[channel]) if channel < len(city.meter_of) else -1
    return city.meters[meter].id if meter >= 0 else None


def _sealed(work: FlowWork) -> list[date]:
    return sorted(date.fromisoformat(day) for day in work.sealing.sealed())
