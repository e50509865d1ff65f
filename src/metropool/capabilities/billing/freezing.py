"""Which tariff version prices which days of a period, and how many units each span of days used. Pure, by column.

The register is the law. Where the meter was exchanged or rolled over inside the period, or a register at an edge of a span is
missing, the days are added up instead; what cannot be told is a reason why the bill is blocked, never a zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.billing.day_grid import UNKNOWN, DayGrid
from metropool.capabilities.billing.model import Month
from metropool.capabilities.billing.rating.registers import apply_multipliers
from metropool.capabilities.billing.tariffs.loader import TariffBook
from metropool.core.errors import NotFound
from metropool.core.periods import DAY

NO_TARIFF, NO_REGISTER, WENT_BACK, NO_INTERVALS = "no_tariff", "no_register", "register_went_back", "no_intervals"
REASONS = (None, NO_REGISTER, WENT_BACK, NO_INTERVALS, NO_TARIFF)
"""Why a bill is blocked, by its code; code 0 is a bill that is not."""
_NO_REGISTER, _WENT_BACK = REASONS.index(NO_REGISTER), REASONS.index(WENT_BACK)
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Assignment:
    """By which tariff an account is billed on some half-open days (tariff assignment)."""

    tariff: str
    options: tuple[str, ...]
    start: date
    end: date


@dataclass(frozen=True)
class Span:
    """A part of the period under one tariff version: half-open days."""

    start: date
    end: date
    tariff: str
    version_from: date
    options: tuple[str, ...]


def spans_of(assignments: Sequence[Assignment], month: Month, book: TariffBook) -> list[Span]:
    """Split a period by day wherever another assignment, another tariff version or, with yearly tiers, another year begins.

    Raises:
        NotFound: A day has no assignment or no version.
    """
    spans: list[Span] = []
    day = month.start
    while day < month.end:
        current = _assignment_on(assignments, day)
        version = book.version_on(current.tariff, day)
        ends = [month.end, current.end]
        ends.append(version.valid_to + DAY if version.valid_to else month.end)
        if version.tiers and version.tiers.window == "year":
            ends.append(date(day.year + 1, 1, 1))
        end = min(ends)
        spans.append(Span(day, end, current.tariff, version.valid_from, current.options))
        day = end
    return spans


def growth_by_edges(grid: DayGrid, span: Span, multipliers: Sequence[str]) -> tuple[Ints, NDArray[np.bool_]]:
    """Quantity of a span from the registers at its edges [smallest units], and for which accounts these tell it; shapes (N,).

    They do not where one is missing or went back, or the days known are of more than one meter.
    """
    inside = [column for day, column in grid.columns.items() if span.start <= day < span.end]
    device = grid.device[:, inside]
    newest = device.max(axis=1)
    one_device = (np.where(device < 0, newest[:, None], device) == newest[:, None]).all(axis=1)
    start, end = grid.register_start[:, grid.columns[span.start]], grid.register_end[:, grid.columns[span.end - DAY]]
    one_device &= ~grid.is_exchanged[:, inside].any(axis=1)
    is_clear = one_device & (start != UNKNOWN) & (end != UNKNOWN) & (end >= start)
    return apply_multipliers(np.where(is_clear, end - start, 0), multipliers), is_clear


def growth_by_days(grid: DayGrid, span: Span, multipliers: Sequence[str]) -> tuple[Ints, Ints]:
    """Quantity of a span as the sum of its days [smallest units], and the code of the first reason against it; shapes (N,).

    A day is its own intervals where they are whole, else its registers. On a day of an exchange it is what each meter counted
    by its own two registers; where one of them is missing the intervals, which then are of both meters.
    """
    days = slice(grid.columns[span.start], grid.columns[span.end - DAY] + 1)
    start, end, total = grid.register_start[:, days], grid.register_end[:, days], grid.total[:, days]
    is_missing = (start == UNKNOWN) | (end == UNKNOWN)
    by_register = apply_multipliers(np.where(is_missing, 0, np.maximum(end - start, 0)), multipliers)
    wrong = np.where(is_missing, _NO_REGISTER, np.where(end < start, _WENT_BACK, 0))
    _put_exchanges(grid, span, multipliers, by_register, wrong)
    is_told = (total != UNKNOWN) & ~((wrong == 0) & grid.is_exchanged[:, days])
    wrong = np.where(is_told, 0, wrong)
    quantity = np.where(is_told, total, by_register)
    return np.where(wrong == 0, quantity, 0).sum(axis=1), first_code(wrong)


def _put_exchanges(grid: DayGrid, span: Span, multipliers: Sequence[str], by_register: Ints, wrong: Ints) -> None:
    """On days of an exchange, what the registers of each of the meters say."""
    first, last = grid.columns[span.start], grid.columns[span.end - DAY]
    for (row, column), meters in grid.meters.items():
        if first <= column <= last:
            grown = [None if one.start is None or one.end is None else one.end - one.start for one in meters]
            known = np.array([growth for growth in grown if growth is not None], np.int64)
            place = row, column - first
            wrong[place] = _NO_REGISTER if len(known) < len(grown) else _WENT_BACK if (known < 0).any() else 0
            by_register[place] = apply_multipliers(np.array([known.sum()]), [multipliers[row]])[0] if not wrong[place] else 0


def first_code(codes: Ints) -> Ints:
    """The first code of each row that is not 0, shape (N,), of codes of shape (N, K); 0 where all are."""
    first: Ints = codes[np.arange(len(codes)), (codes != 0).argmax(axis=1)]
    return first


def _assignment_on(assignments: Sequence[Assignment], day: date) -> Assignment:
    for each in assignments:
        if each.start <= day < each.end:
            return each
    raise NotFound(f"there is no tariff on {day}")
