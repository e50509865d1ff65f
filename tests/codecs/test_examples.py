"""The worked examples of the protocol notes: frames made by hand, with the values they were made from."""

import pytest

from metropool.devices.explain import explain

DLT645: list[tuple[str, dict[str, object]]] = [
    ("6878563412000068110434343938D216", {"addr": "000012345678", "ctrl": "11", "di": "05060101"}),
    (
        "687856341200006891183434393889674533333336333333373389673633333335339416",
        {"di": "05060101", "values": [1234.56, 300.0, 400.0, 334.56, 200.0], "unit": "kWh"},
    ),
    ("6878563412000068110434333938D116", {"di": "05060001"}),
    ("68785634120000689109343339383333534458AB16", {"di": "05060001", "value": "2025-11-20T00:00"}),
    ("6878563412000068110433323535C816", {"di": "0202FF00"}),
    ("6878563412000068910D333235357856343338B33232320716", {"values": [12.345, -0.5, None], "unit": "A"}),
    ("6899999999999968080648633B5344584916", {"addr": "999999999999", "time": "2025-11-20T08:30:15"}),
    ("689999999999996816043333CCCC7E16", {"freeze": "00009999", "freeze_kind": "daily"}),
    ("68785634120000681604CCCCCCCC2E16", {"freeze_kind": "now"}),
    (
        "68785634120000681C1035896745343333334D338C8C565344582416",
        {"pa": "02", "password_wire": "563412", "command": "1A", "valid_until": "2025-11-20T23:59:59"},
    ),
    ("68785634120000689C008016", {"ctrl": "9C", "accepted": True}),
    ("6878563412000068DC0137F816", {"err": "04", "bits": ["password_or_authority"]}),
    ("6878563412000068D10135EB16", {"err": "02", "bits": ["no_requested_data"]}),
    ("6878563412000068110535333339340216", {"di": "06000002", "n": 1}),
    (
        "6878563412000068913535333339D3D35F483353445834553855CB543348333347333349333483DDDDDD"
        "89674533334533333367333333343333DDDDDD7C18B816",
        {
            "time": "2025-11-20T00:15",
            "voltage_v": [220.1, 220.5, 219.8],
            "current_a": [1.5, 1.4, 1.6],
            "frequency_hz": 50.01,
            "forward_reverse_kwh": [1234.56, 12.0],
            "combined_kvarh": [34.0, 1.0],
        },
    ),
    ("6878563412000068110A343333393448335344587016", {"di": "06000001", "n": 1, "from": "2025-11-20T00:15"}),
    ("68AAAAAAAAAAAA681300DF16", {"addr": "AAAAAAAAAAAA", "ctrl": "13"}),
    ("68785634120000689306AB8967453333C316", {"value": "000012345678"}),
    ("6878563412000068B10C333234338967453333333633A416", {"more": True, "values": [1234.56, 300.0]}),
    ("687856341200006812053332343334FB16", {"di": "0001FF00", "seq": 1}),
    ("6878563412000068921133323433333337338967363333333533347E16", {"seq": 1, "values": [400.0, 334.56, 200.0]}),
    ("6878563412000068010243C3ED16", {"di": "9010", "version": 1997}),
]
CJT188: list[tuple[str, dict[str, object]]] = [
    ("68107856341200111101031F90006116", {"type": "10", "addr": "11110012345678", "di": "901F", "di_order": "le", "ser": 0}),
    (
        "68107856341200111181161F9000452301002C002001002C1530082011252000FF9816",
        {"flow": 123.45, "settlement": 120.0, "flow_unit": "2C", "time": "2025-11-20T08:30:15", "valve": "open"},
    ),
    ("681078563412001111040417A001990716", {"di": "A017", "code": "99", "valve": "close"}),
    ("681078563412001111840517A00101FFEF16", {"status": "01FF", "valve": "closed"}),
    ("681078563412001111C1030000007216", {"ctrl": "C1", "ser": 0, "status": "0000", "refused": True}),
    (
        "68307856341200111181161F9002658709002C000009002C1530082011252004FF3216",
        {"type": "30", "flow": 987.65, "settlement": 900.0, "battery": "low", "ser": 2},
    ),
    ("68AAAAAAAAAAAAAAAA03030A81004916", {"type": "AA", "di": "810A"}),
    (
        "682078563412001111812E1F90030010000005674523010550030000174523010035658709002C2355001041000025001530082011252000FFE216",
        {
            "settlement_heat": 10.0,
            "current_heat": 12345.67,
            "power": 3.5,
            "flow_rate": 1.2345,
            "volume": 987.65,
            "supply_temp": 55.23,
            "return_temp": 41.1,
            "hours": 2500,
        },
    ),
]
LINK = {"a1": "1101", "a2": 258}
GDW1376: list[tuple[str, dict[str, object]]] = [
    ("683200320068C901110201000271000001005216", LINK | {"afn": "02", "pn": [0], "fn": [1], "con": 1}),
    ("6832003200680B01110201000061000001008216", {"afn": "00", "fn": [1], "prm": 0, "fn_code": 11}),
    (
        "684A004A00680B01110201000061000004000200000100008816",
        {"fn": [3], "confirmed_afn": "02", "units_confirmed": [{"pn": [0], "fn": [1], "err": 0}]},
    ),
    ("683200320068C901110201000272000004005616", LINK | {"afn": "02", "fn": [3]}),
    ("683E003E00684B01110201020D60010101141911253516", {"afn": "0D", "pn": [1], "fn": [161], "td": "2025-11-19"}),
    (
        "68BA00BA00688801110201020D6001010114191125050020112504005634120000000003000000000400005634030000000002000316",
        {
            "td": "2025-11-19",
            "read_time": "2025-11-20T00:05",
            "tariffs": 4,
            "active_kwh": [1234.56, 300.0, 400.0, 334.56, 200.0],
        },
    ),
    ("6832003200684B01110201020C6101010110E216", {"afn": "0C", "pn": [1], "fn": [129]}),
    ("6832003200684B01110201020C6201020103D716", {"pn": [9], "fn": [25]}),
    (
        "684E004E00684B01110201020D630101010C000019112501609116",
        {"fn": [97], "td_c": "2025-11-19T00:00", "density": 1, "points": 96},
    ),
    (
        "68CA00CA00684B01110201021064000001001F6B640A10006878563412000068110433333433C616000000000000000000000000000000008116",
        {"afn": "10", "port": 31, "inner": "6878563412000068110433333433C616", "inner_protocol": "dlt645"},
    ),
]
ALL = [(name, *case) for name, cases in (("dlt645", DLT645), ("cjt188", CJT188), ("gdw1376", GDW1376)) for case in cases]


