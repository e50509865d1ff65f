"""Money goes back only when two people say so, never above what was paid, and to the fen from whoever had it."""

import asyncio
import random

import pytest

from metropool.capabilities.settlement import refunds
from metropool.capabilities.settlement.clearing import speak_to_channels
from metropool.core.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable

from .conftest import ACCOUNT, AMOUNTS, NUMBERS, dues, hear, notice, order_of, wire

TOTAL = sum(AMOUNTS.values())


@pytest.fixture
def paid(billed):
    """The three bills, paid as one order."""
    order_of(billed, numbers=list(NUMBERS.values()), amount_fen=TOTAL)
    hear(billed, notice())
    return billed


def ask(city, amount_fen, refund="RF1", *, order="P1", reason="read wrong", by="maker"):
    return city.settle(
        lambda work: refunds.ask_refund(work=work, refund=refund, order=order, amount_fen=amount_fen, reason=reason, by=by)
    )


def approve(city, refund="RF1", *, by="checker", reason="seen"):
    city.settle(lambda work: refunds.approve_refund(work=work, refund=refund, reason=reason, by=by))


def reject(city, refund="RF1", *, by="checker", reason="no"):
    city.settle(lambda work: refunds.reject_refund(work=work, refund=refund, reason=reason, by=by))


def kept(city, **equal):
    return city.platform.read_now("settlement", lambda work: work.dues.refunds(**equal))


def order_state(city, order="P1"):
    return city.platform.read_now("settlement", lambda work: work.dues.orders(id=order))[0]["state"]


def books(city):
    return [city.balances(name) for name in ("smart_use_platform", "marketing", "water_system", "gas_system")]


class TestAsking:
    def test_moves_nothing(self, paid):
        before = books(paid)
        row = ask(paid, 10000)
        assert (row["state"], row["asked_by"], row["approved_by"]) == ("asked", "maker", None)
        assert (row["combined_account"], row["channel"], row["paid_fen"]) == (ACCOUNT, "citypay", TOTAL)
        assert books(paid) == before
        assert order_state(paid) == "paid"

    def test_the_same_id_is_one_refund_and_other_content_a_conflict(self, paid):
        first = ask(paid, 10000)
        assert ask(paid, 10000) == first
        for change in ({"amount_fen": 9999}, {"reason": "another"}, {"by": "another"}):
            with pytest.raises(Conflict):
                ask(paid, **{"amount_fen": 10000, **change})
        assert kept(paid) == [first]

    def test_is_held_to_what_is_left_of_the_payment(self, paid):
        ask(paid, 20000)
        with pytest.raises(Conflict) as refused:
            ask(paid, TOTAL - 20000 + 1, "RF2")
        assert refused.value.values == {"left": "¥ 97.96"}
        ask(paid, TOTAL - 20000, "RF2")
        with pytest.raises(Conflict):
            ask(paid, 1, "RF3")

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
    def test_needs_a_reason(self, paid, reason):
        with pytest.raises(Invalid):
            ask(paid, 100, reason=reason)
        assert kept(paid) == []

    @pytest.mark.parametrize("amount_fen", [0, -100])
    def test_of_nothing_is_refused(self, paid, amount_fen):
        with pytest.raises(Invalid):
            ask(paid, amount_fen)

    def test_of_what_was_never_paid_is_refused(self, billed):
        order_of(billed, numbers=["WA1"], amount_fen=5860)
        for order in ("P1", "P-unknown"):
            with pytest.raises(NotFound):
                ask(billed, 1, order=order)


