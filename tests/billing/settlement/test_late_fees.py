"""A late fee is the company's: shown, paid and shared like a bill, while clearing and company agree to the fen at every step."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from metropool.capabilities.billing.late_fees import late_fee_through, rule_of
from metropool.capabilities.settlement import operations
from metropool.core.errors import Conflict

from .conftest import ACCOUNT, AMOUNTS, COMPANIES, NUMBERS, hear, notice, order_of

FEES = {"EL1": 15, "WA1": 3, "GA1": 4}
"""The first day: 153.11 x 0.001, 58.60 x 0.0005, 86.25 x 0.0005, each rounded half up."""
ALL = list(NUMBERS.values())


def rows(city, **equal):
    return {row["bill_number"]: row for row in city.platform.read_now("settlement", lambda work: work.dues.dues(**equal))}


def open_fen(city):
    return {number: row["amount_fen"] - row["paid_fen"] for number, row in rows(city).items()}


def next_day(city, days=1):
    city.clock.advance(timedelta(days=days))
    city.look_for_late_bills()


def combine(city):
    city.settle(lambda work: operations.issue_combined_bills(work=work))
    return city.platform.read_now("settlement", lambda work: work.dues.combined_bills())


class TestOwing:
    def test_each_company_asks_by_its_own_rule_and_the_platform_owes_the_same(self, late):
        assert {number: row["amount_fen"] for number, row in rows(late).items() if row["late_fee_of"]} == {
            f"{number}-F1": fen for number, fen in FEES.items()
        }
        late.check_money()
        assert late.balances("smart_use_platform")[f"receivable/{ACCOUNT}"] == sum(AMOUNTS.values()) + 22

    def test_grows_by_a_note_a_day_and_not_by_a_second_look(self, late):
        for _ in range(3):
            late.look_for_late_bills()
        next_day(late)
        assert late.late_fees("grid") == {"EL1-F1": 15, "EL1-F2": 16}
        late.check_money()

    def test_is_no_price_of_what_was_used(self, late):
        price = late.platform.read_now("insight", lambda work: work.prices.mean_price("electricity-1"))
        assert price == Decimal("153.11")

    def test_makes_no_combined_bill_of_its_own_and_is_a_line_of_the_next(self, late):
        next_day(late, 8)
        assert len(combine(late)) == 1
        late.bill("water", number="WA2", amount_fen=100)
        newest, first = combine(late)
        assert newest["total_fen"] == 100 + sum(FEES.values()) + sum(
            fen for company in COMPANIES for number, fen in late.late_fees(company).items() if number.endswith("-F2")
        )
        assert '"late_fees":[]' in first["content"]
        assert '"bill_number":"EL1","company":"grid","first_day":"2026-07-21","last_day":"2026-07-29"' in newest["content"]


class TestPaying:
    def test_one_payment_pays_bills_and_fees_and_stops_their_growth(self, late):
        total = sum(AMOUNTS.values()) + sum(FEES.values())
        order_of(late, numbers=ALL, amount_fen=total)
        assert [hear(late, notice(amount_fen=total)) for _ in range(15)] == ["posted", *["repeated"] * 14]
        assert set(open_fen(late).values()) == {0}
        next_day(late, 30)
        assert set(open_fen(late).values()) == {0}
        for company, (system, service) in COMPANIES.items():
            assert late.balances(system)[f"receivable/{company}-1"] == 0
            assert late.balances(system)[f"late_fee/{service}"] == -FEES[NUMBERS[company]]
        late.check_money()

    def test_one_company_alone_with_its_fee(self, late):
        order_of(late, numbers=["WA1"], amount_fen=5863)
        hear(late, notice(amount_fen=5863))
        assert open_fen(late) == {"EL1": 15311, "WA1": 0, "GA1": 8625, "EL1-F1": 15, "WA1-F1": 0, "GA1-F1": 4}
        late.check_money()

    def test_an_amount_read_before_the_fee_grew_is_taken_and_the_rest_stays_due(self, late):
        next_day(late)
        with pytest.raises(Conflict):
            order_of(late, numbers=["EL1"], amount_fen=15311 + 14)
        order_of(late, numbers=["EL1"], amount_fen=15311 + 15)
        hear(late, notice(amount_fen=15311 + 15))
        assert {number: fen for number, fen in open_fen(late).items() if number.startswith("EL")} == {
            "EL1": 0,
            "EL1-F1": 0,
            "EL1-F2": 16,
        }
        late.check_money()

    def test_an_order_of_yesterday_paid_today_leaves_the_night_s_growth_due(self, late):
        order_of(late, numbers=["EL1"], amount_fen=15326)
        next_day(late)
        hear(late, notice(amount_fen=15326))
        assert open_fen(late)["EL1-F2"] == 16
        order_of(late, numbers=["EL1"], amount_fen=16, order="P2")
        hear(late, notice(order="P2", reference="R2", amount_fen=16))
        next_day(late, 60)
        assert sum(fen for number, fen in open_fen(late).items() if number.startswith("EL")) == 0
        late.check_money()

    @pytest.mark.parametrize("times", [1, 15])
    def test_a_notice_that_was_late_takes_back_what_the_days_since_cost(self, late, times):
        order_of(late, numbers=["EL1"], amount_fen=15326)
        paid_at = late.clock.now()
        next_day(late)
        next_day(late)
        for _ in range(times):
            hear(late, notice(amount_fen=15326, paid_at=paid_at))
        assert sum(late.late_fees("grid").values()) == 15
        assert {fen for number, fen in open_fen(late).items() if number.startswith("EL")} == {0}
        assert late.balances("smart_use_platform").get(f"credit/{ACCOUNT}", 0) == 0
        late.check_money()

    def test_a_moment_of_payment_outside_the_order_s_life_is_not_believed(self, late):
        order_of(late, numbers=["EL1"], amount_fen=15326)
        made_at = late.clock.now()
        next_day(late)
        hear(late, notice(amount_fen=15326, paid_at=datetime(2020, 1, 1, tzinfo=UTC)))
        order = late.platform.read_now("settlement", lambda work: work.dues.orders(id="P1"))[0]
        assert order["paid_at"] == made_at.isoformat()

    def test_what_is_taken_back_of_a_fee_that_was_paid_is_credit(self, late):
        order_of(late, numbers=["EL1"], amount_fen=15326)
        paid_at = late.clock.now()
        next_day(late)
        order_of(late, numbers=["EL1-F2"], amount_fen=16, order="P2")
        hear(late, notice(order="P2", reference="R2", amount_fen=16))
        hear(late, notice(amount_fen=15326, paid_at=paid_at))
        assert sum(late.late_fees("grid").values()) == 15
        assert late.balances("smart_use_platform")[f"credit/{ACCOUNT}"] == -16
        late.check_money()


class TestBillsOfLessThanNothing:
    def test_settle_what_is_open_at_the_same_company_and_the_rest_is_credit(self, billed):
        billed.bill("water", number="WA2", amount_fen=-6000)
        assert open_fen(billed) == {"EL1": 15311, "WA1": 0, "GA1": 8625, "WA2": 0}
        assert billed.balances("smart_use_platform")[f"credit/{ACCOUNT}"] == -140
        billed.check_money()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_in_whatever_order_the_books_agree_and_the_fee_is_the_rule_s(late, seed):
    chance = random.Random(seed)
    made: list[tuple[str, int]] = []
    for step in range(25):
        kind = chance.choice(("day", "day", "pay", "pay", "notice", "bill", "combine"))
        if kind == "day":
            next_day(late, chance.choice((1, 1, 2, 9)))
        elif kind == "pay":
            made += open_some(late, chance, f"P{step}")
        elif kind == "notice" and made:
            order, amount_fen = chance.choice(made)
            hear(late, notice(order=order, reference=f"R{order}", amount_fen=amount_fen, paid_at=paid_when(late, chance, order)))
        elif kind == "bill":
            late.bill("gas", number=f"GA2{step}", amount_fen=chance.choice((-500, 700)))
        else:
            combine(late)
        late.check_money()
        check_rule(late)


def open_some(city, chance, order):
    """A payment of some company bills as the page would ask for it."""
    numbers = chance.sample(ALL, chance.randrange(1, 4))
    wanted = [row for row in rows(city).values() if row["bill_number"] in numbers or row["late_fee_of"] in numbers]
    amount_fen = sum(max(0, row["amount_fen"] - row["paid_fen"]) for row in wanted)
    if not amount_fen:
        return []
    order_of(city, numbers=numbers, amount_fen=amount_fen, order=order)
    return [(order, amount_fen)]


def paid_when(city, chance, order):
    made_at = city.platform.read_now("settlement", lambda work: work.dues.orders(id=order))[0]["created_at"]
    span = city.clock.now() - datetime.fromisoformat(made_at)
    return datetime.fromisoformat(made_at) + span * chance.random()


def check_rule(city):
    """Both sides have the same dues; the fee of each bill is what the rule says of its payments by the day it was last asked."""
    for company, (system, _) in COMPANIES.items():
        number = NUMBERS[company]

        def look(work, number=number):
            [bill] = work.bills.bills(number=number)
            notes = work.late_fees.notes_of([number])
            due_date = datetime.fromisoformat(bill["due_date"]).date()
            last_day = max(datetime.fromisoformat(note["business_date"]).date() for note in notes)
            cost = late_fee_through(
                amount_fen=bill["amount_fen"],
                due_date=due_date,
                payments=work.late_fees.payments_of([number]).get(number, []),
                last_day=last_day,
                rule=rule_of(bill["tariff"], work.tariffs.book),
            )
            return (
                cost,
                {note["number"]: note["amount_fen"] for note in notes},
                work.bills.paid([number, *(n["number"] for n in notes)]),
            )

        cost, notes, paid = city.nodes[system].read_now("billing", look)
        told = rows(city, company=company)
        assert sum(notes.values()) == cost
        assert {n: row["amount_fen"] for n, row in told.items() if row["late_fee_of"]} == notes
        assert all(paid.get(n, 0) == told[n]["paid_fen"] for n in (number, *notes))
        assert all(row["amount_fen"] - row["paid_fen"] >= 0 for row in told.values())
