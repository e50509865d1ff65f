"""What a head-end sends: the worked frames come out byte for byte, and decode(encode(x)) is x."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metropool.core.errors import Invalid
from metropool.devices import cjt188, dlt645, gdw1376
from metropool.devices.cjt188 import frame as cjt188_frame
from metropool.devices.cjt188 import requests as water
from metropool.devices.dlt645 import frame as dlt645_frame
from metropool.devices.dlt645 import requests as meter
from metropool.devices.explain import explain
from metropool.devices.gdw1376 import frame as gdw1376_frame
from metropool.devices.gdw1376 import requests as terminal

CST = timezone(timedelta(hours=8))
METER, WATER = "000012345678", "11110012345678"
LINK = terminal.Link(region="1101", terminal=258)
AUTHORITY = meter.PlainAuthority(level=2, password="123456", operator="00000001")
FREEZE_DAY = datetime(2025, 11, 20, tzinfo=CST)
LAST_SECOND = datetime(2025, 11, 20, 23, 59, 59, tzinfo=CST)

DLT645 = {
    "6878563412000068110434343938D216": meter.read(address=METER, data_id=0x05060101),
    "6878563412000068110535333339340216": meter.read_load_records(address=METER, data_id=0x06000002, count=1),
    "6878563412000068110A343333393448335344587016": meter.read_load_records(
        address=METER, data_id=0x06000001, count=1, since=datetime(2025, 11, 20, 0, 15, tzinfo=CST)
    ),
    "687856341200006812053332343334FB16": meter.read_following(address=METER, data_id=0x0001FF00, sequence=1),
    "6899999999999968080648633B5344584916": meter.broadcast_time(time=datetime(2025, 11, 20, 8, 30, 15, tzinfo=CST)),
    "689999999999996816043333CCCC7E16": meter.freeze(every="day", at=FREEZE_DAY),
    "68785634120000681604CCCCCCCC2E16": meter.freeze(every="now", address=METER),
    "68AAAAAAAAAAAA681300DF16": meter.read_address(),
    "68785634120000681C1035896745343333334D338C8C565344582416": meter.control(
        address=METER, command="trip", authority=AUTHORITY, valid_until=LAST_SECOND
    ),
    "68785634120000681C10358967453433333350398C8C565344582D16": meter.limited_trip(
        address=METER, minutes=30, authority=AUTHORITY, valid_until=LAST_SECOND
    ),
}
CJT188 = {
    "68107856341200111101031F90006116": water.read(address=WATER, meter_type=0x10, serial=0),
    "681078563412001111040417A001990716": water.set_valve(address=WATER, meter_type=0x10, serial=1, to="closed"),
    "68AAAAAAAAAAAAAAAA03030A81004916": water.read_address(serial=0),
}
LOGIN = gdw1376_frame.decode_frame(bytes.fromhex("683200320068C901110201000271000001005216"))


def with_sequence(number: int) -> terminal.Link:
    return terminal.Link(region="1101", terminal=258, sequence=number)


GDW1376 = {
    "6832003200680B01110201000061000001008216": terminal.confirm(LOGIN),
    "684A004A00680B01110201000061000004000200000100008816": terminal.confirm_units(LOGIN, [(0, 1, 0)]),
    "683E003E00684B01110201020D60010101141911253516": terminal.request_daily(
        LINK, points=[1], function=161, day=date(2025, 11, 19)
    ),
    "6832003200684B01110201020C6101010110E216": terminal.request_current(with_sequence(1), points=[1], function=129),
    "6832003200684B01110201020C6201020103D716": terminal.request_current(with_sequence(2), points=[9], function=25),
    "684E004E00684B01110201020D630101010C000019112501609116": terminal.request_curve(
        with_sequence(3), points=[1], function=97, start=datetime(2025, 11, 19, tzinfo=CST), density="15min", count=96
    ),
    "68CA00CA00684B01110201021064000001001F6B640A10006878563412000068110433333433C61600000000000000000000000000000000"
    "8116": terminal.pass_through(
        with_sequence(4),
        inner=dlt645_frame.encode_frame(meter.read(address=METER, data_id=0x00010000)),
        port=31,
        port_control=terminal.port_control(speed_bd=2400),
    ),
}


@pytest.mark.parametrize("wire", DLT645)
def test_dlt645_requests_come_out_as_worked(wire: str) -> None:
    assert dlt645_frame.encode_frame(DLT645[wire]).hex().upper() == wire


@pytest.mark.parametrize(("minutes", "units"), [(5, 1), (1275, 255)])
def test_a_limited_trip_names_its_time_in_units_of_five_minutes(minutes: int, units: int) -> None:
    frame = meter.limited_trip(address=METER, minutes=minutes, authority=AUTHORITY, valid_until=LAST_SECOND)
    assert tuple(frame.data[8:10]) == (0x1D, units)


@pytest.mark.parametrize("minutes", [-5, 0, 4, 7, 1276, 1280])
def test_a_limited_trip_without_end_or_of_another_time_is_refused(minutes: int) -> None:
    with pytest.raises(Invalid):
        meter.limited_trip(address=METER, minutes=minutes, authority=AUTHORITY, valid_until=LAST_SECOND)


@pytest.mark.parametrize("wire", CJT188)
def test_cjt188_requests_come_out_as_worked(wire: str) -> None:
    assert cjt188_frame.encode_frame(CJT188[wire]).hex().upper() == wire


@pytest.mark.parametrize("wire", GDW1376)
def test_gdw1376_requests_come_out_as_worked(wire: str) -> None:
    assert gdw1376_frame.encode_frame(GDW1376[wire]).hex().upper() == wire


digits = st.text("0123456789", min_size=14, max_size=14)


@given(address=digits, control=st.integers(0, 255), data=st.binary(max_size=255), preamble=st.integers(0, 12))
def test_dlt645_decode_of_encode_is_the_frame(address: str, control: int, data: bytes, preamble: int) -> None:
    frame = dlt645_frame.Frame(address=address[:12], control=control, data=data)
    assert dlt645_frame.decode_frame(dlt645_frame.encode_frame(frame, preamble=preamble)) == frame


@given(address=digits, meter_type=st.integers(0, 255), control=st.integers(0, 255), data=st.binary(max_size=100))
def test_cjt188_decode_of_encode_is_the_frame(address: str, meter_type: int, control: int, data: bytes) -> None:
    frame = cjt188_frame.Frame(meter_type=meter_type, address=address, control=control, data=data)
    assert cjt188_frame.decode_frame(cjt188_frame.encode_frame(frame, preamble=3)) == frame


@given(
    terminal_number=st.integers(0, 0xFFFF),
    control=st.integers(0, 255),
    afn=st.integers(0, 255),
    seq=st.integers(0, 255),
    station=st.integers(0, 127),
    units=st.binary(min_size=4, max_size=600),
)
def test_gdw1376_decode_of_encode_is_the_frame(
    *, terminal_number: int, control: int, afn: int, seq: int, station: int, units: bytes
) -> None:
    frame = gdw1376_frame.Frame(
        region="4401",
        terminal=terminal_number,
        control=control,
        afn=afn,
        seq=seq,
        units=units,
        station=station,
        password=bytes(range(16)) if control < 0x80 and afn in gdw1376_frame.AFN_WITH_PASSWORD else b"",
        events=b"\x03\x04" if control & 0xA0 == 0xA0 else b"",
        time_label=b"\x01\x02\x03\x04\x05\x06" if seq & 0x80 else b"",
    )
    assert gdw1376_frame.decode_frame(gdw1376_frame.encode_frame(frame)) == frame


@given(
    points=st.lists(st.integers(1, 2040), min_size=1, max_size=12, unique=True),
    day=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
)
def test_a_daily_request_names_its_points_and_day(points: list[int], day: date) -> None:
    frame = terminal.request_daily(LINK, points=points, function=163, day=day)
    units = explain("gdw1376", gdw1376_frame.encode_frame(frame))["units"]
    assert isinstance(units, list)
    assert [(unit["pn"], unit["fn"], unit["td"]) for unit in units] == [(point, 163, day.isoformat()) for point in sorted(points)]


def test_parts_of_an_answer_join_to_the_whole() -> None:
    parts = [
        dlt645_frame.decode_frame(bytes.fromhex(wire))
        for wire in (
            "6878563412000068B10C333234338967453333333633A416",
            "6878563412000068921133323433333337338967363333333533347E16",
        )
    ]
    assert meter.join_parts(parts).hex() == "5634120000000300" + "000004005634030000000200"


@pytest.mark.parametrize("order", [[1], [0], [0, 0], [0, 1, 1]])
def test_parts_missing_or_out_of_order_are_refused(order: list[int]) -> None:
    first = dlt645.frame.Frame(METER, 0xB1, bytes.fromhex("00ff010056341200"))
    last = dlt645.frame.Frame(METER, 0x92, bytes.fromhex("00ff01000000030001"))
    with pytest.raises(Invalid):
        meter.join_parts([(first, last)[index] for index in order])


def test_a_forwarded_answer_comes_out_and_silence_is_none() -> None:
    inner = cjt188.frame.encode_frame(water.read(address=WATER, meter_type=0x10, serial=0))
    for content, expected in ((inner, inner), (b"", None)):
        units = b"\x00\x00\x01\x00\x1f" + len(content).to_bytes(2, "little") + content
        answer = gdw1376.frame.Frame(region="1101", terminal=1, control=0x88, afn=0x10, seq=0x60, units=units)
        assert terminal.forwarded_answer(answer) == expected


def test_a_password_is_not_in_the_repr() -> None:
    order = meter.control(address=METER, command="close", authority=AUTHORITY, valid_until=LAST_SECOND)
    assert "123456" not in repr(AUTHORITY)
    assert "data" not in repr(order)


def test_an_instant_is_told_in_device_local_time() -> None:
    frame = meter.broadcast_time(time=datetime(2025, 11, 19, 16, 0, 5, tzinfo=UTC))
    assert frame.data.hex() == "050000201125"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(Invalid):
        meter.broadcast_time(time=LAST_SECOND.replace(tzinfo=None))
