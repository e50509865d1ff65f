"""Automatic payment: only under a signed mandate, once a bill and at most once a day, never beside a payment by hand."""

import asyncio
import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from metropool.capabilities.settlement import credit, mandates, payments
from metropool.capabilities.settlement.adapters.channel import HttpChannel, signed_text
from metropool.capabilities.settlement.clearing import ASKS_AFTER, speak_to_channels
from metropool.capabilities.settlement.model import MandateNotice, Refused
from metropool.core.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from metropool.portal.desks.residents.households import HouseholdsDesk
from metropool.portal.schemas.paying import NewMandate

from .conftest import ACCOUNT, AMOUNTS, NUMBERS, dues, hear, notice, order_of, wire
from .test_credit import top_up
from .test_refunds import Runner

ALL = list(NUMBERS.values())
TOTAL = sum(AMOUNTS.values())
LIMIT = 50_000
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PATH = "/smart_use_platform/api/payment-channels/citypay/mandate-notices"


class Taking:
    """A channel that keeps mandates and takes money under them; ``silent`` answers are lost, ``poor`` payers refused."""

    name = "citypay"

    def __init__(self):
        self.mandates, self.taken, self.silent, self.poor, self.asked = {}, {}, 0, False, 0

    async def create_mandate(self, *, mandate, limit_fen, title, return_url, notify_url):
        self.mandates.setdefault(mandate, "open")
        self._answer()
        return f"http://channel/sign/{mandate}?{limit_fen}{title}{return_url}{notify_url}", wire("mandate", mandate)

    async def create_order(self, *, order, amount_fen, title, return_url, notify_url):
        return f"http://channel/{order}?{amount_fen}{title}{return_url}{notify_url}", wire("order", order)

    async def query_mandate(self, *, mandate):
        state = self.mandates[mandate]
        return None if state == "open" else told(mandate, state)

    async def revoke_mandate(self, *, mandate):
        if mandate not in self.mandates:
            raise NotFound("no such mandate")
        self.mandates[mandate] = "revoked"
        self._answer()
        return wire("revocation", mandate)

    async def charge(self, *, order, amount_fen, mandate, title, return_url, notify_url):
        assert title
        assert return_url != notify_url
        self.asked += 1
        if order not in self.taken and (self.poor or self.mandates.get(mandate) != "signed"):
            raise Refused("no_mandate", wire=wire("charge", order))
        self.taken[order] = amount_fen
        self._answer()
        return wire("charge", order)

    async def query_order(self, *, order):
        if order not in self.taken:
            raise NotFound("no such order")
        return self.notice_of(order)

    def notice_of(self, order):
        return notice(order=order, reference=f"R-{order}", amount_fen=self.taken[order])

    def _answer(self):
        if self.silent:
            self.silent -= 1
            raise Unavailable("the answer is lost")


class Places:
    def return_url(self, *, account, order):
        return f"http://site/{account}/{order}"

    def notify_url(self, *, channel):
        return f"http://site/{channel}"

    def mandate_return_url(self, *, account):
        return f"http://site/pay/{account}"

    def mandate_notify_url(self, *, channel):
        return f"http://site/{channel}/mandates"


@pytest.fixture
def channel():
    return Taking()


@pytest.fixture
def signed(billed, channel):
    """The bills of a home, due on 20 July, with a signed mandate; today is 1 July."""
    ask(billed)
    speak(billed, channel)
    channel.mandates["M1"] = "signed"
    receive(billed, told("M1", "signed"))
    return billed


def told(mandate, status, **changed):
    return replace(MandateNotice(channel="citypay", reference="X1", mandate=mandate, limit_fen=LIMIT, status=status), **changed)


def ask(city, mandate="M1", limit_fen=LIMIT):
    given = {"mandate": mandate, "combined_account": ACCOUNT, "limit_fen": limit_fen, "channel": "citypay"}
    return city.settle(lambda work: mandates.open_mandate(work=work, **given))


def receive(city, heard):
    return city.settle(lambda work: mandates.receive_mandate_notice(work=work, notice=heard))


def revoke(city, mandate="M1"):
    city.settle(lambda work: mandates.revoke_mandate(work=work, mandate=mandate, combined_account=ACCOUNT))


def speak(city, channel):
    asyncio.run(speak_to_channels(runner=Runner(city.platform), channels={"citypay": channel}, places=Places()))
    city.carry()
    city.check_money()


def step(city, days=0):
    """A day's work of the worker."""
    city.clock.advance(timedelta(days=days))
    city.settle(lambda work: mandates.order_automatic_payments(work=work))


