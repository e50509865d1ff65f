"""A buffer of glued 376.1 frames into columns: the compiled kernel with its buffers around it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metropool.core.errors import Invalid
from metropool.devices.gdw1376.kernel import FRAME_MIN, ROWS_PER_FRAME_MAX, FrameTable, decode, scan
from metropool.devices.kernel import LINES, Columns, columns_of

ROWS_PER_BATCH = 1 << 20
BUFFER_MAX = 1 << 30


@dataclass(frozen=True)
class Scan:
    """Frames of a buffer.

    Attributes:
        table: Columns of exactly the frames found.
        consumed: Bytes treated; the rest begins a frame that is not whole yet.
        skipped: Bytes that belonged to no sound frame.
    """

    table: FrameTable
    consumed: int
    skipped: int

    def __len__(self) -> int:
        return len(self.table.offset)


def scan_frames(buffer: NDArray[np.uint8]) -> Scan:
    """Find every frame of a buffer.

    Raises:
        Invalid: The buffer is larger than a gibibyte.
    """
    if len(buffer) > BUFFER_MAX:
        raise Invalid(f"a buffer of {len(buffer)} bytes is too large to decode at once")
    table = _empty_table(len(buffer) // FRAME_MIN + 1 + int(np.count_nonzero(buffer == 0x68)) // 2)
    count, consumed, skipped = scan(buffer, table)
    return Scan(FrameTable._make(column[:count] for column in table), consumed, skipped)


def decode_frames(buffer: NDArray[np.uint8], found: Scan, *, capacity: int = ROWS_PER_BATCH) -> Iterator[Columns]:
    """Rows of the found frames, in portions of at most ``capacity`` rows; sets ``found.table.status`` and ``.unmapped``.

    The columns are reused by the next portion: copy what must stay.

    Raises:
        Invalid: ``capacity`` cannot hold the largest frame.
    """
    if capacity < ROWS_PER_FRAME_MAX:
        raise Invalid(f"columns of {capacity} rows cannot hold one frame")
    out, first = np.empty((LINES, capacity), np.int64), 0
    while first < len(found):
        rows, first = decode(buffer, found.table, len(found), first, out)
        yield columns_of(out, rows)


def _empty_table(capacity: int) -> FrameTable:
    dtypes: list[Any] = [np.int64, np.int32, np.uint32, np.uint8, np.uint8, np.uint8, np.uint8, np.int32]
    return FrameTable._make(np.empty(capacity, dtype) for dtype in dtypes)
