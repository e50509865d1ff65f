"""Usage kept from ``BlocksSealed``: one row a usage point, reading type and business day, the latest version."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, CursorResult, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from metropool.capabilities.billing.adapters.bulk import columns_of, frame_of, insert_columns, is_one_of
from metropool.capabilities.billing.adapters.tables import usage
from metropool.capabilities.billing.intervals import DayBlock
from metropool.capabilities.billing.model import Month
from metropool.storage.units import UnitContext

HOLE = -(1 << 63)
_ESTIMATED = 1
_KEY = {"usage_point": pl.String, "reading_type": pl.Int64, "business_date": pl.String}
_OF_DAY = pl.Schema(
    {
        **_KEY,
        "device_number": pl.String,
        "register_start": pl.Int64,
        "register_end": pl.Int64,
        "total": pl.Int64,
        "start_estimated": pl.Boolean,
        "end_estimated": pl.Boolean,
        "meters": pl.String,
    }
)
_OF_INTERVALS = pl.Schema({**_KEY, "start": pl.Int64, "interval_s": pl.Int64})
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
        make = insert_sqlite if self._connection.dialect.name == "sqlite" else insert_postgresql
        statement = make(usage)
        keys = ["usage_point", "reading_type", "business_date"]
        values = {column.name: statement.excluded[column.name] for column in usage.c if column.name not in keys}
        upsert = statement.on_conflict_do_update(
            index_elements=keys, set_=values, where=statement.excluded.version > usage.c.version
        )
        insert_columns(self._connection, upsert, _columns_of(rows))
        later = rows.filter(pc.greater(rows["version"], 1))
        return list(zip(later["usage_point"].to_pylist(), later["business_date"].to_pylist(), strict=True))

    def days(self, keys: pl.DataFrame, *, days: Collection[date]) -> pl.DataFrame:
        """Usage of some days: the columns of ``_OF_DAY``, the day as ISO text.

        Args:
            keys: ``usage_point`` and ``reading_type``.
            days: The days.
        """
        names = [day.isoformat() for day in days]
        found = [frame_of(rows, _OF_DAY) for rows in self._select(_OF_DAY, keys, usage.c.business_date.in_(names))]
        return pl.concat(found) if found else pl.DataFrame(schema=_OF_DAY)

    def intervals(self, keys: pl.DataFrame, *, month: Month) -> Iterator[DayBlock]:
        """Interval values of a period by day and shape; days of other lengths make blocks of their own.

        Args:
            keys: ``usage_point`` and ``reading_type`` of each account; the rows of the blocks are those of the keys.
            month: The period.
        """
        c = usage.c
        inside = (c.business_date >= month.start.isoformat()) & (c.business_date < month.end.isoformat()) & c.amounts.is_not(None)
        places = keys.with_row_index("row")
        for result in self._select([*_OF_INTERVALS, "amounts"], keys, inside):
            *columns, amounts = columns_of(result) or [()] * (len(_OF_INTERVALS) + 1)
            known = pl.DataFrame(dict(zip(_OF_INTERVALS, columns, strict=True)), schema=_OF_INTERVALS)
            known = known.with_columns(bytes=pl.Series(map(len, amounts), dtype=pl.Int64)).with_row_index("place")
            known = known.join(places, on=["usage_point", "reading_type"])
            for block in known.partition_by("business_date", "start", "interval_s", "bytes"):
                yield _block(block, [amounts[place] for place in block["place"].to_list()])

    def _select(self, columns: Iterable[str], keys: pl.DataFrame, condition: Any) -> Iterator[CursorResult[Any]]:
        """Rows of some keys; one reading type at a time, so that the primary key finds them."""
        for of_type in keys.unique().sort("usage_point").partition_by("reading_type"):
            reading_type = of_type["reading_type"][0]
            its_points = is_one_of(self._connection, usage.c.usage_point, of_type["usage_point"].to_list())
            query = select(*(usage.c[name] for name in columns))
            yield self._connection.execute(query.where(its_points, usage.c.reading_type == reading_type, condition))


def _block(rows: pl.DataFrame, amounts: Sequence[bytes]) -> DayBlock:
    values = np.frombuffer(b"".join(amounts), "<i8").reshape(rows.height, -1)
    holes = values == HOLE
    return DayBlock(
        business_date=date.fromisoformat(rows["business_date"][0]),
        start=rows["start"][0],
        interval_s=rows["interval_s"][0],
        rows=rows["row"].to_numpy().astype(np.int64),
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
