"""Operations on schedules: the standard ones, changes, undoing a change, and putting in force what is due. Each is one unit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import numpy as np

from metropool.capabilities.metering.collection.index import ChannelIndex
from metropool.capabilities.metering.collection.model import DAY_S, OFFSET_S, Schedule, day_start_s
from metropool.capabilities.metering.collection.schedules import standard_schedules
from metropool.capabilities.metering.ports import CollectionWork
from metropool.capabilities.metering.scheduling import model
from metropool.capabilities.metering.scheduling.model import Version, Wish
from metropool.core.errors import Conflict, Invalid, NotFound

STANDARD = "standard"
"""Who made the first version of each item, and why."""


class Versions(Protocol):
    """The book of versions (``scheduling/book.py``)."""

    def versions(self) -> Mapping[int, list[Version]]: ...
    def add(self, version: Version) -> None: ...


class SchedulingWork(CollectionWork, Protocol):
    """The unit of work of scheduling."""

    @property
    def schedule_versions(self) -> Versions: ...


def start_schedules(*, work: SchedulingWork) -> int:
    """Put the standard schedules in force from today on for items that have none; returns how many.

    Every schedule has a first version from then on, so that a change can be undone.
    """
    now_s = int(work.now.timestamp())
    known = work.collection.every_schedule()
    standard = standard_schedules(first_day=(now_s + OFFSET_S) // DAY_S, now_s=now_s)
    fresh = [schedule for schedule in standard if schedule.item not in known]
    work.collection.set_schedules(fresh)
    versions, running = work.schedule_versions.versions(), work.collection.schedules()
    for schedule in work.collection.every_schedule().values():
        if schedule.item not in versions:
            work.schedule_versions.add(_first(schedule, is_collected=schedule.item in running, now_s=now_s))
    return len(fresh)


def change_schedule(
    *, work: SchedulingWork, item: int, wish: Wish, seen: int, starts_at: datetime | None, reason: str, by: str
) -> Version:
    """Make a new version of how an item is collected.

    Args:
        work: The unit of work.
        item: Reading type.
        wish: What is wanted.
        seen: The newest version the person saw.
        starts_at: From when on; None at once. Beginning or ending collection waits for the next business day: what was
            planned for today stays planned.
        reason: 1-500 characters.
        by: Login of who changes it.

    Raises:
        NotFound: The item has no schedule.
        Conflict: Somebody else changed it since, or nothing would change.
        Invalid: The meters or the line cannot do it; every fault is named.
    """
    return _add(work, item, wish, seen=seen, starts_at=starts_at, reason=reason, by=by, restores=None)


def undo_change(*, work: SchedulingWork, item: int, restore: int, seen: int, reason: str, by: str) -> Version:
    """Make a new version with the values of an earlier one.

    Raises:
        NotFound: The item has no such version.
        Conflict: Somebody else changed it since, or those values hold already.
        Invalid: No reason, or what was possible then is not any more.
    """
    earlier = next((one for one in work.schedule_versions.versions().get(item, []) if one.version == restore), None)
    if earlier is None:
        raise NotFound(f"item {item} has no version {restore}")
    wish = Wish(every_s=earlier.every_s, delay_s=earlier.delay_s, is_collected=earlier.is_collected)
    return _add(work, item, wish, seen=seen, starts_at=None, reason=reason, by=by, restores=restore)


def is_due(*, work: SchedulingWork) -> bool:
    """A version has started and is not in force yet."""
    return bool(_due(work))


def apply_due(*, work: SchedulingWork) -> int:
    """Put versions in force that have started; returns how many schedules changed."""
    running, due = work.collection.schedules(), _due(work)
    for schedule, version in due:
        changed = model.applied(schedule, version)
        is_back = version.is_collected and schedule.item not in running
        work.collection.put_schedule(model.restarted(changed, version) if is_back else changed, is_collected=version.is_collected)
    if due:
        work.changed("collection")
    return len(due)


def least_every_s(*, index: ChannelIndex, item: int) -> int:
    """How often an item can be asked for at most [s], by its busiest terminal."""
    channels = np.flatnonzero((index.item_of == item) & index.serves & (index.terminal_of >= 0))
    is_point = index.point_of[channels] > 0
    terminal = index.terminal_of[channels]
    busiest = [int(np.bincount(terminal[chosen]).max(initial=0)) for chosen in (~is_point, is_point)]
    return model.least_every_s(alone=busiest[0], points=busiest[1])


def _add(
    work: SchedulingWork,
    item: int,
    wish: Wish,
    *,
    seen: int,
    starts_at: datetime | None,
    reason: str,
    by: str,
    restores: int | None,
) -> Version:
    schedule, versions = work.collection.every_schedule().get(item), work.schedule_versions.versions().get(item, [])
    if schedule is None or not versions:
        raise NotFound(f"item {item} has no schedule")
    last = versions[-1]
    if seen != last.version:
        raise Conflict(f"version {last.version} of item {item} was made since {seen}", key="metering.schedule.changed_since")
    if (last.every_s, last.delay_s, last.is_collected) == (wish.every_s, wish.delay_s, wish.is_collected):
        raise Conflict(f"item {item} is collected like that", key="metering.schedule.same")
    version = Version(
        item=item,
        version=last.version + 1,
        every_s=wish.every_s,
        delay_s=wish.delay_s,
        is_collected=wish.is_collected,
        starts_at=_start(work, wish, is_running=item in work.collection.schedules(), asked=starts_at),
        made_at=int(work.now.timestamp()),
        made_by=by,
        reason=_checked(work, schedule, wish, reason),
        restores=restores,
    )
    work.schedule_versions.add(version)
    apply_due(work=work)
    work.changed("collection")
    return version


def _checked(work: SchedulingWork, schedule: Schedule, wish: Wish, reason: str) -> str:
    """The reason, when nothing is wrong with the wish."""
    if not 0 < len(reason.strip()) <= model.LONGEST_REASON:
        raise Invalid("a change needs a reason", key="metering.schedule.reason")
    index, _ = work.collection.index()
    least_s = least_every_s(index=index, item=schedule.item)
    faults = model.faults_of(schedule, wish, least_s=least_s) if wish.is_collected else []
    if faults:
        values: dict[str, object] = {
            "least": least_s // 60,
            "slot": schedule.slot_s // 60,
            "longest": model.longest_every_s(schedule) // 60,
        }
        raise Invalid(
            f"item {schedule.item} cannot be collected like that", key="metering.schedule.bad", values=values, faults=faults
        )
    return reason.strip()


def _start(work: SchedulingWork, wish: Wish, *, is_running: bool, asked: datetime | None) -> int:
    """When a change begins; one that begins or ends collection at the first instant of a business day."""
    now_s = int(work.now.timestamp())
    asked_s = now_s if asked is None else int(asked.timestamp())
    if asked_s < now_s:
        raise Invalid(f"{asked} is past", key="metering.schedule.past")
    return model.next_midnight_s(asked_s - 1) if wish.is_collected != is_running else asked_s


def _due(work: SchedulingWork) -> list[tuple[Schedule, Version]]:
    now_s, versions, running = int(work.now.timestamp()), work.schedule_versions.versions(), work.collection.schedules()
    found = []
    for schedule in work.collection.every_schedule().values():
        version = model.in_force(versions.get(schedule.item, []), now_s=now_s)
        if version is not None and not version.says(schedule, is_collected=schedule.item in running):
            found.append((schedule, version))
    return found


def _first(schedule: Schedule, *, is_collected: bool, now_s: int) -> Version:
    return Version(
        item=schedule.item,
        version=1,
        every_s=schedule.every_s,
        delay_s=schedule.delay_s,
        is_collected=is_collected,
        starts_at=min(day_start_s(schedule.first_day), now_s),
        made_at=now_s,
        made_by=STANDARD,
        reason=STANDARD,
    )
