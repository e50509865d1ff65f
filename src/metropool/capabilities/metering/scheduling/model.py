"""Pure decisions about a schedule's versions: which is in force, and why a wish cannot be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from metropool.capabilities.metering.collection.model import DAY_S, OFFSET_S, Schedule
from metropool.core.errors import Fault

LEAST_EVERY_S = 300
"""A terminal takes minutes to go round its meters; asking it again before that brings what it said before."""

METER_S, POINTS_S, POINTS = 2, 2, 8
"""Time one meter asked frame by frame takes on a line of 2400 bit/s [s]; and one request for up to eight measuring points."""

LONGEST_DELAY_S = DAY_S // 2
LONGEST_REASON = 500


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of how an item is collected; instants Unix s.

    Attributes:
        item: Reading type.
        version: 1, 2, ... of the item.
        every_s, delay_s: As of ``Schedule``.
        is_collected: False: the item is not asked for.
        starts_at: From when on; the version with the highest number that has started is in force.
        restores: The version whose values these are again, when it undoes what came between.
    """

    item: int
    version: int
    every_s: int
    delay_s: int
    is_collected: bool
    starts_at: int
    made_at: int
    made_by: str
    reason: str
    restores: int | None = None

    def says(self, schedule: Schedule, *, is_collected: bool) -> bool:
        """The schedule is collected as this version says."""
        return (self.every_s, self.delay_s, self.is_collected) == (schedule.every_s, schedule.delay_s, is_collected)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants of an item."""

    every_s: int
    delay_s: int
    is_collected: bool


def in_force(versions: Sequence[Version], *, now_s: int) -> Version | None:
    """The version that holds now: the last made of those that have started."""
    started = [one for one in versions if one.starts_at <= now_s]
    return max(started, key=lambda one: one.version, default=None)


def coming(versions: Sequence[Version], *, now_s: int) -> Version | None:
    """The version that will hold next: the last made, while it has not started."""
    last = max(versions, key=lambda one: one.version, default=None)
    return last if last is not None and last.starts_at > now_s else None


def applied(schedule: Schedule, version: Version) -> Schedule:
    """A schedule as a version says, looked at when the version starts; what was not asked for while it was off is not owed."""
    return replace(schedule, every_s=version.every_s, delay_s=version.delay_s, due_at=version.starts_at)


def restarted(schedule: Schedule, version: Version) -> Schedule:
    """The schedule of an item that is collected again: expected from the day on which it begins."""
    return replace(schedule, first_day=(version.starts_at + OFFSET_S) // DAY_S)


def least_every_s(*, alone: int, points: int) -> int:
    """How often an item can be asked for at most [s].

    Args:
        alone: Meters of the busiest terminal that are asked one by one, through it.
        points: Measuring points of the busiest terminal that it answers for itself.

    Returns:
        Whole minutes, in which that terminal can be gone round once.
    """
    round_s = alone * METER_S + -(-points // POINTS) * POINTS_S
    return max(LEAST_EVERY_S, -(-round_s // 60) * 60)


def faults_of(schedule: Schedule, wish: Wish, *, least_s: int) -> list[Fault]:
    """Everything that is wrong with a wish; nothing where it can be.

    Args:
        schedule: The item's schedule now.
        wish: What is wanted.
        least_s: From ``least_every_s``.
    """
    found = []
    if wish.every_s <= 0:
        found.append(Fault("every_s", "metering.schedule.zero"))
    elif wish.every_s < least_s:
        found.append(Fault("every_s", "metering.schedule.too_often"))
    elif wish.every_s % 60:
        found.append(Fault("every_s", "metering.schedule.whole_minutes"))
    elif wish.every_s > longest_every_s(schedule):
        loses = (
            "metering.schedule.loses_values"
            if schedule.holds_days == 0 and not schedule.is_monthly
            else "metering.schedule.too_seldom"
        )
        found.append(Fault("every_s", loses))
    if not 0 <= wish.delay_s <= LONGEST_DELAY_S:
        found.append(Fault("delay_s", "metering.schedule.delay"))
    elif schedule.holds_days == 0 and wish.delay_s >= schedule.slot_s:
        found.append(Fault("delay_s", "metering.schedule.delay_loses"))
    return found


def longest_every_s(schedule: Schedule) -> int:
    """How seldom an item may be asked for [s]: each slot of a present value once, what a meter keeps at least once a day."""
    return DAY_S if schedule.holds_days or schedule.is_monthly else schedule.slot_s


def next_midnight_s(now_s: int) -> int:
    """The next first instant of a business day [Unix s]."""
    return ((now_s + OFFSET_S) // DAY_S + 1) * DAY_S - OFFSET_S
