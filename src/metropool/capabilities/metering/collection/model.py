"""Pure decisions of collection: which slot of which business day a reading fills, what is due, when to ask again."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
DAY_S = 86_400
OFFSET_S = 8 * 3_600
"""Asia/Shanghai has kept UTC+8 since 1991 (core/periods.py: BUSINESS_ZONE); a test compares the two."""

FIRST_WAIT_S, _LONGEST_WAIT_S = 900, 6 * 3_600
NOT_REACHED = ("unreachable", "expired")
"""Outcomes of an asking that never got to a meter."""

_EARLY_S, _LATE_S = 400 * DAY_S, 2 * DAY_S
IMPORTED = 4


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How one item is collected (采集方案); a row with a due time.

    Attributes:
        item: Reading type.
        interval_s: Length of a slot: 900, 3,600, or 86,400 for a daily freeze.
        every_s: How often what is missing is asked for.
        delay_s: How long after the end of a slot it is first asked for.
        holds_days: How many days back the meter can be asked; 0: it only knows the present value.
        first_day: First business day that is expected.
        due_at: When the schedule is next looked at [Unix s].
    """

    item: int
    interval_s: int
    every_s: int
    delay_s: int
    holds_days: int
    first_day: int
    due_at: int

    @property
    def slots(self) -> int:
        """Slots of a business day."""
        return DAY_S // self.interval_s

    @property
    def closes(self) -> bool:
        """A value is stamped with the end of its slot, not with some instant within it."""
        return self.holds_days > 0

    def due_from(self, at_s: int) -> "Schedule":
        """The same schedule, next due at ``at_s``."""
        return replace(self, due_at=at_s)


def day_of(at_s: Ints) -> Ints:
    """Business day of instants [Unix s], as days since 1970-01-01."""
    return (at_s + OFFSET_S) // DAY_S


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def day_text(day: int) -> str:
    """``2026-07-01``: the part of the lake a day's readings lie in."""
    return date.fromordinal(date(1970, 1, 1).toordinal() + day).isoformat()


def day_start_s(day: int) -> int:
    """Instant [Unix s] at which a business day begins."""
    return day * DAY_S - OFFSET_S


def part_days(at_s: Ints, received_at_ms: Ints, origin: NDArray[np.uint8]) -> Ints:
    """The day each reading is kept under.

    That is the day that ends at or after its instant, so that a freeze stamped 00:00 lies with the day it closes. A live
    reading stamped far from its receipt (a clock of 1970 or 2099) is kept under the day it was received, so that a broken
    clock cannot make thousands of files.
    """
    received_s = received_at_ms // 1000
    is_plausible = (at_s >= received_s - _EARLY_S) & (at_s <= received_s + _LATE_S) | (origin == IMPORTED)
    return day_of(np.where(is_plausible, at_s, received_s) - 1)


def places(schedule: Schedule, at_s: Ints) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Business day and slot that readings of an item fill, and which of them fill one.

    Where values close their slot, only one stamped near its end does (30 minutes for a day, 19 s for a quarter hour); where
    the present value is read, any within it.
    """
    local, interval_s = at_s + OFFSET_S, schedule.interval_s
    if not schedule.closes:
        return local // DAY_S, local % DAY_S // interval_s, np.ones(len(at_s), np.bool_)
    end = (local + interval_s // 2) // interval_s * interval_s
    return (end - 1) // DAY_S, (end - 1) % DAY_S // interval_s, np.abs(local - end) <= interval_s // 48 + 1


def wanted_slots(schedule: Schedule, *, day: int, now_s: int) -> tuple[int, int]:
    """Slots ``first .. last - 1`` of a day that can and should have been read by now."""
    since = now_s - day_start_s(day)
    if schedule.holds_days == 0:
        current = since // schedule.interval_s
        return (current, current + 1) if 0 <= current < schedule.slots else (0, 0)
    return 0, int(min(max((since - schedule.delay_s) // schedule.interval_s, 0), schedule.slots))


def asked_days(schedule: Schedule, *, now_s: int) -> range:
    """Business days whose gaps can still be closed by asking the meter."""
    today = (now_s + OFFSET_S) // DAY_S
    return range(max(schedule.first_day, today - schedule.holds_days), today + 1)


def next_due(schedule: Schedule, *, now_s: int) -> int:
    """The next instant on the schedule's grid, after ``now_s``."""
    grid = now_s - schedule.delay_s + OFFSET_S
    return (grid // schedule.every_s + 1) * schedule.every_s + schedule.delay_s - OFFSET_S


def wait_s(attempts: int) -> int:
    """Seconds until a gap is asked for again after ``attempts`` askings: doubling, from 15 minutes to 6 hours."""
    return min(FIRST_WAIT_S << min(max(attempts - 1, 0), 10), _LONGEST_WAIT_S)


def late_after_s(schedule: Schedule) -> int:
    """A value counts as late when it comes this long after the end of its slot."""
    return schedule.delay_s + 2 * max(schedule.every_s, 900)


@dataclass(frozen=True)
class Rate:
    """Success of collection (采集成功率): slots collected of slots planned."""

    planned: int
    collected: int
    late: int

    @property
    def share(self) -> float | None:
        """Collected of planned, 0 to 1; None when nothing was planned."""
        return self.collected / self.planned if self.planned else None
