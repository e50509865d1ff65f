"""What was due and what was collected, by channel and business day: the sheets of collection cut to the slots due by now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.metering.collection.model import OFFSET_S, Schedule, day_start_s, due_slots
from metropool.capabilities.metering.collection.sheets import slots_per_channel, wanted_row
from metropool.capabilities.metering.ports import CollectionWork
from metropool.capabilities.metering.queries.city import City, Ints
from metropool.core.quantities import reading_types_by_id

DAY_S = 86_400
REACHED = ("answered", "denied")


@dataclass(frozen=True)
class ItemDay:
    """One item on one business day.

    Attributes:
        schedule: How the item is collected.
        day: Days since 1970-01-01.
        due: Slots of the day that should have been read by now.
        channels: Channels that were planned, ascending, shape (N,).
        filled: Due slots collected of each, shape (N,).
        first_missing: First due slot without a value, ``due`` where none is missing, shape (N,).
    """

    schedule: Schedule
    day: int
    due: int
    channels: Ints
    filled: Ints
    first_missing: Ints


@dataclass(frozen=True)
class Counts:
    """Slots due and slots collected."""

    due: int
    filled: int

    @property
    def percent(self) -> float | None:
        """Collected of due [%]; None when nothing was due."""
        return 100 * self.filled / self.due if self.due else None


def kind_of(schedule: Schedule) -> str:
    """``interval``, ``daily``, or ``monthly``."""
    if schedule.interval_s < DAY_S:
        return "interval"
    return "daily" if schedule.interval_s == DAY_S else "monthly"


def schedules_of(*, work: CollectionWork, service: str | None, kind: str) -> list[Schedule]:
    """Schedules of a service (of all, when None) and kind (``all``: of any)."""
    kinds = reading_types_by_id()
    return [
        schedule
        for schedule in work.collection.every_schedule().values()
        if service in (None, kinds[schedule.item].service) and kind in ("all", kind_of(schedule))
    ]


def item_days(*, work: CollectionWork, city: City, schedules: Sequence[Schedule], days: range) -> list[ItemDay]:
    """What was planned and collected on some business days; nothing for days on which nothing was due."""
    by_item, now_s = {schedule.item: schedule for schedule in schedules}, int(work.now.timestamp())
    if not by_item or not days:
        return []
    found = []
    for item, day, rate in work.sheets.rates(first_day=days[0], last_day=days[-1]):
        schedule = by_item.get(item)
        due = due_slots(schedule, day=day, now_s=now_s) if schedule else 0
        if schedule is not None and due and rate.planned:
            found.append(_item_day(work, city, schedule, day, due))
    return found


def last_day_with_plan(*, work: CollectionWork, city: City, schedules: Sequence[Schedule]) -> list[ItemDay]:
    """Of each item the last closed business day if it was planned, else today so far."""
    today = (int(work.now.timestamp()) + OFFSET_S) // DAY_S
    both = item_days(work=work, city=city, schedules=schedules, days=range(today - 1, today + 1))
    last: dict[int, ItemDay] = {}
    for one in sorted(both, key=lambda one: one.day, reverse=True):
        last[one.schedule.item] = one
    return list(last.values())


def by_meter(days: Iterable[ItemDay], *, city: City) -> tuple[Ints, Ints]:
    """Slots due and collected of each meter, shape (M,) each."""
    size = len(city.meters)
    due, filled = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for one in days:
        meter = city.meter_of[one.channels]
        due += np.bincount(meter, minlength=size) * one.due
        filled += np.bincount(meter, one.filled, size).astype(np.int64)
    return due, filled


def by_terminal(one: ItemDay, *, city: City) -> tuple[Ints, Ints, Ints]:
    """Slots due, collected, and due at meters that told anything, of each terminal, shape (terminals,) each."""
    terminal = city.terminal_of[city.meter_of[one.channels]]
    known = terminal >= 0
    size, terminal, filled = len(city.terminals), terminal[known], one.filled[known]
    due = np.bincount(terminal, minlength=size) * one.due
    told = np.bincount(terminal, filled > 0, size).astype(np.int64) * one.due
    return due, np.bincount(terminal, filled, size).astype(np.int64), told


def reached(one: ItemDay, *, work: CollectionWork, city: City, filled: Ints) -> NDArray[np.bool_]:
    """Terminals that told a value of the day, or answered when they were asked for it, shape (terminals,)."""
    rows = work.collection.askings(item=one.schedule.item, day=one.day)
    answered = [row["terminal"] for row in rows if row["outcome"] in REACHED]
    numbers = np.array([terminal.number for terminal in city.terminals], np.int64)
    return (filled > 0) | np.isin(numbers, np.array(answered, np.int64))


def first_missing_at(one: ItemDay, *, city: City) -> tuple[Ints, Ints]:
    """Slots missing of each terminal, and the start of the first of them [Unix s], shape (terminals,) each."""
    terminal = city.terminal_of[city.meter_of[one.channels]]
    lacks = (one.first_missing < one.due) & (terminal >= 0)
    size = len(city.terminals)
    count = np.bincount(terminal[lacks], one.due - one.filled[lacks], size).astype(np.int64)
    first = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(first, terminal[lacks], day_start_s(one.day) + one.first_missing[lacks] * one.schedule.slot_s)
    return count, first


def _item_day(work: CollectionWork, city: City, schedule: Schedule, day: int, due: int) -> ItemDay:
    highest = len(city.meter_of) - 1
    planned = work.sheets.sheets(kind="planned", item=schedule.item, day=day, slots=1, channels=highest)
    channels = np.flatnonzero((planned[:, 0] != 0) & (city.meter_of >= 0))
    whole = work.sheets.sheets(kind="collected", item=schedule.item, day=day, slots=schedule.slots, channels=highest)
    wanted = wanted_row(0, due, schedule.slots)
    bits = whole[channels] & wanted
    lacking = np.unpackbits(~bits & wanted, axis=1, bitorder="little")
    first = np.where(lacking.any(axis=1), lacking.argmax(axis=1), due)
    return ItemDay(schedule, day, due, channels, slots_per_channel(bits), first)
