"""Measured rows of the readable path, and the numbers devices go by."""

import frame_builders as builders
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metropool.core.errors import Invalid
from metropool.core.quantities import reading_types_by_id
from metropool.devices import addresses
from metropool.devices.cjt188 import frame as cjt188_frame
from metropool.devices.cjt188 import rows as cjt188_rows
from metropool.devices.dlt645 import frame as dlt645_frame
from metropool.devices.dlt645 import rows as dlt645_rows
from metropool.devices.gdw1376 import kernel_content
from metropool.devices.gdw1376.frame import decode_frame
from metropool.devices.gdw1376.rows import rows_of
from metropool.devices.rows import CLOCK_BAD, MISSING, NO_TIME, Rows

HEAT = "682078563412001111812E1F90030010000005674523010550030000174523010035658709002C2355001041000025001530082011252000FFE216"


def named(rows: Rows) -> list[tuple[str, int, int, int]]:
    types = reading_types_by_id()
    return [(types[row.item].code, row.value, row.quality, row.flag) for row in rows.rows]


def of_meter(data_id: str, content: bytes, control: int = 0x91) -> Rows:
    return dlt645_rows.rows_of(dlt645_frame.decode_frame(builders.dlt645(bytes.fromhex(data_id) + content, control=control)))


def test_a_register_is_in_the_scale_of_its_reading_type() -> None:
    assert named(of_meter("00000100", builders.bcd(123456, 4))) == [("electricity_forward_register", 12345600, 0, NO_TIME)]


def test_no_value_is_missing_and_not_zero() -> None:
    assert named(of_meter("00000100", b"\xff" * 4)) == [("electricity_forward_register", 0, MISSING, NO_TIME)]


def test_tariffs_without_a_reading_type_are_counted() -> None:
    found = of_meter("00FF0200", builders.bcd(100, 4) * 5)
    assert ([code for code, *_ in named(found)][-1], found.unmapped) == ("electricity_reverse_register_t2", 2)


@pytest.mark.parametrize(("word", "state"), [("0000", 0), ("1000", 1), ("4000", 2), ("5000", 3)])
def test_relay_and_command_are_kept_apart(word: str, state: int) -> None:
    assert named(of_meter("03050004", bytes.fromhex(word))) == [("electricity_relay_state", state, 0, NO_TIME)]


def test_a_clock_is_understood_and_no_reading() -> None:
    found = of_meter("01010004", bytes.fromhex("01110116"))
    assert (found.rows, found.left, found.unmapped) == ([], [], 1)


@pytest.mark.parametrize(("data_id", "size", "control"), [("00000100", 3, 0x91), ("00000100", 4, 0xB1), ("01020004", 4, 0x91)])
def test_what_is_no_reading_is_left_with_a_reason(data_id: str, size: int, control: int) -> None:
    found = of_meter(data_id, b"\x01" * size, control)
    assert (found.rows, len(found.left)) == ([], 1)


def test_heat_is_told_in_kilowatt_hours() -> None:
    found = cjt188_rows.rows_of(cjt188_frame.decode_frame(bytes.fromhex(HEAT)))
    assert named(found) == [("heat_register", 1234567, 0, 0)]


def test_a_clock_never_set_keeps_the_value() -> None:
    content = builders.bcd(200, 4) + b"\x2c" + builders.bcd(100, 4) + b"\x2c" + bytes(7) + b"\x03\xff"
    found = cjt188_rows.rows_of(cjt188_frame.decode_frame(builders.cjt188(b"\x90\x1f\x00" + content)))
    assert named(found) == [
        ("water_register", 2000, 0, CLOCK_BAD),
        ("water_settlement_register", 1000, 0, CLOCK_BAD),
        ("water_valve_state", 3, 0, CLOCK_BAD),
    ]


def test_a_short_answer_without_a_unit_is_left() -> None:
    found = cjt188_rows.rows_of(cjt188_frame.decode_frame(builders.cjt188(b"\x90\x1f\x00" + builders.bcd(5, 4) + b"\x00\xff")))
    assert (found.rows, len(found.left)) == ([], 1)


def test_the_combined_daily_freeze_is_read_too() -> None:
    content = bytes.fromhex("1911250500201125") + b"\x00" + builders.bcd(50000, 5) + builders.bcd(1, 4) * 3
    found = rows_of(decode_frame(builders.gdw1376(builders.unit(fn=1) + content, afn=0x0D)))
    assert (named(found), found.unmapped, found.left) == ([("electricity_forward_register", 50000, 0, 0)], 3, [])
    assert found.rows[0].at == 1763568000


@pytest.mark.parametrize("frame", ["683200320068C901110201000271000001005216", "6832003200684B01110201020C6101010110E216"])
def test_a_frame_without_values_is_left(frame: str) -> None:
    found = rows_of(decode_frame(bytes.fromhex(frame)))
    assert found.rows == []
    assert found.left


def test_the_kernel_writes_reading_types_that_exist() -> None:
    ids = {int(item) for item in kernel_content._CURVE_ITEM} | {int(item) for item in kernel_content._KIND_ITEM}
    assert ids - {0} <= set(reading_types_by_id())


@given(region=st.from_regex(r"[0-9]{4}", fullmatch=True), number=st.integers(0, 0xFFFF))
def test_a_terminal_packs_and_unpacks(region: str, number: int) -> None:
    device = addresses.pack_terminal(region=region, terminal=number)
    assert addresses.unpack(device) == addresses.DeviceAddress("gdw1376", f"{region}-{number:05d}")


@given(address=st.integers(0, 10**14 - 1), meter_type=st.integers(0, 255))
def test_a_meter_packs_and_unpacks(address: int, meter_type: int) -> None:
    water = addresses.pack_cjt188(f"{address:014d}", meter_type=meter_type)
    assert addresses.unpack(water) == addresses.DeviceAddress("cjt188", f"{address:014d}", meter_type)
    meter = addresses.pack_dlt645(f"{address:014d}"[2:])
    assert addresses.unpack(meter) == addresses.DeviceAddress("dlt645", f"{address:014d}"[2:])


@pytest.mark.parametrize("address", ["AAAAAAAAAAAA", "123", "1234567890123"])
def test_a_wildcard_is_no_device(address: str) -> None:
    with pytest.raises(Invalid):
        addresses.pack_dlt645(address)
