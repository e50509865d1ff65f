"""What a rule found: one row per finding."""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]


class FlagClass(IntEnum):
    """Classes of findings; names and what is done about each are in ``texts.yaml``."""

    GAP = 1
    DUPLICATE = 2
    CONFLICT = 3
    BACKWARD = 4
    ROLLOVER = 5
    RESET = 6
    SPIKE = 7
    SCALE_CHANGE = 8
    STANDSTILL = 9
    CATCH_UP = 10
    STUCK = 11
    FUTURE_TIME = 12
    UNSET_CLOCK = 13
    IMPUTED = 14
    REPEATED_TIME = 15
    LATE_START = 16
    BLANK = 17
    JUMP = 18
    SPARSE = 19
    FEW_READINGS = 20
    CONTINUOUS_FLOW = 21
    ZEROED = 22
    NOT_IN_USE = 23
    OUT_OF_ORDER = 24
    NEGATIVE = 25
    SKIPPED_TIME = 26
    PARTIAL = 27
    OVERLAP = 28
    SWAP = 29
    ROUNDED = 30
    LEVEL_CHANGE = 31
    SECOND_PASS = 32

    @property
    def key(self) -> str:
        """Name used in files and reports, such as ``catch_up``."""
        return self.name.lower()


FLAGS = pa.schema(
    [
        pa.field("channel", pa.int32(), nullable=False),
        pa.field("code", pa.int8(), nullable=False),
        pa.field("from_at", pa.int64(), nullable=False),
        pa.field("to_at", pa.int64(), nullable=False),
        pa.field("count", pa.int64(), nullable=False),
        pa.field("amount", pa.int64()),
        pa.field("row", pa.int64(), nullable=False),
    ]
)
"""What each column of a finding means.

``from_at`` to ``to_at``: first and last reading concerned, or for a gap the two readings around it [Unix s]. ``count``: readings
(for a gap those missing, for continuous flow days). ``amount``: step or value in stored integers. ``row``: place in the input,
-1 for none.
"""


@dataclass
class Findings:
    """Collects flags as columns."""

    parts: list[pa.Table] = field(default_factory=list)

    def add(
        self,
        code: FlagClass | npt.NDArray[np.int8],
        *,
        channel: npt.NDArray[np.int32],
        from_at: Ints,
        to_at: Ints | None = None,
        count: Ints | int = 1,
        amount: Ints | None = None,
        row: Ints | None = None,
    ) -> None:
        """Add findings, one per element of ``channel``; one code for all or a column of them."""
        size = channel.size
        if not size:
            return
        codes = np.broadcast_to(np.asarray(code, dtype=np.int8), (size,))
        columns = [
            pa.array(channel.astype(np.int32)),
            pa.array(codes),
            pa.array(from_at),
            pa.array(from_at if to_at is None else to_at),
            pa.array(np.broadcast_to(np.asarray(count, dtype=np.int64), (size,))),
            pa.nulls(size, pa.int64()) if amount is None else pa.array(amount),
            pa.array(np.full(size, -1, dtype=np.int64) if row is None else row),
        ]
        self.parts.append(pa.Table.from_arrays(columns, schema=FLAGS))

    def table(self) -> pa.Table:
        """All findings, sorted by channel, time and class."""
        flags = pa.concat_tables([FLAGS.empty_table(), *self.parts])
        return flags.sort_by([("channel", "ascending"), ("from_at", "ascending"), ("code", "ascending")])


def runs(marked: npt.NDArray[np.bool_], breaks: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """First and last index of each stretch of marked rows; a row with ``breaks`` never continues a stretch."""
    before = np.concatenate([[False], marked[:-1]]) & ~breaks
    first = np.flatnonzero(marked & ~before)
    after = np.concatenate([marked[1:] & ~breaks[1:], [False]])
    return first, np.flatnonzero(marked & ~after)
