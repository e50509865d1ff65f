"""Usage of many bills in, rated lines out, as integer columns: a quantity is of 10^-``digits``, a price of 10^-``price_digits``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.billing.rating.plan import PlannedLine

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class UsageColumns:
    """What many bills are rated on, all shapes (N,), all integers of 10^-digits.

    Attributes:
        digits: Decimals of the integers.
        quantity: Quantity of the period or part.
        before: Quantity of the window before it; None is nothing.
        periods: Quantity by time-of-use period; sums to ``quantity``.
        days, months, demand: For charges by these; None where no line needs them.
    """

    digits: int
    quantity: Integers
    before: Integers | None = None
    periods: Mapping[str, Integers] = field(default_factory=dict)
    days: Integers | None = None
    months: Integers | None = None
    demand: Integers | None = None

    def rows(self, chosen: NDArray[np.bool_]) -> "UsageColumns":
        """Only the chosen rows."""
        kept = {name: _rows(getattr(self, name), chosen) for name in ("before", "days", "months", "demand")}
        periods = {name: column[chosen] for name, column in self.periods.items()}
        return UsageColumns(digits=self.digits, quantity=self.quantity[chosen], periods=periods, **kept)


@dataclass(frozen=True)
class LineColumn:
    """One line of all bills: quantity [10^-digits], one price, amount [10^-(digits + price_digits)], shapes (N,)."""

    planned: PlannedLine
    quantity: NDArray[Any]
    amount: NDArray[Any]


@dataclass(frozen=True)
class RatedColumns:
    """Rated bills as columns, shapes (N,).

    Attributes:
        digits, price_digits: Decimals of quantities and of prices.
        lines: In the order of the plans.
        minimum: What was added to reach the minimum [10^-(digits + price_digits)]; None where no plan has one.
        total: Exact totals [10^-(digits + price_digits)].
        total_fen: After step ``half_up_to_fen``.
    """

    digits: int
    price_digits: int
    lines: tuple[LineColumn, ...]
    minimum: NDArray[Any] | None
    total: NDArray[Any]
    total_fen: Integers

    def collected_fen(self) -> Integers:
        """The part collected for another party, rounded by itself (step ``half_up_to_fen``) [fen]."""
        collected = [line.amount for line in self.lines if line.planned.collected_for]
        return half_up_to_fen(sum(collected, np.zeros_like(self.total)), self.digits + self.price_digits)


def half_up_to_fen(total: NDArray[Any], digits: int) -> Integers:
    """Step ``half_up_to_fen``: half away from zero, as ``core.money.round_to_fen``."""
    unit = 10 ** (digits - 2)
    magnitude = np.abs(total)
    fen = magnitude // unit + (2 * (magnitude % unit) >= unit)
    signed: Integers = (np.where(total < 0, -1, 1) * fen).astype(np.int64)
    return signed


def _rows(column: Integers | None, chosen: NDArray[np.bool_]) -> Integers | None:
    return None if column is None else column[chosen]
