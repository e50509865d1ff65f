"""Three bills in, one combined bill out; payments back to each, once in effect, whatever the channel and the network do."""

from datetime import timedelta

import pytest

from metropool.capabilities.settlement import operations, payments
from metropool.core.errors import Conflict, Invalid, NotFound

from .conftest import ACCOUNT, AMOUNTS, NUMBERS, dues, hear, notice, order_of


class TestCombinedBill:
    def test_joins_three_companies_under_one_number(self, billed):
        bills = billed.platform.read_now("settlement", lambda work: work.dues.combined_bills())
        assert [(bill["number"], bill["total_fen"]) for bill in bills] == [("CB202606-000001", 29796)]
        billed.check_money()

    def test_never_changes_and_a_late_bill_makes_a_supplement(self, billed):
        before = billed.platform.read_now("settlement", lambda work: work.dues.combined_bills())[0]["sha256"]
        billed.bill("water", number="WA2", amount_fen=-100)
        billed.settle(lambda work: operations.issue_combined_bills(work=work))
        bills = billed.platform.read_now("settlement", lambda work: work.dues.combined_bills())
        assert [(bill["number"], bill["supplement"], bill["total_fen"]) for bill in bills] == [
            ("CB202606-000002", 1, -100),
            ("CB202606-000001", 0, 29796),
        ]
        assert bills[1]["sha256"] == before

    def test_waits_for_the_last_company_but_not_for_ever(self, city):
        city.bill("grid", number="EL1", amount_fen=100)
        city.settle(lambda work: operations.issue_combined_bills(work=work))
        assert city.platform.read_now("settlement", lambda work: work.dues.combined_bills()) == []
        city.clock.advance(timedelta(days=5))
        city.settle(lambda work: operations.issue_combined_bills(work=work))
        assert len(city.platform.read_now("settlement", lambda work: work.dues.combined_bills())) == 1


class TestPaying:
    @pytest.mark.parametrize("times", [1, 15])
    def test_a_notice_has_one_effect_however_often_it_comes(self, billed, times):
        order_of(billed, numbers=list(NUMBERS.values()), amount_fen=29796)
        answers = [hear(billed, notice()) for _ in range(times)]
        assert answers == ["posted", *["repeated"] * (times - 1)]
        assert dues(billed) == {NUMBERS[company]: amount for company, amount in AMOUNTS.items()}
        for company, (system, service) in {
            "grid": ("marketing", 0),
            "water": ("water_system", 0),
            "gas": ("gas_system", 0),
        }.items():
            assert billed.balances(system)[f"receivable/{company}-1"] == 0, service
        billed.check_money()

    def test_one_company_alone_can_be_paid(self, billed):
        order_of(billed, numbers=["WA1"], amount_fen=5860)
        hear(billed, notice(amount_fen=5860))
        assert dues(billed) == {"EL1": 0, "WA1": 5860, "GA1": 0}
        assert billed.balances("marketing")["receivable/grid-1"] == 15311
        billed.check_money()

    def test_a_late_notice_of_an_expired_order_is_posted_all_the_same(self, billed):
        order_of(billed, numbers=["GA1"], amount_fen=8625)
        billed.clock.advance(timedelta(days=3))
        billed.settle(lambda work: payments.expire_orders(work=work))
        assert hear(billed, notice(amount_fen=8625)) == "posted"
        billed.check_money()

    @pytest.mark.parametrize("wrong", [{"amount_fen": 1}, {"currency": "USD"}])
    def test_another_amount_or_currency_is_refused(self, billed, wrong):
        order_of(billed, numbers=["GA1"], amount_fen=8625)
        with pytest.raises(Invalid):
            hear(billed, notice(**{"amount_fen": 8625, **wrong}))
        assert dues(billed)["GA1"] == 0
        billed.check_money()

    def test_an_unknown_order_is_refused(self, billed):
        with pytest.raises(NotFound):
            hear(billed, notice(order="P-unknown"))

    def test_paying_twice_gives_a_credit_balance(self, billed):
        for order, reference in (("P1", "R1"), ("P2", "R2")):
            if order == "P1":
                order_of(billed, numbers=["GA1"], amount_fen=8625, order="P1")
                order_of(billed, numbers=["GA1"], amount_fen=8625, order="P2")
            hear(billed, notice(order=order, reference=reference, amount_fen=8625))
        assert billed.balances("smart_use_platform")[f"credit/{ACCOUNT}"] == -8625
        billed.check_money()

    def test_what_is_owed_must_be_what_the_payer_saw(self, billed):
        with pytest.raises(Conflict):
            order_of(billed, numbers=["GA1"], amount_fen=8624)
        with pytest.raises(NotFound):
            order_of(billed, numbers=["OTHER"], amount_fen=1)
