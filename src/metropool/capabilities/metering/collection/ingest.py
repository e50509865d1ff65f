"""From batches of the log to readings in the lake, exactly once.

``prepare`` is pure and does the work: resolve, sort, cut by day, find which slots were filled. ``write`` puts files on disk.
``commit`` is the unit of work: files, position in the log, collection marks and newest values come true together or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metropool.capabilities.metering.collection.index import ChannelIndex
from metropool.capabilities.metering.collection.model import (
    DAY_S,
    OFFSET_S,
    Schedule,
    day_start_s,
    day_text,
    late_after_s,
    part_days,
    places,
)
from metropool.capabilities.metering.ports import CollectionWork
from metropool.core.errors import Conflict, Invalid
from metropool.exchange.streams import Bounds, read_stream
from metropool.facts.readings.parquet import READING_PARQUET
from metropool.facts.readings.schemas import MEASURED, READING
from metropool.storage.lake import Lake, LakeFile

Ints = NDArray[np.int64]
Columns = dict[str, NDArray[np.generic]]
_KEEP = ("at", "value", "quality", "origin", "received_at")
_FUTURE_MS = 3_600_000
BATCH = Bounds(rows=2_000_000, bytes=128 << 20)
"""Of one batch of the log, which has at most 8 MiB as it lies there; ours have less than one."""


@dataclass(frozen=True)
class Marks:
    """Slots of one item and business day that readings filled; channels ascending, repeats possible."""

    schedule: Schedule
    day: int
    channels: Ints
    slots: Ints
    late: int


@dataclass(frozen=True)
class Prepared:
    """What a run of log batches comes to.

    Attributes:
        first, last: Sequences of the batches in the log.
        parts: Readings by business day, each sorted by (channel, at).
        unknown: Values of devices or points the registry does not have, by day, sorted by device.
        marks: What they fill in the plan of collection.
        newest: Newest reading of each channel, ascending by channel.
        rows: How many values there were in all.
    """

    first: int
    last: int
    parts: Mapping[str, pa.Table]
    unknown: Mapping[str, pa.Table]
    marks: Sequence[Marks]
    newest: Columns
    rows: int


def prepare(batches: Sequence[tuple[int, bytes]], *, index: ChannelIndex, schedules: Mapping[int, Schedule]) -> Prepared:
    """Turn log batches into what a commit needs; changes nothing.

    Args:
        batches: Sequence in the log and Arrow stream (columns ``facts.readings.MEASURED``) of each, ascending.
        index: Channels of the registry.
        schedules: By item.
    """
    rows = _columns(batches)
    channel = index.resolve(device=_ints(rows["device"]), point=_ints(rows["point"]), item=_ints(rows["item"]))
    day = part_days(_ints(rows["at"]), _ints(rows["received_at"]), rows["origin"].astype(np.uint8, copy=False))
    known = _sorted(rows, channel, day)
    return Prepared(
        first=batches[0][0],
        last=batches[-1][0],
        parts=_parts(known),
        unknown=_unknown(rows, channel < 0, day),
        marks=_marks(known, index, schedules),
        newest=_newest(known),
        rows=len(channel),
    )


def write(prepared: Prepared, *, lake: Lake, epoch: int = 0) -> list[LakeFile]:
    """Write the files of prepared batches so that they survive power loss; listed only by ``commit``.

    Args:
        prepared: What to write.
        lake: Where to.
        epoch: Of the log, so that no file of an earlier log with the same sequences is written over.
    """
    name = f"log-{prepared.first:012d}-{prepared.last:012d}" + (f"-{epoch}" if epoch else "")
    files = [
        lake.write(table="readings", part=part, name=name, data=data, key="channel", **READING_PARQUET)
        for part, data in prepared.parts.items()
    ]
    files += [
        lake.write(table="unknown_readings", part=part, name=name, data=data, key="device")
        for part, data in prepared.unknown.items()
    ]
    return files


def commit(*, work: CollectionWork, prepared: Prepared, files: Sequence[LakeFile], stream: str) -> int:
    """Make prepared batches true: one unit of work.

    Returns:
        The snapshot of the lake that shows them.

    Raises:
        Conflict: The log stands elsewhere than where the batches begin: some were applied before. Nothing was changed.
    """
    position = work.collection.position(stream=stream)
    if prepared.first <= position:
        raise Conflict(f"log {stream} is applied up to {position}; batch {prepared.first} would count twice")
    work.collection.set_position(stream=stream, sequence=prepared.last)
    for marks in prepared.marks:
        work.sheets.mark(marks=marks)
    work.sheets.note_newest(prepared.newest)
    for data in prepared.unknown.values():
        work.collection.note_unknown(data)
    work.changed("readings")
    return work.add_files(files)


def read_batch(data: bytes) -> pa.Table:
    """The values of a batch of the log.

    Raises:
        Invalid: It is none.
    """
    table = read_stream(data, BATCH)
    if not table.schema.equals(MEASURED, check_metadata=False):
        raise Invalid(f"no batch of the log: its columns are {table.schema.names}")
    return table


def _columns(batches: Sequence[tuple[int, bytes]]) -> Columns:
    whole = pa.concat_tables([read_batch(data) for _, data in batches])
    return {name: whole[name].to_numpy() for name in whole.column_names}


def _sorted(rows: Columns, channel: Ints, day: Ints) -> Columns:
    """The rows of known channels, sorted by (day, channel, at); later arrivals last."""
    known = np.flatnonzero(channel >= 0)
    if not len(known):
        return {"channel": channel[known], "day": day[known]} | {name: rows[name][known] for name in _KEEP}
    chosen = known[_order(channel[known], day[known], _ints(rows["at"])[known])]
    return {"channel": channel[chosen], "day": day[chosen]} | {name: rows[name][chosen] for name in _KEEP}


def _order(channel: Ints, day: Ints, at: Ints) -> NDArray[np.intp]:
    """Order by (day, channel, at), stable: packed in one integer where it fits (1970 and 2099 clocks do not)."""
    second = at - 1 - day * DAY_S + OFFSET_S
    since = day - day.min()
    if second.min() < 0 or second.max() >= 1 << 17 or since.max() >= 1 << 14:
        return np.lexsort((at, channel, day))
    return np.argsort(since << 48 | channel << 17 | second, kind="stable")


def _parts(known: Columns) -> dict[str, pa.Table]:
    parts = {}
    for day, rows in _runs(_ints(known["day"])):
        columns = [pa.array(known["channel"][rows].astype(np.int32)), *(pa.array(known[name][rows]) for name in _KEEP)]
        parts[day_text(day)] = pa.table(columns, schema=READING)
    return parts


def _unknown(rows: Columns, is_unknown: NDArray[np.bool_], day: Ints) -> dict[str, pa.Table]:
    where = np.flatnonzero(is_unknown)
    if not len(where):
        return {}
    device = _ints(rows["device"])[where]
    where = where[np.lexsort((device, day[where]))]
    parts = {}
    for number, chosen in _runs(day[where]):
        columns = {name: rows[name][where[chosen]] for name in ("device", "point", "item", *_KEEP)}
        columns["device"] = _ints(columns["device"])
        parts[day_text(number)] = pa.table({name: pa.array(values) for name, values in columns.items()})
    return parts


def _marks(known: Columns, index: ChannelIndex, schedules: Mapping[int, Schedule]) -> list[Marks]:
    channel = _ints(known["channel"])
    items = index.item_of[channel]
    marks = []
    for item in np.unique(items):
        schedule = schedules.get(int(item))
        if schedule is not None:
            rows = np.flatnonzero(items == item)
            marks += _marks_of(schedule, channel[rows], _ints(known["at"])[rows], _ints(known["received_at"])[rows])
    return marks


def _marks_of(schedule: Schedule, channel: Ints, at: Ints, received_at: Ints) -> list[Marks]:
    day, slot, fills = places(schedule, at)
    order = np.lexsort((channel, day))
    order = order[fills[order]]
    late_ms = late_after_s(schedule) * 1000
    marks = []
    for number, rows in _runs(day[order]):
        chosen = order[rows]
        ends_ms = (day_start_s(number) + (slot[chosen] + 1) * schedule.slot_s) * 1000
        late = int(np.count_nonzero(received_at[chosen] - ends_ms > late_ms))
        marks.append(Marks(schedule, number, channel[chosen], slot[chosen], late))
    return marks


def _newest(known: Columns) -> Columns:
    """The newest plausible reading of each channel: stamped no more than an hour after it was received."""
    plausible = np.flatnonzero(_ints(known["at"]) * 1000 <= _ints(known["received_at"]) + _FUTURE_MS)
    channel = _ints(known["channel"])[plausible]
    order = np.argsort(channel, kind="stable")
    ends = np.flatnonzero(np.diff(channel[order], append=-1))
    chosen = plausible[order[ends]]
    return {name: known[name][chosen] for name in ("channel", "at", "value", "received_at", "quality")}


def _runs(values: Ints) -> list[tuple[int, slice]]:
    """Runs of equal values in an ascending array."""
    if not len(values):
        return []
    starts = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
    ends = np.append(starts[1:], len(values))
    return [(int(values[a]), slice(int(a), int(b))) for a, b in zip(starts, ends, strict=True)]


def _ints(values: NDArray[np.generic]) -> Ints:
    """As signed integers; a device address of 64 bits keeps its bits, as in the registry."""
    return values.view(np.int64) if values.dtype == np.uint64 else values.astype(np.int64, copy=False)
