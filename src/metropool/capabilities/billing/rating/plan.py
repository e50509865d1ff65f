"""A rating plan: one version of a tariff for customers with the same options in one season, as a flat list of priced lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Kind = Literal["total", "tier", "period", "tier_period", "day", "month", "demand"]


@dataclass(frozen=True)
class PlannedLine:
    """One line a bill of this plan has: which quantity times which price.

    Attributes:
        name: Key of the line, such as ``tier1`` or ``peak``.
        kind: Which quantity.
        price: Price [currency a unit of that quantity], with the digits of the price list.
        tier: Number of the tier, from 0, where ``kind`` is by tier.
        period: Time-of-use period where ``kind`` is by period.
        group: Lines summed together on the bill and in the books.
        collected_for: Party the group is collected for; empty for the company's own revenue.
    """

    name: str
    kind: Kind
    price: Decimal
    tier: int = 0
    period: str = ""
    group: str = "energy"
    collected_for: str = ""


@dataclass(frozen=True)
class RatingPlan:
    """How usage becomes money.

    Attributes:
        tariff: Id of the tariff.
        version: Id of its version, ``tariff@first day``.
        unit: Unit of the quantity.
        lines: The lines, in the order of the bill.
        limits: Inclusive upper limits of all tiers but the last [unit in one window]; empty without tiers.
        window: Over what the tiers add up: ``month`` (the billing period) or ``year``.
        minimum: Least amount of one bill [currency]; None where there is none.
    """

    tariff: str
    version: str
    unit: str
    lines: tuple[PlannedLine, ...]
    limits: tuple[Decimal, ...] = ()
    window: Literal["month", "year", ""] = ""
    minimum: Decimal | None = None

    @property
    def periods(self) -> tuple[str, ...]:
        """Time-of-use periods the plan needs, in the order of its lines; empty when it needs none."""
        return tuple(dict.fromkeys(line.period for line in self.lines if line.period))

    @property
    def has_tiers(self) -> bool:
        """Whether any line depends on the tiers."""
        return any(line.kind in ("tier", "tier_period") for line in self.lines)


@dataclass(frozen=True)
class Usage:
    """What one bill, or one part of it, is rated on.

    Attributes:
        quantity: Quantity of the period [unit of the plan], from the registers.
        before: Quantity of the window (month or year) before this period or part; what fills the lower tiers.
        periods: Quantity by time-of-use period; sums to ``quantity``.
        days: Days of the period, for charges by day.
        months: Months of the period, for charges by month.
        demand: Highest demand [kW], for charges by demand.
        tier_digits: Decimals to which a period's quantity is shared over tiers (step ``apportion``).
    """

    quantity: Decimal
    before: Decimal = Decimal(0)
    periods: Mapping[str, Decimal] = field(default_factory=dict)
    days: Decimal = Decimal(0)
    months: Decimal = Decimal(1)
    demand: Decimal = Decimal(0)
    tier_digits: int = 4


@dataclass(frozen=True)
class Line:
    """One line of a rated bill; ``amount`` is ``quantity`` times ``price``, exact and unrounded."""

    name: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    group: str = "energy"
    collected_for: str = ""


@dataclass(frozen=True)
class Rated:
    """A rated bill.

    Attributes:
        lines: In the order of the plan.
        total_exact: Sum of the amounts [currency], unrounded.
        total_fen: After the one rounding, step ``half_up_to_fen``.
        tier_quantities: Quantity in each tier, in order; empty without tiers.
    """

    lines: tuple[Line, ...]
    total_exact: Decimal
    total_fen: int
    tier_quantities: tuple[Decimal, ...] = ()

    def group_exact(self, group: str) -> Decimal:
        """Exact sum of the lines of a group."""
        return sum((line.amount for line in self.lines if line.group == group), Decimal(0))
