"""What somebody quotes who asks a company for its tax invoice: what that company has of one's money, and nothing else."""

from datetime import timedelta

import pytest

from metropool.capabilities.settlement import credit, operations, refunds
from metropool.core.errors import NotFound
from metropool.portal.desks.money.invoices import InvoicesDesk

from .conftest import ACCOUNT, AMOUNTS, NUMBERS, hear, notice, order_of

ALL = list(NUMBERS.values())
FEES = {"EL1": 15, "WA1": 3, "GA1": 4}
TOTAL = sum(AMOUNTS.values()) + sum(FEES.values())


def basis(city, *, payment=None, bill=None, account=ACCOUNT):
    def ask(work):
        return InvoicesDesk(work).basis(account=account, payment=payment, bill=bill)

    return city.platform.read_now("settlement", ask)


def told(found):
    return [(row.bill_number, row.charges_fen, row.late_fee_fen, row.amount_fen) for row in found.rows]


def combined_numbers(city):
    rows = city.platform.read_now("settlement", lambda work: work.dues.combined_bills(combined_account=ACCOUNT))
    return [row["number"] for row in rows]


def pay_all(city):
    order_of(city, numbers=ALL, amount_fen=TOTAL)
    hear(city, notice(amount_fen=TOTAL))


def give_back(city, amount_fen, refund="RF1"):
    city.settle(
        lambda work: refunds.ask_refund(work=work, refund=refund, order="P1", amount_fen=amount_fen, reason="error", by="maker")
    )
    city.settle(lambda work: refunds.approve_refund(work=work, refund=refund, reason="seen", by="checker"))


def test_each_company_has_its_charges_and_late_fees_of_the_payment_to_the_fen(late):
    pay_all(late)
    found = basis(late, payment="P1")
    assert told(found) == [("EL1", 15311, 15, 15326), ("WA1", 5860, 3, 5863), ("GA1", 8625, 4, 8629)]
    assert sum(row.amount_fen for row in found.rows) == TOTAL
    first = found.rows[0]
    assert (first.account_number, first.month, first.reference) == ("grid-1", "2026-06", "P1")
    assert first.paid_at == late.clock.now()
    assert found.reason is None


def test_what_went_back_is_not_invoiced(late):
    pay_all(late)
    give_back(late, 10_000)
    assert sum(row.amount_fen for row in basis(late, payment="P1").rows) == TOTAL - 10_000
    give_back(late, TOTAL - 10_000, refund="RF2")
    found = basis(late, payment="P1")
    assert found.rows == []
    assert "given back" in found.reason.en


def test_a_refund_that_nobody_approved_changes_nothing(late):
    pay_all(late)
    late.settle(lambda work: refunds.ask_refund(work=work, refund="RF1", order="P1", amount_fen=100, reason="error", by="maker"))
    assert sum(row.amount_fen for row in basis(late).rows) == TOTAL


def test_before_it_is_paid_it_says_why_not_and_how_much_is_open(late):
    [number] = combined_numbers(late)
    found = basis(late, bill=number)
    assert (found.rows, found.reason.en[:36]) == ([], "This bill has not been paid yet; one")
    assert {row.bill_number: row.open_fen for row in found.not_yet} == {"EL1": 15326, "WA1": 5863, "GA1": 8629}
    assert basis(late).reason.en.startswith("Nothing has been paid yet")


@pytest.mark.parametrize(("status", "words"), [(None, "has not told"), ("failed", "No money was received")])
def test_a_payment_that_did_not_succeed_has_nothing(late, status, words):
    order_of(late, numbers=ALL, amount_fen=TOTAL)
    if status:
        hear(late, notice(amount_fen=TOTAL, status=status))
    found = basis(late, payment="P1")
    assert (found.rows, found.not_yet) == ([], [])
    assert words in found.reason.en


def test_one_company_paid_alone_has_its_row_and_the_others_are_open(late):
    order_of(late, numbers=["WA1"], amount_fen=5863)
    hear(late, notice(amount_fen=5863))
    found = basis(late, bill=combined_numbers(late)[0])
    assert told(found) == [("WA1", 5860, 3, 5863)]
    assert [row.bill_number for row in found.not_yet] == ["EL1", "GA1"]


def test_a_prepayment_has_nothing_until_it_pays_a_bill(late):
    top_up = {"order": "P1", "combined_account": ACCOUNT, "amount_fen": 20_000, "channel": "citypay"}
    late.settle(lambda work: credit.open_top_up(work=work, **top_up))
    hear(late, notice(amount_fen=20_000))
    assert "prepaid balance" in basis(late, payment="P1").reason.en
    use = {"order": "B1", "combined_account": ACCOUNT, "bill_numbers": ["EL1"], "most_fen": 20_000}
    late.settle(lambda work: credit.pay_from_credit(work=work, **use))
    assert told(basis(late, payment="B1")) == [("EL1", 15311, 15, 15326)]
    assert basis(late, payment="P1").rows == []


def test_a_late_fee_belongs_to_the_combined_bill_that_lists_it(late):
    for company, amount_fen in AMOUNTS.items():
        late.bill(company, number=f"{NUMBERS[company]}2", amount_fen=amount_fen)
    late.settle(lambda work: operations.issue_combined_bills(work=work))
    pay_all(late)
    second, first = combined_numbers(late)
    assert told(basis(late, bill=first)) == [("EL1", 15311, 0, 15311), ("WA1", 5860, 0, 5860), ("GA1", 8625, 0, 8625)]
    assert told(basis(late, bill=second)) == [("EL1", 0, 15, 15), ("WA1", 0, 3, 3), ("GA1", 0, 4, 4)]
    assert {row.bill_number: row.open_fen for row in basis(late, bill=second).not_yet} == {
        "EL12": 15311,
        "WA12": 5860,
        "GA12": 8625,
    }


def test_payments_are_told_newest_first(late):
    order_of(late, numbers=["WA1"], amount_fen=5863)
    hear(late, notice(amount_fen=5863))
    late.clock.advance(timedelta(hours=2))
    order_of(late, numbers=["GA1"], amount_fen=8629, order="P2")
    hear(late, notice(amount_fen=8629, order="P2", reference="R2"))
    assert [(row.reference, row.bill_number) for row in basis(late).rows] == [("P2", "GA1"), ("P1", "WA1")]


def test_a_payment_or_bill_of_another_account_is_none(late):
    pay_all(late)
    [number] = combined_numbers(late)
    for asked in ({"payment": "P1"}, {"bill": number}):
        with pytest.raises(NotFound):
            basis(late, account="GZ2", **asked)
    with pytest.raises(NotFound):
        basis(late, bill="CB-none")
    assert basis(late, account="GZ2").rows == []
