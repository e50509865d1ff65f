"""Blocks: mean powers integrated, parts summing to the whole, small files, quick months."""

import io
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metering.made import HOUR, check, fact, hourly, installed, local, readings
from metering.samples import report_on, sample
from metropool.core.errors import Invalid
from metropool.facts.readings.blocks import seal
from metropool.facts.readings.grid import Grid
from metropool.facts.readings.parquet import BLOCK_PARQUET, packed, read_blocks, unpacked
from metropool.facts.readings.schemas import BLOCK
from metropool.facts.readings.steps import register_steps
from metropool.facts.readings.versions import next_versions

START = local("2026-07-01T00:00")


def many(*, points: int, days: int, seed: int = 5) -> tuple[pa.Table, pa.Table]:
    """Quarter-hour registers of many meters, and their blocks."""
    rng = np.random.default_rng(seed)
    rows = days * 96 + 1
    value = np.cumsum(rng.gamma(0.4, 8, (points, rows)).astype(np.int64) * 10, axis=1).ravel()
    steps = register_steps(
        channel=np.repeat(np.arange(points, dtype=np.int32), rows),
        at=np.tile(START + 900 * np.arange(rows), points),
        value=value,
        quality=np.zeros(points * rows, np.uint8),
    )
    places = installed(*({"channel": i, "usage_point": 100 + i} for i in range(points)))
    return steps, seal(steps, installations=places, grid=Grid(900))


def test_mean_power_is_integrated_exactly():
    power = [433, 1, 0, 12_260, 7] * 12
    rows = hourly(power, start=START + 60, step=60)
    result = check(readings(*rows), fact(kind="electricity_mean_power", interval_s=60, capacity=48_000))
    for interval_s in (60, 900, 1800, HOUR):
        blocks = seal(result.steps, installations=installed({"reading_type": 13}), grid=Grid(interval_s))
        got = [value for value in blocks["values"][0].as_py() if value is not None]
        assert sum(got) == sum(power) * 60
        assert len(got) == HOUR // interval_s
    assert blocks["register_start"].to_pylist() == [None]


def test_the_real_week_seals_to_its_known_energy():
    report = report_on(sample("homes/ca-ampds2/tri_utility_week_1min_2013-11-21_27.csv.gz"))
    one = installed({"channel": 0, "reading_type": 13}, {"channel": 6, "reading_type": 30})
    blocks = seal(report.validated.steps, installations=one, grid=Grid(HOUR, ZoneInfo("America/Vancouver")))
    power = blocks.filter(pa.compute.equal(blocks["reading_type"], 13))
    assert pa.compute.sum(power["values"].combine_chunks().flatten()).as_py() == 745_194_840
    assert power.num_rows == 7
    water = blocks.filter(pa.compute.equal(blocks["reading_type"], 30))
    holes = sum(row.count(None) for row in water["values"].to_pylist())
    assert holes == 1, "the counter's last reading is a minute before midnight: the last hour is not known"


@settings(max_examples=60, deadline=None)
@given(
    minutes=st.lists(st.integers(1, 200), min_size=1, max_size=60),
    amounts=st.lists(st.integers(0, 50_000), min_size=60, max_size=60),
    interval_s=st.sampled_from([60, 900, HOUR, 86_400]),
)
def test_whatever_the_times_bridged_intervals_sum_to_the_registers_difference(minutes, amounts, interval_s):
    at = START + 60 * np.concatenate([[0], np.cumsum(minutes)])
    at = np.append(at, at[-1] + (-(at[-1] - START) % 86_400))
    value = np.concatenate([[0], np.cumsum(amounts[: len(minutes)]), [sum(amounts[: len(minutes)]) + 5]])
    keep = np.concatenate([[True], np.diff(at) > 0])
    steps = register_steps(
        channel=np.ones(keep.sum(), np.int32), at=at[keep], value=value[keep], quality=np.zeros(keep.sum(), np.uint8)
    )
    blocks = seal(steps, installations=installed(), grid=Grid(interval_s), bridge_s=10**7)
    sealed = [amount for row in blocks["values"].to_pylist() for amount in row]
    assert None not in sealed
    assert sum(sealed) == value[keep][-1] - value[keep][0]


def test_holes_are_null_and_days_without_readings_are_told():
    rows = [*hourly([0, 1, 2], start=START), *hourly([9, 10], start=START + 72 * HOUR)]
    blocks = seal(check(readings(*rows)).steps, installations=installed(), grid=Grid(HOUR))
    assert [row.count(None) for row in blocks["values"].to_pylist()] == [22, 24, 24, 23]
    assert blocks["quality"][1].as_py() == [2] * 24
    assert (blocks["register_start"].to_pylist(), blocks["register_end"].to_pylist()) == (
        [0, None, None, 9],
        [None, None, 9, None],
    )


def test_only_wanted_days_are_sealed_with_context_around_them():
    rows = hourly([10 * i for i in range(24 * 5)], start=START)
    steps = check(readings(*rows)).steps
    third = date(2026, 7, 3)
    blocks = seal(steps, installations=installed(), grid=Grid(HOUR), first=third, last=third)
    assert (blocks["business_date"].to_pylist(), blocks["values"][0].as_py()) == ([third], [10] * 24)


def test_an_interval_that_does_not_divide_a_day_is_refused():
    with pytest.raises(Invalid, match="does not divide a day"):
        Grid(7000)


def test_nothing_in_gives_nothing_out():
    empty = check(readings((1, START, 5)).slice(0, 0))
    assert seal(empty.steps, installations=installed(), grid=Grid(HOUR)) == BLOCK.empty_table()


def test_a_packed_file_gives_the_same_blocks_back(tmp_path):
    _, blocks = many(points=3, days=2)
    pq.write_table(packed(blocks), tmp_path / "a.parquet", **BLOCK_PARQUET)
    assert unpacked(pq.read_table(tmp_path / "a.parquet")) == blocks
    wide = blocks.set_column(6, BLOCK.field(6), pa.chunked_array([[[2**40]] * 6], type=BLOCK.field(6).type))
    assert unpacked(packed(wide)) == wide


def test_a_sealed_reading_takes_no_more_than_one_and_a_half_bytes():
    _, blocks = many(points=200, days=31)
    sink = io.BytesIO()
    pq.write_table(packed(blocks), sink, **BLOCK_PARQUET)
    assert len(sink.getvalue()) / (blocks.num_rows * 96) <= 1.5


def test_a_meter_month_comes_from_few_row_groups_and_the_latest_version(tmp_path):
    _, blocks = many(points=300, days=31)
    pq.write_table(packed(blocks), tmp_path / "month.parquet", **BLOCK_PARQUET)
    point = blocks.filter(pa.compute.equal(blocks["usage_point"], 250))
    edited = point.slice(4, 1).set_column(6, BLOCK.field(6), pa.chunked_array([[[1] * 96]], type=BLOCK.field(6).type))
    again = next_versions(edited, blocks)
    pq.write_table(packed(again), tmp_path / "late.parquet", **BLOCK_PARQUET)
    paths = [str(tmp_path / name) for name in ("month.parquet", "late.parquet")]
    month = read_blocks(paths, usage_points=[250], first=date(2026, 7, 1), last=date(2026, 7, 1) + timedelta(30))
    assert month.num_rows == 31
    assert month["version"].to_pylist() == [1] * 4 + [2] + [1] * 26
    assert month["values"][4].as_py() == [1] * 96


def test_unchanged_blocks_make_no_version():
    _, blocks = many(points=4, days=3)
    assert next_versions(blocks, blocks).num_rows == 0
    assert next_versions(blocks, BLOCK.empty_table()) == blocks
