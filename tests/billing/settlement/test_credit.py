"""Money ahead of bills: it comes in once however it is told, pays on the due date, and what is unused can go back."""

import asyncio
import json
import random
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from metropool.capabilities.settlement import credit, operations, payments, refunds
from metropool.capabilities.settlement.adapters.channel import HttpChannel, signed_text
from metropool.capabilities.settlement.clearing import ASKS_AFTER, speak_to_channels
from metropool.core.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from metropool.portal.desks.residents.households import HouseholdsDesk
from metropool.portal.schemas.paying import NewPayment, NewTopUp

from .conftest import ACCOUNT, AMOUNTS, NUMBERS, dues, hear, notice, order_of, wire
from .test_refunds import Runner

ALL = list(NUMBERS.values())
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PATH = "/smart_use_platform/api/payment-channels/citypay/notices"


def open_top_up(city, amount_fen, order="P1"):
    given = {"order": order, "combined_account": ACCOUNT, "amount_fen": amount_fen, "channel": "citypay"}
    return city.settle(lambda work: credit.open_top_up(work=work, **given))


def top_up(city, amount_fen, order="P1"):
    open_top_up(city, amount_fen, order)
    hear(city, notice(order=order, reference=f"R-{order}", amount_fen=amount_fen))


def balance(city):
    return city.platform.read_now("settlement", lambda work: work.dues.credit(ACCOUNT))


def orders(city, **equal):
    return city.platform.read_now("settlement", lambda work: work.dues.orders(**equal))


def use(city):
    city.settle(lambda work: credit.use_credit(work=work))
    city.check_money()


def pay_by_hand(city, numbers, *, order="B1", most_fen=10**8):
    given = {"order": order, "combined_account": ACCOUNT, "bill_numbers": numbers, "most_fen": most_fen}
    return city.settle(lambda work: credit.pay_from_credit(work=work, **given))


def give_back(city, order, amount_fen, refund="RF1"):
    given = {"refund": refund, "order": order, "amount_fen": amount_fen, "reason": "not needed"}
    city.settle(lambda work: refunds.ask_refund(work=work, by="maker", **given))
    city.settle(lambda work: refunds.approve_refund(work=work, refund=refund, reason="seen", by="checker"))


class TestToppingUp:
    @pytest.mark.parametrize("times", [0, 1, 15])
    def test_is_credit_once_however_often_it_is_told(self, billed, times):
        open_top_up(billed, 5000)
        for _ in range(times):
            hear(billed, notice(amount_fen=5000))
        assert balance(billed) == (5000 if times else 0)
        assert dues(billed) == dict.fromkeys(ALL, 0)
        billed.check_money()

    def test_a_notice_after_the_order_expired_is_credit_all_the_same(self, billed):
        open_top_up(billed, 5000)
        billed.clock.advance(timedelta(days=3))
        billed.settle(lambda work: payments.expire_orders(work=work))
        assert hear(billed, notice(amount_fen=5000)) == "posted"
        assert balance(billed) == 5000

    def test_another_amount_is_refused(self, billed):
        open_top_up(billed, 5000)
        with pytest.raises(Invalid):
            hear(billed, notice(amount_fen=50000))
        assert balance(billed) == 0

    @pytest.mark.parametrize("amount_fen", [0, -1, 99, 1_000_001])
    def test_too_little_or_too_much_is_refused(self, billed, amount_fen):
        with pytest.raises(Invalid):
            open_top_up(billed, amount_fen)
        assert orders(billed) == []

    def test_of_an_unknown_account_is_refused(self, billed):
        given = {"order": "P1", "combined_account": "GZ-unknown", "amount_fen": 100, "channel": "citypay"}
        with pytest.raises(NotFound):
            billed.settle(lambda work: credit.open_top_up(work=work, **given))


class TestTheDueDate:
    def test_nothing_is_taken_before_it_and_all_on_it(self, billed):
        top_up(billed, 40000)
        billed.clock.advance(timedelta(days=18))
        use(billed)
        assert balance(billed) == 40000
        billed.clock.advance(timedelta(days=1))
        for _ in range(3):
            use(billed)
        assert balance(billed) == 40000 - sum(AMOUNTS.values())
        assert dues(billed) == {NUMBERS[company]: fen for company, fen in AMOUNTS.items()}
        assert billed.balances("marketing")["receivable/grid-1"] == 0
        assert [order["channel"] for order in orders(billed)] == ["balance", "citypay"]

    def test_what_does_not_suffice_is_shared_and_the_rest_stays_due(self, billed):
        top_up(billed, 10000)
        billed.clock.advance(timedelta(days=19))
        use(billed)
        assert (balance(billed), sum(dues(billed).values())) == (0, 10000)
        assert all(dues(billed).values())

    def test_what_is_being_paid_just_now_is_left_alone(self, billed):
        top_up(billed, 40000)
        billed.clock.advance(timedelta(days=19))
        order_of(billed, numbers=["GA1"], amount_fen=8625, order="P2")
        use(billed)
        assert dues(billed)["GA1"] == 0
        hear(billed, notice(order="P2", reference="R2", amount_fen=8625))
        use(billed)
        assert balance(billed) == 40000 - AMOUNTS["grid"] - AMOUNTS["water"]

    def test_paid_by_itself_on_the_due_date_a_bill_is_never_late(self, late):
        """The fixture's bills were due yesterday; a new one is paid out of the balance on its day."""
        top_up(late, 50000, "P9")
        use(late)
        late.issue("grid", number="EL9", version=2, amount_fen=1000, due=(late.clock.now() + timedelta(days=2)).date())
        for _ in range(5):
            late.clock.advance(timedelta(days=1))
            use(late)
            late.look_for_late_bills()
        assert not [number for number in dues(late) if number.startswith("EL9-F")]
        assert dues(late)["EL9"] == 1000


