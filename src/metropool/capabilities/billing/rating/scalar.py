"""The exact path for one bill, in decimals; the batch path is held to it."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from metropool.capabilities.billing.faults import fault, sentence
from metropool.capabilities.billing.rating.apportion import apportion
from metropool.capabilities.billing.rating.plan import Line, PlannedLine, Rated, RatingPlan, Usage
from metropool.core.errors import Fault, Invalid
from metropool.core.money import round_to_fen

EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
"""Sixty digits: no product or sum of a bill is ever rounded by the arithmetic itself."""


def rate(plan: RatingPlan, usage: Usage) -> Rated:
    """Rate the usage of one bill.

    Raises:
        Invalid: The usage cannot be rated by this plan: negative, or the periods do not sum to the quantity.
    """
    return rate_parts([(plan, usage)])


def rate_parts(parts: Sequence[tuple[RatingPlan, Usage]]) -> Rated:
    """Rate a bill whose period falls into parts with plans of their own, such as before and after a change of price.

    The total is rounded once, over all parts; the minimum of the last part is that of the whole bill.

    Raises:
        Invalid: A part cannot be rated by its plan.
    """
    with localcontext(EXACT):
        for plan, usage in parts:
            check_usage(plan, usage)
        tiers = [split_tiers(plan.limits, usage) for plan, usage in parts]
        lines = [line for (plan, usage), split in zip(parts, tiers, strict=True) for line in _lines(plan, usage, split)]
        lines.extend(_minimum(parts[-1][0].minimum, sum((line.amount for line in lines), Decimal(0))))
        total = sum((line.amount for line in lines), Decimal(0))
        return Rated(tuple(lines), total, round_to_fen(total), _sum_tiers(tiers))


def split_tiers(limits: Sequence[Decimal], usage: Usage) -> tuple[Decimal, ...]:
    """How much of a quantity falls in each tier, after ``usage.before`` has filled the lower ones; empty without limits."""
    if not limits:
        return ()
    after = usage.before + usage.quantity
    edges = (Decimal(0), *limits)
    bounded = [_within(after, low, high) - _within(usage.before, low, high) for low, high in zip(edges, limits, strict=False)]
    return (*bounded, max(limits[-1], after) - max(limits[-1], usage.before))


def check_usage(plan: RatingPlan, usage: Usage) -> None:
    """Refuse usage a plan cannot rate, naming every fault.

    Raises:
        Invalid: Negative figures, unknown or missing periods, or periods that do not sum to the quantity.
    """
    faults = [
        fault(name, "negative", value=value)
        for name in ("quantity", "before", "days", "months", "demand")
        if (value := getattr(usage, name)) < 0
    ]
    faults += _faults_of_periods(plan, usage)
    if faults:
        raise Invalid.that(sentence("not_rated", version=plan.version), faults=faults)


def _faults_of_periods(plan: RatingPlan, usage: Usage) -> Iterator[Fault]:
    if not plan.periods:
        return
    for period in usage.periods:
        if period not in plan.periods:
            yield fault(f"periods.{period}", "no_period", known=", ".join(plan.periods))
    for period in plan.periods:
        if period not in usage.periods:
            yield fault(f"periods.{period}", "period_missing")
        elif usage.periods[period] < 0:
            yield fault(f"periods.{period}", "period_negative", value=usage.periods[period])
    total = sum(usage.periods.values(), Decimal(0))
    if total != usage.quantity:
        yield fault("periods", "periods_sum", total=total, quantity=usage.quantity)


def _within(value: Decimal, low: Decimal, high: Decimal) -> Decimal:
    return min(high, max(low, value))


def _lines(plan: RatingPlan, usage: Usage, tiers: Sequence[Decimal]) -> Iterator[Line]:
    for planned in plan.lines:
        quantity = _quantity(planned, usage, tiers)
        yield Line(planned.name, quantity, planned.price, quantity * planned.price, planned.group, planned.collected_for)


def _quantity(line: PlannedLine, usage: Usage, tiers: Sequence[Decimal]) -> Decimal:
    match line.kind:
        case "tier":
            return tiers[line.tier]
        case "period":
            return usage.periods[line.period]
        case "tier_period":
            return _share_of_tier(usage.periods[line.period], tiers, usage.tier_digits)[line.tier]
        case kind:
            return {"total": usage.quantity, "day": usage.days, "month": usage.months, "demand": usage.demand}[kind]


def _share_of_tier(quantity: Decimal, tiers: Sequence[Decimal], digits: int) -> list[Decimal]:
    """Step ``apportion``: a period's quantity over the tiers, as the whole quantity falls in them."""
    total = _integer(quantity, digits)
    return [Decimal(part).scaleb(-digits) for part in apportion(total, [_integer(tier, digits) for tier in tiers])]


def _integer(value: Decimal, digits: int) -> int:
    scaled = value.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise Invalid.that(sentence("digits", value=value, digits=digits))
    return int(scaled)


def _minimum(minimum: Decimal | None, total: Decimal) -> Iterator[Line]:
    if minimum is not None and total < minimum:
        yield Line("minimum_charge", Decimal(1), minimum - total, minimum - total, "minimum")


def _sum_tiers(tiers: Sequence[tuple[Decimal, ...]]) -> tuple[Decimal, ...]:
    return tuple(sum(column, Decimal(0)) if len(column) > 1 else column[0] for column in zip(*tiers, strict=False))
