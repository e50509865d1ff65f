"""Clocks of meters and terminals: recorded answers, the frames that set them, and the second around midnight."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from metropool.devices.cjt188 import clock as cjt188_clock
from metropool.devices.cjt188 import frame as cjt188_frame
from metropool.devices.dlt645 import clock
from metropool.devices.dlt645.frame import Frame, decode_frame, encode_frame
from metropool.devices.dlt645.requests import PlainAuthority
from metropool.devices.explain import explain
from metropool.devices.gdw1376 import clock as terminal_clock
from metropool.devices.gdw1376 import frame as terminal_frame
from metropool.devices.rows import unix_s

VECTORS = Path(__file__).parent / "vectors"
MORNING = datetime(2025, 11, 20, 0, 30, 15, tzinfo=UTC)
"""2025-11-20 08:30:15 where the meters are."""


def vectors(name: str, key: str) -> list[tuple[bytes, dict]]:
    with (VECTORS / f"{name}.csv").open(encoding="utf-8") as file:
        rows = [(bytes.fromhex(row["hex"]), json.loads(row["expected"])) for row in csv.DictReader(file)]
    return [(raw, expected) for raw, expected in rows if key in expected]


DATES = [(raw, told) for raw, told in vectors("dlt645", "di") if told["di"] == "04000101"]
TIMES = [(raw, told) for raw, told in vectors("dlt645", "di") if told["di"] == "04000102"]


@pytest.mark.parametrize(("raw", "told"), DATES)
def test_recorded_dates_are_read_and_a_bad_one_is_none(raw, told):
    assert clock.date_shown(decode_frame(raw)) == told["value"]


@pytest.mark.parametrize(("raw", "told"), TIMES)
def test_recorded_times_are_read(raw, told):
    assert clock.time_shown(decode_frame(raw)) == told["value"]


def test_there_are_recorded_clocks():
    assert (len(DATES), len(TIMES)) == (3, 1)


@pytest.mark.parametrize(("raw", "told"), vectors("gdw1376", "clock"))
def test_the_recorded_clock_of_a_terminal_is_read(raw, told):
    assert terminal_clock.clock_shown(terminal_frame.decode_frame(raw)) == unix_s(told["clock"])


@pytest.mark.parametrize(("raw", "told"), [(raw, told) for raw, told in vectors("cjt188", "time") if "flow" in told])
def test_the_recorded_clock_of_a_flow_meter_is_read_and_one_never_set_is_none(raw, told):
    shown = cjt188_clock.clock_shown(cjt188_frame.decode_frame(raw))
    assert shown == unix_s(told["time"])


def test_a_time_set_for_one_meter_is_the_recorded_frame():
    ((raw, _),) = [row for row in vectors("dlt645", "time") if row[1]["ctrl"] == "08"]
    set_at = datetime(2017, 6, 5, 2, 40, 25, tzinfo=UTC)
    assert encode_frame(clock.set_time(address="111111111111", time=set_at)) == raw


def test_date_and_time_are_written_as_they_are_read():
    authority = PlainAuthority(level=2, password="123456", operator="00000001").encode()
    date, time = clock.write_clock(address="000012345678", authority=authority, time=MORNING)
    assert date.data == bytes.fromhex("01010004" + "02563412" + "01000000" + "04201125")
    assert time.data == bytes.fromhex("02010004" + "02563412" + "01000000" + "153008")
    told = explain("dlt645", encode_frame(date))
    assert (told["ctrl"], told["di"]) == ("14", "04000101")
    answers = [Frame(frame.address, 0x91, frame.data[:4] + frame.data[12:]) for frame in (date, time)]
    assert (clock.date_shown(answers[0]), clock.time_shown(answers[1])) == ("2025-11-20", "08:30:15")


def test_a_flow_meter_is_set_with_the_century_last():
    frame = cjt188_clock.set_clock(address="11110012345678", meter_type=0x10, serial=1, time=MORNING)
    assert frame.data == bytes.fromhex("15A0" + "01" + "15300820112520")


@pytest.mark.parametrize(
    ("time", "between_s", "wanted"),
    [
        ("23:59:58", 1.0, "2025-11-20T23:59:58"),
        ("00:00:00", 1.0, "2025-11-21T00:00:00"),
        ("00:00:01", 1.0, "2025-11-20T00:00:01"),
        ("00:00:01", 1.5, "2025-11-21T00:00:01"),
    ],
)
def test_a_midnight_between_date_and_time_is_seen(time, between_s, wanted):
    assert clock.joined(date="2025-11-20", time=time, between_s=between_s) == unix_s(wanted)


def test_a_refusal_tells_no_clock():
    refusal = decode_frame(bytes.fromhex("6878563412000068D10135EB16"))
    assert (clock.date_shown(refusal), clock.time_shown(refusal)) == (None, None)
