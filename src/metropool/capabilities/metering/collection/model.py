"""Pure decisions of collection: which slot of which business day a reading fills, what is due, when to ask again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
DAY_S = 86_400
MONTH_S = 31 * DAY_S
"""Slot of what is frozen once a calendar month, however long that is; its business day is the last one of the month."""

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
        interval_s: Length of a slot: 900, 3,600, 86,400 for a daily freeze, MONTH_S for a monthly one.
        every_s: How often what is missing is asked for.
        delay_s: How long after the end of a slot it is first asked for.
        holds_days: How many days back the meter can be asked; 0: it only knows the present value, or of a month the last one.
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
        return DAY_S // self.slot_s

    @property
    def slot_s(self) -> int:
        """Length of a slot within its business day [s]; a whole day for a monthly freeze, which is of the month's last."""
        return min(self.interval_s, DAY_S)

    @property
    def is_monthly(self) -> bool:
        """Expected once a calendar month."""
        return self.interval_s > DAY_S

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
    the present value is read, any within it; where a meter shows what it kept of last month, any of the month after.
    """
    local, interval_s = at_s + OFFSET_S, schedule.slot_s
    if schedule.is_monthly and not schedule.closes:
        return _month_starts(local // DAY_S) - 1, np.zeros(len(at_s), np.int64), np.ones(len(at_s), np.bool_)
    if not schedule.closes:
        return local // DAY_S, local % DAY_S // interval_s, np.ones(len(at_s), np.bool_)
    end = (local + interval_s // 2) // interval_s * interval_s
    is_near = np.abs(local - end) <= interval_s // 48 + 1
    fills = is_near & (_month_starts(end // DAY_S) == end // DAY_S) if schedule.is_monthly else is_near
    return (end - 1) // DAY_S, (end - 1) % DAY_S // interval_s, fills


def wanted_slots(schedule: Schedule, *, day: int, now_s: int) -> tuple[int, int]:
    """Slots ``first .. last - 1`` of a day that can and should have been read by now."""
    since = now_s - day_start_s(day)
    if schedule.holds_days == 0 and not schedule.is_monthly:
        current = since // schedule.interval_s
        return (current, current + 1) if 0 <= current < schedule.slots else (0, 0)
    return 0, due_slots(schedule, day=day, now_s=now_s)


def due_slots(schedule: Schedule, *, day: int, now_s: int) -> int:
    """How many slots of a day are over long enough to have been read."""
    since = now_s - day_start_s(day) - schedule.delay_s
    return int(min(max(since // schedule.slot_s, 0), schedule.slots))


def asked_days(schedule: Schedule, *, now_s: int) -> Sequence[int]:
    """Business days whose gaps can still be closed by asking the meter, ascending."""
    today = (now_s + OFFSET_S) // DAY_S
    if not schedule.is_monthly:
        return range(max(schedule.first_day, today - schedule.holds_days), today + 1)
    ends = month_ends(max(schedule.first_day, today - (schedule.holds_days or MONTH_S // DAY_S)), today)
    over = [day for day in ends if day < today]
    return (over if schedule.closes else over[-1:]) + [day for day in ends if day == today]


def month_ends(first: int, last: int) -> list[int]:
    """Last days of calendar months from day ``first`` to day ``last``, both included."""
    days = np.arange(first, last + 1, dtype=np.int64)
    return [int(day) for day in days[_month_starts(days + 1) == days + 1]]


def month_text(day: int) -> str:
    """``2026-07``: the month a business day lies in."""
    return day_text(day)[:7]


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


def _month_starts(day: Ints) -> Ints:
    """First day of the calendar month of each day."""
    starts: Ints = day.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return starts


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
