"""The column path for a whole run: the lines of all bills of one plan as integer columns, exact, no Python per bill.

A quantity is an integer of 10^-``digits``, a price an integer of 10^-``price_digits``, so an amount is an exact integer of
10^-(digits + price_digits). Before anything is multiplied the largest possible total of each row is bounded; rows that would
not fit 62 bits are worked in unbounded integers (numpy ``object``) by the same code. Proof and steps: docs/algorithms/rating.md.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.billing.rating.apportion import apportion_columns
from metropool.capabilities.billing.rating.columns import Integers, LineColumn, RatedColumns, UsageColumns, half_up_to_fen
from metropool.capabilities.billing.rating.plan import PlannedLine, RatingPlan
from metropool.core.errors import Invalid

_SAFE = float(1 << 62)


def rate_columns(plan: RatingPlan, usage: UsageColumns) -> RatedColumns:
    """Rate all bills of one plan.

    Raises:
        Invalid: Something is negative, or periods do not sum to the quantity, or a limit is finer than the digits.
    """
    return rate_parts_columns([(plan, usage)])


def rate_parts_columns(parts: Sequence[tuple[RatingPlan, UsageColumns]]) -> RatedColumns:
    """Rate all bills of one sequence of parts, each part with its plan; row i of every part is bill i.

    Raises:
        Invalid: As ``rate_columns``; or the parts differ in digits.
    """
    digits = _common_digits(parts)
    for plan, usage in parts:
        _check(plan, usage)
    price_digits = max(max((_decimals(line.price) for line in plan.lines), default=0) for plan, _ in parts)
    price_digits = max(price_digits, _decimals(parts[-1][0].minimum or Decimal(0)), 2)
    wide = _bound(parts, price_digits) >= _SAFE
    if not wide.any():
        return _rate(parts, digits, price_digits, np.int64)
    if wide.all():
        return _rate(parts, digits, price_digits, object)
    narrow = _rate([(plan, usage.rows(~wide)) for plan, usage in parts], digits, price_digits, np.int64)
    broad = _rate([(plan, usage.rows(wide)) for plan, usage in parts], digits, price_digits, object)
    return _merge(narrow, broad, wide)


def scaled(value: Decimal, digits: int) -> int:
    """A decimal as an integer of 10^-digits.

    Raises:
        Invalid: It has more decimals.
    """
    integer = value.scaleb(digits)
    if integer != integer.to_integral_value():
        raise Invalid(f"{value} has more than {digits} decimals")
    return int(integer)


def split_tiers_columns(limits: Sequence[int], quantity: NDArray[Any], before: NDArray[Any]) -> list[NDArray[Any]]:
    """How much of each quantity falls in each tier after ``before`` has filled the lower ones; one array a tier."""
    after = before + quantity
    edges = [0, *limits]
    bounded = [_within(after, *edge) - _within(before, *edge) for edge in zip(edges, limits, strict=False)]
    return [*bounded, np.maximum(after, limits[-1]) - np.maximum(before, limits[-1])]


def _rate(
    parts: Sequence[tuple[RatingPlan, UsageColumns]], digits: int, price_digits: int, kind: type[np.int64] | type[object]
) -> RatedColumns:
    lines = [line for plan, usage in parts for line in _lines(plan, usage, price_digits, kind)]
    total = sum((line.amount for line in lines), np.zeros(len(parts[0][1].quantity), kind))
    minimum = parts[-1][0].minimum
    short = None
    if minimum is not None:
        short = np.maximum(scaled(minimum, digits + price_digits) - total, 0)
        total = total + short
    return RatedColumns(digits, price_digits, tuple(lines), short, total, half_up_to_fen(total, digits + price_digits))


def _lines(plan: RatingPlan, usage: UsageColumns, price_digits: int, kind: type[np.int64] | type[object]) -> list[LineColumn]:
    tiers = _tiers(plan, usage, kind)
    shares = {period: _shares(usage.periods[period], tiers) for period in plan.periods if plan.limits}
    lines = []
    for planned in plan.lines:
        quantity = _quantity(planned, usage, tiers, shares).astype(kind, copy=False)
        lines.append(LineColumn(planned, quantity, quantity * scaled(planned.price, price_digits)))
    return lines


def _tiers(plan: RatingPlan, usage: UsageColumns, kind: type[np.int64] | type[object]) -> list[NDArray[Any]]:
    if not plan.limits:
        return []
    quantity = usage.quantity.astype(kind, copy=False)
    before = np.zeros_like(quantity) if usage.before is None else usage.before.astype(kind, copy=False)
    return split_tiers_columns([scaled(limit, usage.digits) for limit in plan.limits], quantity, before)


def _shares(quantity: Integers, tiers: Sequence[NDArray[Any]]) -> Integers:
    return apportion_columns(quantity, np.stack([tier.astype(np.int64) for tier in tiers], axis=1))


def _quantity(
    line: PlannedLine, usage: UsageColumns, tiers: Sequence[NDArray[Any]], shares: Mapping[str, Integers]
) -> NDArray[Any]:
    match line.kind:
        case "tier":
            return tiers[line.tier]
        case "period":
            return usage.periods[line.period]
        case "tier_period":
            return shares[line.period][:, line.tier]
        case "total":
            return usage.quantity
        case kind:
            column = {"day": usage.days, "month": usage.months, "demand": usage.demand}[kind]
            if column is None:
                raise Invalid(f"line {line.name} needs the {kind} of each bill")
            return column


def _bound(parts: Sequence[tuple[RatingPlan, UsageColumns]], price_digits: int) -> NDArray[np.float64]:
    """An upper bound of every number the arithmetic of a row can meet; floats only ever choose the wider path."""
    bound = np.zeros(len(parts[0][1].quantity), np.float64)
    for plan, usage in parts:
        largest = usage.quantity.astype(np.float64)
        for column in (usage.before, usage.days, usage.months, usage.demand):
            largest = largest if column is None else largest + column
        prices = sum(float(abs(line.price)) for line in plan.lines) + 1.0
        bound += largest * prices * 10.0**price_digits
        bound += float(plan.minimum or 0) * 10.0 ** (price_digits + usage.digits)
    return bound * 1.001 + 10.0 ** (price_digits + parts[0][1].digits - 2)


def _check(plan: RatingPlan, usage: UsageColumns) -> None:
    columns = {"quantity": usage.quantity, "before": usage.before, "days": usage.days, "demand": usage.demand}
    columns |= {f"periods.{period}": usage.periods.get(period) for period in plan.periods}
    for name, column in columns.items():
        if column is not None and (column < 0).any():
            raise Invalid(f"{name} of row {int(np.argmax(column < 0))} is less than nothing")
    missing = [period for period in plan.periods if period not in usage.periods]
    if missing:
        raise Invalid(f"{plan.version} needs the quantity of period {missing[0]}")
    if plan.periods:
        wrong = sum((usage.periods[period] for period in plan.periods), np.zeros_like(usage.quantity)) != usage.quantity
        if wrong.any():
            raise Invalid(f"the periods of row {int(np.argmax(wrong))} do not sum to its quantity")


def _common_digits(parts: Sequence[tuple[RatingPlan, UsageColumns]]) -> int:
    digits = {usage.digits for _, usage in parts}
    if len(digits) != 1:
        raise Invalid("the parts of a bill need quantities of the same digits")
    return digits.pop()


def _merge(narrow: RatedColumns, broad: RatedColumns, wide: NDArray[np.bool_]) -> RatedColumns:
    def both(first: NDArray[Any], second: NDArray[Any], kind: type = object) -> NDArray[Any]:
        column: NDArray[Any] = np.empty(len(wide), kind)
        column[~wide], column[wide] = first, second
        return column

    lines = tuple(
        LineColumn(one.planned, both(one.quantity, other.quantity), both(one.amount, other.amount))
        for one, other in zip(narrow.lines, broad.lines, strict=True)
    )
    minimum = None if narrow.minimum is None or broad.minimum is None else both(narrow.minimum, broad.minimum)
    total_fen = both(narrow.total_fen, broad.total_fen, np.int64)
    return RatedColumns(narrow.digits, narrow.price_digits, lines, minimum, both(narrow.total, broad.total), total_fen)


def _within(value: NDArray[Any], low: int, high: int) -> NDArray[Any]:
    bounded: NDArray[Any] = np.minimum(np.maximum(value, low), high)
    return bounded


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