class TestByHand:
    def test_pays_at_once_as_far_as_it_goes(self, billed):
        top_up(billed, 9000)
        order = pay_by_hand(billed, ["GA1", "WA1"])
        assert (order["state"], order["amount_fen"], order["channel"]) == ("paid", 9000, "balance")
        assert (balance(billed), dues(billed)["EL1"], sum(dues(billed).values())) == (0, 0, 9000)
        with pytest.raises(Conflict):
            pay_by_hand(billed, ["EL1"], order="B2")
        billed.check_money()

    def test_never_more_than_the_payer_saw(self, billed):
        top_up(billed, 20000)
        assert pay_by_hand(billed, ["GA1"], most_fen=500)["amount_fen"] == 500

    def test_another_s_bill_is_refused(self, billed):
        top_up(billed, 20000)
        with pytest.raises(NotFound):
            pay_by_hand(billed, ["OTHER"])


class TestGivingBack:
    def test_what_is_unused_goes_back_the_way_it_came(self, billed):
        top_up(billed, 10000)
        pay_by_hand(billed, ["WA1"])
        with pytest.raises(Conflict):
            give_back(billed, "P1", 10000 - 5860 + 1)
        give_back(billed, "P1", 10000 - 5860)
        assert balance(billed) == 0
        assert billed.balances("smart_use_platform")["channel/citypay"] == 5860
        billed.check_money()

    def test_what_was_used_between_asking_and_deciding_is_not_given(self, billed):
        top_up(billed, 10000)
        given = {"refund": "RF1", "order": "P1", "amount_fen": 9000, "reason": "not needed"}
        billed.settle(lambda work: refunds.ask_refund(work=work, by="maker", **given))
        pay_by_hand(billed, ["WA1"])
        with pytest.raises(Conflict):
            billed.settle(lambda work: refunds.approve_refund(work=work, refund="RF1", reason="seen", by="checker"))
        assert balance(billed) == 10000 - 5860

    def test_of_a_payment_from_the_balance_is_done_at_once_and_credit_again(self, billed):
        top_up(billed, 10000)
        pay_by_hand(billed, ["WA1"])
        give_back(billed, "B1", 860)
        assert (balance(billed), dues(billed)["WA1"]) == (10000 - 5000, 5000)
        [refund] = billed.platform.read_now("settlement", lambda work: work.dues.refunds())
        assert refund["state"] == "done"
        billed.check_money()


class Hanging:
    """A channel that takes an order, and whose answer is lost the first time; its notice never comes."""

    name = "citypay"

    def __init__(self):
        self.taken, self.times = {}, 0

    async def create_order(self, *, order, amount_fen, title, return_url, notify_url):
        self.taken[order] = (amount_fen, title)
        self.times += 1
        if self.times == 1:
            raise Unavailable("the answer is lost")
        return "http://channel/pay", wire("order", order)

    async def query_order(self, *, order):
        return notice(order=order, reference="R-asked", amount_fen=self.taken[order][0])


class Places:
    def return_url(self, *, account, order):
        return f"http://site/{account}/{order}"

    def notify_url(self, *, channel):
        return f"http://site/{channel}"


def test_a_crash_between_order_and_notice_loses_and_doubles_nothing(billed):
    channel = Hanging()

    def speak():
        asyncio.run(speak_to_channels(runner=Runner(billed.platform), channels={"citypay": channel}, places=Places()))

    open_top_up(billed, 5000)
    speak()
    assert orders(billed)[0]["state"] == "created"
    speak()
    assert (orders(billed)[0]["state"], list(channel.taken.values())) == ("pending", [(5000, "Metropool 预存 prepayment")])
    billed.clock.advance(ASKS_AFTER)
    for _ in range(3):
        speak()
    hear(billed, notice(reference="R-asked", amount_fen=5000))
    assert balance(billed) == 5000
    billed.check_money()


