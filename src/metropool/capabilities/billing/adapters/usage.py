"""Usage kept from ``BlocksSealed``: one row a usage point, reading type and business day, the latest version."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Column, Connection, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from metropool.capabilities.billing.adapters.bulk import execute_many
from metropool.capabilities.billing.adapters.tables import usage
from metropool.capabilities.billing.freezing import DayUsage
from metropool.capabilities.billing.model import Month
from metropool.storage.units import UnitContext

Key = tuple[str, int]
HOLE = -(1 << 63)
_KEYS_A_QUERY = 400
_ESTIMATED = 1
_OF_DAY = [
    usage.c[name]
    for name in ("usage_point", "reading_type", "business_date", "device_number", "register_start", "register_end", "total")
] + [usage.c.start_estimated, usage.c.end_estimated]
_OF_INTERVALS = [usage.c[name] for name in ("usage_point", "reading_type", "business_date", "start", "interval_s", "amounts")]
_PLAIN = ("usage_point", "reading_type", "version", "device_number", "start", "interval_s", "register_start", "register_end")


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
        execute_many(self._connection, upsert, _rows_of(rows))
        later = rows.filter(pc.greater(rows["version"], 1))
        return list(zip(later["usage_point"].to_pylist(), later["business_date"].to_pylist(), strict=True))

    def days(self, keys: Collection[Key], *, days: Collection[date]) -> dict[Key, dict[date, DayUsage]]:
        """Usage of some days, by (usage point, reading type) and day."""
        found: dict[Key, dict[date, DayUsage]] = {}
        names = {day.isoformat(): day for day in days}
        for row in self._select(_OF_DAY, keys, usage.c.business_date.in_(list(names))):
            usage_point, reading_type, day, *known = row
            found.setdefault((usage_point, reading_type), {})[names[day]] = DayUsage(*known)
        return found

    def intervals(self, keys: Collection[Key], *, month: Month) -> Iterator[Mapping[str, Any]]:
        """Interval values of a period by day and shape: business_date, start, interval_s, keys, values (keys, counts), is_whole.

        Holes count nothing and make a row not whole; days of other lengths make groups of their own.
        """
        c = usage.c
        inside = (c.business_date >= month.start.isoformat()) & (c.business_date < month.end.isoformat()) & c.amounts.is_not(None)
        groups: dict[tuple[str, int, int, int], tuple[list[Key], list[bytes]]] = {}
        for row in self._select(_OF_INTERVALS, keys, inside):
            usage_point, reading_type, day, start, interval_s, amounts = row
            its_keys, blobs = groups.setdefault((day, start, interval_s, len(amounts)), ([], []))
            its_keys.append((usage_point, reading_type))
            blobs.append(amounts)
        for (day, start, interval_s, _), (its_keys, blobs) in sorted(groups.items()):
            values = np.frombuffer(b"".join(blobs), "<i8").reshape(len(its_keys), -1)
            yield {
                "business_date": date.fromisoformat(day),
                "start": start,
                "interval_s": interval_s,
                "keys": its_keys,
                "values": np.where(values == HOLE, 0, values),
                "is_whole": (values != HOLE).all(axis=1),
            }

    def _select(self, columns: Sequence[Column[Any]], keys: Collection[Key], condition: Any) -> Iterator[Sequence[Any]]:
        """Rows of some keys; one reading type at a time, so that the primary key finds them."""
        by_type: dict[int, list[str]] = {}
        for usage_point, reading_type in sorted(keys):
            by_type.setdefault(reading_type, []).append(usage_point)
        for reading_type, points in by_type.items():
            for start in range(0, len(points), _KEYS_A_QUERY):
                some = usage.c.usage_point.in_(points[start : start + _KEYS_A_QUERY])
                query = select(*columns).where(some, usage.c.reading_type == reading_type, condition)
                yield from self._connection.execute(query).all()


def _rows_of(rows: pa.Table) -> list[dict[str, Any]]:
    columns: dict[str, Sequence[Any]] = {name: rows[name].to_pylist() for name in _PLAIN}
    columns["business_date"] = rows["business_date"].cast(pa.string()).to_pylist()
    columns["amounts"], columns["total"] = _pack(rows["values"])
    first, last = _edge_quality(rows)
    columns["start_estimated"] = [quality == _ESTIMATED for quality in first]
    columns["end_estimated"] = [quality == _ESTIMATED for quality in last]
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


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
