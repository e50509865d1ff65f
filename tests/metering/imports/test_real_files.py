"""Each real file gives the totals known of it, and its report lists every defect known of it, and little else."""

from decimal import Decimal

import polars as pl
import pyarrow.compute as pc
import pytest
from msgspec.structs import replace

from metering.samples import flags, other_share, report_on, sample, summary_of, totals
from metropool.capabilities.metering.imports.mapping.choose import choose_mapping
from metropool.capabilities.metering.imports.reading_file import read_file
from metropool.capabilities.metering.validation.flags import FlagClass
from metropool.core.texts import texts_of


class TestAmpds2:
    def test_week_gives_the_known_electricity_water_and_gas(self):
        summary = summary_of(sample("homes/ca-ampds2/tri_utility_week_1min_2013-11-21_27.csv.gz"))
        assert (totals(summary)["elec_main_w"], Decimal(totals(summary)["water_counter_l"])) == ("206.999", Decimal("5.37"))
        gas = Decimal(totals(summary)["gas_furnace_counter_dm3"])
        assert gas.quantize(Decimal("0.001")) == Decimal("18.632")
        assert summary["channels"][0]["exact"] == "745194840"
        assert summary["accepted"] == summary["readings"] == 8 * 10_080
        assert {flag["class"] for flag in summary["flags"]} <= {"rounded"}

    def test_quarter_hours_and_minutes_of_the_year_agree(self):
        quarters = summary_of(sample("homes/ca-ampds2/water_gas_15min_2012-04_2013-03.csv.gz"))
        minutes = summary_of(sample("homes/ca-ampds2/water_gas_1min_2012-04_2013-03.parquet"))
        assert (quarters["readings"], minutes["readings"]) == (2 * 35_040, 2 * 525_600)
        assert list(totals(quarters).values()) == list(totals(minutes).values())
        assert totals(minutes)["water_counter"].startswith("255.32")
        assert totals(minutes)["gas_counter"].startswith("355.08")
        assert set(minutes["counts"]) <= {"stuck", "rounded"}


@pytest.fixture(scope="module", name="toon")
def toon_summary():
    return summary_of(sample("homes/nl-home-a/registers_hourly_2018-04_2021-12.csv.gz"))


class TestToonRegisters:
    def test_totals_are_register_differences(self, toon):
        assert totals(toon) == {
            "import_t1": "5775.9590",
            "import_t2": "6321.8990",
            "export_t1": "5126.8690",
            "export_t2": "2252.1090",
            "pv": "11175.9080",
            "gas": totals(toon)["gas"],
        }
        assert totals(toon)["gas"].startswith("7362.701")

    def test_standstill_catches_up_on_the_evening_of_31_may_2018(self, toon):
        caught = {flag["channel"][4:]: flag for flag in flags(toon, "catch_up") if flag["from"] == "2018-05-31T20:00:00Z"}
        assert [caught[name]["amount"][:6] for name in ("import_t1", "import_t2", "gas")] == ["114.32", "122.89", "13.173"]
        stood = {flag["channel"][4:]: flag["from"] for flag in flags(toon, "standstill") if flag["to"] == "2018-05-31T19:00:00Z"}
        assert stood == {"import_t1": "2018-05-04T22:00:00Z", "import_t2": "2018-05-07T02:00:00Z", "gas": "2018-05-07T01:00:00Z"}

    def test_two_more_standstills_nobody_had_named(self, toon):
        assert {flag["from"] for flag in flags(toon, "catch_up")} == {
            "2018-05-31T20:00:00Z",
            "2018-07-09T17:00:00Z",
            "2018-07-22T19:00:00Z",
        }

    def test_solar_register_drops_eight_times(self, toon):
        assert [flag["from"][:13] for flag in flags(toon, "reset", "pv")] == ["2020-01-10T08"]
        drops = [
            "2020-01-20T17",
            "2020-03-17T13",
            "2020-04-15T17",
            "2021-09-07T19",
            "2021-09-24T17",
            "2021-10-26T13",
            "2021-12-10T16",
        ]
        assert [flag["from"][:13] for flag in flags(toon, "backward", "pv")] == drops
        assert flags(toon, "backward", "pv")[0]["line"] == 15_798

    def test_eight_hours_are_missing_in_every_channel(self, toon):
        for channel in ("import_t1", "import_t2", "export_t1", "export_t2", "pv", "gas"):
            assert [flag["count"] for flag in flags(toon, "gap", channel)] == [1] * 8
        assert flags(toon, "gap", "gas")[0]["from"] == "2019-12-15T05:00:00Z"

    def test_export_and_solar_start_late(self, toon):
        late = {flag["channel"][4:]: flag["to"][:10] for flag in flags(toon, "late_start")}
        assert late == {"export_t1": "2018-07-25", "export_t2": "2018-07-28", "pv": "2018-08-14"}

    def test_blank_cells_are_counted(self, toon):
        blank = {name: sum(flag["count"] for flag in flags(toon, "blank", name)) for name in ("t1", "t2", "pv", "gas")}
        assert blank == {"t1": 77, "t2": 13, "pv": 9, "gas": 4}

    def test_nothing_else_is_flagged(self, toon):
        named = {"standstill", "catch_up", "reset", "backward", "gap", "late_start", "blank"}
        assert other_share(toon, named) == 0
        assert toon["doubts"] == []


