"""Tariffs are data: what may be said, what is found wrong and where, and a new service by one file alone."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from metropool.capabilities.billing.adapters.tariffs import SqlTariffs
from metropool.capabilities.billing.capability import BILLING
from metropool.capabilities.billing.cases import rate_cases
from metropool.capabilities.billing.tariffs import band_of_day, load_tariffs, plan_of, tariff_book
from metropool.capabilities.billing.tariffs.calendars import periods_of
from metropool.core.errors import Invalid, NotFound

BOOK = tariff_book()
OURS = files("metropool.capabilities.billing.tariffs")
POWER = "guangzhou_residential_electricity"
HEATING = """
tariffs:
  - id: north_city_residential_heat
    service: heat
    unit: kWh
    zh: 北方城市居民供热
    en: North city district heating
    versions:
      - valid_from: 2025-11-15
        source: made for this test
        certainty: derived
        charges:
          - {name: basic_fee, by: month, price: 30.00, group: basic}
          - {name: heat, by: total, price: 0.16}
        minimum_per_month: 45
"""


def _faults(tmp_path, text: str) -> list:
    (tmp_path / "city.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        load_tariffs([OURS, tmp_path])
    return list(refused.value.faults)


def test_district_heating_comes_by_one_file_alone(tmp_path, company):
    (tmp_path / "heating.yaml").write_text(HEATING, encoding="utf-8")
    book = load_tariffs([OURS, tmp_path])
    company.capability = replace(BILLING, keeps={**BILLING.keeps, "tariffs": partial(SqlTariffs, book=book)})
    july = (date(2026, 7, 1), date(2026, 8, 1))
    for account, daily in (("H1", 1000), ("H2", 1)):
        company.assign(account, "north_city_residential_heat", valid_from=date(2026, 1, 1))
        company.measure_month(account, *july, daily=daily, service="heat")
    company.run("heat", *july)
    bills = [(bill["number"], bill["quantity"], bill["amount_fen"], json.loads(bill["lines"])) for bill in company.bills()]
    assert bills == [
        ("HE2026070000001", "310", 7960, [["basic_fee", "1", "30.00", "30"], ["heat", "310", "0.16", "49.6"]]),
        (
            "HE2026070000002",
            "0.31",
            4500,
            [
                ["basic_fee", "1", "30.00", "30"],
                ["heat", "0.31", "0.16", "0.0496"],
                ["minimum_charge", "1", "14.9504", "14.9504"],
            ],
        ),
    ]


def test_every_version_says_where_it_is_from_and_how_sure_that_is():
    for tariff in BOOK.tariffs.values():
        for version in tariff.versions:
            assert version.source
            assert version.certainty in ("verified", "memory", "derived")
            assert (version.level == "none") == (version.certainty != "verified")


def test_time_of_use_prices_follow_the_published_ratios_without_the_funds():
    ratios = {"peak": "1.7", "flat": "1", "valley": "0.38"}
    version = BOOK.version_on(POWER, date(2021, 10, 1))
    [charge] = [charge for charge in version.charges if charge.by == "period"]
    expected = {period: Decimal("0.5802") * Decimal(ratio) + Decimal("0.00866875") for period, ratio in ratios.items()}
    assert charge.periods == expected


def test_a_british_year_comes_to_the_published_typical_bill():
    cases = [
        {"tariff": "great_britain_price_cap_electricity", "kwh": 2700, "days": 365},
        {"tariff": "great_britain_price_cap_gas", "kwh": 11500, "days": 365},
    ]
    assert sum(Decimal(answer["total_exact"]) for answer in rate_cases(cases)) == Decimal("1754.9415")


def test_what_held_on_a_day_is_found_and_nothing_is_made_up():
    assert BOOK.version_on(POWER, date(2021, 9, 30)).valid_from == date(2021, 6, 1)
    assert BOOK.version_on(POWER, date(2021, 10, 1)).valid_from == date(2021, 10, 1)
    with pytest.raises(NotFound, match="no version for 2019-06-30"):
        BOOK.version_on(POWER, date(2019, 6, 30))
    with pytest.raises(NotFound, match="no tariff"):
        BOOK.tariff("moon_water")


def test_households_of_several_persons_have_higher_limits_only_since_june_2021():
    tariff = BOOK.tariff(POWER)
    limits = [
        plan_of(tariff, BOOK.version_on(POWER, day), options=["multi_person"], month=day.month).limits
        for day in (date(2021, 5, 31), date(2021, 6, 1))
    ]
    assert limits == [(260, 600), (360, 700)]


def test_limits_by_month_grow_with_the_months_and_limits_by_year_do_not():
    water, gas = (BOOK.tariff(f"guangzhou_residential_{service}") for service in ("water", "gas"))
    assert plan_of(water, water.versions[-1], months=2).limits == (52, 68)
    assert plan_of(gas, gas.versions[-1], months=2).limits == (320, 400)


def _hours(calendar_id: str, day: date, day_sets=None) -> list[str]:
    calendar = BOOK.calendars[calendar_id]
    start = int(np.datetime64(day, "s").astype(int)) - 8 * 3600
    zone = ZoneInfo("Asia/Shanghai")
    bands = band_of_day(calendar, day, start=start, interval_s=3600, count=24, zone=zone, day_sets=day_sets or BOOK.day_sets)
    return [periods_of(calendar)[band] for band in bands]


def test_the_hours_of_homes_and_of_commerce():
    home = ["valley"] * 8 + ["flat"] * 2 + ["peak"] * 2 + ["flat"] * 2 + ["peak"] * 5 + ["flat"] * 5
    assert _hours("guangdong_residential_periods", date(2026, 7, 1)) == home
    assert _hours("guangdong_commercial_periods", date(2026, 6, 30)) == home
    july = _hours("guangdong_commercial_periods", date(2026, 7, 1))
    assert [hour for hour, period in enumerate(july) if period == "sharp"] == [11, 15, 16]


def test_a_hot_day_the_operator_entered_is_sharp_outside_summer_too():
    book = BOOK.with_days({"guangzhou_hot_days": [date(2026, 6, 30)]})
    assert _hours("guangdong_commercial_periods", date(2026, 6, 30), book.day_sets).count("sharp") == 3
    assert _hours("guangdong_commercial_periods", date(2026, 6, 29), book.day_sets).count("sharp") == 0


def test_an_interval_across_the_edge_of_a_period_is_refused():
    calendar = BOOK.calendars["guangdong_residential_periods"]
    with pytest.raises(Invalid, match="across the edges"):
        band_of_day(
            calendar, date(2026, 7, 1), start=0, interval_s=7200 * 2, count=6, zone=ZoneInfo("Asia/Shanghai"), day_sets={}
        )


def test_days_on_which_the_clocks_change_have_their_own_intervals():
    calendar = BOOK.calendars["shanghai_residential_periods"]
    bands = band_of_day(
        calendar, date(2025, 3, 30), start=1743289200, interval_s=900, count=92, zone=ZoneInfo("Europe/London"), day_sets={}
    )
    assert (np.array(periods_of(calendar))[bands] == "valley").sum() == 28


GOOD = """tariffs:
  - id: a
    service: water
    unit: m3
    zh: 甲
    en: A
    options: {garden: has one}
    versions:
      - valid_from: 2026-01-01
        source: here
        certainty: memory
        tiers: {window: month, limits: {all: [10, 20]}}
        charges:
          - {name: "tier{n}", by: tier, tiers: [1, 2, 3]}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("[1, 2, 3]", "[1, 2, x]", 14, "[2]: should be a number"),
        ("[1, 2, 3]", "[1, 2]", 14, "2 prices for 3 tiers"),
        ("by: tier", "by: moon", 14, "moon"),
        ("        source: here\n", "", 9, "source"),
        ("certainty: memory", "certainty: memory\n        colour: red", 12, "colour"),
        ("[10, 20]", "[20, 10]", 12, "do not grow"),
        ("2026-01-01", "2026-13-01", 9, "should be a day"),
        ("        certainty", "        calendar: none\n        certainty", 11, "no calendar"),
        ('"tier{n}", by', '"tier{n}", having: [pool], by', 14, "'pool' is not declared"),
        ("id: a", f"id: {POWER}", 2, "is also at"),
        ("by: tier, tiers: [1, 2, 3]", "by: period, periods: {peak: 1}", 14, "no period 'peak'"),
        ("by: tier, tiers: [1, 2, 3]", "by: total", 14, "needs price"),
        ("2026-01-01", "2026-01-01\n        valid_to: 2025-01-01", 10, "ends before it starts"),
        ("    en: A\n", "    en: A\n    en: B\n", 7, "there twice"),
        ("options: {garden: has one}", "options: [", 9, "not valid YAML: at column"),
        ("    en: A\n", "    en: A\n    late_fee: none\n", 7, "no late-fee rule"),
    ],
)
def test_a_fault_is_told_with_file_line_and_remedy(tmp_path, old, new, line, what):
    assert old in GOOD
    faults = _faults(tmp_path, GOOD.replace(old, new, 1))
    assert faults[0].where == f"city.yaml:{line}"
    assert what in str(faults[0].what)
    assert all(fault.remedy for fault in faults)


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    text = (
        GOOD.replace("[1, 2, 3]", "[1, 2]")
        .replace("[10, 20]", "[20, 10]")
        .replace("certainty", "calendar: none\n        certainty")
    )
    assert len(_faults(tmp_path, text)) == 3


def test_versions_follow_one_another_without_gap(tmp_path):
    later = GOOD + GOOD[GOOD.index("      - valid_from") :].replace("2026-01-01", "2026-03-01")
    [fault] = _faults(tmp_path, later)
    assert "the next version starts on 2026-03-01" in str(fault.what)
