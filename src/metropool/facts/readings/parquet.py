"""How readings and blocks lie in Parquet files: about one byte per sealed reading, one meter-month back in milliseconds."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metropool.facts.readings.schemas import BLOCK
from metropool.facts.readings.versions import latest_blocks

READING_PARQUET: dict[str, Any] = {
    "use_dictionary": ["quality", "origin"],
    "column_encoding": dict.fromkeys(("channel", "at", "value", "received_at"), "DELTA_BINARY_PACKED"),
    "compression": "zstd",
    "compression_level": 3,
}
"""Options of the Parquet writer for ``READING``."""

BLOCK_PARQUET: dict[str, Any] = {
    "use_dictionary": False,
    "column_encoding": {
        "values.list.element": "BYTE_STREAM_SPLIT",
        **dict.fromkeys(("start", "register_start", "register_end"), "DELTA_BINARY_PACKED"),
    },
    "compression": "zstd",
    "compression_level": 3,
    "row_group_size": 2048,
    "write_page_index": True,
}
"""Options of the Parquet writer for what ``packed`` gives."""

_FITS_32 = 2**31 - 1


def packed(blocks: pa.Table) -> pa.Table:
    """Blocks as they are written: amounts in 32 bits where all of them fit."""
    amounts = blocks["values"].combine_chunks().flatten()
    widest = pc.max(pc.abs(amounts)).as_py() or 0
    if widest > _FITS_32:
        return blocks
    lists = blocks["values"].cast(pa.list_(pa.int32()))
    return blocks.set_column(BLOCK.get_field_index("values"), pa.field("values", lists.type, nullable=False), lists)


def unpacked(blocks: pa.Table) -> pa.Table:
    """Blocks as they are worked with: ``BLOCK`` again, whatever the width they were written in."""
    return blocks.select(BLOCK.names).cast(BLOCK)


def read_blocks(
    paths: Iterable[str],
    *,
    usage_points: list[int],
    first: date,
    last: date,
    reading_types: list[int] | None = None,
) -> pa.Table:
    """The latest blocks of some usage points from ``first`` to ``last``, both included, sorted.

    Args:
        paths: Block files; each sorted by usage point, so only few row groups are opened.
    """
    low, high = min(usage_points), max(usage_points)
    points, types = pa.array(usage_points, pa.int32()), pa.array(reading_types or [], pa.int32())

    def wanted(rows: pa.Table) -> pa.Table:
        days = pc.and_(pc.greater_equal(rows["business_date"], first), pc.less_equal(rows["business_date"], last))
        chosen = pc.and_(days, pc.is_in(rows["usage_point"], points))
        return rows.filter(chosen if reading_types is None else pc.and_(chosen, pc.is_in(rows["reading_type"], types)))

    tables = [unpacked(wanted(_rows(path, low, high))) for path in paths]
    return latest_blocks(pa.concat_tables([BLOCK.empty_table(), *tables]))


def read_range(paths: Iterable[str], *, low: int, high: int) -> pa.Table:
    """The latest blocks of the usage points from ``low`` to ``high``, both included, sorted; of any day."""
    tables = [unpacked(_rows(path, low, high)) for path in paths]
    return latest_blocks(pa.concat_tables([BLOCK.empty_table(), *tables]))


def _rows(path: str, low: int, high: int) -> pa.Table:
    """Rows of the row groups whose usage points may lie in [low, high], cut to that range."""
    file = pq.ParquetFile(path)
    place = file.schema_arrow.get_field_index("usage_point")
    groups = [i for i in range(file.num_row_groups) if _may_hold(file.metadata.row_group(i).column(place).statistics, low, high)]
    rows = file.read_row_groups(groups, columns=BLOCK.names, use_threads=False)
    points = rows["usage_point"].to_numpy()
    start, end = np.searchsorted(points, [low, high + 1])
    return rows.slice(start, end - start)


def _may_hold(statistics: Any, low: int, high: int) -> bool:
    return bool(statistics is None or not statistics.has_min_max or (statistics.min <= high and statistics.max >= low))