def state(city, mandate="M1"):
    return city.platform.read_now("settlement", lambda work: work.dues.mandates(id=mandate))[0]["state"]


def automatic(city):
    return city.platform.read_now("settlement", lambda work: work.dues.orders(purpose=payments.AUTOMATIC))


class TestSigning:
    def test_the_channel_is_told_and_gives_the_page_even_if_its_answer_is_lost(self, billed, channel):
        ask(billed)
        channel.silent = 1
        speak(billed, channel)
        assert state(billed) == "created"
        speak(billed, channel)
        assert state(billed) == "pending"
        assert list(channel.mandates) == ["M1"]

    @pytest.mark.parametrize("times", [1, 15])
    def test_a_notice_has_one_effect_however_often_it_comes(self, billed, channel, times):
        ask(billed)
        speak(billed, channel)
        answers = [receive(billed, told("M1", "signed")) for _ in range(times)]
        assert answers == ["noted", *["repeated"] * (times - 1)]
        assert state(billed) == "signed"

    def test_without_a_notice_the_channel_is_asked(self, billed, channel):
        ask(billed)
        speak(billed, channel)
        channel.mandates["M1"] = "signed"
        speak(billed, channel)
        assert state(billed) == "pending"
        billed.clock.advance(ASKS_AFTER)
        speak(billed, channel)
        assert state(billed) == "signed"

    @pytest.mark.parametrize("changed", [{"limit_fen": LIMIT + 1}, {"status": "happy"}])
    def test_another_limit_or_state_changes_nothing(self, billed, channel, changed):
        ask(billed)
        speak(billed, channel)
        with pytest.raises(Invalid):
            receive(billed, replace(told("M1", "signed"), **changed))
        with pytest.raises(NotFound):
            receive(billed, told("M-unknown", "signed"))
        assert state(billed) == "pending"

    def test_declined_takes_nothing(self, billed, channel):
        ask(billed)
        speak(billed, channel)
        receive(billed, told("M1", "declined"))
        assert receive(billed, told("M1", "signed")) == "repeated"
        step(billed, days=19)
        assert automatic(billed) == []

    def test_a_second_one_takes_the_place_of_one_nobody_signed_but_not_of_a_signed_one(self, signed, channel):
        with pytest.raises(Conflict):
            ask(signed, "M2")
        revoke(signed)
        ask(signed, "M2")
        ask(signed, "M3")
        speak(signed, channel)
        assert [state(signed, one) for one in ("M1", "M2", "M3")] == ["revoked", "revoked", "pending"]

    @pytest.mark.parametrize("limit_fen", [999, 1_000_001, -1])
    def test_a_limit_out_of_range_is_refused(self, billed, limit_fen):
        with pytest.raises(Invalid):
            ask(billed, limit_fen=limit_fen)


class TestPaying:
    def test_three_days_before_the_due_date_and_once(self, signed, channel):
        step(signed, days=15)
        assert automatic(signed) == []
        step(signed, days=1)
        for _ in range(3):
            step(signed)
            speak(signed, channel)
        assert list(channel.taken.values()) == [TOTAL]
        [order] = automatic(signed)
        for _ in range(15):
            hear(signed, channel.notice_of(order["id"]))
        assert dues(signed) == {NUMBERS[company]: fen for company, fen in AMOUNTS.items()}
        step(signed, days=1)
        assert len(automatic(signed)) == 1
        signed.check_money()

    def test_a_lost_answer_takes_the_money_once(self, signed, channel):
        step(signed, days=16)
        channel.silent = 3
        for _ in range(5):
            speak(signed, channel)
        assert (channel.asked, list(channel.taken.values())) == (4, [TOTAL])
        assert automatic(signed)[0]["state"] == "pending"

    def test_without_a_notice_the_channel_is_asked(self, signed, channel):
        step(signed, days=16)
        speak(signed, channel)
        signed.clock.advance(ASKS_AFTER)
        speak(signed, channel)
        assert sum(dues(signed).values()) == TOTAL

    def test_what_is_refused_is_tried_once_a_day(self, signed, channel):
        channel.poor = True
        step(signed, days=16)
        for _ in range(3):
            speak(signed, channel)
            step(signed)
        assert (channel.asked, automatic(signed)[0]["state"]) == (1, "failed")
        channel.poor = False
        step(signed, days=1)
        speak(signed, channel)
        hear(signed, channel.notice_of(automatic(signed)[0]["id"]))
        assert (channel.asked, sum(dues(signed).values())) == (2, TOTAL)

    def test_more_than_one_unit_s_worth_is_worked_off(self, signed, channel, monkeypatch):
        monkeypatch.setattr(mandates, "SOME", 1)
        signed.clock.advance(timedelta(days=16))
        again = [signed.settle(lambda work: mandates.order_automatic_payments(work=work)) for _ in range(3)]
        assert again == [signed.clock.now(), None, None]
        assert len(automatic(signed)) == 1

    def test_nothing_above_the_limit(self, billed, channel):
        ask(billed, limit_fen=TOTAL - 1)
        speak(billed, channel)
        receive(billed, told("M1", "signed", limit_fen=TOTAL - 1))
        step(billed, days=17)
        assert automatic(billed) == []

    def test_only_what_the_balance_does_not_cover(self, signed, channel):
        top_up(signed, 10_000, "T1")
        step(signed, days=16)
        speak(signed, channel)
        assert list(channel.taken.values()) == [TOTAL - 10_000]
        hear(signed, channel.notice_of(automatic(signed)[0]["id"]))
        signed.clock.advance(timedelta(days=3))
        signed.settle(lambda work: credit.use_credit(work=work))
        assert sum(dues(signed).values()) == TOTAL
        signed.check_money()


