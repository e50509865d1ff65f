"""A meter exchanged inside a period: the registers of both meters make the bill, to the fen, and are on it."""

import json
from datetime import date, timedelta

import pytest

from billing.company import Company
from billing.test_columns import SPAN, _grid
from metropool.capabilities.billing import adjusting
from metropool.capabilities.billing.freezing import REASONS, growth_by_days, growth_by_edges

JULY = (date(2026, 7, 1), date(2026, 8, 1))
DAILY = 96_000
POWER = "guangzhou_residential_electricity"


@pytest.fixture
def company(tmp_path):
    company = Company(tmp_path)
    yield company
    company.database.close()


def days_with_exchange(on: int, *, old_final=None, new_start=70_000, version=1, hole=False):
    """July of equal use; on day ``on`` meter A ends after a third of it and B begins at ``new_start``, above what A ever showed."""
    rows = []
    for n in range(31):
        day, start = date(2026, 7, 1) + timedelta(days=n), 1000 + n * DAILY
        final = start + DAILY // 3 if old_final is None else old_final
        if n < on:
            rows.append({"day": day, "start": start, "end": start + DAILY, "device": "A", "version": version})
            continue
        begins = new_start + (n - on) * DAILY - DAILY // 3
        row = {"day": day, "start": begins, "end": begins + DAILY, "device": "B", "version": version}
        if n == on:
            used = final - start + DAILY - DAILY // 3
            values = [used // 96] * 95 + [used - used // 96 * 95]
            values = [None, *values[1:]] if hole else values
            meters = [["A", start, final], ["B", new_start, row["end"]]]
            row |= {"start": start, "values": values, "meters": meters}
        rows.append(row)
    return rows


@pytest.mark.parametrize("on", [0, 14, 30], ids=["first day", "inside", "last day"])
@pytest.mark.parametrize("hole", [False, True], ids=["whole", "with a hole"])
@pytest.mark.parametrize("new_start", [0, 70_000, 990_000_000], ids=["new from 0", "new lower", "new higher"])
def test_the_bill_is_that_of_one_meter_that_counted_the_same(company, on, hole, new_start):
    for account in ("E1", "E2"):
        company.assign(account, POWER)
    company.measure_month("E1", *JULY, daily=DAILY)
    company.measure("E2", days_with_exchange(on, new_start=new_start, hole=hole))
    company.run("electricity", *JULY)
    plain, exchanged = company.bills()
    assert (exchanged["quantity"], exchanged["amount_fen"]) == (plain["quantity"], plain["amount_fen"])
    assert plain["registers"] is None
    old, new = json.loads(exchanged["registers"])
    day = date(2026, 7, 1) + timedelta(days=on)
    assert (old["meter_number"], old["start"], old["to"]) == ("A", "0.1", day.isoformat())
    assert (new["meter_number"], new["to"], exchanged["meter_number"]) == ("B", None, "B")
    grown = sum(float(one["end"]) - float(one["start"]) for one in (old, new))
    assert round(grown, 4) == float(exchanged["quantity"])
    assert not exchanged["is_estimated"]


def test_the_multiplier_counts_for_both_meters(company):
    company.assign("E1", POWER, multiplier="40")
    rows = days_with_exchange(10)
    for row in rows:
        row["values"] = [value * 40 for value in row.get("values", [DAILY // 96] * 96)]
    company.measure("E1", rows)
    company.run("electricity", *JULY)
    [bill] = company.bills()
    assert bill["quantity"] == "11904"


def test_both_pairs_are_told_to_who_makes_the_combined_bill(company):
    company.assign("E1", POWER)
    company.measure("E1", days_with_exchange(14))
    company.run("electricity", *JULY)
    [message] = company.told()
    [row] = message.rows.to_pylist()
    assert [one["meter_number"] for one in json.loads(row["registers"])] == ["A", "B"]


def test_an_exchange_heard_of_after_the_bill_proposes_the_difference_and_the_new_bill_has_both_pairs(company):
    company.assign("E1", POWER)
    company.measure_month("E1", *JULY, daily=DAILY, device="A")
    company.run("electricity", *JULY)
    [first] = company.bills()
    final = 1000 + 14 * DAILY + DAILY // 3 + 50_000
    company.measure("E1", days_with_exchange(14, old_final=final, version=2))
    with company.unit() as work:
        adjusting.propose_adjustments(work=work)
    with company.unit() as work:
        number = adjusting.issue_adjustment(work=work, bill_number=first["number"], by="ann")
    second = next(bill for bill in company.bills() if bill["number"] == number)
    assert float(second["quantity"]) - float(first["quantity"]) == pytest.approx(5)
    assert second["amount_fen"] == second["reckoned_fen"] - first["reckoned_fen"] > 0
    assert next(one["end"] for one in json.loads(second["registers"])) == f"{final / 10_000:g}"


def test_without_a_register_of_the_exchange_the_whole_intervals_tell_and_without_both_the_bill_is_blocked():
    unread = '[["A",10,null],["B",0,4]]'
    grid = _grid(
        [(0, "A", 0, 10, None), (1, "B", 10, 4, 9, unread), (2, "B", 4, 6, None)],
        [(0, "A", 0, 10, None), (1, "B", 10, 40, None, unread), (2, "B", 40, 46, None)],
        [(0, "A", 0, 10, None), (1, "B", 10, 40, None, '[["A",10,7],["B",0,40]]'), (2, "B", 40, 46, None)],
        [(0, "B", 10, 40, None, '[["A",10,17],["B",30,40]]'), (1, "B", 40, 41, None), (2, "B", 41, 43, None)],
    )
    assert not growth_by_edges(grid, SPAN, ["1"] * 4)[1].any(), "the last looks like one meter at its edges"
    growth, reasons = growth_by_days(grid, SPAN, ["1"] * 4)
    assert [REASONS[code] for code in reasons] == [None, "no_register", "register_went_back", None]
    assert (growth[0], growth[3]) == (10 + 9 + 2, 7 + 10 + 1 + 2)
