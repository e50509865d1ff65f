"""Behaviour of ``explain`` that the recorded and worked frames do not show."""

import json
import subprocess
import sys

import frame_builders as builders
import pytest

from metropool.core.errors import Invalid
from metropool.devices.explain import decode_text, explain, field_lines, read_hex, reason_text

FORWARD = bytes.fromhex("00000100")


def test_explaining_needs_no_compiler_and_no_numpy() -> None:
    code = "import sys, metropool.devices.explain as e; e.explain('gdw1376', bytes.fromhex(sys.argv[1]))"
    code += "; print(sorted({'numba', 'numpy', 'pyarrow'} & set(sys.modules)))"
    frame = builders.forwarded(builders.dlt645(FORWARD + builders.bcd(1, 4))).hex()
    done = subprocess.run(
        [sys.executable, "-c", code, frame], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("value", ["FFFFFFFF", "EEEEEEEE", "0A000000"])
def test_no_value_is_never_zero(value: str) -> None:
    found = explain("dlt645", builders.dlt645(FORWARD + bytes.fromhex(value)))
    assert found["value"] is None
    assert found["raw"] == value


@pytest.mark.parametrize(("tariffs", "expected"), [(1, [1.0]), (5, [1.0] * 5), (13, [1.0] * 13), (0, [])])
def test_a_block_has_as_many_values_as_it_brings(tariffs: int, expected: list[float]) -> None:
    found = explain("dlt645", builders.dlt645(bytes.fromhex("00FF0100") + builders.bcd(100, 4) * tariffs))
    assert found["values"] == expected


def test_both_relay_bits_of_status_word_3_are_told() -> None:
    waiting = explain("dlt645", builders.dlt645(bytes.fromhex("03050004") + b"\x40\x00"))
    assert (waiting["relay"], waiting["relay_command"], waiting["words"]) == ("closed", "trip", [0x40])


def test_demand_comes_with_its_time() -> None:
    found = explain("dlt645", builders.dlt645(bytes.fromhex("00000101") + builders.bcd(12345, 3) + bytes.fromhex("3008201125")))
    assert (found["value"], found["time"], found["unit"]) == (1.2345, "2025-11-20T08:30", "kW")


def test_a_damaged_load_record_does_not_hide_the_good_ones() -> None:
    good = bytes.fromhex("A0A02C15002011250122052298210015000014000016000150AAAAAA56341200001200000034000000010000AAAAAA49E5")
    records = explain("dlt645", builders.dlt645(bytes.fromhex("01000006") + good + b"\xe0\xe0" + good[2:] + good))["records"]
    assert isinstance(records, list)
    assert [record["damaged"] for record in records] == [False, True, False]
    assert records[2]["frequency_hz"] == 50.01


def test_a_single_phase_load_record_is_read_by_its_length() -> None:
    body = bytes.fromhex("1500201125") + bytes.fromhex("0122001500 000150".replace(" ", ""))[:7] + b"\xaa" * 6
    record = b"\xa0\xa0" + bytes([len(body)]) + body
    record += bytes([sum(record) & 0xFF, 0xE5])
    found = explain("dlt645", builders.dlt645(bytes.fromhex("02000006") + record))
    assert (found["voltage_v"], found["current_a"]) == ([220.1], [1.5])


@pytest.mark.parametrize(("wire", "order"), [("901F", "be"), ("1F90", "le")])
def test_both_orders_of_the_identifier_are_known(wire: str, order: str) -> None:
    found = explain("cjt188", builders.cjt188(bytes.fromhex(wire + "07"), control=1))
    assert (found["di"], found["di_order"], found["ser"]) == ("901F", order, 7)


@pytest.mark.parametrize(("unit", "flow"), [("2C", 123.45), ("2D", 1234.5), ("2E", 12345.0), ("77", None)])
def test_a_unit_multiplies_and_an_unknown_one_rejects(unit: str, flow: float | None) -> None:
    data = bytes.fromhex("1F9000" + "45230100" + unit + "45230100" + unit + "15300820112520" + "00FF")
    found = explain("cjt188", builders.cjt188(data))
    assert found["flow"] == flow
    assert found["flow_unit"] == unit


def test_a_frame_longer_than_the_standard_allows_is_refused() -> None:
    with pytest.raises(Invalid, match="length"):
        explain("cjt188", builders.cjt188(bytes(0x65)))


def test_an_unknown_function_keeps_what_was_decoded_and_the_rest_raw() -> None:
    known = builders.unit(fn=129) + bytes.fromhex("0008201125") + b"\x00" + builders.bcd(10000, 5)
    found = explain("gdw1376", builders.gdw1376(known + builders.unit(fn=250) + b"\x01\x02\x03", afn=0x0C))
    assert found["active_kwh"] == [1.0]
    assert found["unknown"] == [{"pn": 1, "fn": 250}]
    assert found["raw"] == "010203"


def test_masks_name_several_points_and_functions_ascending() -> None:
    content = bytes.fromhex("0008201125") + b"\x00"
    units = bytes([0b101, 2, 0b101, 16]) + b"".join(content + builders.bcd(n * 10000, 5) for n in range(4))
    found = explain("gdw1376", builders.gdw1376(units, afn=0x0C))
    assert (found["pn"], found["fn"]) == ([9, 11], [129, 131])
    assert isinstance(found["units"], list)
    assert [(unit["pn"], unit["fn"], unit["active_kwh"]) for unit in found["units"]] == [
        (9, 129, [0.0]),
        (9, 131, [1.0]),
        (11, 129, [2.0]),
        (11, 131, [3.0]),
    ]


def test_a_whole_day_of_a_curve_is_a_list_under_its_function() -> None:
    values = b"".join(builders.bcd(n, 4) for n in range(96))
    frame = builders.gdw1376(builders.unit(fn=97) + bytes.fromhex("00001911250160") + values, afn=0x0D)
    found = explain("gdw1376", frame)["values"]
    assert found == {"F97": [n / 10000 for n in range(96)]}


def test_the_event_counters_of_the_auxiliary_part_are_told() -> None:
    frame = builders.gdw1376(
        builders.unit(fn=129) + bytes.fromhex("0008201125") + b"\x00" + bytes(5) + b"\x07\x09", afn=0x0C, control=0xA8
    )
    found = explain("gdw1376", frame)
    assert (found["acd"], found["ec1"], found["ec2"]) == (1, 7, 9)


@pytest.mark.parametrize(
    ("protocol", "frame", "reason"),
    [
        ("dlt645", "", "start"),
        ("dlt645", "6812", "length"),
        ("dlt645", "68129078563412681104333334336817", "end"),
        ("dlt645", "6812907856341268110433333433681600", "length"),
        ("cjt188", "00", "start"),
        ("gdw1376", "683200330068C97101220800027800000100E016", "length"),
        ("gdw1376", "683200320069C97101220800027800000100E016", "start"),
        ("gdw1376", "683200320068C97101220800027800000100E116", "checksum"),
        ("gdw1376", "683200320068C97101220800027800000100E0", "length"),
    ],
)
def test_a_bad_frame_is_refused_with_its_reason(protocol: str, frame: str, reason: str) -> None:
    with pytest.raises(Invalid) as refusal:
        explain(protocol, bytes.fromhex(frame))
    assert refusal.value.what == reason


def test_hex_is_read_as_people_paste_it() -> None:
    assert read_hex(" 68:aa 0x16\n") == b"\x68\xaa\x16"
    with pytest.raises(Invalid):
        read_hex("6")


def test_lines_show_inner_frames_indented_in_both_languages() -> None:
    found = explain("gdw1376", builders.forwarded(builders.dlt645(FORWARD + builders.bcd(123456, 4))))
    assert any("data identifier: Forward active energy, total" in line for line in field_lines(found, language="en"))
    assert any("数据标识：正向有功电能（总）" in line and line.startswith("  ") for line in field_lines(found, language="zh"))


def test_the_command_prints_json_with_the_keys_of_the_vectors() -> None:
    wire = builders.dlt645(FORWARD + builders.bcd(123456, 4)).hex(" ")
    told = json.loads(decode_text(protocol="dlt645", text=wire, as_json=True, language="en"))
    assert (told["di"], told["value"], told["unit"]) == ("00010000", 1234.56, "kWh")
    assert "checksum" in decode_text(protocol="dlt645", text=wire, as_json=False, language="en")


@pytest.mark.parametrize("text", ["68", "00", "xyz", "6812907856341268910833333433896745335516"])
def test_a_refusal_has_words_in_both_languages(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        decode_text(protocol="dlt645", text=text, as_json=False, language="zh")
    words = {language: reason_text(refusal.value, language=language) for language in ("zh", "en")}
    assert refusal.value.what not in words.values()
    assert words["zh"] != words["en"]


def test_an_unknown_protocol_is_refused() -> None:
    with pytest.raises(Invalid, match="modbus"):
        explain("modbus", b"")


def test_an_identifier_of_all_settlements_is_named_so() -> None:
    found = explain("dlt645", builders.dlt645(bytes.fromhex("FF000100") + builders.bcd(100, 4) * 13))
    assert (found["name_en"], found["values"]) == ("Forward active energy, total, now and at each settlement", [1.0] * 13)


@pytest.mark.parametrize(("raw", "expected"), [("9999", {"value": None, "unused": True}), ("0001", {"value": "01T00"})])
def test_a_settlement_day_that_is_not_used_is_not_an_invalid_one(raw: str, expected: dict[str, object]) -> None:
    found = explain("dlt645", builders.dlt645(bytes.fromhex("020B0004" + raw)))
    assert {key: found.get(key) for key in expected} == expected
    assert "invalid" not in found


def test_a_terminal_that_has_no_such_data_says_so() -> None:
    found = explain("gdw1376", builders.gdw1376(builders.unit(fn=129) + builders.unit(fn=131), afn=0x0C, control=0x89))
    assert [(each["fn"], each["no_data"]) for each in found["units"]] == [(129, True), (131, True)]  # type: ignore[attr-defined]
    assert "unknown" not in found
