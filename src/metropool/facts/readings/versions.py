"""Versions of blocks: a late reading, a corrected multiplier or exchange makes a new one only where something changed.

Version 0 is provisional, the day so far, and told again and again under that number. A broker hands a letter over again that nobody
acknowledged in time, after letters that were told later: of two under one number, the one in which more is known holds.
"""

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from metropool.facts.readings.schemas import BLOCK

KEY = ["usage_point", "reading_type", "business_date"]
PROVISIONAL = 0
_PLAIN = ["start", "interval_s", "register_start", "register_end"]
_LISTS = ["values", "quality"]
Bools = npt.NDArray[np.bool_]


def latest_blocks(blocks: pa.Table) -> pa.Table:
    """The latest version of each block, sorted by (usage_point, reading_type, business_date); of two of one version the fuller."""
    names = [*KEY, "version"]
    keys = blocks.select(names)
    if pc.any(pc.equal(blocks["version"], PROVISIONAL)).as_py():
        keys = keys.append_column("known", pa.array(known_values(blocks)))
        names.append("known")
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in names])
    ordered = _frame(blocks).with_row_index("row")[order.to_numpy()]
    last = ordered.group_by(KEY, maintain_order=True).agg(pl.col("row").last())["row"]
    return blocks.take(pa.array(last.to_numpy()))


def known_values(blocks: pa.Table) -> npt.NDArray[np.int64]:
    """How much of each block is known: its values that are no holes, and its registers; shape (rows,)."""
    lists = blocks["values"].combine_chunks()
    here = np.asarray(pc.is_valid(pc.list_flatten(lists)))
    known = np.bincount(np.asarray(pc.list_parent_indices(lists))[here], minlength=blocks.num_rows).astype(np.int64)
    for name in ("register_start", "register_end"):
        known += np.asarray(pc.is_valid(blocks[name]).combine_chunks())
    return known


def next_versions(new: pa.Table, current: pa.Table) -> pa.Table:
    """Those blocks of ``new`` that differ from the latest of ``current``, numbered one higher; unknown ones keep version 1.

    Where from (``readings_snapshot`` and so on) is no difference: the same amounts from other readings change nothing.
    """
    both = (
        _frame(new)
        .with_row_index("new")
        .join(_frame(current).with_row_index("old"), on=KEY, how="inner")
        .sort("version")
        .unique(KEY, keep="last")
        .sort("new")
    )
    ours, theirs = both["new"].to_numpy(), both["old"].to_numpy()
    version = np.ones(new.num_rows, dtype=np.int32)
    version[ours] = both["version"].to_numpy() + 1
    changed = np.ones(new.num_rows, dtype=np.bool_)
    changed[ours] = ~_equal(new.take(pa.array(ours)), current.take(pa.array(theirs)))
    numbered = new.set_column(BLOCK.get_field_index("version"), BLOCK.field("version"), pa.array(version))
    return numbered.filter(pa.array(changed))


def _frame(blocks: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(blocks.select([*KEY, "version"])))


def _equal(one: pa.Table, other: pa.Table) -> Bools:
    """Row by row, whether two tables of blocks say the same."""
    same = np.ones(one.num_rows, dtype=np.bool_)
    for name in _PLAIN:
        same &= _same_values(one[name].combine_chunks(), other[name].combine_chunks())
    for name in _LISTS:
        same &= _same_lists(one[name].combine_chunks(), other[name].combine_chunks())
    return same


def _same_values(one: pa.Array, other: pa.Array) -> Bools:
    equal = pc.fill_null(pc.equal(one, other), False)
    return np.asarray(pc.or_(equal, pc.and_(pc.is_null(one), pc.is_null(other))))


def _same_lists(one: pa.ListArray, other: pa.ListArray) -> Bools:
    lengths = [np.asarray(pc.fill_null(pc.list_value_length(lists), -1)) for lists in (one, other)]
    same = np.asarray(lengths[0] == lengths[1])
    rows = pa.array(np.flatnonzero(same))
    differs = ~_same_values(one.take(rows).flatten(), other.take(rows).flatten())
    seen = np.concatenate([[0], np.cumsum(differs)])
    ends = np.cumsum(np.maximum(lengths[0][same], 0))
    starts = ends - np.maximum(lengths[0][same], 0)
    same[np.flatnonzero(same)] = seen[ends] == seen[starts]
    return same
