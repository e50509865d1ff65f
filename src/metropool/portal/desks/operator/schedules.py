"""The desk of schedules, over metering: which items are collected how often, and changing it."""

import numpy as np

from metropool.capabilities.metering.collection.model import Schedule
from metropool.capabilities.metering.queries.collected import kind_of
from metropool.capabilities.metering.scheduling import model, operations
from metropool.capabilities.metering.scheduling.model import Version, Wish
from metropool.capabilities.metering.scheduling.operations import SchedulingWork
from metropool.core.quantities import ReadingType, reading_type, reading_types_by_id
from metropool.portal.desks.operator.operator_words import moment, said, type_name
from metropool.portal.schemas import collecting as schema
from metropool.portal.schemas.basics import Service


class SchedulesDesk:
    """Schedules, in one unit of work."""

    def __init__(self, work: SchedulingWork) -> None:
        self._work = work

    def schedules(self, *, service: Service | None) -> schema.Schedules:
        """The items of a service (of all, without one), those that most meters have first."""
        kinds = reading_types_by_id()
        chosen = [one for one in self._work.collection.every_schedule().values() if service in (None, kinds[one.item].service)]
        rows = [self._row(schedule) for schedule in chosen]
        return schema.Schedules(as_of=self._work.now, rows=sorted(rows, key=lambda row: (-row.channels, row.slot_s, row.item)))

    def change(self, *, item: str, wanted: schema.ScheduleChange, by: str) -> schema.ScheduleRow:
        """Operation: a new version."""
        kind = reading_type(item)
        wish = Wish(every_s=wanted.every_s, delay_s=wanted.delay_s, is_collected=wanted.is_collected)
        operations.change_schedule(
            work=self._work, item=kind.id, wish=wish, seen=wanted.seen, starts_at=wanted.starts_at, reason=wanted.reason, by=by
        )
        return self._row_of(kind)

    def undo(self, *, item: str, wanted: schema.ScheduleUndo, by: str) -> schema.ScheduleRow:
        """Operation: a new version with the values of an earlier one."""
        kind = reading_type(item)
        operations.undo_change(
            work=self._work, item=kind.id, restore=wanted.restore, seen=wanted.seen, reason=wanted.reason, by=by
        )
        return self._row_of(kind)

    def _row_of(self, kind: ReadingType) -> schema.ScheduleRow:
        return self._row(self._work.collection.every_schedule()[kind.id])

    def _row(self, schedule: Schedule) -> schema.ScheduleRow:
        kind, index = reading_types_by_id()[schedule.item], self._work.collection.index()[0]
        is_planned = (index.item_of == schedule.item) & index.serves & (index.terminal_of >= 0)
        versions = self._work.schedule_versions.versions().get(schedule.item, [])
        coming = model.coming(versions, now_s=int(self._work.now.timestamp()))
        return schema.ScheduleRow.model_validate(
            {
                "item": kind.code,
                "name": type_name(kind),
                "service": kind.service,
                "kind": kind_of(schedule),
                "how": said("hows", kind.code),
                "channels": int(np.count_nonzero(is_planned)),
                "slot_s": schedule.interval_s,
                "every_s": schedule.every_s,
                "delay_s": schedule.delay_s,
                "is_collected": schedule.item in self._work.collection.schedules(),
                "least_every_s": operations.least_every_s(index=index, item=schedule.item),
                "longest_every_s": model.longest_every_s(schedule),
                "version": versions[-1].version if versions else 0,
                "coming": _version(coming) if coming else None,
                "versions": [_version(one) for one in reversed(versions)],
            }
        )


def _version(one: Version) -> schema.ScheduleVersion:
    return schema.ScheduleVersion.model_validate(
        {
            "version": one.version,
            "every_s": one.every_s,
            "delay_s": one.delay_s,
            "is_collected": one.is_collected,
            "starts_at": moment(one.starts_at),
            "made_at": moment(one.made_at),
            "made_by": one.made_by,
            "reason": one.reason,
            "restores": one.restores,
        }
    )
