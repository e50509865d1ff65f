"""Days and intervals of a zone as Unix seconds; days of 23, 24 and 25 hours come out by themselves."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from metropool.core.errors import Invalid
from metropool.core.periods import BUSINESS_ZONE

Seconds = npt.NDArray[np.int64]
DAY_S = 86_400


@dataclass(frozen=True)
class Grid:
    """Intervals of equal length that start at local midnight.

    Args:
        interval_s: Length [s]; divides an hour, or is whole hours, or is 86,400 for whole business days.
        zone: Zone of the business day.
    """

    interval_s: int
    zone: ZoneInfo = BUSINESS_ZONE

    def __post_init__(self) -> None:
        if self.interval_s <= 0 or DAY_S % self.interval_s:
            raise Invalid(f"an interval of {self.interval_s} s does not divide a day")

    def day_starts(self, first: date, last: date) -> Seconds:
        """Unix seconds of local midnight from ``first`` to the end of ``last``, shape (days + 1,)."""
        count = (last - first).days + 2
        midnights = (datetime(d.year, d.month, d.day, tzinfo=self.zone) for d in (first + timedelta(i) for i in range(count)))
        return np.fromiter((int(midnight.timestamp()) for midnight in midnights), dtype=np.int64, count=count)

    def day_of(self, at: int) -> date:
        """The business day an instant [s] falls in."""
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone).date()

    def edges(self, starts: Seconds) -> tuple[Seconds, Seconds]:
        """Edges of all intervals between day starts.

        Returns:
            Edges [s], shape (intervals + 1,), and the index of the edge each day starts with, shape (days + 1,).
        """
        if self.interval_s == DAY_S:
            return starts, np.arange(starts.size, dtype=np.int64)
        per_day = -(-np.diff(starts) // self.interval_s)
        first = np.concatenate([[0], np.cumsum(per_day)])
        within = np.arange(first[-1], dtype=np.int64) - np.repeat(first[:-1], per_day)
        return np.append(np.repeat(starts[:-1], per_day) + within * self.interval_s, starts[-1]), first