class TestByHandMeanwhile:
    def test_what_somebody_is_paying_is_left_alone(self, signed, channel):
        signed.clock.advance(timedelta(days=16))
        order_of(signed, numbers=ALL, amount_fen=TOTAL)
        step(signed)
        assert automatic(signed) == []
        hear(signed, notice(amount_fen=TOTAL))
        step(signed, days=1)
        speak(signed, channel)
        assert channel.taken == {}

    def test_what_is_being_taken_cannot_be_paid_by_hand(self, signed, channel):
        step(signed, days=16)
        with pytest.raises(Conflict):
            order_of(signed, numbers=["GA1"], amount_fen=8625)
        top_up(signed, 9000, "T1")
        given = {"order": "B1", "combined_account": ACCOUNT, "bill_numbers": ["GA1"], "most_fen": 9000}
        with pytest.raises(Conflict):
            signed.settle(lambda work: credit.pay_from_credit(work=work, **given))
        speak(signed, channel)
        assert list(channel.taken.values()) == [TOTAL]

    def test_what_was_settled_before_the_channel_heard_is_not_taken(self, signed, channel):
        step(signed, days=16)
        signed.bill("water", number="WA2", amount_fen=-5860)
        speak(signed, channel)
        assert (channel.taken, automatic(signed)[0]["reason"]) == ({}, mandates.OVERTAKEN)


class TestEnding:
    def test_takes_effect_here_before_the_channel_knows(self, signed, channel):
        step(signed, days=16)
        revoke(signed)
        assert (state(signed), automatic(signed)[0]["state"]) == ("revoking", "failed")
        channel.silent = 2
        for _ in range(4):
            speak(signed, channel)
        assert (state(signed), channel.mandates, channel.taken) == ("revoked", {"M1": "revoked"}, {})
        step(signed, days=1)
        assert len(automatic(signed)) == 1

    def test_what_the_channel_signs_afterwards_is_not_believed(self, billed, channel):
        ask(billed)
        speak(billed, channel)
        revoke(billed)
        assert receive(billed, told("M1", "signed")) == "repeated"
        assert state(billed) == "revoking"

    def test_before_the_channel_ever_heard_of_it(self, billed, channel):
        ask(billed)
        revoke(billed)
        speak(billed, channel)
        assert (state(billed), channel.mandates) == ("revoked", {})

    def test_money_taken_in_the_same_moment_is_found_though_no_notice_comes(self, signed, channel):
        step(signed, days=16)
        channel.silent = 1
        speak(signed, channel)
        revoke(signed)
        signed.clock.advance(ASKS_AFTER)
        speak(signed, channel)
        assert sum(dues(signed).values()) == TOTAL

    def test_another_s_mandate_does_not_exist(self, signed):
        with pytest.raises(NotFound):
            signed.settle(lambda work: mandates.revoke_mandate(work=work, mandate="M1", combined_account="GZ2"))


