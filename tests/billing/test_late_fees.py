"""A late bill costs a little more each day, once a day, as long as it is open, and never more than the rule says."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from metropool.capabilities.billing import late_fee_notes, paying, queries
from metropool.capabilities.billing.adapters import late_fees as late_fee_rows
from metropool.capabilities.billing.late_fees import late_fee, late_fee_through
from metropool.capabilities.billing.tariffs.schema import LateFee
from metropool.core.money import round_to_fen, to_cny
from metropool.exchange.messages import ROWS, PaymentsAllocated, late_fee_of

JULY = (date(2026, 7, 1), date(2026, 8, 1))
DUE = date(2026, 8, 17)
AMOUNT = 18505
RULE = LateFee(id="r", daily_rate=Decimal("0.001"), cap_share=Decimal(1), source="test", certainty="memory")


@pytest.fixture
def billed(company):
    """One account, July: 185.05 CNY, due on 17 August."""
    company.assign("E1", "guangzhou_residential_electricity")
    company.measure_month("E1", *JULY, daily=100_000, opening=0)
    company.run("electricity", *JULY)
    return company


def look(company, day, hour=1):
    """The worker's look on a day, to its end."""
    company.now = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    for _ in range(10):
        with company.unit() as work:
            if late_fee_notes.post_late_fees(work=work) is None:
                return
    raise AssertionError("the look never comes to an end")


def pay(company, fen, day, reference="P1"):
    number = company.bills()[0]["number"]
    row = {"reference": reference, "account_number": "E1", "bill_number": number, "amount_fen": fen}
    row["paid_at"] = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    with company.unit() as work:
        rows = pa.Table.from_pylist([row], schema=ROWS[PaymentsAllocated])
        paying.credit_accounts(work=work, message=PaymentsAllocated(company="company", rows=rows))


def notes(company):
    number = company.bills()[0]["number"]
    with company.unit() as work:
        return [(note["business_date"], note["amount_fen"]) for note in work.late_fees.notes_of([number])]


def fees(company):
    return sum(fen for _, fen in notes(company))


class TestGrowing:
    def test_nothing_on_the_due_date_and_a_day_s_worth_on_the_next(self, billed):
        look(billed, DUE)
        assert notes(billed) == []
        look(billed, DUE + timedelta(days=1))
        assert notes(billed) == [("2026-08-18", 19)]  # 185.05 x 0.001 = 0.18505
        assert billed.balances()["late_fee/electricity"] == -19
        assert billed.balances()["receivable/E1"] == AMOUNT + 19

    def test_once_a_day_however_often_the_worker_looks(self, billed):
        for hour in (1, 2, 3, 12):
            look(billed, DUE + timedelta(days=2), hour)
        assert notes(billed) == [("2026-08-19", 37)]
        assert len([key for key in billed.balances() if key.startswith("late_fee")]) == 1

    def test_rounds_the_sum_and_not_each_day(self, billed):
        for days in range(1, 13):
            look(billed, DUE + timedelta(days=days))
        assert fees(billed) == 222  # 185.05 x 0.001 x 12 = 2.2206, while twelve times 0.19 would be 2.28
        assert sum(billed.balances().values()) == 0

    def test_days_nobody_looked_are_asked_for_at_once(self, billed):
        look(billed, DUE + timedelta(days=12))
        assert notes(billed) == [("2026-08-29", 222)]

    def test_never_more_than_the_principal(self, billed):
        look(billed, DUE + timedelta(days=5000))
        assert fees(billed) == AMOUNT

    def test_is_told_like_a_bill_whose_one_line_names_the_late_bill(self, billed):
        look(billed, DUE + timedelta(days=12))
        [row] = billed.told()[-1].rows.to_pylist()
        number = billed.bills()[0]["number"]
        assert (row["bill_number"], row["amount_fen"], row["combined_account"]) == (f"{number}-F1", 222, "home-E1")
        assert late_fee_of(row["lines"]) == number
        assert late_fee_of(billed.bills()[0]["lines"]) is None

    def test_a_bill_of_a_tariff_without_a_rule_costs_nothing(self, company):
        company.assign("B1", "guangdong_general_commercial_lt1kv_2021q4_excl_funds", service="electricity")
        company.measure_month("B1", date(2021, 10, 1), date(2021, 11, 1), daily=100_000, opening=0)
        company.run("electricity", date(2021, 10, 1), date(2021, 11, 1))
        assert len(company.bills()) == 1
        look(company, DUE + timedelta(days=50))
        assert notes(company) == []

    def test_goes_on_from_bill_to_bill_in_short_units(self, billed, monkeypatch):
        monkeypatch.setattr(late_fee_rows, "WINDOW", 1)
        for account in ("E2", "E3"):
            billed.assign(account, "guangzhou_residential_electricity")
            billed.measure_month(account, *JULY, daily=100_000, opening=0)
        billed.now = datetime(2026, 8, 2, 1, tzinfo=UTC)
        billed.run("electricity", *JULY)
        look(billed, DUE + timedelta(days=1))
        assert billed.balances()["late_fee/electricity"] == -3 * 19


