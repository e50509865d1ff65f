"""Estimation (估算): holes of sealed blocks filled by a named method, always marked; a register's own difference stays the law.

Two methods: *linear between registers* is ``seal(bridge_s=...)``; *previous like days* is here, for what has no register.
"""

from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from metropool.facts.readings.schemas import BLOCK, Quality

_KEY = ["usage_point", "reading_type", "business_date"]
Ints = npt.NDArray[np.int64]


def fill_from_like_days(blocks: pa.Table, *, history: pa.Table, weeks: int = 4) -> pa.Table:
    """Fill holes with the mean of the same interval on the same weekday of up to ``weeks`` weeks before, floored.

    Args:
        blocks: ``BLOCK`` to complete.
        history: ``BLOCK`` of earlier days; its holes and estimates are not used. It may hold the same rows.

    Returns:
        ``blocks`` with filled intervals of quality estimated; a hole without any like day stays a hole.
    """
    values = blocks["values"].combine_chunks()
    offsets = values.offsets.to_numpy()
    flat = values.flatten()
    amounts, holes = pc.fill_null(flat, 0).to_numpy().copy(), np.asarray(pc.is_null(flat))
    hole = np.flatnonzero(holes)
    if not hole.size:
        return blocks
    block = np.searchsorted(offsets, hole, side="right") - 1
    total, count = np.zeros(hole.size, dtype=np.int64), np.zeros(hole.size, dtype=np.int64)
    past = _Past(history)
    for week in range(1, weeks + 1):
        amount, known = past.at(_same_day(blocks, history, week)[block], hole - offsets[block])
        total += np.where(known, amount, 0)
        count += known
    filled = count > 0
    amounts[hole[filled]] = total[filled] // count[filled]
    holes[hole[filled]] = False
    quality = _qualities(blocks, offsets)
    quality[hole[filled]] = Quality.ESTIMATED
    lists = [pa.ListArray.from_arrays(values.offsets, pa.array(amounts, mask=holes)), _sparse(quality, offsets)]
    columns = {**{name: blocks[name] for name in BLOCK.names}, "values": lists[0], "quality": lists[1]}
    return pa.Table.from_arrays([pa.chunked_array([c]) if isinstance(c, pa.Array) else c for c in columns.values()], schema=BLOCK)


class _Past:
    """Measured amounts of earlier blocks by row and interval."""

    def __init__(self, history: pa.Table) -> None:
        values = history["values"].combine_chunks()
        self._offsets = values.offsets.to_numpy()
        flat = values.flatten()
        measured = _qualities(history, self._offsets) == Quality.MEASURED
        self._usable = np.append(np.asarray(pc.is_valid(flat)) & measured, False)
        self._amounts = np.append(pc.fill_null(flat, 0).to_numpy(), 0)

    def at(self, row: Ints, interval: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Amount and whether it may be used; row -1 is none."""
        place = self._offsets[row] + interval
        inside = (row >= 0) & (place < self._offsets[np.minimum(row + 1, self._offsets.size - 1)])
        place = np.where(inside, place, self._amounts.size - 1)
        return self._amounts[place], self._usable[place]


def _same_day(blocks: pa.Table, history: pa.Table, weeks: int) -> Ints:
    """Row of ``history`` that lies so many weeks before each block, -1 for none."""
    wanted = pl.DataFrame(pl.from_arrow(blocks.select(_KEY))).with_columns(pl.col("business_date") - timedelta(weeks=weeks))
    known = pl.DataFrame(pl.from_arrow(history.select(_KEY))).with_row_index("row").unique(_KEY, keep="last")
    joined = wanted.join(known, on=_KEY, how="left", maintain_order="left")
    return joined["row"].cast(pl.Int64).fill_null(-1).to_numpy()


def _qualities(blocks: pa.Table, offsets: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """Quality of every interval, blocks without a list all measured."""
    lists = blocks["quality"].combine_chunks()
    listed = np.asarray(pc.is_valid(lists))
    quality = np.zeros(offsets[-1], dtype=np.uint8)
    quality[np.repeat(listed, np.diff(offsets))] = lists.filter(pa.array(listed)).flatten().to_numpy()
    return quality


def _sparse(quality: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int32]) -> pa.ListArray:
    seen = np.concatenate([[0], np.cumsum(quality > 0)])
    kept = seen[offsets[1:]] > seen[offsets[:-1]]
    lengths = np.where(kept, np.diff(offsets), 0)
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(quality[np.repeat(kept, np.diff(offsets))]), mask=pa.array(~kept))
