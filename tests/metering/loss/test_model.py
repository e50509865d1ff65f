"""Loss of an area and a day: what counts, what is missing, and when no rate is better than a wrong one."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering.made import HOUR, check, fact, hourly, installed, local, readings
from metropool.capabilities.metering.loss.amounts import AMOUNTS, amounts_of
from metropool.capabilities.metering.loss.bands import band_on, state_of
from metropool.capabilities.metering.loss.model import POINTS, NoRate, line_loss
from metropool.facts.readings.blocks import seal
from metropool.facts.readings.grid import Grid

SUPPLY = 1000
BOTH = np.arange(2)
DAY = date(2026, 7, 1)
START = local("2026-07-01T00:00")


def supply(point=SUPPLY, area=0, **more):
    return {"area": area, "usage_point": point, "is_supply": True, "gives_back": False, **more}


def home(point, area=0, **more):
    return {**supply(point, area), "is_supply": False, **more}


def used(point, amount, *, estimated=0, is_reverse=False):
    return {"usage_point": point, "is_reverse": is_reverse, "amount": amount, "estimated": estimated}


def loss(points, amounts, areas=1):
    return line_loss(
        points=pa.Table.from_pylist(points, schema=POINTS),
        amounts=pa.Table.from_pylist(amounts, schema=AMOUNTS),
        areas=areas,
    )


def only(points, amounts):
    """The one area's loss."""
    return loss(points, amounts).total(np.array([0]))


def three(*, last=300, supplied=1000):
    return [supply(), *map(home, (1, 2, 3))], [used(SUPPLY, supplied), used(1, 300), used(2, 300), used(3, last)]


class TestRate:
    def test_is_what_is_lost_of_what_is_supplied(self):
        found = loss(*three())
        assert (found.supplied.tolist(), found.sold.tolist(), found.rate.tolist()) == ([1000], [900], [0.1])

    def test_more_sold_than_supplied_is_negative_and_not_clipped(self):
        assert loss(*three(last=500)).rate.tolist() == [-0.1]

    def test_a_link_recorded_twice_counts_once(self):
        points, amounts = three()
        assert loss([*points, home(3), supply()], amounts).rate.tolist() == [0.1]

    def test_usage_points_of_other_areas_are_not_counted(self):
        points, amounts = three()
        assert loss(points, [*amounts, used(77, 5000)]).rate.tolist() == [0.1]

    def test_two_supply_meters_of_one_area_are_added(self):
        points, amounts = three()
        found = loss([*points, supply(1001)], [*amounts, used(1001, 500)])
        assert (found.supplied.tolist(), found.rate.tolist()) == ([1500], [0.4])


class TestWhatIsMissing:
    def test_without_the_supply_meters_day_there_is_no_rate(self):
        points, amounts = three()
        for without in (amounts[1:], [used(SUPPLY, None), *amounts[1:]]):
            assert loss(points, without).why.tolist() == [NoRate.SUPPLY_UNKNOWN]
            assert str(loss(points, without).rate[0]) == "nan"

    @pytest.mark.parametrize("hole", [[], [used(3, None)]])
    def test_a_customer_without_the_day_leaves_too_few(self, hole):
        points, amounts = three()
        found = only(points, [*amounts[:-1], *hole])
        assert (found.rate, found.why, found.meters, found.with_data) == (None, NoRate.TOO_FEW_METERS, 3, 2)

    @pytest.mark.parametrize(("lacking", "why"), [(2, NoRate.KNOWN), (3, NoRate.TOO_FEW_METERS)])
    def test_ninety_eight_of_a_hundred_are_enough_and_it_says_so(self, lacking, why):
        points = [supply(), *map(home, range(100))]
        found = only(points, [used(SUPPLY, 2000), *(used(i, 10) for i in range(lacking, 100))])
        assert (found.why, found.with_data, found.is_whole) == (why, 100 - lacking, False)

    def test_an_area_without_customers_or_supply_has_none(self):
        assert loss([supply()], [used(SUPPLY, 5)]).why.tolist() == [NoRate.NOTHING_FED]
        assert loss([home(1)], [used(1, 5)]).why.tolist() == [NoRate.NO_SUPPLY_METER]
        assert loss([supply(), home(1)], [used(SUPPLY, 0), used(1, 0)]).why.tolist() == [NoRate.NOTHING_SUPPLIED]
        assert loss([], [], areas=1).why.tolist() == [NoRate.NO_SUPPLY_METER]


