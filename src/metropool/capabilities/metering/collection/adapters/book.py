"""The book of collection: schedules, positions, askings, contacts, in one unit of work."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import case, func, select, update

from metropool.capabilities.metering.collection.adapters.tables import (
    contact,
    log_identity,
    log_position,
    recollection,
    schedule,
    unknown_device,
)
from metropool.capabilities.metering.collection.adapters.terminals import address_book, frozen_of_installed, terminals_of
from metropool.capabilities.metering.collection.index import ChannelIndex, index_of
from metropool.capabilities.metering.collection.model import FIRST_WAIT_S, NOT_REACHED, Schedule
from metropool.capabilities.metering.collection.plan import Asking
from metropool.capabilities.metering.collection.schedules import MONTHLY
from metropool.capabilities.metering.frontend.tasks import AddressBook
from metropool.facts.registry import Registry
from metropool.facts.registry.tables import channel, end_device, installation
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into, upsert

_SCHEDULE = [schedule.c[name] for name in ("item", "interval_s", "every_s", "delay_s", "holds_days", "first_day", "due_at")]
_AT_ONCE = 500

_INDEXES: dict[str, tuple[ChannelIndex, str]] = {}
"""By database and system: the index of the registry's present state. Derived, so it may be made again at any time."""


class CollectionBook:
    """What is scheduled, asked and heard, per item, business day and terminal."""

    def __init__(self, context: UnitContext) -> None:
        self._context = context
        self._connection = context.connection

    def position(self, *, stream: str) -> int:
        """The last log sequence applied; 0 before the first."""
        query = select(log_position.c.sequence).where(log_position.c.stream == stream)
        return int(self._connection.execute(query).scalar_one_or_none() or 0)

    def set_position(self, *, stream: str, sequence: int) -> None:
        """Note the last log sequence applied."""
        upsert(self._connection, log_position, [{"stream": stream, "sequence": sequence}])

    def log_made(self, *, stream: str) -> str | None:
        """When the log that the position is of was made, as the broker tells; None when that was never noted."""
        query = select(log_identity.c.made).where(log_identity.c.stream == stream)
        return self._connection.execute(query).scalar_one_or_none()

    def log_epoch(self, *, stream: str) -> int:
        """How many logs of this name were given up: their sequences say nothing of this one's."""
        query = select(log_identity.c.epoch).where(log_identity.c.stream == stream)
        return int(self._connection.execute(query).scalar_one_or_none() or 0)

    def set_log(self, *, stream: str, made: str, epoch: int) -> None:
        """Note which log the position is of."""
        upsert(self._connection, log_identity, [{"stream": stream, "made": made, "epoch": epoch}])

    def note_unknown(self, rows: pa.Table) -> None:
        """Count values of devices or points the registry does not have."""
        grouped = rows.group_by(["device", "point", "item"]).aggregate(
            [("at", "count"), ("received_at", "min"), ("received_at", "max")]
        )
        names = {"at_count": "rows", "received_at_min": "first_received_at", "received_at_max": "last_received_at"}
        values = grouped.rename_columns([names.get(name, name) for name in grouped.column_names]).to_pylist()
        make = insert_into(self._connection, unknown_device)
        counted = {"rows": unknown_device.c.rows + make.excluded.rows, "last_received_at": make.excluded.last_received_at}
        self._connection.execute(make.on_conflict_do_update(index_elements=["device", "point", "item"], set_=counted), values)

    def unknown(self, *, limit: int = 200) -> list[Mapping[str, Any]]:
        """Devices and points that tell values and are not in the registry, most values first."""
        query = select(unknown_device).order_by(unknown_device.c.rows.desc()).limit(limit)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def schedules(self) -> Mapping[int, Schedule]:
        """The schedules in force, by item."""
        rows = self._connection.execute(select(*_SCHEDULE).where(schedule.c.enabled.is_(True))).mappings()
        return {row["item"]: Schedule(**row) for row in rows}

    def every_schedule(self) -> Mapping[int, Schedule]:
        """All schedules by item, also of items that are not collected any more."""
        return {row["item"]: Schedule(**row) for row in self._connection.execute(select(*_SCHEDULE)).mappings()}

    def put_schedule(self, changed: Schedule, *, is_collected: bool) -> None:
        """Put one schedule in force as it says, or out of it."""
        row = {column.name: getattr(changed, column.name) for column in _SCHEDULE}
        upsert(self._connection, schedule, [row | {"enabled": is_collected}])

    def set_schedules(self, schedules: Sequence[Schedule]) -> None:
        """Put schedules in force, or move them on."""
        names = [column.name for column in _SCHEDULE]
        upsert(
            self._connection, schedule, [{name: getattr(row, name) for name in names} | {"enabled": True} for row in schedules]
        )

    def askings_by_terminal(self, *, item: int, day: int) -> Mapping[int, Asking]:
        """What was last asked of each terminal, by the address of its link."""
        c = recollection.c
        query = select(c.terminal, c.attempts, c.next_at, c.last_slot, c.outcome).where(c.item == item, c.day == day)
        rows = self._connection.execute(query)
        return {row[0]: Asking(*row[1:4], has_reached=row.outcome not in NOT_REACHED) for row in rows}

    def note_asked(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Note askings: ``item day terminal attempts next_at last_slot asked_at``."""
        keep = ("attempts", "next_at", "last_slot", "asked_at")
        upsert(self._connection, recollection, [dict(row) for row in rows], keep)

    def note_outcome(self, *, item: int, day: int, terminal: int, outcome: str, at_ms: int) -> None:
        """Note how an asking went; collected is another matter, which only ``mark`` decides.

        One that never got to a meter is repeated after the shortest wait.
        """
        c = recollection.c
        values: dict[str, Any] = {"outcome": outcome, "answered_at": at_ms}
        if outcome in NOT_REACHED:
            soon = at_ms // 1000 + FIRST_WAIT_S
            values["next_at"] = case((c.next_at > soon, soon), else_=c.next_at)
        where = (c.item == item, c.day == day, c.terminal == terminal)
        self._connection.execute(update(recollection).where(*where).values(values))

    def hasten(self, *, terminals: Sequence[int], now_s: int) -> int:
        """Let the gaps of terminals be asked for at once, or after the shortest wait if they just were; how many it moved."""
        c, moved = recollection.c, 0
        rested_at = c.asked_at // 1000 + FIRST_WAIT_S
        soon = case((c.outcome.in_(NOT_REACHED), now_s), (rested_at > now_s, rested_at), else_=now_s)
        for start in range(0, len(terminals), _AT_ONCE):
            where = c.terminal.in_(terminals[start : start + _AT_ONCE]), c.next_at > soon
            moved += self._connection.execute(update(recollection).where(*where).values(next_at=soon)).rowcount
        return moved

    def drop_unanswered(self, *, now_s: int) -> int:
        """Askings whose answer nobody waits for any more did not get to a meter, as far as anyone knows; how many there were."""
        c = recollection.c
        values = {"outcome": NOT_REACHED[0], "answered_at": now_s * 1000, "next_at": now_s}
        dropped = update(recollection).where(c.asked_at > func.coalesce(c.answered_at, 0)).values(values)
        return self._connection.execute(dropped).rowcount

    def askings(self, *, item: int, day: int) -> list[Mapping[str, Any]]:
        """What was asked of each terminal for a day, and how it went."""
        query = select(recollection).where(recollection.c.item == item, recollection.c.day == day)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def note_contacts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Note how terminals are reached: ``terminal state since last_heard_at detail`` (Unix ms)."""
        upsert(self._connection, contact, [dict(row) for row in rows], ("state", "since", "last_heard_at", "detail"))

    def contacts(self) -> Mapping[int, Mapping[str, Any]]:
        """Contact of each terminal by its address."""
        return {row["terminal"]: dict(row) for row in self._connection.execute(select(contact)).mappings()}

    def index(self) -> tuple[ChannelIndex, str]:
        """The registry's channels for ``resolve`` and ``gaps``, and a fingerprint that changes when devices or channels do.

        Made once for each state of the registry, then kept: an index of a city takes a second to make.
        """
        counts = [select(func.count(), func.max(column)) for column in (channel.c.id, end_device.c.id, installation.c.id)]
        fingerprint = "-".join(str(part) for query in counts for part in self._connection.execute(query).one())
        key = f"{self._connection.engine.url}/{self._context.system}"
        known = _INDEXES.get(key)
        if known is None or known[1] != fingerprint:
            known = _INDEXES[key] = self._made_index(), fingerprint
        return known

    def _made_index(self) -> ChannelIndex:
        registry = Registry(self._context)
        installations = registry.installations()
        is_open = pc.greater(installations["valid_to"], int(self._context.now.timestamp()))
        installed = installations["channel"].filter(is_open).combine_chunks()
        return index_of(
            registry.channels(),
            terminal_of_address=terminals_of(self._connection),
            installed=pa.chunked_array([installed, frozen_of_installed(self._connection, items=MONTHLY)]),
        )

    def address_book(self, *, heartbeat_s: int) -> AddressBook:
        """Every device that keeps a link of its own, for the front end."""
        return address_book(self._connection, heartbeat_s=heartbeat_s)
