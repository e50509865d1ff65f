"""After the bill: payments have one effect, a correction bills the difference only, the books stay balanced."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from sqlalchemy import update

from metropool.capabilities.billing import adjusting, late_fee_notes, paying, queries
from metropool.capabilities.billing.adapters.tables import bill
from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.exchange.messages import ROWS, PaymentsAllocated

JULY = (date(2026, 7, 1), date(2026, 8, 1))
AUGUST = (date(2026, 8, 1), date(2026, 9, 1))
POWER = "guangzhou_residential_electricity"
GAS = "guangzhou_residential_gas"
PAID_AT = datetime(2026, 8, 4, tzinfo=UTC)


@pytest.fixture
def billed(company):
    """One account, July: 310 kWh, 185.05 CNY."""
    company.assign("E1", POWER)
    company.measure_month("E1", *JULY, daily=100_000, opening=0)
    company.run("electricity", *JULY)
    return company


def _allocated(*parts) -> PaymentsAllocated:
    rows = [
        {"reference": reference, "account_number": "E1", "bill_number": number, "amount_fen": fen, "paid_at": PAID_AT}
        for reference, number, fen in parts
    ]
    return PaymentsAllocated(company="company", rows=pa.Table.from_pylist(rows, schema=ROWS[PaymentsAllocated]))


def _credit(company, *parts) -> None:
    with company.unit() as work:
        paying.credit_accounts(work=work, message=_allocated(*parts))


def _bills(company, account="E1") -> list[dict]:
    with company.unit() as work:
        return queries.bills_of(work=work, account_number=account)


def test_a_payment_is_credited_once_however_often_it_is_told(billed):
    number = _bills(billed)[0]["number"]
    for _ in range(15):
        _credit(billed, ("P1", number, 18505))
    [paid] = _bills(billed)
    assert (paid["paid_fen"], paid["open_fen"], paid["is_overdue"]) == (18505, 0, False)
    assert billed.balances() == {"clearing/combined_bill": 18505, "receivable/E1": 0, "revenue/electricity": -18505}


def test_the_same_reference_with_another_amount_changes_nothing(billed):
    number = _bills(billed)[0]["number"]
    _credit(billed, ("P1", number, 100))
    with pytest.raises(Conflict):
        _credit(billed, ("P1", number, 200))
    assert _bills(billed)[0]["paid_fen"] == 100


def test_a_refund_opens_the_bill_again(billed):
    number = _bills(billed)[0]["number"]
    _credit(billed, ("P1", number, 18505))
    _credit(billed, ("R1", number, -18505))
    assert _bills(billed)[0]["open_fen"] == 18505
    assert billed.balances()["receivable/E1"] == 18505


def test_paying_one_company_alone_pays_the_oldest_bill_and_keeps_the_rest_as_credit(billed):
    for _ in range(2):
        with billed.unit() as work:
            paying.receive_payment(work=work, account_number="E1", reference="1001", amount_fen=20000, way="counter")
    assert _bills(billed)[0]["open_fen"] == 0
    with billed.unit() as work:
        statement = queries.account_statement(work=work, account_number="E1")
    assert (statement["balance_fen"], statement["credit_fen"]) == (0, 1495)
    assert [row["balance_fen"] for row in statement["postings"]] == [18505, -1495, 0]
    assert sum(billed.balances().values()) == 0


def test_a_payment_of_nothing_is_refused(billed):
    with billed.unit() as work, pytest.raises(Invalid):
        paying.receive_payment(work=work, account_number="E1", reference="1", amount_fen=0, way="counter")


def test_an_unpaid_bill_is_overdue_after_its_due_date_and_costs_a_late_fee(billed):
    number = _bills(billed)[0]["number"]
    billed.now = datetime(2026, 8, 29, tzinfo=UTC)  # due on 17 August, 12 days late
    assert _bills(billed)[0]["is_overdue"]
    with billed.unit() as work:
        late_fee_notes.post_late_fees(work=work)
        assert queries.bill_detail(work=work, number=number)["late_fee_fen"] == 222  # 185.05 x 0.001 x 12 = 2.2206


def test_a_bill_that_somebody_edited_shows_a_broken_seal(billed):
    number = _bills(billed)[0]["number"]
    with billed.unit() as work:
        assert queries.bill_detail(work=work, number=number)["is_sealed"]
        work.context.connection.execute(update(bill).values(amount_fen=1))
        assert not queries.bill_detail(work=work, number=number)["is_sealed"]
    with billed.unit() as work, pytest.raises(NotFound):
        queries.bill_detail(work=work, number="none")


def _correct_last_day(company, end: int, version: int = 2, day: date = date(2026, 7, 31)) -> None:
    company.measure("E1", [{"day": day, "start": 3_000_000, "end": end, "version": version}])
    company.work_off()


def test_a_late_block_proposes_an_adjustment_and_leaves_the_bill_alone(billed):
    before = billed.bills()
    _correct_last_day(billed, end=3_200_000)
    with billed.unit() as work:
        [proposed] = queries.proposed_adjustments(work=work)
    assert (proposed["bill_number"], proposed["difference_fen"]) == (before[0]["number"], 639)
    assert billed.bills() == before


def test_an_issued_adjustment_bills_posts_and_tells_the_difference_only(billed):
    number = billed.bills()[0]["number"]
    _correct_last_day(billed, end=3_200_000)
    with billed.unit() as work:
        second = adjusting.issue_adjustment(work=work, bill_number=number, by="bob")
    first, adjusted = billed.bills()
    assert (adjusted["number"], adjusted["version"], adjusted["replaces"]) == (second, 2, number)
    assert (adjusted["amount_fen"], adjusted["reckoned_fen"]) == (639, first["amount_fen"] + 639)
    assert billed.balances()["receivable/E1"] == first["amount_fen"] + 639
    lines = json.loads(adjusted["lines"])
    assert lines[-1] == ["previously_billed", "1", "-185.05", "-185.05"]
    assert round(sum(Decimal(line[3]) for line in lines), 2) == Decimal("6.39")
    assert billed.told()[-1].rows["amount_fen"].to_pylist() == [639]
    with billed.unit() as work, pytest.raises(Conflict):
        adjusting.issue_adjustment(work=work, bill_number=number, by="bob")


def test_a_second_correction_adjusts_the_adjustment(billed):
    number = billed.bills()[0]["number"]
    _correct_last_day(billed, end=3_200_000)
    with billed.unit() as work:
        adjusting.issue_adjustment(work=work, bill_number=number, by="bob")
    _correct_last_day(billed, end=3_100_000, version=3)
    with billed.unit() as work:
        [proposed] = queries.proposed_adjustments(work=work)
        adjusting.issue_adjustment(work=work, bill_number=proposed["bill_number"], by="bob")
    assert [row["amount_fen"] for row in billed.bills()] == [18505, 639, -639]
    assert billed.balances() == {"receivable/E1": 18505, "revenue/electricity": -18505}


def test_a_block_that_changes_nothing_proposes_nothing(billed):
    _correct_last_day(billed, end=3_100_000)
    with billed.unit() as work:
        assert queries.proposed_adjustments(work=work) == []


def test_an_older_version_never_replaces_a_newer_one(billed):
    _correct_last_day(billed, end=3_200_000, version=5)
    _correct_last_day(billed, end=3_900_000, version=4)
    with billed.unit() as work:
        [proposed] = queries.proposed_adjustments(work=work)
    assert proposed["difference_fen"] == 639


def test_a_declined_adjustment_is_not_proposed_again(billed):
    _correct_last_day(billed, end=3_200_000)
    with billed.unit() as work:
        adjusting.decline_adjustment(work=work, bill_number=billed.bills()[0]["number"], by="bob")
        assert queries.proposed_adjustments(work=work) == []


def test_an_adjusted_year_to_date_rechecks_the_later_bills_of_the_year(company):
    company.now = datetime(2026, 9, 2, tzinfo=UTC)
    company.assign("E1", GAS, opening_to_date=290_000, valid_from=date(2026, 1, 1))
    company.measure_month("E1", *JULY, daily=1_000, opening=0, service="gas")
    company.measure_month("E1", *AUGUST, daily=1_000, opening=31_000, service="gas")
    company.run("gas", *JULY)
    company.run("gas", *AUGUST)
    company.measure("E1", [{"day": date(2026, 7, 1), "start": 10_000, "end": 11_000, "version": 2, "service": "gas"}])
    company.work_off()
    with company.unit() as work:
        [proposed] = queries.proposed_adjustments(work=work)
        adjusting.issue_adjustment(work=work, bill_number=proposed["bill_number"], by="bob")
    company.work_off()
    with company.unit() as work:
        [later] = queries.proposed_adjustments(work=work)
    assert later["difference_fen"] == -621  # nine m3 move from 4.14 to 3.45


def test_a_retroactive_price_change_can_be_rechecked(billed):
    with billed.unit() as work:
        adjusting.recheck_bills(work=work, bill_numbers=[billed.bills()[0]["number"]], reason="price list corrected")
    billed.work_off()
    with billed.unit() as work:
        assert queries.proposed_adjustments(work=work) == []
