"""Faults of readings and time, F01 to F17 of the catalogue: injected, and the promise kept."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from metering.made import HOUR, check, fact, found, hourly, installed, local, readings, total
from metropool.facts.readings.blocks import seal
from metropool.facts.readings.grid import Grid
from metropool.facts.readings.schemas import Origin, Quality
from metropool.facts.readings.versions import latest_blocks, next_versions

START = local("2026-07-01T00:00")
HOURS = Grid(HOUR)
RISING = [1000 * i for i in range(25)]


def day_of(rows, *facts, bridge_s=0, **more):
    result = check(readings(*rows, **more), *facts)
    return seal(result.steps, installations=installed(), grid=HOURS, bridge_s=bridge_s)


def values(blocks, row=0):
    return blocks["values"][row].as_py()


class TestF01SameReadingAgain:
    @pytest.mark.parametrize("times", [1, 1000])
    def test_counts_once_and_changes_nothing(self, times):
        rows = hourly(RISING, start=START)
        again = check(readings(*rows, *[rows[5]] * times))
        assert found(again) == ["duplicate"] * times
        assert again.steps == check(readings(*rows)).steps


class TestF02TwoValuesForOneTime:
    def test_first_is_used_and_the_conflict_told(self):
        rows = hourly(RISING, start=START)
        result = check(readings(*rows, (1, rows[5][1], 5003)))
        assert found(result) == ["conflict"]
        assert result.flags["amount"].to_pylist() == [5003]
        assert total(result) == 24_000

    def test_the_better_source_is_used_whatever_the_order(self):
        rows = hourly(RISING, start=START)
        pushed = readings(*rows[:5], (1, rows[5][1], 4000), *rows[6:], origin=Origin.PUSHED, row=range(25))
        collected = readings(rows[5], origin=Origin.RECOLLECTED, row=[25])
        result = check(pa.concat_tables([pushed, collected]))
        assert (found(result), result.flags["amount"].to_pylist()) == (["conflict"], [4000])
        assert total(result) == 24_000


class TestF03OutOfOrder:
    def test_forty_days_late_gives_the_same_series(self):
        rows = hourly([10 * i for i in range(24 * 41)], start=START)
        late = [*rows[:100], *rows[110:], *rows[100:110]]
        result = check(readings(*late, row=range(len(late))))
        assert result.steps == check(readings(*rows)).steps
        assert found(result) == ["out_of_order"]
        assert result.flags["count"].to_pylist() == [10]

    def test_only_the_day_it_belongs_to_gets_a_new_version(self):
        rows = hourly([10 * i for i in range(24 * 3 + 1)], start=START)
        holed = day_of([*rows[:30], *rows[31:]])
        whole = day_of(rows)
        changed = next_versions(whole, holed)
        assert changed["business_date"].to_pylist() == [whole["business_date"][1].as_py()]
        assert changed["version"].to_pylist() == [2]
        assert latest_blocks(pa.concat_tables([holed, changed])).drop(["version"]) == whole.drop(["version"])


class TestF04LateReadingAfterEstimate:
    def test_actual_replaces_estimate_as_a_new_version(self):
        rows = hourly(RISING, start=START)
        holed = [*rows[:5], *rows[7:]]
        estimated = day_of(holed, bridge_s=4 * HOUR)
        assert values(estimated) == [1000] * 24
        assert estimated["quality"][0].as_py()[4:7] == [Quality.ESTIMATED] * 3
        actual = next_versions(day_of(rows, bridge_s=4 * HOUR), estimated)
        assert actual["version"].to_pylist() == [2]
        assert actual["quality"].to_pylist() == [None]

    def test_a_measured_reading_beats_an_estimate_for_the_same_time(self):
        rows = hourly(RISING, start=START)
        guess = readings((1, rows[5][1], 4500), quality=Quality.ESTIMATED, row=[0])
        result = check(pa.concat_tables([guess, readings(*rows, row=range(1, 26))]))
        assert values(seal(result.steps, installations=installed(), grid=HOURS)) == [1000] * 24


class TestF05Rollover:
    def test_usage_is_positive_across_it(self):
        top = 99_999_999
        rows = hourly([top - 2000, top - 1000, top, 999, 1999], start=START)
        result = check(readings(*rows), fact(modulus=100_000_000))
        assert found(result) == ["rollover"]
        assert total(result) == 1000 * 4

    def test_digits_are_inferred_where_nobody_knows_them(self):
        result = check(readings(*hourly([9_998_000, 9_999_000, 0, 1000], start=START)))
        assert (found(result), total(result)) == (["rollover"], 3000)

    def test_multiplier_holds_across_it(self):
        result = check(readings(*hourly([9_998_000, 9_999_000, 0, 1000], start=START)))
        blocks = seal(result.steps, installations=installed({"numerator": 40}), grid=HOURS)
        assert values(blocks)[:3] == [40_000] * 3


class TestF06Reset:
    def test_no_negative_usage_but_an_event_and_a_hole(self):
        rows = hourly([*[500_000 + 1000 * i for i in range(12)], *[1000 * i for i in range(60)]], start=START)
        result = check(readings(*rows))
        assert found(result) == ["reset"]
        assert min(result.steps["step"].to_pylist()) == 0
        day = seal(result.steps, installations=installed(), grid=HOURS)
        assert values(day)[11] is None
        assert day["quality"][0].as_py()[11] == Quality.MISSING
        assert sum(filter(None, values(day))) == 23_000


class TestF07MeterReplaced:
    def test_usage_is_split_and_the_sum_exact(self):
        swap = START + 10 * HOUR + 1800
        old = [*hourly([1000 * i for i in range(11)], start=START), (1, swap, 10_400)]
        new = [(2, swap, 77), *hourly([77 + 15 + 25 * i for i in range(14)], start=START + 11 * HOUR, channel=2)]
        result = check(readings(*old, *new), fact(), fact(channel=2, modulus=10_000))
        both = installed({"valid_to": swap}, {"channel": 2, "valid_from": swap, "numerator": 40, "version": 2})
        blocks = seal(result.steps, installations=both, grid=HOURS)
        assert values(blocks) == [*[1000] * 10, 400 + 15 * 40, *[1000] * 13]
        assert sum(values(blocks)) == 10_400 + (15 + 25 * 13) * 40
        assert (blocks["register_start"][0].as_py(), blocks["register_end"][0].as_py()) == (0, 77 + 15 + 25 * 13)
        assert blocks["installation_version"].to_pylist() == [2]

    def test_without_a_reading_at_the_exchange_that_hour_is_a_hole(self):
        old, new = hourly(RISING[:11], start=START), hourly(RISING[:14], start=START + 11 * HOUR, channel=2)
        result = check(readings(*old, *new), fact(), fact(channel=2))
        swap = START + 10 * HOUR + 1800
        blocks = seal(result.steps, installations=installed({"valid_to": swap}, {"channel": 2, "valid_from": swap}), grid=HOURS)
        assert values(blocks) == [*[1000] * 10, None, *[1000] * 13]

    def test_a_corrected_multiplier_makes_new_versions_only_from_its_day(self):
        rows = hourly([10 * i for i in range(24 * 4 + 1)], start=START)
        steps = check(readings(*rows)).steps
        wrong = seal(steps, installations=installed({"numerator": 30}), grid=HOURS)
        turn = START + 48 * HOUR
        dated = installed({"numerator": 30, "valid_to": turn}, {"numerator": 40, "valid_from": turn, "version": 2})
        changed = next_versions(seal(steps, installations=dated, grid=HOURS), wrong)
        assert [day.day for day in changed["business_date"].to_pylist()] == [3, 4]
        assert values(changed) == [400] * 24

    def test_a_fraction_of_a_multiplier_loses_nothing(self):
        rows = hourly([7 * i for i in range(25)], start=START)
        blocks = seal(check(readings(*rows)).steps, installations=installed({"numerator": 10, "denominator": 3}), grid=HOURS)
        assert sum(values(blocks)) == 7 * 24 * 10 // 3


class TestF08MetersSwapped:
    def test_both_are_flagged(self):
        one, other = [500_000 + 900 * i for i in range(60)], [20_000 + 700 * i for i in range(60)]
        rows = [
            *hourly([*one[:9], *other[9:]], start=START),
            *hourly([*other[:9], *one[9:]], start=START, channel=2),
        ]
        result = check(readings(*rows), fact(), fact(channel=2))
        swaps = result.flags.filter(pa.compute.equal(result.flags["code"], 29))
        assert swaps["channel"].to_pylist() == [1, 2]
        assert set(swaps["from_at"].to_pylist()) == {START + 9 * HOUR}


class TestF09Spike:
    def test_a_leap_that_stays_is_held(self):
        rows = hourly([*RISING[:12], *[9_000_000 + 1000 * i for i in range(60)]], start=START)
        result = check(readings(*rows))
        assert found(result) == ["spike"]
        day = seal(result.steps, installations=installed(), grid=HOURS)
        assert values(day)[11] is None
        assert total(result) == 11_000 + 59_000

    def test_a_few_readings_of_an_unknown_meter_have_a_limit_too(self):
        rows = hourly([*RISING[:5], 9_000_000, *RISING[6:12]], start=START)
        result = check(readings(*rows), fact(capacity=0))
        assert (found(result), total(result)) == (["spike"], 11_000)

    def test_one_wild_reading_is_set_aside(self):
        rows = hourly([*RISING[:12], 9_000_000, *RISING[13:]], start=START)
        result = check(readings(*rows))
        assert (found(result), result.suspect, total(result)) == (["spike"], 1, 24_000)

    def test_an_interval_beyond_capacity_is_held(self):
        rows = hourly([100, 100, 999_999, 100], start=START)
        result = check(readings(*rows), fact(kind="electricity_forward_energy"))
        assert (found(result), total(result)) == (["spike"], 300)


class TestF10Stuck:
    def test_weeks_without_movement_are_told_and_stay_billable(self):
        rows = hourly([1000] * (24 * 20), start=START)
        result = check(readings(*rows))
        assert found(result) == ["stuck"]
        assert (result.suspect, total(result)) == (0, 0)
        assert values(seal(result.steps, installations=installed(), grid=HOURS), 3) == [0] * 24

    def test_standing_still_and_catching_up_keeps_the_amount_and_marks_the_hours(self):
        rows = hourly([*[1000 * i for i in range(12)], *[11_000] * 120, 400_000, 401_000], start=START)
        result = check(readings(*rows))
        assert sorted(found(result)) == ["catch_up", "standstill"]
        assert total(result) == 401_000
        blocks = seal(result.steps, installations=installed(), grid=HOURS, bridge_s=300 * HOUR)
        assert sum(sum(filter(None, row)) for row in blocks["values"].to_pylist()) == 401_000
        assert set(blocks["quality"][2].as_py()) == {Quality.ESTIMATED}


class TestF11WrongClock:
    @pytest.mark.parametrize(("year", "code"), [(1970, "unset_clock"), (2099, "future_time"), (2029, "future_time")])
    def test_never_counts(self, year, code):
        odd = (1, int(datetime(year, 5, 1, tzinfo=UTC).timestamp()), 5_000_000)
        rows = hourly(RISING, start=START)
        result = check(readings(*rows, odd), now=datetime(2026, 7, 2, tzinfo=UTC))
        assert (found(result), total(result)) == ([code], 24_000)

    def test_a_second_ahead_of_time_is_believed(self):
        rows = hourly(RISING, start=START)
        result = check(readings(*rows), now=datetime.fromtimestamp(rows[-1][1] - 1, UTC))
        assert found(result) == []


class TestF12ClockSteppedBack:
    def test_overlapping_intervals_are_told_and_cut(self):
        rows = [(1, START + HOUR, 100), (1, START + 2 * HOUR, 100), (1, START + 2 * HOUR + 1200, 100), (1, START + 3 * HOUR, 100)]
        result = check(readings(*rows), fact(kind="electricity_forward_energy"))
        assert found(result) == ["overlap", "overlap"]
        assert result.steps["linked"].to_pylist() == [False, True, True, True, True]


class TestF13DaylightSaving:
    @pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
    def test_the_day_has_its_own_number_of_hours(self, day, hours):
        amsterdam = ZoneInfo("Europe/Amsterdam")
        start = local(f"{day}T00:00", amsterdam)
        result = check(readings(*hourly([100 * i for i in range(hours + 1)], start=start)))
        for interval_s, count in ((HOUR, hours), (900, None), (86_400, 1)):
            blocks = seal(result.steps, installations=installed(), grid=Grid(interval_s, amsterdam), bridge_s=HOUR)
            assert blocks.num_rows == 1
            assert len(values(blocks)) == (count or hours * 4)
            assert sum(values(blocks)) == 100 * hours
            assert str(blocks["business_date"][0].as_py()) == day


class TestF14OddDates:
    @pytest.mark.parametrize("day", ["2028-02-29", "2026-12-31", "2026-10-31", "2016-12-31"])
    def test_no_drift_over_leap_day_year_end_and_leap_second(self, day):
        result = check(readings(*hourly([100 * i for i in range(73)], start=local(f"{day}T00:00"))))
        blocks = seal(result.steps, installations=installed(), grid=HOURS)
        assert [len(row) for row in blocks["values"].to_pylist()] == [24, 24, 24]
        assert [
            (end - start) for start, end in zip(*(blocks[f"register_{n}"].to_pylist() for n in ("start", "end")), strict=True)
        ] == [2400] * 3


class TestF15IntervalChanges:
    def test_energy_is_conserved_from_hours_to_quarters(self):
        hours = [(1, START + (i + 1) * HOUR, 400) for i in range(12)]
        quarters = [(1, START + 12 * HOUR + (i + 1) * 900, 101) for i in range(48)]
        lengths = [HOUR] * 12 + [900] * 48
        result = check(readings(*hours, *quarters, length_s=lengths), fact(kind="electricity_forward_energy"))
        steps = result.steps
        where = installed({"reading_type": 11})
        by_hour = seal(steps, installations=where, grid=HOURS)
        assert values(by_hour) == [400] * 12 + [404] * 12
        by_quarter = seal(steps, installations=where, grid=Grid(900), bridge_s=HOUR)
        assert values(by_quarter) == [100] * 48 + [101] * 48
        assert by_quarter["quality"][0].as_py() == [Quality.ESTIMATED] * 48 + [Quality.MEASURED] * 48


class TestF16WrongUnit:
    @pytest.mark.parametrize("power", [1000, 100, 10])
    def test_a_power_of_ten_is_set_aside_until_it_ends(self, power):
        rows = hourly([10_000_000 + 1000 * i for i in range(25)], start=START)
        wrong = [(c, at, value * power if 8 <= i < 14 else value) for i, (c, at, value) in enumerate(rows)]
        result = check(readings(*wrong))
        assert (found(result), result.suspect, total(result)) == (["scale_change"], 6, 24_000)

    def test_one_that_never_ends_is_held_to_the_last(self):
        rows = hourly([10_000_000 + 1000 * i for i in range(25)], start=START)
        wrong = [(c, at, value * 1000 if i >= 8 else value) for i, (c, at, value) in enumerate(rows)]
        result = check(readings(*wrong))
        assert (found(result), result.suspect, total(result)) == (["scale_change"], 17, 7000)


class TestF17Export:
    def test_negative_energy_of_a_net_channel_is_kept_with_its_sign(self):
        rows = hourly([-500, 300, -200], start=START + HOUR)
        result = check(readings(*rows), fact(kind="electricity_forward_energy", is_signed=True))
        assert (found(result), total(result)) == ([], -400)

    def test_elsewhere_it_is_refused_not_clamped(self):
        rows = hourly([500, -300, 200], start=START + HOUR)
        result = check(readings(*rows), fact(kind="electricity_forward_energy"))
        assert (found(result), total(result)) == (["negative"], 700)
