"""The registry book: what exists, as adapters of one unit of work see it."""

from collections.abc import Iterable, Sequence

import pyarrow as pa
from sqlalchemy import func, insert, select, update

from metropool.facts.registry.places import Places
from metropool.facts.registry.rows import Row, columns
from metropool.facts.registry.tables import channel, end_device, installation, usage_point


class Registry(Places):
    """What exists (档案), in one unit of work."""

    def channels(self) -> pa.Table:
        """All channels as columns ``channel, address, point, item``, sorted by (address, point, item) for binary search."""
        c = channel.c
        query = select(c.id, c.address, c.point, c.reading_type).order_by(c.address, c.point, c.reading_type)
        return columns(
            self._connection.execute(query).all(),
            {"channel": pa.int32(), "address": pa.int64(), "point": pa.int32(), "item": pa.int32()},
        )

    def installations(self, *, channels: Iterable[int] | None = None) -> pa.Table:
        """Installations now believed, as columns ``channel, usage_point, multiplier, valid_from, valid_to, version``.

        Times are Unix seconds; an open end is the largest int64.
        """
        c = installation.c
        query = select(
            c.channel, c.usage_point, c.multiplier, c.valid_from, func.coalesce(c.valid_to, (1 << 63) - 1), c.version
        ).where(c.replaced_by.is_(None))
        if channels is not None:
            query = query.where(c.channel.in_(list(channels)))
        kinds = {"channel": pa.int32(), "usage_point": pa.int32(), "multiplier": pa.string()}
        kinds |= {"valid_from": pa.int64(), "valid_to": pa.int64(), "version": pa.int32()}
        return columns(self._connection.execute(query.order_by(c.channel, c.valid_from)).all(), kinds)

    def install(self, rows: Sequence[Row]) -> int:
        """Record installations that begin (安装), each with the register it begins at where that is known; returns how many."""
        recorded = {"recorded_at": int(self._context.now.timestamp()), "version": 1, "valid_to": None}
        if rows:
            self._connection.execute(insert(installation), [{**recorded, **row} for row in rows])
        return len(rows)

    def correct_installation(self, *, old: int, new: Row) -> int:
        """Replace an installation that was recorded wrongly (late exchange, wrong CT ratio); the old row stays, marked.

        Args:
            old: Id of the wrong row.
            new: Columns of the right one.

        Returns:
            Id of the new row. Its ``changes_from`` is the first instant [s] of which it says something else.
        """
        before = self.one(installation, id=old)
        row = {**before, **new, "version": before["version"] + 1, "recorded_at": int(self._context.now.timestamp())}
        row["changes_from"] = _changes_from(before, row)
        row.pop("id")
        added = self._connection.execute(insert(installation).values(row)).inserted_primary_key
        number = int(added[0]) if added else 0
        self._connection.execute(update(installation).where(installation.c.id == old).values(replaced_by=number))
        return number

    def edge_registers(self) -> pa.Table:
        """Registers at which installations begin and end, as columns ``channel, at, value``; of exchanged meters only."""
        c = installation.c
        edges = [
            select(c.channel, at, value).where(c.replaced_by.is_(None), value.is_not(None))
            for at, value in ((c.valid_from, c.register_from), (c.valid_to, c.register_to))
        ]
        rows = [row for query in edges for row in self._connection.execute(query).all()]
        return columns(sorted(rows), {"channel": pa.int32(), "at": pa.int64(), "value": pa.int64()})

    def meters_in_turn(self) -> list[Row]:
        """What was installed where meters were exchanged, oldest first: ``usage_point, reading_type, device_number, valid_from``,
        ``valid_to, register_from, register_to``; nothing of usage points that always had the same meter."""
        c = installation.c
        several = (
            select(c.usage_point)
            .join(channel, channel.c.id == c.channel)
            .where(c.replaced_by.is_(None))
            .group_by(c.usage_point)
            .having(func.count(channel.c.device.distinct()) > 1)
        )
        query = (
            select(
                c.usage_point,
                channel.c.reading_type,
                end_device.c.serial.label("device_number"),
                c.valid_from,
                c.valid_to,
                c.register_from,
                c.register_to,
            )
            .join(channel, channel.c.id == c.channel)
            .join(end_device, end_device.c.id == channel.c.device)
            .where(c.replaced_by.is_(None), c.usage_point.in_(several))
        )
        rows = self._connection.execute(query.order_by(c.usage_point, channel.c.reading_type, c.valid_from)).mappings()
        return [dict(row) for row in rows]

    def usage_points(self) -> pa.Table:
        """All usage points as columns ``usage_point`` (local number), ``id``, ``service``, ``place``."""
        c = usage_point.c
        rows = self._connection.execute(select(c.number, c.id, c.service, c.place).order_by(c.number)).all()
        return columns(rows, {"usage_point": pa.int32(), "id": pa.string(), "service": pa.string(), "place": pa.string()})

    def device_numbers(self) -> pa.Table:
        """Serial number of the device installed now at each usage point: columns ``usage_point``, ``device_number``."""
        query = (
            select(installation.c.usage_point, func.min(end_device.c.serial))
            .join(channel, channel.c.id == installation.c.channel)
            .join(end_device, end_device.c.id == channel.c.device)
            .where(installation.c.replaced_by.is_(None), installation.c.valid_to.is_(None))
            .group_by(installation.c.usage_point)
        )
        return columns(self._connection.execute(query).all(), {"usage_point": pa.int32(), "device_number": pa.string()})


def _changes_from(before: Row, after: Row) -> int:
    """First instant of which two versions of an installation say something else."""
    begins: int = min(before["valid_from"], after["valid_from"])
    same = all(before[name] == after[name] for name in ("channel", "usage_point", "multiplier", "valid_from", "register_from"))
    ends: list[int] = [row["valid_to"] for row in (before, after) if row["valid_to"] is not None]
    return min(ends) if same and ends else begins
