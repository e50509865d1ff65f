"""The history is what the meters would have told, to the last digit, and the product's import reads it as it stands."""

import json
import subprocess
import sys
from datetime import date

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from cityinabox.city import make_city
from cityinabox.clock import unix
from cityinabox.energymeters import EnergyMeter
from cityinabox.flowmeters import METERS, FlowMeter
from cityinabox.history import write_history
from cityinabox.items import Ask, curve_label, daily_registers, day_label, register_curve
from cityinabox.series import Consumption
from metropool.capabilities.metering.imports.reading_file import read_file

START, END = unix(2026, 5, 10), unix(2026, 7, 1)


class NoJournal:
    def off_times(self, meter):
        return []

    def fact(self, name, default=0):
        return default


@pytest.fixture(scope="module")
def city():
    return json.loads(make_city(7, 6).text())


@pytest.fixture(scope="module")
def files(city, tmp_path_factory):
    written = write_history(city, from_s=START, to_s=END, folder=tmp_path_factory.mktemp("history"), fine_days=3)
    return {file.path.stem: file for file in written}


def rows_of(file, meter):
    """Columns of one meter, times as Unix seconds."""
    table = pq.read_table(file.path)
    mine = table.filter(pc.equal(table["meter_id"].cast("string"), meter["id"]))
    return [int(at.timestamp()) for at in mine["at"].to_pylist()], {name: mine[name].to_pylist() for name in mine.column_names}


def meters(city, service):
    return [row for row in city["devices"] if row["service"] == service]


def live(kind, city, row):
    return kind(row, city["series"][row["id"]], [], NoJournal())


@pytest.mark.parametrize("source", ["fr_sceaux", "nl_import", "nl_export", "ca_water", "gas"])
def test_columns_are_the_registers_of_each_time(source):
    use = Consumption(source, -29, 3_141_593, 1_000_007)
    times = np.random.default_rng(3).integers(unix(2018, 1, 1), unix(2034, 1, 1), 200)
    assert [tuple(row) for row in use.columns(times).T.tolist()] == [use.registers(at) for at in times.tolist()]


def test_what_a_terminal_freezes_and_pushes_goes_on_from_the_history(city, files):
    row = next(row for row in meters(city, "electricity") if row["parent"])
    meter, yesterday = live(EnergyMeter, city, row), unix(2026, 6, 30)
    _, frozen = daily_registers(Ask(meter, day_label(yesterday), END), "forward")
    at, days = rows_of(files["electricity_daily"], row)
    assert (at[0], at[-1]) == (START, frozen[0].at) == (START, END)
    last = [days[name][-1] for name in ("total_kwh", "t1_kwh", "t2_kwh", "t3_kwh", "t4_kwh")]
    assert [int(value * 10_000) for value in last] == [told.value for told in frozen]
    _, pushed = register_curve(Ask(meter, curve_label(END - 900 * 8, 9), END))
    at, curve = rows_of(files["electricity_curve"], row)
    assert at == list(range(unix(2026, 6, 28), END + 1, 900))
    told = [(told.at, told.value) for told in pushed]
    assert list(zip(at, [int(value * 10_000) for value in curve["register_kwh"]], strict=True))[-9:] == told


def test_the_meter_without_a_terminal_shows_two_decimals(city, files):
    (row,) = [row for row in meters(city, "electricity") if not row["parent"]]
    _, days = rows_of(files["electricity_daily"], row)
    assert int(days["total_kwh"][-1] * 10_000) == live(EnergyMeter, city, row).forward(END)
    assert all(int(value * 10_000) % 100 == 0 for value in days["t3_kwh"])


@pytest.mark.parametrize(("service", "unit", "scale"), [("water", "m3", 1000), ("gas", "m3", 1000), ("heat", "kwh", 100)])
def test_flow_meters_show_a_day_and_then_an_hour(city, files, service, unit, scale):
    row = meters(city, service)[1]
    at, readings = rows_of(files[f"{service}_hourly"], row)
    fine = unix(2026, 6, 28)
    assert at == [*range(START, fine, 86400), *range(fine, END + 1, 3600)]
    shown = live(METERS.get(service, FlowMeter), city, row)._told(END)[0]
    assert (shown.item, shown.value) == (f"{service}_register", int(readings[f"{service}_{unit}"][-1] * scale))


@pytest.mark.parametrize("name", ["electricity_daily", "electricity_curve", "water_hourly", "gas_hourly", "heat_hourly"])
def test_the_import_reads_the_files_by_their_header(city, files, name):
    imported = read_file(files[name].path)
    assert (imported.mapping.name, imported.rows) == (f"city_{name}", files[name].rows)
    assert (imported.doubts, imported.left_out, imported.rounded) == ([], [], {})
    assert {channel.name for channel in imported.channels} <= {channel["id"] for channel in city["channels"]}
    ends = imported.readings.group_by("channel").aggregate([("value", "min"), ("value", "max")]).to_pylist()
    steps = {imported.channels[row["channel"]].name: row["value_max"] - row["value_min"] for row in ends}
    step = {"electricity_daily": 1, "electricity_curve": 100}.get(name, 10)
    begin = unix(2026, 6, 28) if name == "electricity_curve" else START
    for row in meters(city, name.partition("_")[0]):
        registers = live(EnergyMeter, city, row).use
        first, last = registers.register(begin), registers.register(END)
        expected = last // step * step - first // step * step
        total = next(value for channel, value in steps.items() if channel.startswith(row["id"]))
        total *= 10 if name == "heat_hourly" else 1  # heat is kept as it is shown, in hundredths
        assert total == (expected if row["parent"] else last // 100 * 100 - first // 100 * 100)


def test_a_history_ends_before_the_first_fault(city, tmp_path):
    with pytest.raises(ValueError, match="past the first fault"):
        write_history(city, from_s=START, to_s=unix(2026, 7, 3), folder=tmp_path)
    with pytest.raises(ValueError, match="ends before it begins"):
        write_history(city, from_s=END, to_s=END, folder=tmp_path)


def test_the_command_takes_days_of_the_city(tmp_path):
    (tmp_path / "city.json").write_text(make_city(7, 1, date(2026, 7, 1)).text(), "utf-8")
    command = [sys.executable, "-m", "cityinabox.cli", "history", "--city", tmp_path / "city.json", "-o", tmp_path / "files"]
    run = subprocess.run([*command, "--from", "2026-06-01", "--to", "2026-07-01"], capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in run.stdout.splitlines()]
    assert [(file["meters"], file["rows"]) for file in told] == [
        (4, 124),
        (4, 4 * (30 * 96 + 1)),
        *[(2, 1442)] * 3,
    ]
    assert all(pq.read_metadata(file["file"]).num_rows == file["rows"] for file in told)


def test_only_the_plain_meter_needs_the_library_of_the_protocol(tmp_path):
    (tmp_path / "city.json").write_text(make_city(7, 1).text(), "utf-8")
    rest = ["cli", "city", "concentrator", "load", "history", "payers", "payment.serve"]
    words = ["cityinabox", "meter645", "--city", str(tmp_path / "city.json")]
    code = f"import sys; sys.modules['dlt645'] = None\nfor name in {rest}: __import__('cityinabox.' + name)\n"
    code += f"sys.argv = {words}; sys.modules['cityinabox.cli'].main()"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr.count("\n")) == (1, 1)
    assert "pip install dlt645" in run.stderr