class TestThePage:
    def ask(self, city, question, channel=None):
        return city.settle(lambda work: question(HouseholdsDesk(work, {"citypay": channel or Taking()})))

    def test_tells_what_will_be_taken_and_when(self, signed):
        known = self.ask(signed, lambda desk: desk.dues(account=ACCOUNT)).mandate
        assert (known.state, known.next_day.isoformat(), known.next_fen) == ("signed", "2026-07-17", TOTAL)
        [alert] = self.ask(signed, lambda desk: desk.alerts(account=ACCOUNT))
        assert (alert.severity, alert.detail.en[:33]) == ("info", "¥ 297.96 will be taken on 2026-07")

    def test_tells_when_it_was_refused_and_when_it_is_above_the_limit(self, signed, channel):
        channel.poor = True
        step(signed, days=16)
        speak(signed, channel)
        assert [alert.severity for alert in self.ask(signed, lambda desk: desk.alerts(account=ACCOUNT))] == ["warning"]
        signed.bill("gas", number="GA2", amount_fen=LIMIT)
        signed.settle(lambda work: payments.expire_orders(work=work))
        [alert] = self.ask(signed, lambda desk: desk.alerts(account=ACCOUNT))
        assert alert.id == "automatic_failed-M1"

    def test_tells_nothing_without_a_mandate(self, billed):
        assert self.ask(billed, lambda desk: desk.alerts(account=ACCOUNT)) == []
        assert self.ask(billed, lambda desk: desk.dues(account=ACCOUNT)).mandate is None

    def test_asks_and_ends_one(self, billed):
        wanted = NewMandate(limit_fen=LIMIT, channel="citypay")
        known = self.ask(billed, lambda desk: desk.open_mandate(account=ACCOUNT, wanted=wanted))
        assert (known.state, known.redirect_url, known.next_day) == ("pending", None, None)
        ended = self.ask(billed, lambda desk: desk.revoke_mandate(account=ACCOUNT, mandate=known.id))
        assert ended.state == "revoked"

    @pytest.mark.parametrize("fault", ["none", "foreign", "bent", "missing", "stale"])
    def test_only_the_channel_s_signature_signs(self, billed, channel, fault):
        ask(billed)
        speak(billed, channel)
        content = {
            "merchant_id": "platform",
            "mandate_id": "M1",
            "channel_reference": "X1",
            "limit_fen": LIMIT,
            "status": "signed",
        }
        body = json.dumps(content).encode()
        stamp = str(int(billed.clock.now().timestamp()) - (8 * 86_400 if fault == "stale" else 0))
        key = Ed25519PrivateKey.from_private_bytes(bytes(32)) if fault == "foreign" else KEY
        signature = key.sign(signed_text("POST", PATH, stamp, body)).hex()
        bent = {"bent": f"{int(signature[0], 16) ^ 1:x}{signature[1:]}", "missing": ""}.get(fault, signature)
        http = HttpChannel(name="citypay", url="", merchant="platform", key=KEY, channel_key=KEY.public_key(), clock=billed.clock)
        given = {"channel": "citypay", "path": PATH, "timestamp": stamp, "signature": bent, "body": body}
        if fault == "none":
            self.ask(billed, lambda desk: desk.hear_mandate_notice(**given), http)
        else:
            with pytest.raises(Forbidden):
                self.ask(billed, lambda desk: desk.hear_mandate_notice(**given), http)
        assert state(billed) == ("signed" if fault == "none" else "pending")


@pytest.mark.parametrize("seed", range(3))
def test_in_whatever_order_things_happen_nothing_is_taken_twice_or_without_a_mandate(signed, channel, seed):
    chance = random.Random(seed)
    signed.clock.advance(timedelta(days=14))
    for number in range(40):
        kind = chance.choice(("day", "speak", "speak", "notice", "hand", "refuse", "bill", "revoke" if number > 25 else "day"))
        if kind == "day":
            step(signed, days=1)
        elif kind == "speak":
            channel.silent = chance.choice((0, 0, 1))
            speak(signed, channel)
        elif kind == "notice" and channel.taken:
            hear(signed, channel.notice_of(chance.choice(sorted(channel.taken))))
        elif kind == "hand" and not automatic(signed):
            order_of(signed, numbers=["WA1"], amount_fen=5860, order=f"P{number}") if dues(signed)["WA1"] == 0 else None
        elif kind == "refuse":
            channel.poor = not channel.poor
        elif kind == "bill":
            signed.bill("gas", number=f"GA9{number}", amount_fen=900, due=signed.clock.now().date())
        elif kind == "revoke":
            revoke(signed)
        signed.check_money()
    for order in sorted(channel.taken):
        hear(signed, channel.notice_of(order))
    assert signed.balances("smart_use_platform").get(f"credit/{ACCOUNT}", 0) == 0
    assert sum(channel.taken.values()) == sum(dues(signed).values())
