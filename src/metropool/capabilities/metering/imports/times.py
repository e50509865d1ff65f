"""Written times to Unix seconds; local clocks that repeat or skip an hour are told apart by rule."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from metropool.capabilities.metering.imports.faults import sentence
from metropool.capabilities.metering.imports.mapping.model import Repeated, TimeColumn
from metropool.core.errors import Invalid

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_EARLIEST, _LATEST = -2_208_988_800, 7_258_118_400  # 1900 and 2200: what lies outside is no time of a meter
_FIRST, _LAST = 0, 4_102_444_800  # 1970 and 2100: a clock change outside says nothing of a meter
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


@dataclass(frozen=True)
class Times:
    """Times of rows; shape (n,) each.

    Attributes:
        seconds: Unix seconds, or local seconds where ``is_local``; meaningless where bad.
        bad: The text is no time, or none between 1900 and 2200.
        is_local: The seconds are those of a local clock and still want their zone.
    """

    seconds: Ints
    bad: Bools
    is_local: bool


def zone_of(name: str) -> tzinfo:
    """A zone by IANA name or fixed offset.

    Raises:
        Invalid: Neither.
    """
    offset = _OFFSET.fullmatch(name)
    if offset and int(offset[2]) < 24 and int(offset[3]) < 60:
        return timezone((1 if offset[1] == "+" else -1) * timedelta(hours=int(offset[2]), minutes=int(offset[3])))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as cause:
        raise Invalid.that(sentence("no_zone", name=name)) from cause


def read_times(column: pa.Array, how: TimeColumn) -> Times:
    """Read a column of text or timestamps."""
    if pa.types.is_timestamp(column.type):
        seconds = pl.Series(pl.from_arrow(column)).dt.epoch("s")
        return _times(seconds, is_local=column.type.tz is None and how.zone != "UTC")
    text = pl.Series(pl.from_arrow(column.cast(pa.string())))
    zoned = how.format.endswith("%z")
    parsed = text.str.to_datetime(how.format, strict=False, time_unit="us", time_zone="UTC" if zoned else None)
    is_local = not zoned and "%s" not in how.format and how.zone != "UTC"
    return _times(parsed.dt.epoch("s"), is_local=is_local)


def _times(seconds: pl.Series, *, is_local: bool) -> Times:
    bad = seconds.is_null() | (seconds < _EARLIEST) | (seconds > _LATEST)
    return Times(seconds=seconds.fill_null(0).to_numpy().astype(np.int64), bad=bad.fill_null(True).to_numpy(), is_local=is_local)


@dataclass(frozen=True)
class Placed:
    """Local times on the world's clock, and the rows in an hour that a change repeats or skips.

    Attributes:
        repeated: The channel has the same written time before: it is of the second pass of the hour.
        second_pass: Of the second pass too, by the order of rows or the mapping, though its written time occurs once.
    """

    at: Ints
    repeated: Bools
    second_pass: Bools
    skipped: Bools


def place_local(local: Ints, *, zone: tzinfo, channel: Ints, repeated: Repeated) -> Placed:
    """Turn local seconds, in the order of rows per channel, into Unix seconds.

    By order, a reading in the repeated hour is of the second pass once a time has come that is not later than the one before it.
    A time the clock skipped is taken as if the change had not happened yet.
    """
    ends = np.clip([local.min(), local.max()], _FIRST, _LAST) if local.size else np.zeros(2)
    changes, before, after = _changes(zone, int(ends[0]), int(ends[1]))
    offsets = np.append(before, after[-1:])
    turn = changes + np.maximum(before, after)
    period = np.searchsorted(turn, local, side="right")
    at = local - offsets[period]
    index = np.minimum(period, changes.size - 1) if changes.size else period
    if not changes.size:
        none = np.zeros(local.size, dtype=np.bool_)
        return Placed(at=at, repeated=none, second_pass=none, skipped=none)
    falls = after < before
    twice = (period < changes.size) & falls[index] & (local >= (changes + after)[index])
    skipped = (period < changes.size) & ~falls[index] & (local >= (changes + before)[index])
    second = twice & _second_pass(local, twice, channel) if repeated == "by_order" else twice & (repeated == "second")
    at = np.where(second, local - after[index], at)
    again = second & _written_before(local, twice, channel)
    return Placed(at=at, repeated=again, second_pass=second & ~again, skipped=skipped)


def _written_before(local: Ints, twice: Bools, channel: Ints) -> Bools:
    """Rows of the repeated hour whose time their channel has in an earlier row."""
    before = np.zeros(local.size, dtype=np.bool_)
    rows = np.flatnonzero(twice)
    rows = rows[np.lexsort((rows, local[rows], channel[rows]))]
    before[rows[1:]] = (np.diff(local[rows]) == 0) & (np.diff(channel[rows]) == 0)
    return before


def _second_pass(local: Ints, twice: Bools, channel: Ints) -> Bools:
    """Rows of the repeated hour that follow, in their channel, a row not earlier than themselves."""
    second = np.zeros(local.size, dtype=np.bool_)
    rows = np.flatnonzero(twice)
    rows = rows[np.lexsort((rows, channel[rows]))]
    if not rows.size:
        return second
    new = np.concatenate([[True], (channel[rows[1:]] != channel[rows[:-1]]) | (np.diff(local[rows]) > 86_400)])
    back = np.concatenate([[False], np.diff(local[rows]) <= 0]) & ~new
    group = np.cumsum(new)
    seen = np.cumsum(back)
    base = np.zeros(group[-1] + 1, dtype=np.int64)
    base[group[new]] = seen[new]
    second[rows] = seen > base[group]
    return second


def _changes(zone: tzinfo, first: int, last: int) -> tuple[Ints, Ints, Ints]:
    """Instants at which the zone's offset changes, with the offset before and after [s]; at least the offset itself."""
    days = np.arange(first - 2 * 86_400, last + 3 * 86_400, 86_400, dtype=np.int64)
    offsets = [_offset(zone, int(day)) for day in days]
    found: list[tuple[int, int, int]] = []
    for i in range(1, len(offsets)):
        if offsets[i] != offsets[i - 1]:
            low, high = int(days[i - 1]), int(days[i])
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == offsets[i - 1] else (low, middle)
            found.append((high, offsets[i - 1], offsets[i]))
    if not found:
        return np.empty(0, np.int64), np.array([], np.int64), np.array([offsets[0]], np.int64)
    changes, before, after = (np.array(column, dtype=np.int64) for column in zip(*found, strict=True))
    return changes, before, after


def _offset(zone: tzinfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0
