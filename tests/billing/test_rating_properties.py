"""The laws of rating: parts sum to the whole, columns equal the exact path to the fen, shares sum to the register."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metropool.capabilities.billing.rating.apportion import apportion, apportion_columns
from metropool.capabilities.billing.rating.batch import rate_columns, rate_parts_columns
from metropool.capabilities.billing.rating.columns import UsageColumns
from metropool.capabilities.billing.rating.plan import RatingPlan, Usage
from metropool.capabilities.billing.rating.scalar import rate, rate_parts
from metropool.capabilities.billing.tariffs import plan_of, tariff_book
from metropool.core.errors import Invalid

DIGITS = 4
BOOK = tariff_book()
PLANS = [
    plan_of(tariff, version, options=options, month=month)
    for tariff in BOOK.tariffs.values()
    for version in tariff.versions
    for options in (
        [],
        *([option] for option in tariff.options),
        *([["tou", "multi_person"]] if "multi_person" in tariff.options else []),
    )
    for month in (1, 7)
]
plans = st.sampled_from(PLANS)
small = st.integers(0, 20_000_000)
huge = st.integers(0, 10**15)


def _decimal(value: int) -> Decimal:
    return Decimal(value).scaleb(-DIGITS)


@st.composite
def _bills(draw: st.DrawFn) -> tuple[RatingPlan, list[dict]]:
    plan = draw(plans)
    amounts = draw(st.sampled_from([small, st.one_of(small, huge)]))
    row = st.fixed_dictionaries(
        {
            "quantity": amounts,
            "before": amounts,
            "days": st.integers(0, 62).map(lambda days: days * 10**DIGITS),
            "demand": small,
            "weights": st.lists(st.integers(0, 5000), min_size=len(plan.periods), max_size=len(plan.periods)),
        }
    )
    rows = draw(st.lists(row, min_size=1, max_size=8))
    for each in rows:
        each["periods"] = dict(zip(plan.periods, apportion(each["quantity"], each.pop("weights")), strict=True))
    return plan, rows


def _usage(row: dict) -> Usage:
    return Usage(
        quantity=_decimal(row["quantity"]),
        before=_decimal(row["before"]),
        periods={period: _decimal(value) for period, value in row["periods"].items()},
        days=_decimal(row["days"]),
        demand=_decimal(row["demand"]),
        tier_digits=DIGITS,
    )


def _columns(plan: RatingPlan, rows: list[dict]) -> UsageColumns:
    def column(name: str) -> np.ndarray:
        return np.array([row[name] for row in rows], np.int64)

    periods = {period: np.array([row["periods"][period] for row in rows], np.int64) for period in plan.periods}
    return UsageColumns(
        digits=DIGITS,
        quantity=column("quantity"),
        before=column("before"),
        periods=periods,
        days=column("days"),
        months=np.full(len(rows), 10**DIGITS),
        demand=column("demand"),
    )


@settings(max_examples=300, deadline=None)
@given(_bills())
def test_columns_equal_the_exact_path_in_every_line_and_to_the_fen(case):
    plan, rows = case
    columns = rate_columns(plan, _columns(plan, rows))
    unit = columns.digits + columns.price_digits
    for i, row in enumerate(rows):
        exact = rate(plan, _usage(row))
        assert [int(line.amount.scaleb(unit)) for line in exact.lines] == [int(line.amount[i]) for line in columns.lines]
        assert exact.total_exact.scaleb(unit) == int(columns.total[i])
        assert exact.total_fen == columns.total_fen[i]


@settings(max_examples=150, deadline=None)
@given(_bills(), st.integers(0, 10**6), st.integers(0, 30))
def test_columns_of_parts_and_a_minimum_equal_the_exact_path(case, minimum_fen, cut):
    plan, rows = case
    plan = replace(plan, minimum=Decimal(minimum_fen).scaleb(-2))
    later = replace(plan, lines=tuple(replace(line, price=line.price + Decimal("0.01")) for line in plan.lines))
    first = [{**row, **{key: row[key] * cut // 30 for key in ("quantity", "days")}} for row in rows]
    for row in first:
        row["periods"] = dict(zip(plan.periods, apportion(row["quantity"], [1] * len(plan.periods)), strict=True))
    columns = rate_parts_columns([(plan, _columns(plan, first)), (later, _columns(plan, rows))])
    for i, (before, after) in enumerate(zip(first, rows, strict=True)):
        exact = rate_parts([(plan, _usage(before)), (later, _usage(after))])
        assert exact.total_fen == columns.total_fen[i]
        assert exact.total_exact >= plan.minimum


@given(plans, small, small, small)
def test_rating_by_parts_sums_to_the_whole(plan, before, first, second):
    if plan.periods:
        plan = replace(plan, lines=tuple(line for line in plan.lines if not line.period))
    one = Usage(_decimal(first), before=_decimal(before), days=Decimal(10), demand=Decimal(0), months=Decimal(0))
    other = Usage(_decimal(second), before=_decimal(before + first), days=Decimal(21), demand=Decimal(0))
    whole = Usage(_decimal(first + second), before=_decimal(before), days=Decimal(31), demand=Decimal(0))
    assert rate_parts([(plan, one), (plan, other)]).total_exact == rate(plan, whole).total_exact


@given(plans, small, small)
def test_the_tiers_sum_to_the_quantity(plan, quantity, before):
    if plan.limits and not plan.periods:
        rated = rate(plan, Usage(_decimal(quantity), before=_decimal(before)))
        assert sum(rated.tier_quantities) == _decimal(quantity)
        assert all(part >= 0 for part in rated.tier_quantities)


@given(st.one_of(small, huge, st.integers(0, 2**62)), st.lists(st.integers(0, 10**9), min_size=1, max_size=100))
def test_shares_sum_to_the_register_and_are_less_than_a_unit_off(whole, weights):
    parts = apportion(whole, weights)
    assert sum(parts) == whole
    total = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert part >= 0
        assert not total or abs(part * total - whole * weight) <= total
    columns = apportion_columns(np.array([whole, 7]), np.array([weights, weights]))
    assert columns[0].tolist() == parts
    assert columns[1].tolist() == apportion(7, weights)


def test_more_usage_never_costs_less():
    for plan in PLANS:
        if plan.limits and not plan.periods:
            totals = [rate(plan, Usage(Decimal(q), before=Decimal(100))).total_exact for q in range(0, 6000, 37)]
            assert totals == sorted(totals)


@pytest.mark.parametrize(
    ("usage", "where"),
    [
        (Usage(Decimal(-1)), "quantity"),
        (Usage(Decimal(3), periods={"peak": Decimal(1), "flat": Decimal(1), "valley": Decimal(2)}), "periods"),
        (Usage(Decimal(3), periods={"peak": Decimal(1), "flat": Decimal(2)}), "periods.valley"),
        (Usage(Decimal(3), periods={"night": Decimal(3)}), "periods.night"),
    ],
)
def test_usage_that_cannot_be_rated_is_refused_by_name(usage, where):
    tariff = BOOK.tariff("guangzhou_residential_electricity")
    plan = plan_of(tariff, BOOK.newest(tariff.id), options=["tou"], month=7)
    with pytest.raises(Invalid) as refused:
        rate(plan, usage)
    assert where in [fault.where for fault in refused.value.faults]


def test_columns_refuse_what_the_exact_path_refuses():
    tariff = BOOK.tariff("guangzhou_residential_electricity")
    plan = plan_of(tariff, BOOK.newest(tariff.id), options=["tou"], month=7)
    good = {"peak": np.array([1]), "flat": np.array([1]), "valley": np.array([1])}
    with pytest.raises(Invalid, match="do not sum"):
        rate_columns(plan, UsageColumns(digits=4, quantity=np.array([4]), periods=good))
    with pytest.raises(Invalid, match="less than nothing"):
        rate_columns(plan, UsageColumns(digits=4, quantity=np.array([-3]), periods=good))
    with pytest.raises(Invalid, match="needs the quantity of period valley"):
        rate_columns(plan, UsageColumns(digits=4, quantity=np.array([2]), periods={"peak": good["peak"], "flat": good["flat"]}))
