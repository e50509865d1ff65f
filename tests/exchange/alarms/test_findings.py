"""What counts as abnormal over an area: each kind, its limits, and what does not count."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from metropool.capabilities.alarms.model import AREA_DAY, LEAST_HOMES, area_days, findings
from metropool.core.quantities import reading_type
from metropool.facts.readings.schemas import BLOCK

DAY = date(2026, 7, 20)
REGISTER = reading_type("electricity_forward_register")


def history(today=None, *, homes=100, known=100, nothing=2, mean=8_000, days=28):
    """Usual days, a little different from one another, and the day that is looked at."""
    rows = []
    for back in range(days, 0, -1):
        amount = known * (mean + 200 * (back % 5 - 2))
        rows.append(row(DAY - timedelta(days=back), homes=homes, known=known, nothing=nothing, amount=amount))
    usual = {"homes": homes, "known": known, "unused": nothing, "mean": mean}
    told = {**usual, **(today or {})}
    rows.append(row(DAY, told["homes"], told["known"], told["unused"], told["known"] * told["mean"]))
    return pa.Table.from_pylist(rows, schema=AREA_DAY)


def row(day, homes, known, nothing, amount):
    fields = {"homes": homes, "known": known, "unused": nothing, "amount": amount}
    return {"area": "east", "service": "electricity", "business_date": day, **fields}


def kinds(table):
    return [finding.kind for finding in findings(table, day=DAY)]


def test_a_usual_day_is_none():
    assert kinds(history()) == []
    assert kinds(history({"mean": 8_400})) == []


@pytest.mark.parametrize(
    ("today", "kind", "affected"),
    [
        ({"known": 65}, "no_readings", 35),
        ({"unused": 40, "mean": 5_000}, "no_supply", 40),
        ({"mean": 12_100}, "high_use", 100),
        ({"mean": 3_900}, "low_use", 100),
    ],
)
def test_each_kind_is_found_with_whom_it_shows_at(today, kind, affected):
    (finding,) = findings(history(today), day=DAY)
    assert (finding.kind, finding.affected, finding.homes, finding.usual) == (kind, affected, 100, 8_000)


@pytest.mark.parametrize("today", [{"known": 71}, {"unused": 31}, {"mean": 11_900}, {"mean": 4_100}])
def test_just_within_the_limits_is_none(today):
    assert kinds(history(today)) == []


def test_an_area_of_few_homes_is_never_told_of():
    few = LEAST_HOMES - 1
    table = history(homes=few, known=few, nothing=0).to_pylist()
    table[-1]["amount"] *= 10
    assert kinds(pa.Table.from_pylist(table, schema=AREA_DAY)) == []


def test_without_a_week_of_days_nothing_is_said():
    for days, found in ((6, []), (7, ["high_use"])):
        table = history(days=days).to_pylist()
        table[-1]["amount"] *= 10
        assert kinds(pa.Table.from_pylist(table, schema=AREA_DAY)) == found


def test_the_first_day_of_all_is_no_finding():
    assert kinds(pa.Table.from_pylist([row(DAY, 100, 100, 90, 100)], schema=AREA_DAY)) == []


def test_days_that_were_hardly_read_do_not_make_the_usual():
    table = history().to_pylist()
    for each in table[:15]:
        each.update(known=3, amount=3 * 1_000_000)
    assert kinds(pa.Table.from_pylist(table, schema=AREA_DAY)) == []


def blocks(values):
    """One block a usage point: a day's amount of the register in its own integers; None is a hole."""
    count = len(values)
    columns = {
        "usage_point": pa.array(range(1, count + 1), pa.int32()),
        "reading_type": pa.array([REGISTER.id] * count, pa.int32()),
        "business_date": pa.array([DAY] * count, pa.date32()),
        "version": pa.array([1] * count, pa.int32()),
        "start": pa.array([0] * count, pa.int64()),
        "interval_s": pa.array([86_400] * count, pa.int32()),
        "values": pa.array([[value] for value in values], BLOCK.field("values").type),
        "quality": pa.nulls(count, BLOCK.field("quality").type),
        "register_start": pa.nulls(count, pa.int64()),
        "register_end": pa.nulls(count, pa.int64()),
        **{name: pa.array([0] * count, BLOCK.field(name).type) for name in BLOCK.names[-3:]},
    }
    return pa.table(columns, schema=BLOCK)


def test_areas_are_sums_of_what_was_read_in_them():
    points = pa.table(
        {
            "usage_point": pa.array([1, 2, 3, 4, 1], pa.int32()),
            "service": ["electricity"] * 5,
            "area": ["east", "east", "east", "west", "city"],
        }
    )
    found = area_days(blocks=blocks([80_000, 0, None]), points=points, day=DAY).to_pylist()
    assert [(each["area"], each["homes"], each["known"], each["unused"], each["amount"]) for each in found] == [
        ("city", 1, 1, 0, 8_000),
        ("east", 3, 2, 1, 8_000),
        ("west", 1, 0, 0, 0),
    ]


def test_sums_are_those_of_a_plain_loop():
    chance = np.random.default_rng(5)
    amounts = [None if chance.random() < 0.1 else int(chance.integers(0, 200_000)) * 10 for _ in range(300)]
    areas = [f"area-{number}" for number in chance.integers(0, 7, 300)]
    points = pa.table({"usage_point": pa.array(range(1, 301), pa.int32()), "service": ["electricity"] * 300, "area": areas})
    for each in area_days(blocks=blocks(amounts), points=points, day=DAY).to_pylist():
        own = [amount for amount, area in zip(amounts, areas, strict=True) if area == each["area"]]
        known = [amount for amount in own if amount is not None]
        assert each["homes"] == len(own)
        assert each["known"] == len(known)
        assert each["unused"] == known.count(0)
        assert each["amount"] == sum(round(amount / 10) for amount in known)