class TestHomewizard:
    def test_gas_is_empty_until_mid_march_and_after_the_last_noon(self):
        summary = summary_of(sample("homes/nl-home-d/gas_15min_2025-03_2025-07.csv.gz"))
        late = flags(summary, "late_start")
        assert [flag["to"] for flag in late] == ["2025-03-14T16:30:00Z"]
        assert [(flag["from"], flag["count"]) for flag in flags(summary, "blank")] == [("2025-07-12T11:45:00Z", 41)]
        assert totals(summary)["gas"].startswith("96.993")
        assert other_share(summary, {"late_start", "blank"}) == 0

    def test_water_is_in_decilitres_and_zero_before_use(self):
        summary = summary_of(sample("homes/nl-home-d/water_15min_2025-03_2025-07.csv.gz"))
        assert totals(summary)["water"].startswith("40.341")
        [unused] = flags(summary, "not_in_use")
        assert (unused["to"], unused["count"]) == ("2025-03-28T12:00:00Z", 2645)
        zeroed = flags(summary, "zeroed")
        assert [flag["line"] for flag in zeroed] == [4572, 5824, 6477, 6486, 6491, 6569, 6572, 8721]
        assert [flag["from"] for flag in flags(summary, "reset")] == ["2025-07-12T11:45:00Z"]
        assert other_share(summary, {"not_in_use", "zeroed", "reset", "rounded"}) == 0

    def test_electricity_month_is_clean(self):
        summary = summary_of(sample("homes/nl-home-d/elec_15min_2022-09.csv.gz"))
        assert totals(summary) == {
            "import_t1": "855.8160",
            "import_t2": "500.6110",
            "export_t1": "284.9790",
            "export_t2": "576.1390",
        }
        assert summary["flags"] == []


class TestSceaux:
    def test_imputed_minutes_are_missing_in_every_channel(self):
        summary = summary_of(sample("homes/fr-uci-sceaux/load_1min_raw_2007-04_2007-05.csv.gz"))
        imputed = flags(summary, "imputed")
        assert {(flag["from"], flag["count"]) for flag in imputed} == {("2007-04-27T23:22:00Z", 3723)}
        assert len(imputed) == len(summary["flags"]) == 5
        assert summary["accepted"] == 5 * (87_840 - 3723)

    def test_the_rule_finds_the_filled_minutes_without_their_mark(self):
        path = sample("homes/fr-uci-sceaux/load_1min_raw_2007-04_2007-05.csv.gz")
        unmarked = replace(choose_mapping(path), validity=None, ignored=("*",))
        summary = summary_of(path, unmarked)
        found = flags(summary, "imputed", "/active_power")
        assert [(flag["from"], flag["count"]) for flag in found] == [("2007-04-27T23:22:00Z", 3723)]

    def test_quarter_hours_without_a_measured_minute_are_missing(self):
        summary = summary_of(sample("homes/fr-uci-sceaux/load_15min_2006-12_2009-12.csv.gz"))
        imputed = flags(summary, "imputed", "energy")
        assert (len(imputed), sum(flag["count"] for flag in imputed), max(flag["count"] for flag in imputed)) == (11, 543, 247)
        assert sum(flag["count"] for flag in flags(summary, "partial", "energy")) == 20
        assert other_share(summary, {"imputed", "partial"}) < 0.01

    def test_the_minutes_not_measured_are_told_with_the_longest_run(self):
        """The copy ends in 2009: of the 25,979 minutes missing up to 2010, with a run of 7,226 in August 2010, it has these."""
        quarters = summary_of(sample("homes/fr-uci-sceaux/load_15min_2006-12_2009-12.csv.gz"))["unmeasured"]
        assert (quarters["minutes"], quarters["runs"], quarters["longest_minutes"]) == (8287, 11, 3723)
        minutes = summary_of(sample("homes/fr-uci-sceaux/load_1min_raw_2007-04_2007-05.csv.gz"))["unmeasured"]
        assert (minutes["minutes"], minutes["runs"], minutes["longest_minutes"]) == (3723, 1, 3723)
        assert (minutes["longest_from"], minutes["longest_to"]) == ("2007-04-27T23:21:00Z", "2007-04-30T13:24:00Z")
        assert minutes["longest_lines"] == [38903, 42625]