class TestDeciding:
    def test_who_asked_decides_nothing(self, paid):
        ask(paid, 10000)
        before = books(paid)
        for decide in (approve, reject):
            with pytest.raises(Forbidden):
                decide(paid, by="maker")
        assert [row["state"] for row in kept(paid)] == ["asked"]
        assert books(paid) == before

    def test_a_yes_takes_from_each_company_and_opens_the_bills_again(self, paid):
        for number, amount in enumerate((10000, 10000, 9796)):
            ask(paid, amount, f"RF{number}")
            approve(paid, f"RF{number}")
            paid.check_money()
            assert order_state(paid) == ("refunded" if number == 2 else "part_refunded")
        assert dues(paid) == {"EL1": 0, "WA1": 0, "GA1": 0}
        assert paid.balances("marketing")["receivable/grid-1"] == AMOUNTS["grid"]
        assert paid.balances("smart_use_platform")["channel/citypay"] == 0
        with pytest.raises(Conflict):
            ask(paid, 1, "RF9")

    def test_a_second_yes_has_no_effect(self, paid):
        ask(paid, 10000)
        approve(paid)
        before = books(paid)
        for decide in (approve, reject):
            with pytest.raises(Conflict):
                decide(paid, by="third")
        assert books(paid) == before
        assert kept(paid)[0]["approved_by"] == "checker"

    def test_a_no_moves_nothing_and_frees_the_amount(self, paid):
        before = books(paid)
        ask(paid, TOTAL)
        reject(paid, reason="paid only once")
        (row,) = kept(paid)
        assert (row["state"], row["rejected_by"], row["approved_by"]) == ("rejected", "checker", None)
        assert row["decision_reason"] == "paid only once"
        with pytest.raises(Conflict):
            approve(paid)
        assert books(paid) == before
        ask(paid, TOTAL, "RF2")

    def test_an_unknown_refund_or_no_reason_is_refused_whole(self, paid):
        ask(paid, 10000)
        before = books(paid)
        with pytest.raises(NotFound):
            approve(paid, "RF-unknown")
        for decide in (approve, reject):
            with pytest.raises(Invalid):
                decide(paid, reason=" ")
        assert books(paid) == before
        assert kept(paid)[0]["state"] == "asked"

    def test_what_was_paid_twice_comes_out_of_the_credit_balance(self, billed):
        for order in ("P1", "P2"):
            order_of(billed, numbers=["GA1"], amount_fen=8625, order=order)
        for order, reference in (("P1", "R1"), ("P2", "R2")):
            hear(billed, notice(order=order, reference=reference, amount_fen=8625))
        ask(billed, 8625, order="P2")
        approve(billed)
        assert billed.balances("smart_use_platform")[f"credit/{ACCOUNT}"] == 0
        assert dues(billed)["GA1"] == 8625
        assert order_state(billed, "P2") == "refunded"
        billed.check_money()

    def test_an_order_paid_again_after_a_refund_gives_back_what_companies_have(self, paid):
        ask(paid, 10000)
        approve(paid)
        hear(paid, notice(reference="R2"))
        credit = paid.balances("smart_use_platform")[f"credit/{ACCOUNT}"]
        ask(paid, 5000, "RF2")
        approve(paid, "RF2")
        assert paid.balances("smart_use_platform")[f"credit/{ACCOUNT}"] == credit
        assert sum(dues(paid).values()) == TOTAL - 5000
        paid.check_money()

    def test_however_people_interleave_never_more_than_was_paid(self, paid):
        chance = random.Random(11)
        for number in range(25):
            amount = chance.randrange(1, TOTAL // 3)
            left = TOTAL - sum(row["amount_fen"] for row in kept(paid) if row["state"] != "rejected")
            if amount > left:
                with pytest.raises(Conflict):
                    ask(paid, amount, f"RF{number}")
            else:
                ask(paid, amount, f"RF{number}")
            waiting = kept(paid, state="asked")
            if waiting and chance.random() < 0.7:
                chance.choice((approve, approve, reject))(paid, chance.choice(waiting)["id"])
            given = sum(row["amount_fen"] for row in kept(paid, state="ordered"))
            assert 0 <= given <= TOTAL
            assert sum(dues(paid).values()) == TOTAL - given
            paid.check_money()


class Telling:
    """A channel whose answers are lost ``silent`` times; money goes back once an id all the same."""

    name = "citypay"

    def __init__(self, silent=0):
        self.silent, self.asked, self.given = silent, [], {}

    async def refund(self, *, refund, order, amount_fen, reason):
        self.asked.append(refund)
        self.given[refund] = (order, amount_fen, reason)
        if len(self.asked) <= self.silent:
            raise Unavailable("no answer")
        return wire("refund", refund)


class Runner:
    def __init__(self, node):
        self.node = node

    async def read(self, query):
        return self.node.read_now("settlement", query)

    async def write(self, operation):
        return self.node.write_now("settlement", operation)[0]


class TestTheChannel:
    def speak(self, city, channel):
        asyncio.run(speak_to_channels(runner=Runner(city.platform), channels={"citypay": channel}, places=None))

    def test_hears_of_a_refund_only_after_the_second_person(self, paid):
        channel = Telling()
        ask(paid, 10000)
        self.speak(paid, channel)
        reject(paid)
        ask(paid, 9000, "RF2", reason="paid twice")
        self.speak(paid, channel)
        assert channel.asked == []
        approve(paid, "RF2")
        for _ in range(3):
            self.speak(paid, channel)
        assert channel.asked == ["RF2"]
        assert channel.given == {"RF2": ("P1", 9000, "paid twice")}
        assert kept(paid, id="RF2")[0]["state"] == "done"

    def test_is_asked_again_with_the_same_id_until_it_answers(self, paid):
        channel = Telling(silent=2)
        ask(paid, 10000)
        approve(paid)
        states = []
        for _ in range(4):
            self.speak(paid, channel)
            states.append(kept(paid)[0]["state"])
        assert states == ["ordered", "ordered", "done", "done"]
        assert channel.asked == ["RF1"] * 3
        assert list(channel.given) == ["RF1"]
        with pytest.raises(Conflict):
            ask(paid, TOTAL - 10000 + 1, "RF2")
