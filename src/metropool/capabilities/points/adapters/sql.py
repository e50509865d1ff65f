"""What points are, how they stand and what they said, in SQL and in the lake."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import delete, insert, select

from metropool.capabilities.points.archive import TABLE
from metropool.capabilities.points.model import KnownPoint, PointValue
from metropool.capabilities.points.tables import point, point_of_events, point_state, point_value
from metropool.exchange.messages.points import PointDescribed
from metropool.storage.bulk import columns_of
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into

_VALUE = pa.schema(
    [
        ("place", pa.string()),
        ("point", pa.string()),
        ("item", pa.string()),
        ("at", pa.int64()),
        ("value", pa.int64()),
        ("quality", pa.uint8()),
    ]
)


class SqlPointBook:
    """Points in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._context = context
        self._connection = context.connection

    def describe(self, place: str, points: Sequence[PointDescribed]) -> None:
        """What the points of a place are, all of them, in the order they were described."""
        names = ("point", "kind", "name_zh", "name_en", "sets")
        rows = {each.point: {name: getattr(each, name) for name in names} for each in points}
        self._connection.execute(delete(point).where(point.c.place == place))
        self._connection.execute(insert(point), [{**row, "place": place, "number": n} for n, row in enumerate(rows.values())])

    def points(self, place: str) -> list[KnownPoint]:
        """The points of a place, in their order."""
        c = point.c
        query = select(c.point, c.kind, c.name_zh, c.name_en, c.sets).where(c.place == place).order_by(c.number)
        return [KnownPoint(**row) for row in self._connection.execute(query).mappings()]

    def note(self, place: str, rows: pa.Table, *, heard_at: int) -> None:
        """Keep values; how an item stands is what was said of its latest instant."""
        said = [{**row, "place": place} for row in rows.to_pylist()]
        self._connection.execute(insert_into(self._connection, point_value).on_conflict_do_nothing(), said)
        newest = {(row["point"], row["item"]): row for row in sorted(said, key=lambda row: row["at"])}
        make = insert_into(self._connection, point_state)
        changed = {name: make.excluded[name] for name in ("at", "value", "quality", "heard_at")}
        keys = [column.name for column in point_state.primary_key]
        stands = make.on_conflict_do_update(index_elements=keys, set_=changed, where=point_state.c.at <= make.excluded["at"])
        self._connection.execute(stands, [{**row, "heard_at": heard_at} for row in newest.values()])

    def note_events(self, place: str, points: Sequence[str]) -> None:
        """Something happened at these points."""
        rows = [{"place": place, "point": one} for one in dict.fromkeys(points)]
        self._connection.execute(insert_into(self._connection, point_of_events).on_conflict_do_nothing(), rows)

    def with_events(self, place: str) -> list[str]:
        """Points of a place at which something ever happened."""
        c = point_of_events.c
        return list(self._connection.execute(select(c.point).where(c.place == place).order_by(c.point)).scalars())

    def states(self, place: str) -> list[PointValue]:
        """How every item of the points of a place stands."""
        c = point_state.c
        query = select(c.point, c.item, c.at, c.value, c.quality, c.heard_at).where(c.place == place)
        return [PointValue(**row) for row in self._connection.execute(query).mappings()]

    def values(self, place: str, *, point: str, item: str, since: int, until: int) -> pa.Table:
        """What one item of a point was in [since, until) [Unix s], by time."""
        c = point_value.c
        query = select(*(c[name] for name in _VALUE.names)).where(c.place == place, c.point == point, c.item == item)
        recent = _table(self._connection.execute(query.where(c.at >= since, c.at < until)))
        kept = [self._read(file.path, place, point, item) for file in self._files(since, until)]
        rows = pa.concat_tables([*kept, recent])
        inside = pa.compute.and_(pa.compute.greater_equal(rows["at"], since), pa.compute.less(rows["at"], until))
        return rows.filter(inside).sort_by("at")

    def older(self, *, before: int, limit: int) -> pa.Table:
        """Values said before an instant, the oldest first."""
        c = point_value.c
        query = select(*(c[name] for name in _VALUE.names)).where(c.at < before).order_by(c.at).limit(limit)
        return _table(self._connection.execute(query))

    def drop(self, *, before: int) -> int:
        """Let go of values said before an instant; returns how many."""
        return int(self._connection.execute(delete(point_value).where(point_value.c.at < before)).rowcount)

    def _files(self, since: int, until: int) -> list[Any]:
        files = self._context.lake.files(self._connection, table=TABLE)
        return [file for file in files if file.low < until and file.high >= since]

    def _read(self, path: str, place: str, point: str, item: str) -> pa.Table:
        wanted = [("place", "=", place), ("point", "=", point), ("item", "=", item)]
        return pq.read_table(self._context.lake.root / path, filters=wanted, partitioning=None).cast(_VALUE)


def _table(rows: Any) -> pa.Table:
    columns = columns_of(rows) or [()] * len(_VALUE.names)
    return pa.table({name: pa.array(c, _VALUE.field(name).type) for name, c in zip(_VALUE.names, columns, strict=True)}, _VALUE)
