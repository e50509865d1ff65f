"""Bills of outside software that nobody could print, add or divide: refused at its door, parked where they come by another way."""

import json

import pytest

from exchange.door.city import opened
from metropool.core.errors import Conflict
from metropool.exchange.described import example_of
from metropool.exchange.messages import BillsIssued
from metropool.exchange.plain import message_from

LATE = [["late_fee", "1", "0.33", "0.33", "W202610-000101"]]
METER = {"meter_number": "30000101", "start": "1024.00", "end": None, "to": "2026-10-09"}


@pytest.fixture
def city(tmp_path):
    with opened(tmp_path, "transition+water_system+gas_system") as made:
        yield made


def bill(**changed):
    example = example_of(BillsIssued)
    return {**example, "rows": [{**example["rows"][0], **changed}]}


def say(client, phrase, body, key="b1"):
    return client.post(f"letters/{phrase}", json=body, headers={"Idempotency-Key": key})


UNREADABLE = [
    {"lines": "not json"},
    {"lines": "{}"},
    {"lines": '[["supply"]]'},
    {"lines": '[["supply", 17, 1.98, 33.66]]'},
    {"lines": '[["supply", "17", "NaN", "33.66"]]'},
    {"lines": '[["supply", "17", "1E+999999", "33.66"]]'},
    {"lines": '[["late_fee"]]'},
    {"lines": json.dumps([["supply", "1", "1", "1"]] * 101)},
    {"lines": "[" * 9_000},
    {"registers": "none"},
    {"registers": json.dumps([{**METER, "start": "many"}])},
    {"register_end": "a lot"},
    {"quantity": None},
    {"multiplier": "Infinity"},
    {"is_estimated": None},
    {"amount_fen": 2**63 - 1},
    {"amount_fen": -(2**63)},
    {"due_date": "0001-01-01"},
    {"period_end": "9999-12-31"},
    {"bill_number": "W1\0"},
    {"bill_number": "W" * 129},
    {"tariff": "a\nb"},
]


@pytest.mark.parametrize("changed", UNREADABLE, ids=lambda changed: str(changed)[:40])
class TestUnreadable:
    def test_is_refused_at_the_door_by_its_column(self, city, changed):
        with city.software("water_system") as water:
            answer = say(water, "water_bills", bill(**changed))
        assert answer.status_code == 422
        (fault,) = answer.json()["error"]["faults"]
        assert fault["where"] == f"rows.{next(iter(changed))}"
        assert fault["what_zh"] and fault["what_en"] and "exchange." not in fault["what_en"]
        assert city.nodes["water_system"].unsent(limit=9) == []

    def test_is_parked_where_it_comes_by_another_way_and_bills_go_on(self, city, changed):
        """Software that speaks at the broker with its system's own key meets no door."""

        def tell(work):
            work.tell(message_from(BillsIssued, bill(**changed)), key="bad")
            work.tell(message_from(BillsIssued, bill(bill_number="good")), key="good")

        city.nodes["water_system"].write_now("door", tell)
        city.carry()
        (reason,) = city.parked(city.hub.system)
        assert next(iter(changed)) in reason
        assert [row["bill_number"] for row in dues(city)] == ["good"]


@pytest.mark.parametrize(
    "changed",
    [
        {"lines": json.dumps(LATE)},
        {"lines": "[]"},
        {"registers": json.dumps([METER])},
        {"register_start": None},
        {"amount_fen": -1},
    ],
)
def test_what_can_be_read_is_taken(city, changed):
    with city.software("water_system") as water:
        assert say(water, "water_bills", bill(**changed)).status_code == 201
    city.carry()
    assert city.parked(city.hub.system) == []
    assert len(dues(city)) == 1


def test_a_number_of_another_company_s_bill_takes_nobody_s_place(city):
    """Before, the second one was taken for a repeat of the first: the water bill was never asked for, and nobody was told."""
    gas = bill(service="gas", bill_number="W202611-000101")
    with city.software("gas_system") as software:
        assert say(software, "gas_bills", {**gas, "service": "gas", "company": "gas"}).status_code == 201
    city.carry()
    with city.software("water_system") as software:
        assert say(software, "water_bills", bill(bill_number="W202611-000101")).status_code == 201
    city.carry()
    assert city.parked(city.hub.system) == ["W202611-000101 is a bill of gas"]
    (parked,) = city.hub.read_now("settlement", lambda work: work.dues.dues())
    with pytest.raises(Conflict):
        city.hub.write_now("settlement", lambda work: work.dues.add_due({**parked, "company": "water"}))


def test_every_example_of_gas_can_be_said_as_it_is(city):
    with city.software("gas_system") as software:
        told = [one for one in software.get("letters/phrases").json()["says"] if one["kind"] != "ViewAnswered"]
        assert {one["phrase"] for one in told} == {"gas_bills", "gas_announcements", "gas_data_requests"}
        answers = [say(software, one["phrase"], one["example"], key=one["phrase"]) for one in told]
    assert [answer.status_code for answer in answers] == [201, 201, 201], [answer.text for answer in answers]


def dues(city):
    return city.hub.read_now("settlement", lambda work: work.dues.dues())
