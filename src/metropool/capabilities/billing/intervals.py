"""Interval values added up by time-of-use period: how the quantity of a span falls on its periods."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.billing.freezing import Span
from metropool.capabilities.billing.tariffs.calendars import band_of_day, periods_of
from metropool.capabilities.billing.tariffs.loader import TariffBook

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DayBlock:
    """Interval values of one day of the accounts whose day has the same shape.

    Attributes:
        business_date: The day.
        start: Start of its first interval [Unix s].
        interval_s: Length of an interval [s].
        rows: Which accounts, shape (M,).
        values: Amounts [any unit], shape (M, intervals); 0 for a hole.
        is_whole: Whether an account's day has no hole, shape (M,).
    """

    business_date: date
    start: int
    interval_s: int
    rows: Ints
    values: Ints
    is_whole: NDArray[np.bool_]


class PeriodSums:
    """Sums by time-of-use period of one span, for the accounts that share it.

    Attributes:
        weights: Sums by account and period [any unit], shape (N, periods).
        whole_days: Days without a hole by account, shape (N,).
    """

    def __init__(self, span: Span, periods: Sequence[str], count: int, book: TariffBook) -> None:
        self.span, self._book = span, book
        self.weights: Ints = np.zeros((count, len(periods)), np.int64)
        self.whole_days: Ints = np.zeros(count, np.int64)
        self._calendar = book.calendars[book.version_on(span.tariff, span.start).calendar]
        self._zone = ZoneInfo(book.tariff(span.tariff).zone)
        names = periods_of(self._calendar)
        self._columns = {names.index(period): column for column, period in enumerate(periods)}

    @property
    def has_holes(self) -> NDArray[np.bool_]:
        """Whether any interval of the span is missing, by account."""
        return self.whole_days < (self.span.end - self.span.start).days

    def add(self, block: DayBlock) -> None:
        """Add the interval values of one day; each account is there once."""
        if not self.span.start <= block.business_date < self.span.end:
            return
        bands = self._bands(block)
        starts = np.flatnonzero(np.diff(bands, prepend=-1))
        of_run = np.add.reduceat(block.values, starts, axis=1)
        for run, band in enumerate(bands[starts].tolist()):
            if band in self._columns:
                self.weights[block.rows, self._columns[band]] += of_run[:, run]
        self.whole_days[block.rows] += block.is_whole

    def _bands(self, block: DayBlock) -> NDArray[np.int8]:
        """Which period each interval of a day is in, shape (intervals,): runs of equal numbers."""
        return band_of_day(
            self._calendar,
            block.business_date,
            start=block.start,
            interval_s=block.interval_s,
            count=block.values.shape[1],
            zone=self._zone,
            day_sets=self._book.day_sets,
        )


def add_up(sums: Iterable[PeriodSums], blocks: Iterable[DayBlock]) -> None:
    """Add each day to the spans it lies in."""
    spans = list(sums)
    for block in blocks:
        for each in spans:
            each.add(block)