class TestPaying:
    def test_the_day_of_payment_is_the_last_that_counts(self, billed):
        look(billed, DUE + timedelta(days=3))
        before = notes(billed)
        pay(billed, AMOUNT, DUE + timedelta(days=3))
        look(billed, DUE + timedelta(days=9))
        assert notes(billed) == before == [("2026-08-20", 56)]

    def test_the_fee_itself_is_owed_until_it_is_paid_and_does_not_grow(self, billed):
        look(billed, DUE + timedelta(days=3))
        pay(billed, AMOUNT, DUE + timedelta(days=3))
        look(billed, DUE + timedelta(days=90))
        with billed.unit() as work:
            [owed] = work.bills.open_bills("E1")
        assert (owed.number, owed.open_fen) == (f"{billed.bills()[0]['number']}-F1", 56)

    def test_half_paid_costs_half_from_the_next_day(self, billed):
        look(billed, DUE + timedelta(days=2))
        pay(billed, AMOUNT - 8505, DUE + timedelta(days=2))
        look(billed, DUE + timedelta(days=12))
        assert fees(billed) == round_to_fen(to_cny(AMOUNT * 2 + 8505 * 10) * RULE.daily_rate) == 122

    def test_money_that_came_in_earlier_than_was_known_takes_the_fee_back(self, billed):
        look(billed, DUE + timedelta(days=1))
        look(billed, DUE + timedelta(days=4))
        pay(billed, AMOUNT, DUE)
        assert [fen for _, fen in notes(billed)] == [19, 55, -74]
        assert billed.balances()["late_fee/electricity"] == 0
        assert billed.told()[-1].rows["amount_fen"].to_pylist() == [-74]
        look(billed, DUE + timedelta(days=40))
        assert fees(billed) == 0

    def test_a_counter_payment_pays_the_bill_and_then_its_fee(self, billed):
        look(billed, DUE + timedelta(days=12))
        with billed.unit() as work:
            given = {"account_number": "E1", "reference": "1", "amount_fen": AMOUNT + 300, "way": "counter"}
            assert paying.receive_payment(work=work, **given) == 300 - 222
            assert queries.account_statement(work=work, account_number="E1")["balance_fen"] == 0


class TestWorkingItOut:
    @pytest.mark.parametrize("days", [0, 1, 2, 30, 999, 1000, 1001])
    def test_without_payments_it_is_the_plain_rule(self, days):
        last_day = DUE + timedelta(days=days)
        plain = late_fee(unpaid_cny=to_cny(AMOUNT), days_late=days, rule=RULE).total_fen
        assert late_fee_through(amount_fen=AMOUNT, due_date=DUE, payments=(), last_day=last_day, rule=RULE) == plain

    def test_grace_shifts_the_first_day(self):
        rule = LateFee(id="g", daily_rate=Decimal("0.001"), grace_days=3, source="test", certainty="memory")
        through = [
            late_fee_through(amount_fen=100_000, due_date=DUE, payments=(), last_day=DUE + timedelta(days=days), rule=rule)
            for days in (3, 4, 5)
        ]
        assert through == [0, 100, 200]

    @pytest.mark.parametrize("seed", range(20))
    def test_any_payments_cost_what_day_by_day_reckoning_says(self, seed):
        chance = random.Random(seed)
        amount = chance.randrange(1, 100_000)
        payments = [
            (DUE + timedelta(days=chance.randrange(-5, 40)), chance.randrange(-amount // 3, amount // 2 + 1)) for _ in range(6)
        ]
        last_day = DUE + timedelta(days=chance.randrange(0, 45))
        open_fen = [
            max(0, amount - sum(fen for paid, fen in payments if paid < DUE + timedelta(days=day)))
            for day in range(1, (last_day - DUE).days + 1)
        ]
        exact = min(to_cny(sum(open_fen)) * RULE.daily_rate, to_cny(max(open_fen, default=0)))
        assert late_fee_through(amount_fen=amount, due_date=DUE, payments=payments, last_day=last_day, rule=RULE) == round_to_fen(
            exact
        )
