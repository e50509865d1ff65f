"""Registers as pure functions of time."""

import subprocess
import sys
from itertools import pairwise

import pytest

from cityinabox.city import make_city
from cityinabox.clock import unix
from cityinabox.series import Consumption, shape_of

SOURCES = ["fr_sceaux", "nl_import", "ca_water", "gas"]


@pytest.mark.parametrize("source", SOURCES)
def test_registers_never_fall_from_2020_to_2035(source):
    use = Consumption(source, 17, 2_500_000, 12345)
    for start in (unix(2020, 1, 1), unix(2026, 7, 1), unix(2034, 12, 30)):
        readings = [use.registers(start + 397 * i) for i in range(1500)]
        for early, late in pairwise(readings):
            assert all(a <= b for a, b in zip(early, late, strict=True))


def test_an_electricity_register_grows_in_every_quarter_hour():
    use = Consumption("fr_sceaux", 30, 1_500_000)
    start = unix(2026, 7, 1)
    assert all(use.interval(start + 900 * i, start + 900 * (i + 1)) > 0 for i in range(96 * 31))


@pytest.mark.parametrize("source", SOURCES)
def test_the_mean_month_is_the_one_asked_for_and_intervals_sum_up(source):
    use = Consumption(source, 5, 2_000_000)
    start = unix(2026, 3, 2)
    weeks = shape_of(source).weeks
    whole = use.interval(start, start + weeks * 604800)
    assert abs(whole - 2_000_000 * 12 * 4 * 7 * weeks // 1461) <= 4
    assert sum(use.interval(start + 900 * i, start + 900 * (i + 1)) for i in range(672)) == use.interval(start, start + 604800)


def test_tariff_registers_move_only_in_their_hours():
    use = Consumption("fr_sceaux", 3, 3_000_000)
    night, peak = unix(2026, 7, 1, 3), unix(2026, 7, 1, 10)
    assert [a != b for a, b in zip(use.registers(night), use.registers(night + 3600), strict=True)] == [False, False, False, True]
    assert [a != b for a, b in zip(use.registers(peak), use.registers(peak + 3600), strict=True)] == [False, True, False, False]


def test_another_process_reads_the_same_registers():
    code = "from cityinabox.series import Consumption as C; print(C('gas', 9, 17000, 55).register(1782835201))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(told.stdout) == Consumption("gas", 9, 17000, 55).register(1782835201)


def test_homes_use_plausible_amounts():
    city = make_city(7, 60).as_dict()
    limits = {"electricity": (100, 400, 10_000), "water": (8, 30, 1000), "gas": (5, 30, 1000)}
    for row in city["devices"]:
        if row["service"] in limits and row["place"].startswith("home"):
            low, high, unit = limits[row["service"]]
            use = city["series"][row["id"]]
            consumption = Consumption(use["source"], use["offset_weeks"], use["monthly"], use["start"])
            year = consumption.interval(unix(2026, 1, 1), unix(2027, 1, 1))
            assert low * 0.85 <= year / unit / 12 <= high * 1.15, row["id"]
