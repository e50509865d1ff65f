"""The registry book: what exists, as adapters of one unit of work see it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import Select, Table, func, insert, or_, select, update

from metropool.core.errors import NotFound
from metropool.facts.registry.tables import channel, end_device, installation, place, supply_agreement, usage_point
from metropool.storage.bulk import columns_of
from metropool.storage.matching import matching
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into

Row = Mapping[str, Any]


class Registry:
    """What exists (档案), in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._context = context
        self._connection = context.connection

    def add(self, table: Table, rows: Sequence[Row]) -> int:
        """Insert rows that are not there yet; rows with a key that exists are left as they are. Returns how many were new."""
        if not rows:
            return 0
        before = self.count(table)
        self._connection.execute(insert_into(self._connection, table).on_conflict_do_nothing(), [dict(row) for row in rows])
        return self.count(table) - before

    def count(self, table: Table) -> int:
        """How many rows a table of the registry has."""
        return int(self._connection.execute(select(func.count()).select_from(table)).scalar_one())

    def rows(self, table: Table, **equal: object) -> list[Row]:
        """Rows whose columns equal the given values; a tuple or list means any of them."""
        query = select(table).where(*matching(table, equal))
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def one(self, table: Table, **equal: object) -> Row:
        """The one row with these values.

        Raises:
            NotFound: There is none.
        """
        found = self.rows(table, **equal)
        if not found:
            wanted = ", ".join(f"{name} {value}" for name, value in equal.items())
            raise NotFound(f"no {table.name} with {wanted}")
        return found[0]

    def channels(self) -> pa.Table:
        """All channels as columns ``channel, address, point, item``, sorted by (address, point, item) for binary search."""
        c = channel.c
        query = select(c.id, c.address, c.point, c.reading_type).order_by(c.address, c.point, c.reading_type)
        return _columns(
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
        return _columns(self._connection.execute(query.order_by(c.channel, c.valid_from)).all(), kinds)

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
        return _columns(sorted(rows), {"channel": pa.int32(), "at": pa.int64(), "value": pa.int64()})

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
        return _columns(rows, {"usage_point": pa.int32(), "id": pa.string(), "service": pa.string(), "place": pa.string()})

    def usage_points_by_area(self, *, kinds: Sequence[str]) -> pa.Table:
        """Consuming usage points by the places of some kinds that they lie in: ``usage_point`` (local number), ``service``, ``area``.

        One that lies in several (its community, its district) comes once for each.
        """
        inside = select(place.c.id.label("area"), place.c.id).where(place.c.kind.in_(kinds)).cte("inside", recursive=True)
        below, point = place.alias("below"), usage_point.c
        inside = inside.union_all(select(inside.c.area, below.c.id).join(inside, below.c.parent == inside.c.id))
        query = select(point.number, point.service, inside.c.area).join(inside, inside.c.id == point.place)
        rows = self._connection.execute(query.where(point.role == "consumption").order_by(point.number)).all()
        return _columns(rows, {"usage_point": pa.int32(), "service": pa.string(), "area": pa.string()})

    def places(self, *, kinds: Sequence[str]) -> list[Row]:
        """The places of some kinds."""
        return self.rows(place, kind=list(kinds))

    def device_numbers(self) -> pa.Table:
        """Serial number of the device installed now at each usage point: columns ``usage_point``, ``device_number``."""
        query = (
            select(installation.c.usage_point, func.min(end_device.c.serial))
            .join(channel, channel.c.id == installation.c.channel)
            .join(end_device, end_device.c.id == channel.c.device)
            .where(installation.c.replaced_by.is_(None), installation.c.valid_to.is_(None))
            .group_by(installation.c.usage_point)
        )
        return _columns(self._connection.execute(query).all(), {"usage_point": pa.int32(), "device_number": pa.string()})

    def agreements_of(self, *, combined_account: str) -> list[Row]:
        """The agreements (户号) joined to one combined-bill account."""
        return self.rows(supply_agreement, combined_account=combined_account)

    def surroundings(self, accounts: Collection[str], *, kinds: Sequence[str], combined: bool) -> dict[str, dict[str, str]]:
        """Account to the places of some kinds that it lies in, by kind; an account that is in no such place is left out.

        Args:
            accounts: Their numbers at their companies, or, with ``combined``, those of combined bills.
        """
        number = supply_agreement.c.combined_account if combined else supply_agreement.c.account_number
        above = place.alias("above")
        path = (
            select(number.label("account"), place.c.id, place.c.kind, place.c.parent)
            .join(usage_point, usage_point.c.id == supply_agreement.c.usage_point)
            .join(place, place.c.id == usage_point.c.place)
            .where(number.in_(sorted(accounts)))
            .cte("path", recursive=True)
        )
        path = path.union(
            select(path.c.account, above.c.id, above.c.kind, above.c.parent).join(path, above.c.id == path.c.parent)
        )
        found: dict[str, dict[str, str]] = {}
        for row in self._connection.execute(select(path).where(path.c.kind.in_(kinds)).order_by(path.c.id.desc())):
            found.setdefault(row.account, {})[row.kind] = row.id
        return found

    def homes(self, *, service: str | None, on: date, within: Sequence[str] | None = None) -> pa.Table:
        """Homes with an agreement on a day, as columns ``combined_account``, ``lon``, ``lat``; a home comes once an agreement.

        A home without a position of its own has that of what it lies in (its building); unknown is null.

        Args:
            service: Only agreements about this; None for any.
            on: The business day.
            within: Only homes that are, or lie in, one of these places; None for anywhere.
        """
        agreement, point, above = supply_agreement.c, usage_point.c, place.alias("above")
        lon, lat = (func.coalesce(place.c[name], above.c[name]) for name in ("lon", "lat"))
        query = (
            select(agreement.combined_account, lon, lat)
            .join(usage_point, point.id == agreement.usage_point)
            .join(place, place.c.id == point.place)
            .outerjoin(above, above.c.id == place.c.parent)
            .where(agreement.combined_account.is_not(None), agreement.valid_from <= on.isoformat())
            .where(or_(agreement.valid_to.is_(None), agreement.valid_to > on.isoformat()))
        )
        if service is not None:
            query = query.where(point.service == service)
        if within is not None:
            query = query.where(place.c.id.in_(lying_in(within)))
        kinds = {"combined_account": pa.string(), "lon": pa.float64(), "lat": pa.float64()}
        columns = columns_of(self._connection.execute(query)) or [()] * len(kinds)
        return pa.table({name: pa.array(values, type=kinds[name]) for name, values in zip(kinds, columns, strict=True)})

    def unknown_places(self, places: Sequence[str]) -> list[str]:
        """Those of some place ids that are none, in their order."""
        known = self.place_kinds(places)
        return [one for one in places if one not in known]

    def place_kinds(self, places: Sequence[str]) -> dict[str, str]:
        """Place to its kind; ids that are no place are left out."""
        found = self._connection.execute(select(place.c.id, place.c.kind).where(place.c.id.in_(places)))
        return {row.id: row.kind for row in found}

    def path_of(self, place_id: str) -> list[Row]:
        """A place and the places it lies in, innermost first."""
        path: list[Row] = []
        current: str | None = place_id
        while current is not None and len(path) < 16:
            row = self.one(place, id=current)
            path.append(row)
            current = row["parent"]
        return path


def _changes_from(before: Row, after: Row) -> int:
    """First instant of which two versions of an installation say something else."""
    begins: int = min(before["valid_from"], after["valid_from"])
    same = all(before[name] == after[name] for name in ("channel", "usage_point", "multiplier", "valid_from", "register_from"))
    ends: list[int] = [row["valid_to"] for row in (before, after) if row["valid_to"] is not None]
    return min(ends) if same and ends else begins


def lying_in(places: Sequence[str]) -> Select[Any]:
    """Ids of some places and of all that lie in them."""
    inside = select(place.c.id).where(place.c.id.in_(places)).cte("inside", recursive=True)
    below = place.alias("below")
    inside = inside.union(select(below.c.id).join(inside, below.c.parent == inside.c.id))
    return select(inside.c.id)


def _columns(rows: Sequence[Any], kinds: Mapping[str, pa.DataType]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return pa.table({name: pa.array(values, type=kind) for (name, kind), values in zip(kinds.items(), columns, strict=True)})
