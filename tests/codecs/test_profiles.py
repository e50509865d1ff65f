"""The archive of a terminal (AFN 04 and 0A F10): worked bytes both ways, what does not fit, what is no archive."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metropool.core.errors import Invalid
from metropool.devices.explain import explain
from metropool.devices.gdw1376.frame import Frame, decode_frame, encode_frame
from metropool.devices.gdw1376.profile import (
    DLT645_2007,
    MeterProfile,
    profiles_shown,
    read_profile,
    speed_code,
    write_profile,
)
from metropool.devices.gdw1376.requests import Link
from metropool.devices.gdw1376.rows import rows_of

LINK = Link(region="1101", terminal=258, sequence=5)
PROFILE = MeterProfile(
    number=3, point=3, speed=3, port=31, protocol=DLT645_2007, address="000012345678", tariffs=4, integers=6, decimals=2
)
ROW = "0300 0300 7F 1E 785634120000 000000000000 04 09 000000000000 00"
UNIT = "0000 0201"


def told(content: str, *, afn: int = 0x0A, control: int = 0x88, unit: str = UNIT) -> Frame:
    return Frame("1101", 258, control, afn, 0x65, bytes.fromhex(unit + content), station=1)


def test_the_write_comes_out_as_worked_with_the_terminals_password():
    frame = write_profile(replace(LINK, password=bytes(range(16))), PROFILE)
    head, password = "68E600E600684A01110201020465", bytes(range(16)).hex()
    assert encode_frame(frame)[:-2] == bytes.fromhex(head + UNIT + "0100" + ROW + password)
    assert decode_frame(encode_frame(frame)).password == bytes(range(16))


def test_the_read_comes_out_as_worked():
    assert encode_frame(read_profile(LINK, number=3)).hex().upper() == "6842004200684A01110201020A650000020101000300D716"


def test_an_answer_is_read_and_explained():
    frame = told("0100" + ROW)
    assert profiles_shown(frame) == [PROFILE]
    explained = explain("gdw1376", encode_frame(frame))
    assert explained["meters"][0]["address"] == "000012345678"
    assert rows_of(frame).left == [], "no measured values, and understood"


def test_a_terminal_that_does_not_know_the_meter_tells_none_and_one_that_knows_many_tells_all():
    assert profiles_shown(told("0000")) == []
    other = ROW.replace("0300 0300", "0700 0900", 1).replace(" 1E ", " 01 ")
    assert profiles_shown(told("0200" + ROW + other)) == [PROFILE, replace(PROFILE, number=7, point=9, protocol=1)]


two_bytes, one_byte = st.integers(1, 2040), st.integers(0, 255)
digits = st.text("0123456789", min_size=12, max_size=12)


@given(
    st.builds(
        MeterProfile,
        number=two_bytes,
        point=two_bytes,
        speed=st.integers(0, 7),
        port=st.integers(0, 31),
        protocol=one_byte,
        address=digits,
        password=digits,
        tariffs=one_byte,
        integers=st.integers(4, 7),
        decimals=st.integers(1, 4),
        collector=digits,
        customer_class=one_byte,
    )
)
def test_what_is_written_is_what_is_read(profile: MeterProfile):
    written = decode_frame(encode_frame(write_profile(LINK, profile)))
    assert profiles_shown(replace(written, control=0x88, afn=0x0A, password=b"")) == [profile]


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 0},
        {"number": 2041},
        {"point": 0},
        {"point": 0x10000},
        {"speed": 8},
        {"port": 32},
        {"protocol": 256},
        {"tariffs": -1},
        {"integers": 3},
        {"decimals": 5},
        {"address": "1" * 13},
        {"collector": "meter"},
    ],
)
def test_what_does_not_fit_a_row_is_refused(wrong):
    with pytest.raises(Invalid):
        write_profile(LINK, replace(PROFILE, **wrong))


@pytest.mark.parametrize(
    "frame",
    [
        told("0100" + ROW[:-2]),
        told("0200" + ROW),
        told("0100" + ROW + "00"),
        told("FFFF" + ROW),
        told("EEEE" + ROW),
        told("0100" + ROW.replace("0300", "EEEE", 1)),
        told(""),
        told("0100" + ROW, unit="0101 0201"),
        told("0100" + ROW, afn=0x04),
        told("0100" + ROW, control=0x4B),
        told("1001 00", unit="0000 0100"),
    ],
)
def test_what_is_no_whole_archive_is_refused(frame):
    with pytest.raises(Invalid):
        profiles_shown(frame)


def test_no_device_number_is_asked_for():
    with pytest.raises(Invalid):
        read_profile(LINK, number=0)


def test_speeds_have_their_codes_and_an_odd_one_is_left_to_the_terminal():
    assert [speed_code(speed) for speed in (0, 600, 2400, 9600, 1234)] == [0, 1, 3, 6, 0]


def test_a_meters_password_is_not_in_the_repr():
    assert "111222" not in repr(replace(PROFILE, password="000000111222"))