class TestTheSignature:
    def told(self, city, *, key=KEY, **changed):
        body = {"merchant_id": "platform", "order_id": "P1", "channel_reference": "R1", "amount_fen": 5000, "currency": "CNY"}
        content = json.dumps({**body, "status": "paid", "paid_at": "2026-07-01T10:00:00+08:00", **changed}).encode()
        stamp = str(int(city.clock.now().timestamp()))
        return {"timestamp": stamp, "signature": key.sign(signed_text("POST", PATH, stamp, content)).hex(), "body": content}

    def hear(self, city, told):
        channel = HttpChannel(
            name="citypay", url="", merchant="platform", key=KEY, channel_key=KEY.public_key(), clock=city.clock
        )
        city.settle(lambda work: HouseholdsDesk(work, {"citypay": channel}).hear_notice(channel="citypay", path=PATH, **told))

    def test_of_the_channel_is_believed_with_the_moment_it_names(self, billed):
        open_top_up(billed, 5000)
        self.hear(billed, self.told(billed))
        assert balance(billed) == 5000
        assert orders(billed)[0]["paid_at"] == "2026-07-01T02:00:00+00:00"

    @pytest.mark.parametrize(
        "changed", [{"amount_fen": 1}, {"merchant_id": "other"}, {"paid_at": "yesterday"}, {"paid_at": "2026-07-01"}]
    )
    def test_on_other_content_than_was_ordered_changes_nothing(self, billed, changed):
        open_top_up(billed, 5000)
        with pytest.raises(Forbidden):
            self.hear(billed, self.told(billed, **changed))
        assert balance(billed) == 0

    def test_of_another_key_or_one_bit_off_or_none_changes_nothing(self, billed):
        open_top_up(billed, 5000)
        good = self.told(billed)
        foreign = self.told(billed, key=Ed25519PrivateKey.from_private_bytes(bytes(32)))
        bent = f"{int(good['signature'][0], 16) ^ 1:x}{good['signature'][1:]}"
        for told in (foreign, {**good, "signature": bent}, {**good, "signature": ""}, {**good, "body": good["body"] + b" "}):
            with pytest.raises(Forbidden):
                self.hear(billed, told)
        assert balance(billed) == 0


class TestThePage:
    def ask(self, city, question):
        channels = {"citypay": Hanging()}
        return city.settle(lambda work: question(HouseholdsDesk(work, channels)))

    def test_the_reference_bears_the_day_of_the_business_calendar(self, billed):
        billed.clock.advance(timedelta(hours=15))
        opened = self.ask(billed, lambda desk: desk.top_up(account=ACCOUNT, wanted=NewTopUp(amount_fen=6000, channel="citypay")))
        assert billed.clock.now().day == 1
        assert opened.reference.startswith("P20260702-")

    def test_tops_up_sees_the_balance_and_pays_from_it(self, billed):
        opened = self.ask(billed, lambda desk: desk.top_up(account=ACCOUNT, wanted=NewTopUp(amount_fen=6000, channel="citypay")))
        assert (opened.purpose, opened.state, opened.split, opened.credit_fen) == ("top_up", "pending", [], 0)
        hear(billed, notice(order=opened.reference, amount_fen=6000))
        known = self.ask(billed, lambda desk: desk.payment(account=ACCOUNT, reference=opened.reference))
        assert (known.state, known.credit_fen) == ("succeeded", 6000)
        assert self.ask(billed, lambda desk: desk.dues(account=ACCOUNT)).credit_fen == 6000
        wanted = NewPayment(bill_numbers=["WA1"], amount_fen=5860, channel="balance")
        paid = self.ask(billed, lambda desk: desk.pay(account=ACCOUNT, wanted=wanted, by="x", return_url=""))
        assert (paid.state, paid.credit_fen, [part.amount_fen for part in paid.split]) == ("succeeded", 0, [5860])
        assert paid.channel_name.en == "Prepaid balance"
        with pytest.raises(Invalid):
            self.ask(billed, lambda desk: desk.top_up(account=ACCOUNT, wanted=NewTopUp(amount_fen=6000, channel="balance")))


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_the_balance_is_what_came_in_and_was_not_used(late, seed):
    chance = random.Random(seed)
    for step in range(25):
        kind = chance.choice(("top_up", "use", "hand", "back", "day", "bill"))
        if kind == "top_up":
            top_up(late, chance.randrange(100, 20000), f"T{step}")
        elif kind == "use":
            use(late)
        elif kind == "hand":
            attempt(lambda step=step: pay_by_hand(late, chance.sample(ALL, 2), order=f"B{step}"))
        elif kind == "back" and (paid := [order["id"] for order in orders(late, state="paid")]):
            attempt(lambda step=step, paid=paid: give_back(late, chance.choice(paid), chance.randrange(1, 9000), f"RF{step}"))
        elif kind == "day":
            late.clock.advance(timedelta(days=1))
            late.look_for_late_bills()
        elif kind == "bill":
            late.bill("gas", number=f"GA9{step}", amount_fen=chance.choice((-300, 2000)), due=late.clock.now().date())
            late.settle(lambda work: operations.issue_combined_bills(work=work))
        late.check_money()
    came_in = sum(order["amount_fen"] for order in orders(late, purpose="top_up"))
    assert late.balances("smart_use_platform").get("channel/citypay", 0) <= came_in


def attempt(act):
    try:
        act()
    except Conflict:
        return