class TestEstimates:
    def test_their_share_is_told(self):
        points, amounts = three()
        found = only(points, [*amounts[:-1], used(3, 300, estimated=90)])
        assert (found.rate, found.estimated_share) == (0.1, 0.1)

    @pytest.mark.parametrize("place", [0, 1])
    def test_more_than_half_estimated_gives_no_rate(self, place):
        points, amounts = three()
        amounts[place] = used(amounts[place]["usage_point"], amounts[place]["amount"], estimated=amounts[place]["amount"])
        assert only(points, amounts).why == (NoRate.TOO_MUCH_ESTIMATED if place == 0 else NoRate.KNOWN)


class TestEnergyGivenBack:
    POINTS = (supply(gives_back=True), home(1, gives_back=True), home(2, gives_back=True), home(3))
    FORWARD = (used(SUPPLY, 1000), used(1, 400), used(2, 400), used(3, 250))

    def test_comes_in_from_customers_and_goes_out_at_the_supply_meter(self):
        back = [used(SUPPLY, 100, is_reverse=True), used(1, 200, is_reverse=True), used(2, 0, is_reverse=True)]
        found = loss(self.POINTS, [*self.FORWARD, *back])
        assert (found.supplied.tolist(), found.sold.tolist()) == ([1200], [1150])

    def test_counts_only_when_all_that_meter_it_know_it(self):
        back = [used(SUPPLY, 100, is_reverse=True), used(2, 0, is_reverse=True)]
        assert loss(self.POINTS, [*self.FORWARD, *back]).why.tolist() == [NoRate.TOO_FEW_METERS]
        back = [used(1, 200, is_reverse=True), used(2, 0, is_reverse=True)]
        assert loss(self.POINTS, [*self.FORWARD, *back]).why.tolist() == [NoRate.SUPPLY_UNKNOWN]

    def test_where_nothing_went_back_nobody_must_know_it(self):
        found = loss(self.POINTS, [*self.FORWARD, used(2, 0, is_reverse=True)])
        assert (found.why.tolist(), found.sold.tolist()) == ([NoRate.KNOWN], [1050])


class TestTogether:
    def both(self, second=900):
        points = [supply(), home(1), supply(2000, area=1), home(2, area=1)]
        amounts = [used(SUPPLY, 1000), used(1, 900), used(2000, 1000), used(2, second)]
        return loss(points, amounts, areas=2)

    def test_areas_are_summed_and_not_averaged(self):
        found = self.both(second=500)
        assert found.total(BOTH).rate == 0.3

    def test_areas_without_a_rate_are_left_out_and_told(self):
        found = self.both(second=None)
        both = found.total(BOTH)
        assert (both.rate, both.areas, both.areas_known, both.is_whole, both.supplied) == (0.1, 2, 1, False, 1000)

    def test_too_few_areas_give_no_rate_and_the_main_reason(self):
        points = [supply(), home(1), supply(2000, area=1), *(home(i, area=1) for i in (2, 3))]
        found = loss(points, [used(SUPPLY, 10), used(1, 9), used(2000, 10)], areas=2)
        both = found.total(BOTH)
        assert (both.rate, both.why) == (None, NoRate.TOO_FEW_METERS)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**9)), min_size=1, max_size=40),
    st.lists(st.integers(1, 10**12), min_size=4, max_size=4),
    st.randoms(),
)
def test_sums_are_exact_whatever_the_order(homes, supplied, chance):
    points = [*(supply(SUPPLY + i, area=i) for i in range(4)), *(home(i, area=area) for i, (area, _) in enumerate(homes))]
    amounts = [*(used(SUPPLY + i, amount) for i, amount in enumerate(supplied)), *(used(i, a) for i, (_, a) in enumerate(homes))]
    found = loss(points, amounts, areas=4)
    assert found.supplied.tolist() == supplied
    assert found.sold.tolist() == [sum(amount for area, amount in homes if area == i) for i in range(4)]
    chance.shuffle(points)
    chance.shuffle(amounts)
    again = loss(points, amounts, areas=4)
    assert (again.sold.tolist(), again.why.tolist()) == (found.sold.tolist(), found.why.tolist())


