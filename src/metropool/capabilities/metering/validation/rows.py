"""Readings as sorted columns: what the rules work on."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from metropool.capabilities.metering.validation.rules import ChannelFacts
from metropool.facts.readings.schemas import Origin
from metropool.facts.readings.steps import same_as_before, step_quality

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_SOURCE_RANK = np.zeros(256, dtype=np.int64)
_SOURCE_RANK[[Origin.RECOLLECTED, Origin.ON_DEMAND, Origin.SCHEDULED, Origin.PUSHED, Origin.IMPORT]] = [0, 1, 2, 3, 4]
_QUALITY_RANK = np.array([1, 3, 5, 4, 2, 0, *[6] * 250], dtype=np.int64)
"""Of two readings for one time the edited beats the measured, suspect and estimated; then the source decides, then the order."""


@dataclass(frozen=True)
class Rows:
    """Rows sorted by (channel, at), the best of one time first; shape (n,) each.

    Attributes:
        fact: Position of the channel among the facts.
        present: Whether there is a value.
        row: Place in the input; ``is_ordered`` tells whether that is the order in which the readings came.
        length_s: Length of each interval [s], where the readings bring it.
    """

    channel: npt.NDArray[np.int32]
    fact: Ints
    at: Ints
    value: Ints
    present: Bools
    quality: npt.NDArray[np.uint8]
    row: Ints
    length_s: Ints | None = None
    is_ordered: bool = False

    def __len__(self) -> int:
        return int(self.at.size)

    def only(self, kept: Bools) -> "Rows":
        """The rows marked; the same object when all are."""
        if kept.all():
            return self
        names = ("channel", "fact", "at", "value", "present", "quality", "row")
        cut = replace(self, **{name: getattr(self, name)[kept] for name in names})
        return cut if self.length_s is None else replace(cut, length_s=self.length_s[kept])

    def same_channel(self) -> Bools:
        """Whether each row is of the channel of the row before."""
        return same_as_before(self.fact)

    def same_time(self) -> Bools:
        """Whether each row is of the channel and time of the row before."""
        return self.same_channel() & same_as_before(self.at)

    def bounds(self, channels: int) -> Ints:
        """Where the rows of each channel start, shape (channels + 1,)."""
        return np.searchsorted(self.fact, np.arange(channels + 1)).astype(np.int64)

    def ends(self, channels: int) -> tuple[Ints, Ints]:
        """First and last row of each channel, -1 for one without rows."""
        bounds = self.bounds(channels)
        some = bounds[1:] > bounds[:-1]
        return np.where(some, bounds[:-1], -1), np.where(some, bounds[1:] - 1, -1)

    def step_quality(self) -> npt.NDArray[np.uint8]:
        """Quality of the difference to the row before."""
        return step_quality(self.quality, self.same_channel()) if self.quality.any() else self.quality


def read_rows(readings: pa.Table, facts: ChannelFacts, *, prefer: Literal["first", "last"] = "first") -> Rows:
    """Columns of a table, sorted; a table that is sorted already is not copied.

    Raises:
        NotFound: A channel has no facts.
    """
    values = readings["value"]
    present = np.asarray(pc.is_valid(values)) if values.null_count else np.ones(readings.num_rows, dtype=np.bool_)
    channel = readings["channel"].to_numpy()
    lengths = readings["length_s"].to_numpy() if "length_s" in readings.column_names else None
    rows = Rows(
        channel=channel,
        fact=facts.of_rows(channel),
        at=readings["at"].to_numpy(),
        value=pc.fill_null(values, 0).to_numpy() if values.null_count else values.to_numpy(),
        present=present,
        quality=readings["quality"].to_numpy(),
        row=readings["row"].to_numpy() if "row" in readings.column_names else np.arange(readings.num_rows),
        length_s=lengths,
        is_ordered="row" in readings.column_names,
    )
    order = _order(rows, readings["origin"].to_numpy(), rows.row if prefer == "first" else -rows.row)
    if order is None:
        return rows
    names = ("channel", "fact", "at", "value", "present", "quality", "row")
    sorted_rows = replace(rows, **{name: getattr(rows, name)[order] for name in names})
    return sorted_rows if lengths is None else replace(sorted_rows, length_s=lengths[order])


def _order(rows: Rows, origin: npt.NDArray[np.uint8], turn: Ints) -> Ints | None:
    """Order by (channel, at, worth, row); None when the rows are in strict order already."""
    same = rows.same_channel()
    ahead = same & (np.diff(rows.at, prepend=rows.at[:1]) > 0)
    ahead |= np.diff(rows.fact, prepend=rows.fact[:1] - 1) > 0
    if ahead.all():
        return None
    worth = _QUALITY_RANK[rows.quality] * 8 + _SOURCE_RANK[origin] + np.where(rows.present, 0, 1 << 10)
    return np.lexsort((turn, worth, rows.at, rows.fact))
