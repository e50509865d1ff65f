"""Lists over the command journal, the events and the findings of validation, whole pages at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from metropool.capabilities.metering.sealing.tables import validation_flag
from metropool.facts.commands import Command, Step
from metropool.facts.commands.tables import command, command_step
from metropool.facts.events.tables import end_device_event

Row = Mapping[str, Any]
FLAGS_MOST, EVENTS_MOST = 20_000, 5_000
_COLUMNS = [command.c[field.name] for field in fields(Command)]
SORTABLE: Mapping[str, ColumnElement[Any]] = {
    "id": command.c.id,
    "kind": command.c.kind,
    "meter": command.c.device,
    "reason": command.c.reason,
    "ordered_by": command.c.requested_by,
    "approved_by": command.c.approved_by,
    "state": command.c.state,
    "created_at": command.c.created_at,
    "expires_at": command.c.expires_at,
    "finished_at": command.c.resolved_at,
}


class JournalRows:
    """Reads pages of what was ordered, told and found."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def commands(
        self,
        *,
        states: Collection[str] | None,
        device: str | None,
        kind: str | None,
        sort: Sequence[tuple[str, bool]],
        offset: int,
        limit: int,
    ) -> tuple[list[Command], int]:
        """A page of commands and how many there are; newest first unless sorted by (column of SORTABLE, descending)."""
        query = select(*_COLUMNS)
        for column, value in ((command.c.device, device), (command.c.kind, kind)):
            query = query if value is None else query.where(column == value)
        if states is not None:
            query = query.where(command.c.state.in_(list(states)))
        total = int(self._connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())
        order = [SORTABLE[name].desc() if descending else SORTABLE[name].asc() for name, descending in sort]
        page = query.order_by(*order, command.c.created_at.desc(), command.c.id).offset(offset).limit(limit)
        return [Command(**row._mapping) for row in self._connection.execute(page)], total

    def steps(self, commands: Sequence[str]) -> dict[str, list[Step]]:
        """Steps of some commands, oldest first."""
        c = command_step.c
        found: dict[str, list[Step]] = {number: [] for number in commands}
        for start in range(0, len(commands), 500):
            some = c.command.in_(commands[start : start + 500])
            query = select(c.command, c.at, c.state, c.actor, c.note).where(some).order_by(c.number)
            for row in self._connection.execute(query):
                found[row.command].append(Step(row.at, row.state, row.actor, row.note))
        return found

    def flags(self, *, codes: Collection[int], first: date, channels: Sequence[int] | None = None) -> list[Row]:
        """What validation found from a business day on, of some classes, oldest first."""
        c = validation_flag.c
        query = select(c.business_date, c.channel, c.code, c.from_at, c.to_at, c.count)
        query = query.where(c.business_date >= first.isoformat(), c.code.in_(list(codes)))
        if channels is not None:
            query = query.where(c.channel.in_(list(channels)))
        newest = query.order_by(c.business_date.desc(), c.from_at.desc(), c.channel).limit(FLAGS_MOST)
        rows: list[Row] = [dict(row) for row in self._connection.execute(newest).mappings()]
        return rows[::-1]

    def events(self, *, since: int, devices: Collection[str] | None = None, until: int | None = None) -> list[Row]:
        """End-device events since an instant [Unix s], of some devices or all, newest first."""
        c = end_device_event.c
        query = select(c.id, c.device, c.code, c.at, c.received_at, c.detail).where(c.at >= since)
        if devices is not None:
            query = query.where(c.device.in_(list(devices)))
        if until is not None:
            query = query.where(c.at < until)
        rows = self._connection.execute(query.order_by(c.at.desc(), c.number.desc()).limit(EVENTS_MOST)).mappings()
        return [dict(row) for row in rows]