class TestFromBlocks:
    def sealed(self, rows, *places, bridge_s=0, facts=()):
        result = check(readings(*rows), *facts)
        return seal(result.steps, installations=installed(*places), grid=Grid(HOUR), bridge_s=bridge_s, first=DAY, last=DAY)

    def test_a_meter_replaced_during_the_day_is_counted_whole_with_each_multiplier(self):
        swap = START + 10 * HOUR + 1800
        old = [*hourly([1000 * i for i in range(11)], start=START), (1, swap, 10_400)]
        new = [(2, swap, 77), *hourly([77 + 15 + 25 * i for i in range(14)], start=START + 11 * HOUR, channel=2)]
        places = {"valid_to": swap}, {"channel": 2, "valid_from": swap, "numerator": 40, "version": 2}
        amounts = amounts_of(self.sealed([*old, *new], *places, facts=(fact(), fact(channel=2))), reverse=None)
        assert amounts.to_pylist() == [used(7, 10_400 + (15 + 25 * 13) * 40)]

    def test_a_replacement_nobody_read_is_a_hole(self):
        old, new = hourly([1000 * i for i in range(11)], start=START), hourly([9, 19], start=START + 23 * HOUR, channel=2)
        swap = START + 10 * HOUR + 1800
        places = {"valid_to": swap}, {"channel": 2, "valid_from": swap}
        amounts = amounts_of(self.sealed([*old, *new], *places, facts=(fact(), fact(channel=2))), reverse=None)
        assert amounts["amount"].to_pylist() == [None]

    @pytest.mark.parametrize(
        ("lacking", "estimated"),
        [(range(5, 9), 0), (range(21, 27), 4000), (range(3), 3000), ([*range(3), *range(21, 27)], 7000), (range(-1, 26), 24_000)],
    )
    def test_only_what_no_register_bounds_is_estimated(self, lacking, estimated):
        """Hours between two readings of the day are shared out of what its register says; before and after them they are not."""
        rows = hourly([1000 * i for i in range(30)], start=START - 2 * HOUR)
        whole = self.sealed([row for i, row in enumerate(rows, -2) if i not in lacking], bridge_s=40 * HOUR)
        assert amounts_of(whole, reverse=None).to_pylist() == [used(7, 24_000, estimated=estimated)]

    def test_the_reverse_direction_is_told_apart(self):
        rows = hourly([1000 * i for i in range(25)], start=START)
        blocks = self.sealed(rows, {"reading_type": 6})
        assert amounts_of(blocks, reverse=6).to_pylist() == [used(7, 24_000, is_reverse=True)]

    def test_no_blocks_are_no_amounts(self):
        assert amounts_of(self.sealed([(9, START, 1)], facts=(fact(channel=9),)), reverse=6).num_rows == 0


class TestBands:
    @pytest.mark.parametrize(
        ("rate", "state"),
        [(0.0, "good"), (0.06, "good"), (0.0601, "late"), (0.1, "late"), (0.11, "bad"), (-0.0001, "negative"), (None, "unknown")],
    )
    def test_a_rate_stands_against_its_band(self, rate, state):
        assert state_of(rate=rate, band=band_on(service="electricity", day=DAY)) == state

    def test_without_a_band_nothing_is_said(self):
        assert band_on(service="electricity", day=date(2019, 12, 31)) is None
        assert state_of(rate=0.01, band=None) == "unknown"
