"""Interval blocks (负荷曲线): amounts between the edges of a grid, from cumulative steps, so that parts sum to the whole."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metropool.facts.readings.grid import Grid
from metropool.facts.readings.schemas import BLOCK, Quality
from metropool.facts.readings.series import Series, chain

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Grades = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Sources:
    """What blocks were made from, kept beside them."""

    readings_snapshot: int = 0
    rules_version: int = 1


@dataclass(frozen=True)
class _Edges:
    """Every edge of every series, series after series; shape (edges,) each.

    Attributes:
        base: Where each series starts, shape (series + 1,).
        day: Number of the first day of each series on the common list of days.
        total: Cumulative amount at the edge.
        run: Edges of one run can be subtracted; -1 where nothing is known.
        dial: Register at the edge.
        before: The last row at or before the edge.
        guessed: The edge lies between two readings.
    """

    base: Ints
    day: Ints
    days: Ints
    total: Ints
    run: Ints
    dial: Ints
    before: Ints
    guessed: Bools


def seal(
    steps: pa.Table,
    *,
    installations: pa.Table,
    grid: Grid,
    bridge_s: int = 0,
    first: date | None = None,
    last: date | None = None,
    sources: Sources | None = None,
) -> pa.Table:
    """Build blocks, version 1, sorted by (usage_point, reading_type, business_date).

    Args:
        steps: ``STEPS`` sorted by (channel, at); context outside the wanted days is welcome.
        installations: ``INSTALLATION``; several for one usage point when a meter was exchanged.
        grid: Interval and zone.
        bridge_s: Longest stretch between two readings of one register that may be shared out by time [s]; such intervals are
            marked estimated. With 0 an edge needs a reading of its own, else its two intervals are holes.
        first, last: Only these business days; by default from the first to the last reading of each series.
        sources: Noted in the blocks.

    Returns:
        ``BLOCK``. The amounts of linked readings are neither lost nor made: where both ends are known, intervals sum to it.
    """
    series = chain(steps, installations)
    if not series.at.size:
        return BLOCK.empty_table()
    days = grid.day_starts(first or grid.day_of(int(series.at.min())), last or grid.day_of(int(series.at.max())))
    edge_s, day_edge = grid.edges(days)
    edges = _edges(
        series, days=days, edge_s=edge_s, day_edge=day_edge, bridge_s=bridge_s, own_days=first is None and last is None
    )
    return _table(series, edges, days=days, day_edge=day_edge, grid=grid, sources=sources or Sources())


def _edges(series: Series, *, days: Ints, edge_s: Ints, day_edge: Ints, bridge_s: int, own_days: bool) -> _Edges:
    first_row, last_row = series.bounds[:-1], series.bounds[1:] - 1
    if own_days:
        low = np.searchsorted(days, series.at[first_row], side="right") - 1
        high = np.maximum(np.searchsorted(days, series.at[last_row], side="left") - 1, low)
    else:
        low, high = np.zeros(first_row.size, np.int64), np.full(first_row.size, days.size - 2)
    count = day_edge[high + 1] - day_edge[low] + 1
    base = np.concatenate([[0], np.cumsum(count)])
    shift = base[:-1] - day_edge[low]
    owner = np.repeat(np.arange(first_row.size), count)
    when = edge_s[np.arange(base[-1]) - np.repeat(shift, count)]
    before = _row_before(series, edge_s=edge_s, shift=shift, base=base, owner=owner)
    total, run, dial, guessed = _at_edges(series, before=before, when=when, bridge_s=bridge_s)
    return _Edges(base=base, day=low, days=high - low + 1, total=total, run=run, dial=dial, before=before, guessed=guessed)


def _row_before(series: Series, *, edge_s: Ints, shift: Ints, base: Ints, owner: Ints) -> Ints:
    """The last row of its own series at or before each edge, -1 where there is none."""
    of_row = np.repeat(np.arange(shift.size), np.diff(series.bounds))
    slot = _first_edge(edge_s, series.at) + shift[of_row]
    slot = np.maximum(slot, base[of_row])
    inside = slot < base[of_row + 1]
    before = np.full(owner.size, -1, dtype=np.int64)
    rows = np.arange(series.at.size)
    before[slot[inside]] = rows[inside]
    np.maximum.accumulate(before, out=before)
    before[before < series.bounds[owner]] = -1
    return before


def _first_edge(edge_s: Ints, at: Ints) -> Ints:
    """Index of the first edge at or after each instant."""
    width = edge_s[1] - edge_s[0] if edge_s.size > 1 else 1
    if edge_s[-1] - edge_s[0] == width * (edge_s.size - 1) and (np.diff(edge_s) == width).all():
        return np.asarray(np.clip(-((edge_s[0] - at) // width), 0, edge_s.size), dtype=np.int64)
    return np.searchsorted(edge_s, at, side="left").astype(np.int64)


def _at_edges(series: Series, *, before: Ints, when: Ints, bridge_s: int) -> tuple[Ints, Ints, Ints, Bools]:
    known = before >= 0
    row = np.maximum(before, 0)
    passed = when - series.at[row]
    run = np.where(known & (passed == 0), series.run[row], -1)
    total, dial = series.total[row], series.dial[row]
    guessed = np.zeros(when.size, dtype=np.bool_)
    between = np.flatnonzero(known & (passed > 0)) if bridge_s else np.empty(0, dtype=np.int64)
    after = np.minimum(row[between] + 1, series.at.size - 1)
    span = series.at[after] - series.at[row[between]]
    usable = (series.run[after] == series.run[row[between]]) & (after > row[between]) & (span <= bridge_s)
    between, after, span = between[usable], after[usable], span[usable]
    total[between] += _share(series.total[after] - total[between], passed[between], span)
    dial[between] += _share(series.raw_step[after], passed[between], span)
    run[between] = series.run[row[between]]
    guessed[between] = True
    return total, run, dial, guessed


def _share(amount: Ints, part: Ints, whole: Ints) -> Ints:
    """``amount * part // whole`` without leaving 64 bits."""
    return amount // whole * part + amount % whole * part // whole


