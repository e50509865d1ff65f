"""Measured values of a chunk: rows of the kernel and of the readable path as columns of ``MEASURED``, and as they lie in the log."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metropool.capabilities.metering.frontend.tasks import Value
from metropool.devices.kernel import Columns
from metropool.devices.rows import CLOCK_BAD, FREEZE_TIME, FREEZE_UNDATED, NO_TIME, Row
from metropool.facts.readings.schemas import MEASURED

Flags = NDArray[np.bool_]
Measured = dict[str, NDArray[np.generic]]
"""Arrays by name of ``MEASURED``."""

_QUARTER_S = 900
_ENERGY_CURVES = (11, 12)
_BATCH_BYTES_MAX = 900_000


def measured_columns(rows: Columns, chosen: Flags, origin: NDArray[np.uint8], received_at: int) -> Measured:
    """Chosen rows of the kernel as columns.

    Args:
        origin: Of each frame.
        received_at: Unix milliseconds.
    """
    count = int(np.count_nonzero(chosen))
    is_of_now = (rows.flag & (NO_TIME | CLOCK_BAD)) != 0
    at = np.where(is_of_now, received_at // 1000, rows.at) + _to_end_of_interval(rows)
    return {
        "device": rows.device[chosen],
        "point": rows.point[chosen],
        "item": rows.item[chosen],
        "at": at[chosen],
        "value": rows.value[chosen],
        "quality": rows.quality[chosen],
        "origin": origin[rows.frame[chosen]],
        "received_at": np.full(count, received_at, np.int64),
    }


def good_rows(rows: Columns, is_taken: Flags) -> tuple[Flags, Flags]:
    """Which rows are kept: of a frame that is taken, with a value, a reading type and a time; and which name no day."""
    is_undated = (rows.flag & (FREEZE_TIME | FREEZE_UNDATED)) != 0
    return is_taken[rows.frame] & (rows.quality == 0) & (rows.item > 0) & ~is_undated, is_undated


def columns_of_rows(rows: Sequence[Row], *, origin: int, received_at: int) -> Measured:
    """Rows of the readable path as columns: what has a value and a time, or is of now."""
    kept = [row for row in rows if row.quality == 0 and row.item and not row.flag & (FREEZE_TIME | FREEZE_UNDATED)]
    now_s = received_at // 1000
    times = [now_s if row.flag & (NO_TIME | CLOCK_BAD) else row.at for row in kept]
    return {
        "device": np.array([row.device for row in kept], np.uint64),
        "point": np.array([row.point for row in kept], np.uint16),
        "item": np.array([row.item for row in kept], np.int32),
        "at": np.array(times, np.int64),
        "value": np.array([row.value for row in kept], np.int64),
        "quality": np.zeros(len(kept), np.uint8),
        "origin": np.full(len(kept), origin, np.uint8),
        "received_at": np.full(len(kept), received_at, np.int64),
    }


def joined(parts: Sequence[Measured]) -> Measured:
    """The values of some columns one after another."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if len(parts) > 1 else parts[0]


def values_of(columns: Measured, origin: int, *, limit: int = 64) -> list[Value]:
    """The values with an origin, for somebody who waits for them; at most ``limit``."""
    chosen = np.flatnonzero(columns["origin"] == origin)[:limit]
    names = ("device", "point", "item", "at", "value")
    rows = zip(*(columns[name][chosen].tolist() for name in names), strict=True)
    return [Value(device=device, point=point, item=item, at=at, value=value) for device, point, item, at, value in rows]


def log_entries(columns: Measured) -> list[bytes]:
    """Columns as they go to the log, in as many entries as its largest message asks for; none for no values."""
    if not len(columns["at"]):
        return []
    batch = measured_batch(columns)
    parts = [batch_bytes(batch)]
    pieces = -(-len(parts[0]) // _BATCH_BYTES_MAX)
    if pieces > 1:
        rows = -(-batch.num_rows // (pieces + 1))
        parts = [batch_bytes(batch.slice(first, rows)) for first in range(0, batch.num_rows, rows)]
    return parts


def measured_batch(columns: Measured) -> pa.RecordBatch:
    """Columns as a batch of ``MEASURED``."""
    return pa.RecordBatch.from_arrays([pa.array(columns[name]) for name in MEASURED.names], schema=MEASURED)


def batch_bytes(batch: pa.RecordBatch) -> bytes:
    """A batch as it lies in the log: an Arrow stream, LZ4."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, MEASURED, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _to_end_of_interval(rows: Columns) -> NDArray[np.int64]:
    """Seconds from the stamp of the device to the end of the interval: energy curves name the beginnings of theirs."""
    shift = np.zeros(len(rows.item), np.int64)
    where = np.flatnonzero((rows.item == _ENERGY_CURVES[0]) | (rows.item == _ENERGY_CURVES[1]))
    if len(where):
        step = np.diff(rows.at[where], append=0)
        is_last = np.ones(len(where), np.bool_)
        is_last[:-1] = (np.diff(rows.frame[where]) != 0) | (np.diff(rows.point[where].astype(np.int64)) != 0) | (step[:-1] <= 0)
        before = np.concatenate(([_QUARTER_S], step[:-1]))
        is_alone = is_last & np.concatenate(([True], is_last[:-1]))
        shift[where] = np.where(is_alone, _QUARTER_S, np.where(is_last, before, step))
    return shift
