"""Reads that come minutes off the hour: the nearest is of that hour, whoever asked for it."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from metropool.capabilities.metering.sealing.seal import SNAP_S, snapped
from metropool.facts.readings.schemas import READING, Origin

HOUR = int(datetime(2026, 7, 1, 14, tzinfo=UTC).timestamp())
CHANNELS = pa.table({"channel": pa.array([33, 34], pa.int32()), "interval_s": pa.array([3600, 900], pa.int32())})


def readings(*away_s: int, channel: int = 33) -> pa.Table:
    rows = [
        {"channel": channel, "at": HOUR + s, "value": s, "quality": 0, "origin": Origin.ON_DEMAND, "received_at": 0}
        for s in sorted(away_s)
    ]
    return pa.Table.from_pylist(rows, schema=READING)


def times(table: pa.Table) -> list[int]:
    return [at - HOUR for at in table["at"].to_pylist()]


def test_the_nearest_of_two_is_of_the_hour_and_the_other_stays():
    before, after = -timedelta(minutes=4, seconds=4), timedelta(minutes=9, seconds=41)
    found = times(snapped(readings(int(before.total_seconds()), int(after.total_seconds())), channels=CHANNELS))
    assert found == [0, 581]


def test_a_repeat_of_the_nearest_moves_with_it():
    assert times(snapped(readings(-30, -30, 400), channels=CHANNELS)) == [0, 0, 400]


def test_what_is_far_from_the_hour_or_read_each_quarter_stays():
    assert times(snapped(readings(SNAP_S + 1), channels=CHANNELS)) == [SNAP_S + 1]
    assert times(snapped(readings(30, channel=34), channels=CHANNELS)) == [30]


@given(st.lists(st.integers(-7200, 7200), min_size=1, max_size=30, unique=True))
def test_the_order_of_time_is_kept_and_no_hour_has_two_unless_as_near(away_s):
    found = times(snapped(readings(*away_s), channels=CHANNELS))
    assert found == sorted(found)
    for hour in range(-7200, 7201, 3600):
        near = [abs(s - hour) for s in away_s if abs(s - hour) <= SNAP_S]
        assert found.count(hour) == near.count(min(near, default=0))