@pytest.mark.parametrize(("protocol", "frame", "expected"), ALL, ids=[f"{name}-{frame[:24]}" for name, frame, _ in ALL])
def test_a_worked_example_says_what_it_was_made_from(protocol: str, frame: str, expected: dict[str, object]) -> None:
    found = explain(protocol, bytes.fromhex(frame))
    assert {key: found.get(key, "absent") for key in expected} == expected


@pytest.mark.parametrize(("protocol", "frame", "_"), ALL, ids=[f"{name}-{frame[:24]}" for name, frame, _ in ALL])
def test_the_fields_cover_every_byte_once_and_in_order(protocol: str, frame: str, _: object) -> None:
    fields = explain(protocol, bytes.fromhex(frame))["fields"]
    assert isinstance(fields, list)
    assert "".join(entry["bytes"] for entry in fields) == frame
    assert [entry["offset"] * 2 for entry in fields] == [
        sum(len(entry["bytes"]) for entry in fields[:index]) for index in range(len(fields))
    ]
    assert all(entry["zh"] and entry["en"] for entry in fields)


def test_the_forwarded_frame_is_explained_too() -> None:
    found = explain("gdw1376", bytes.fromhex(GDW1376[-1][0]))
    inner = found["inner_explained"]
    assert isinstance(inner, dict)
    assert inner["di"] == "00010000"
