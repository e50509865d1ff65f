"""Usage kept from ``BlocksSealed``: one row a usage point, reading type and business day, the latest version."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Integer, cast, select

from metropool.capabilities.billing.adapters.tables import usage
from metropool.capabilities.billing.intervals import DayBlock
from metropool.capabilities.billing.model import Month
from metropool.storage.bulk import columns_of, insert_columns, listed
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into

Ints = NDArray[np.int64]

HOLE = -(1 << 63)
_ESTIMATED = 1
_OF_DAY = {
    "row": pl.Int64,
    "device_number": pl.String,
    "register_start": pl.Int64,
    "register_end": pl.Int64,
    "total": pl.Int64,
    "estimated": pl.Int64,
    "meters": pl.String,
}
_PLAIN = (
    "usage_point",
    "reading_type",
    "version",
    "device_number",
    "start",
    "interval_s",
    "register_start",
    "register_end",
    "meters",
)


class SqlUsage:
    """Usage in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection: Connection = context.connection

    def note(self, rows: pa.Table) -> list[tuple[str, date]]:
        """Keep sealed blocks, never an older version over a newer; returns (usage point, day) of all but first versions."""
        if not rows.num_rows:
            return []
        statement = insert_into(self._connection, usage)
        keys = ["usage_point", "reading_type", "business_date"]
        values = {column.name: statement.excluded[column.name] for column in usage.c if column.name not in keys}
        upsert = statement.on_conflict_do_update(
            index_elements=keys, set_=values, where=statement.excluded.version > usage.c.version
        )
        insert_columns(self._connection, upsert, _columns_of(rows))
        later = rows.filter(pc.greater(rows["version"], 1))
        return list(zip(later["usage_point"].to_pylist(), later["business_date"].to_pylist(), strict=True))

    def days(self, keys: pl.DataFrame, *, days: Sequence[date]) -> pl.DataFrame:
        """Usage of some days, as ``day_grid`` lays it out.

        Args:
            keys: ``usage_point`` and ``reading_type``; the rows told are rows of these.
            days: The days; the columns told are places in these.
        """
        c = usage.c
        estimated = cast(c.start_estimated, Integer) + 2 * cast(c.end_estimated, Integer)
        told = [c.device_number, c.register_start, c.register_end, c.total, estimated, c.meters]
        found = [
            pl.DataFrame(columns, schema=_OF_DAY).with_columns(column=pl.lit(column, pl.Int64))
            for column, day in enumerate(days)
            for columns in self._told(told, keys, c.business_date == day.isoformat())
        ]
        return pl.concat(found or [pl.DataFrame(schema={**_OF_DAY, "column": pl.Int64})])

    def intervals(self, keys: pl.DataFrame, *, month: Month) -> Iterator[DayBlock]:
        """Interval values of a period by day and shape; days of other lengths make blocks of their own.

        Args:
            keys: ``usage_point`` and ``reading_type`` of each account; the rows of the blocks are those of the keys.
            month: The period.
        """
        c = usage.c
        inside = (c.business_date >= month.start.isoformat()) & (c.business_date < month.end.isoformat()) & c.amounts.is_not(None)
        for rows, *shape, amounts in self._told([c.business_date, c.start, c.interval_s, c.amounts], keys, inside):
            yield from _blocks(rows, list(zip(*shape, map(len, amounts), strict=True)), amounts)

    def _told(
        self, told: Sequence[ColumnElement[Any]], keys: pl.DataFrame, condition: ColumnElement[bool]
    ) -> Iterator[list[Any]]:
        """Row of the key, and what is told of its usage, by column; one reading type at a time, so that the primary key finds it."""
        for of_type in keys.with_row_index("row").sort("usage_point").partition_by("reading_type"):
            points = listed(self._connection, of_type["usage_point"].to_list())
            found = points.join(usage, usage.c.usage_point == points.c.value)
            query = select(points.c.place, *told).select_from(found)
            same = usage.c.reading_type == of_type["reading_type"][0]
            columns = columns_of(self._connection.execute(query.where(same, condition)))
            if columns:
                yield [of_type["row"].to_numpy()[list(columns[0])].astype(np.int64), *columns[1:]]


def _blocks(rows: Ints, shapes: Sequence[tuple[str, int, int, int]], amounts: Sequence[bytes]) -> Iterator[DayBlock]:
    """A block for each day, start, length of interval and count of bytes there is."""
    codes = {shape: code for code, shape in enumerate(dict.fromkeys(shapes))}
    code = np.fromiter(map(codes.__getitem__, shapes), np.int64, len(shapes))
    order = np.argsort(code, kind="stable")
    for (day, start, interval_s, _), chosen in zip(codes, np.split(order, np.cumsum(np.bincount(code))[:-1]), strict=True):
        values = np.frombuffer(b"".join([amounts[place] for place in chosen.tolist()]), "<i8").reshape(len(chosen), -1)
        holes = values == HOLE
        yield DayBlock(
            business_date=date.fromisoformat(day),
            start=start,
            interval_s=interval_s,
            rows=rows[chosen],
            values=np.where(holes, 0, values) if holes.any() else values,
            is_whole=~holes.any(axis=1),
        )


def _columns_of(rows: pa.Table) -> dict[str, Sequence[Any]]:
    columns: dict[str, Sequence[Any]] = {name: rows[name].to_pylist() for name in _PLAIN}
    columns["business_date"] = rows["business_date"].cast(pa.string()).to_pylist()
    columns["amounts"], columns["total"] = _pack(rows["values"])
    first, last = _edge_quality(rows)
    columns["start_estimated"] = [quality == _ESTIMATED for quality in first]
    columns["end_estimated"] = [quality == _ESTIMATED for quality in last]
    return {column.name: columns[column.name] for column in usage.c}


def _pack(values: pa.ChunkedArray) -> tuple[list[bytes | None], list[int | None]]:
    """Each list as little-endian int64 with holes marked, and its sum; None for no list at all, no sum where it has holes."""
    lists = values.combine_chunks()
    lists = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
    flat = lists.flatten()
    numbers = pc.fill_null(flat, HOLE).to_numpy(zero_copy_only=False).astype("<i8")
    data = numbers.tobytes()
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    sums = np.concatenate([[0], np.cumsum(np.where(numbers == HOLE, 0, numbers))])
    holes = np.concatenate([[0], np.cumsum(numbers == HOLE)])
    known = (holes[ends[1:]] == holes[ends[:-1]]) & (lengths > 0)
    totals = (sums[ends[1:]] - sums[ends[:-1]]).tolist()
    packed = [data[8 * a : 8 * b] if b > a else None for a, b in pairwise(ends.tolist())]
    return packed, [total if whole else None for total, whole in zip(totals, known.tolist(), strict=True)]


def _edge_quality(rows: pa.Table) -> tuple[list[int | None], list[int | None]]:
    """Quality of the first and of the last interval; None where all is measured."""
    lists = rows["quality"].to_pylist()
    return [each[0] if each else None for each in lists], [each[-1] if each else None for each in lists]
