"""What is in no bounds is no message of its class: names, numbers, lists, instants, columns; and what is in them reads back the same."""

import copy
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from metropool.core.errors import Invalid
from metropool.core.identifiers import SystemId
from metropool.exchange.described import KINDS, example_of, schema_of
from metropool.exchange.envelope import from_bytes, open_envelope, seal, to_bytes
from metropool.exchange.messages import NEEDED, ROWS, check_rows
from metropool.exchange.plain import message_from, plain

AT = datetime(2026, 11, 5, tzinfo=UTC)
LONG, LARGE = "x" * 2001, 1 << 60
STATION = {"station": "s", "name_zh": "站", "name_en": "s", "lon": 113.0, "lat": 23.0}
WRONG = {
    "AlarmHandedOver": {
        "alarm": "a b",
        "edition": 0,
        "state": "asleep",
        "outcome": "",
        "unit_zh": "",
        "remark": LONG,
        "at": "2026-11-05",
    },
    "ResponseCalled": {
        "event": "",
        "edition": -1,
        "call": "yearly",
        "aim": "x",
        "priority": -1,
        "random_start_s": 3601,
        "starts_at": "2026-11-05T18:00:00",
    },
    "ConfirmResponse": {
        "actions": [],
        "reduction_w": LARGE,
        "reason_zh": LONG,
        "expires_at": None,
        "place": "../x",
    },
    "ReductionMeasured": {"participation": "maybe", "baseline": "mean", "adjustment": "x", "is_final": 1, "measured_at": "now"},
    "AdviceGiven": {"standing": "best", "first_day": "2026-02-30", "suggestions": [{"code": "x"}], "place": "x" * 65},
    "ReadOnDemand": {"points": ["p"] * 129, "items": [""], "requested_by": ""},
    "DownloadProfile": {"profile": -1, "settings": [{"key": "k" * 51, "value": ""}], "request": None},
    "RoamingTold": {
        "operator": "MA5EXMPL",
        "partner": "MA5-XMPL2",
        "stations": [{**STATION, "connectors": []}],
        "states": [{"connector": "1", "state": "odd", "at": "2026-11-05T00:00:00Z"}],
        "asked": [{"charge": "1", "connector": "1", "ask": "start", "expires_at": "2026-11-05T00:00:00Z"}],
        "remark": LONG,
    },
    "OrdersTold": {
        "trade": "gifts",
        "seller": "a/b",
        "offers": [{"item": "i", "title_zh": "x", "title_en": "x", "unit": "x", "price_fen": -1}],
    },
    "CarbonOrdersTold": {"account": "", "rows": [{"order": "1"}]},
    "TaxInvoicesTold": {"seller": "9144", "seller_name": ""},
    "WeatherTold": {"kind": "guess", "source": "", "issued_at": "2026-11-05T08:00:00"},
    "DeliverNotice": {"expires_at": "soon", "rows": [{"delivery": 1}]},
}
"""Class to fields, each with a value that no message of it may have."""
CASES = [(kind, name, value) for kind, fields in WRONG.items() for name, value in fields.items()]


@pytest.mark.parametrize(("kind", "name", "value"), CASES, ids=[f"{kind}.{name}" for kind, name, _ in CASES])
def test_a_value_out_of_bounds_is_refused_by_its_name(kind, name, value):
    given = {**example_of(KINDS[kind]), name: value}
    with pytest.raises(Invalid) as refused:
        message_from(KINDS[kind], given)
    assert {fault.where.partition(".")[0] for fault in refused.value.faults} == {name}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_sealed_reads_back_the_same_and_no_field_may_be_left_out_or_added(kind):
    example = example_of(KINDS[kind])
    message = message_from(KINDS[kind], copy.deepcopy(example))
    names = {"phrase": "p", "sender": SystemId("a"), "receiver": SystemId("b")}
    sealed = seal(message=message, key="1", at=AT, **names)
    assert plain(open_envelope(from_bytes(to_bytes(sealed)))) == plain(message)
    with pytest.raises(Invalid):
        message_from(KINDS[kind], {**example, "more": 1})
    for name in schema_of(KINDS[kind])["required"]:
        with pytest.raises(Invalid):
            message_from(KINDS[kind], {field: value for field, value in example.items() if field != name})


@pytest.mark.parametrize("kind", sorted(kind.__name__ for kind in NEEDED))
def test_a_column_that_needs_a_value_has_one_in_every_row(kind):
    of, needed = KINDS[kind], NEEDED[KINDS[kind]]
    message = message_from(of, example_of(of))
    row_schema = schema_of(of)["properties"]["rows"]["items"]["properties"]
    for column in ROWS[of]:
        place = ROWS[of].get_field_index(column.name)
        empty = message.rows.set_column(place, column, pa.nulls(message.rows.num_rows, column.type))
        less = type(message)(**{**{name: getattr(message, name) for name in message.__struct_fields__}, "rows": empty})
        if column.name in needed:
            with pytest.raises(Invalid):
                check_rows(less)
        else:
            check_rows(less)
        assert ("null" in row_schema[column.name]["type"]) == (column.name not in needed)


@pytest.mark.parametrize("kind", sorted(kind.__name__ for kind in ROWS))
def test_rows_that_say_nothing_are_no_missing_rows(kind):
    of = KINDS[kind]
    with pytest.raises(Invalid) as refused:
        message_from(of, {**example_of(of), "rows": [{}, {}]})
    assert {fault.where for fault in refused.value.faults} == {f"rows.{name}" for name in ROWS[of].names}


def test_a_schema_tells_the_bounds_of_whole_numbers():
    rows = schema_of(KINDS["BlocksSealed"])["properties"]["rows"]["items"]["properties"]
    assert (rows["quality"]["items"]["minimum"], rows["quality"]["items"]["maximum"]) == (0, 255)
    assert rows["start"]["maximum"] == 2**63 - 1