def _table(series: Series, edges: _Edges, *, days: Ints, day_edge: Ints, grid: Grid, sources: Sources) -> pa.Table:
    day = np.arange(edges.days.sum()) - np.repeat(np.cumsum(edges.days) - edges.days - edges.day, edges.days)
    key = np.repeat(np.arange(edges.days.size), edges.days)
    opens = edges.base[key] + day_edge[day] - day_edge[edges.day[key]]
    closes = opens + day_edge[day + 1] - day_edge[day]
    interval = _interval_index(edges.base)
    values, quality, hole = _amounts(series, edges, interval)
    offsets = np.concatenate([[0], np.cumsum(closes - opens)]).astype(np.int32)
    graded = _any_in(quality > 0, offsets)
    constant = {"version": 1, "interval_s": grid.interval_s, "readings_snapshot": sources.readings_snapshot}
    columns = {
        "usage_point": pa.array(series.usage_point[key]),
        "reading_type": pa.array(series.reading_type[key]),
        "business_date": pa.array(_dates(days[day], grid)),
        "start": pa.array(days[day]),
        "values": pa.ListArray.from_arrays(pa.array(offsets), pa.array(values, mask=hole)),
        "quality": _sparse_lists(quality, offsets, graded),
        "register_start": _dials(series, edges, opens, key),
        "register_end": _dials(series, edges, closes, key),
        "installation_version": pa.array(series.version[key]),
        "rules_version": pa.array(np.full(key.size, sources.rules_version, np.int32)),
        **{name: pa.array(np.full(key.size, value)).cast(BLOCK.field(name).type) for name, value in constant.items()},
    }
    return pa.Table.from_arrays([columns[name].cast(BLOCK.field(name).type) for name in BLOCK.names], schema=BLOCK)


def _interval_index(base: Ints) -> Ints:
    """Positions of edges that open an interval: all but the last of each series."""
    opening = np.ones(base[-1], dtype=np.bool_)
    opening[base[1:] - 1] = False
    return np.flatnonzero(opening)


def _amounts(series: Series, edges: _Edges, interval: Ints) -> tuple[Ints, Grades, Bools]:
    """Amount, quality and whether it is a hole, of each interval."""
    values = edges.total[interval + 1] - edges.total[interval]
    quality = np.zeros(interval.size, dtype=np.uint8)
    low = edges.before[interval] + 1
    high = edges.before[interval + 1] + 1 + edges.guessed[interval + 1]
    for grade in np.unique(series.quality[series.quality > 0]):
        seen = np.concatenate([[0], np.cumsum(series.quality == grade)])
        quality[seen[np.maximum(high, low)] > seen[low]] = grade
    guessed = edges.guessed[interval] | edges.guessed[interval + 1]
    quality[guessed] = np.maximum(quality[guessed], np.uint8(Quality.ESTIMATED))
    hole = (edges.run[interval] != edges.run[interval + 1]) | (edges.run[interval] < 0)
    quality[hole] = Quality.MISSING
    return values, quality, hole


def _any_in(flags: Bools, offsets: npt.NDArray[np.int32]) -> Bools:
    seen = np.concatenate([[0], np.cumsum(flags)])
    return np.asarray(seen[offsets[1:]] > seen[offsets[:-1]])


def _sparse_lists(values: Grades, offsets: npt.NDArray[np.int32], kept: Bools) -> pa.ListArray:
    lengths = np.where(kept, np.diff(offsets), 0)
    keep = np.repeat(kept, np.diff(offsets))
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(values[keep]), mask=pa.array(~kept))


def _dials(series: Series, edges: _Edges, at_edge: Ints, key: Ints) -> pa.Array:
    unknown = (edges.run[at_edge] < 0) | ~series.has_dial[key]
    return pa.array(edges.dial[at_edge], mask=unknown)


def _dates(starts: Ints, grid: Grid) -> npt.NDArray[np.datetime64]:
    """Local dates of day starts [s]."""
    distinct, inverse = np.unique(starts, return_inverse=True)
    dates = np.array([grid.day_of(int(start)) for start in distinct], dtype="datetime64[D]")
    return np.asarray(dates[inverse])