class TestSmartGridSmartCity:
    def test_missing_half_hours_of_each_home(self):
        summary = summary_of(sample("homes/au-sgsc-10/halfhourly_7_homes.csv.gz"))
        missing = [sum(flag["count"] for flag in flags(summary, "gap", f"AU0{n}/general_supply")) for n in range(1, 8)]
        assert missing == [40, 0, 448, 896, 820, 44, 800]
        assert other_share(summary, {"gap"}) < 0.01
        assert summary["readings"] == 204_874


@pytest.fixture(scope="module", name="daiad")
def daiad_summary():
    return summary_of(sample("water/daiad-alicante/water_amr_hourly_raw_2016-03_2017-02.parquet"))


class TestDaiad:
    def test_all_meters_and_readings_are_there(self, daiad):
        assert (len(daiad["channels"]), daiad["readings"]) == (62, 453_636)

    def test_negative_differences_are_listed_one_by_one(self, daiad):
        falls = flags(daiad, "backward") + flags(daiad, "reset") + flags(daiad, "zeroed")
        assert len(falls) == 154
        assert len({flag["channel"] for flag in falls}) == 21
        assert sum(flag["channel"].startswith("W019") for flag in falls) == 125

    def test_jumps_of_more_than_two_cubic_metres(self, daiad):
        jumps = {(flag["channel"][:4], flag["from"][:10]): flag["amount"] for flag in flags(daiad, "jump")}
        assert len(jumps) == 17
        assert jumps["W028", "2016-12-06"].startswith("26.253")
        assert jumps["W092", "2017-01-11"].startswith("56.537")
        assert jumps["W028", "2016-03-07"].startswith("9.421"), "stated by the first row, of a reading before the file"

    def test_every_repeated_timestamp_is_in_the_hour_the_clock_went_back(self, daiad):
        path = sample("water/daiad-alicante/water_amr_hourly_raw_2016-03_2017-02.parquet")
        file = read_file(path)
        again = {(flag["channel"], flag["line"]) for flag in flags(daiad, "repeated_time")}
        after = flags(daiad, "second_pass")
        written = pl.read_parquet(path).with_row_index("line", offset=1)
        repeats = written.filter(~pl.struct("meter_id", "ts_local").is_first_distinct())
        assert repeats.height == 52
        assert {(f"{row['meter_id']}/water", row["line"]) for row in repeats.iter_rows(named=True)} == again
        assert [flag["channel"][:4] for flag in after] == ["W032", "W035", "W050", "W058", "W062"]
        assert pc.all(pc.equal(pc.divide(file.repeated["at"], 3600), 1477789200 // 3600)).as_py()
        assert daiad["repeated"] == 0, "nothing is dropped: the second pass of the hour has its own time"

    def test_seven_meters_have_few_readings(self, daiad):
        few = {flag["channel"][:4]: flag["count"] for flag in flags(daiad, "few_readings")}
        assert few == {"W074": 60, "W028": 375, "W092": 689, "W008": 1912, "W038": 2001, "W068": 2772, "W053": 4052}

    def test_sparse_meters_are_called_sparse_and_not_leaking(self, daiad):
        assert "W053" in {flag["channel"][:4] for flag in flags(daiad, "sparse") + flags(daiad, "few_readings")}
        leaks = {flag["channel"][:4]: flag["count"] for flag in flags(daiad, "continuous_flow")}
        assert leaks == {"W077": 277, "W070": 145}, "2016-06-16, when W070 fell by 3 L, proves nothing"

    def test_few_other_flags(self, daiad):
        named = {
            "backward",
            "reset",
            "jump",
            "repeated_time",
            "second_pass",
            "few_readings",
            "sparse",
            "continuous_flow",
            "rounded",
        }
        assert other_share(daiad, named) < 0.01


class TestSmaInverter:
    def test_energy_of_the_register_and_of_mean_power_agree(self):
        summary = summary_of(sample("pv/sma_inverter_5min_export_2025.csv.gz"))
        assert totals(summary) == {"generation": "600.5020", "power": "600.503"}
        assert [flag["from"] for flag in flags(summary, "blank", "generation")] == ["2025-07-03T01:05:00Z"]


def test_every_finding_has_words_in_both_languages():
    texts = texts_of("metropool.capabilities.metering.validation")
    assert set(texts) == {code.key for code in FlagClass}
    assert all(set(words) == {"zh", "en"} for words in texts.values())


def test_steps_of_a_file_are_what_sealing_takes():
    report = report_on(sample("homes/ca-ampds2/tri_utility_week_1min_2013-11-21_27.csv.gz"))
    assert report.validated.steps.column_names == ["channel", "at", "value", "quality", "step", "linked"]
