"""What is said or heard and its record are kept together: a process killed at any step leaves both or neither, and then goes on."""

import asyncio
import os
import signal
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exchange.evidence.books import sign
from exchange.evidence.test_spoken import kept
from metropool.capabilities.places import operations as places
from metropool.capabilities.points import operations as points
from metropool.capabilities.settlement import mandates, payments
from metropool.capabilities.settlement.adapters.channel import HttpChannel, signed_bytes, signed_text
from metropool.capabilities.settlement.clearing import speak_to_channels
from metropool.capabilities.settlement.model import MandateNotice, PaymentNotice, Refused, Wire
from metropool.core.clock import VirtualClock
from metropool.core.errors import Invalid
from metropool.core.identifiers import SeededIds
from metropool.exchange.envelope import digest
from metropool.exchange.evidence import Evidence
from metropool.exchange.messages import ROWS, HouseholdUsageTold
from metropool.facts.registry.tables import place, supply_agreement, usage_point
from metropool.plan.schema import Letter
from metropool.runtime.attendants import SettlementRunner
from metropool.runtime.conformance.town.books import spoken
from metropool.runtime.gateways import hearing, telling
from metropool.runtime.node import Node
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)
PLATFORM, HOME, ACCOUNT = "smart_use_platform", "home-0001", "GZ1"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STEPS = ("before the record", "record inside commit", "committed")
compiled = cache(compile_named)


@dataclass
class Channel:
    """A payment channel that takes all it is told, or refuses to charge."""

    name: str = "citypay"
    poor: bool = False

    def wire(self, what):
        return Wire(said=f"say {what}".encode(), answered=f"took {what}".encode())

    async def create_order(self, *, order, **_):
        return f"http://channel/{order}", self.wire(order)

    async def refund(self, *, refund, **_):
        return self.wire(refund)

    async def create_mandate(self, *, mandate, **_):
        return f"http://channel/{mandate}", self.wire(mandate)

    async def revoke_mandate(self, *, mandate):
        return self.wire(f"end {mandate}")

    async def charge(self, *, order, **_):
        if self.poor:
            raise Refused("above_limit", wire=self.wire(order))
        return self.wire(order)


class Places:
    def return_url(self, **_):
        return "http://site/back"

    notify_url = mandate_return_url = mandate_notify_url = return_url


def opened(folder):
    node = open_node(PLATFORM, compiled=compiled("transition"), settings=Settings(home=folder, plan="transition"))
    node.clock, node.ids = VirtualClock(NOW), SeededIds(1)
    return node


def settle(node, operation, **given):
    return node.write_now("settlement", lambda work: operation(work=work, **given))[0]


def add_order(node, order="P1", **given):
    usual = {"combined_account": ACCOUNT, "bill_numbers": (), "amount_fen": 5000, "channel": "citypay"}
    return settle(node, payments.add_order, order=order, **{**usual, "purpose": "top_up", **given})


def speak(node, channel=None):
    channels = {"citypay": channel or Channel()}
    asyncio.run(speak_to_channels(runner=SettlementRunner(node), channels=channels, places=Places()))


def notice(**changed):
    usual = {"channel": "citypay", "reference": "R1", "order": "P1", "amount_fen": 5000, "currency": "CNY", "status": "paid"}
    return PaymentNotice(**{**usual, "wire": b"signed by the channel", **changed})


def hear(node):
    return settle(node, payments.receive_notice, notice=notice())


def state_of(node, order="P1"):
    return node.read_now("settlement", lambda work: work.dues.orders(id=order))[0]["state"]


def add_plug(node):
    def give(work):
        work.place_book.can_set(HOME, [("plug", "switch")])
        expires_at = work.now + timedelta(minutes=1)
        return places.order(work=work, place=HOME, point="plug", value=1, by="r", key="k", expires_at=expires_at)

    return node.write_now("places", give)[0]


def newest(node):
    return node.read_now("places", lambda work: work.commands.recent(limit=1))[0]


def send(node):
    return node.write_now("places", partial(telling._sent, newest(node).id, "home_commands", "home_gateway"))[0]


def add_usage(node):
    def put(work):
        work.registry.add(place, [{"id": HOME, "kind": "home", "name_zh": "家", "name_en": "Home", "parent": None}])
        point = {"number": 1, "id": "water-1", "service": "water", "role": "delivered", "place": HOME, "network_node": None}
        work.registry.add(usage_point, [point])
        points.note_receipts(work=work, place=HOME, received=())
        points.note_usage(work=work, message=USAGE)

    node.write_now("points", put)


USAGE = HouseholdUsageTold(
    rows=pa.Table.from_pylist(
        [
            {
                "service": "water",
                "usage_point": "water-1",
                "device_number": "W1",
                "reading_type": 30,
                "business_date": date(2026, 7, 1),
                "version": 1,
                "start": 1782835200,
                "interval_s": 86_400,
                "values": [90],
                "quality": None,
                "register_start": 1000,
                "register_end": 1090,
                "meters": None,
            }
        ],
        schema=ROWS[HouseholdUsageTold],
    )
)


def usage(node):
    return node.read_now("points", lambda work: work.usage_desk.kept(HOME))[0]


def receive(node):
    node.write_now("points", partial(hearing._note, HOME, [usage(node).id], "household_meter_data", "home_gateway"))


SAID = {
    "order told": (add_order, speak, lambda node: state_of(node) != "created", "payment_order"),
    "notice heard": (lambda _: None, hear, lambda node: state_of(node) == "paid", "payment_notice"),
    "home ordered": (add_plug, send, lambda node: newest(node).state == "sent", "home_commands"),
    "usage received": (add_usage, receive, lambda node: usage(node).received_at is not None, "household_meter_data"),
}


def dying(function, moment):
    def call(*given, **named):
        if moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = function(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        return done

    return call


def killed(folder, act, step):
    """Act in a process of its own that kills itself at a step."""
    child = os.fork()
    if child == 0:
        try:
            node = opened(folder)
            if step == "committed":
                Node.write_now = dying(Node.write_now, "after")
            else:
                Evidence.spoken = dying(Evidence.spoken, "before" if step == STEPS[0] else "after")
            act(node)
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1]), "it was not killed"


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_leaves_both_or_neither(tmp_path, step):
    node = opened(tmp_path)
    for prepare, _, _, _ in SAID.values():
        prepare(node)
    node.close()
    for _, act, _, _ in SAID.values():
        killed(tmp_path, act, step)
    node = opened(tmp_path)
    for what, (_, act, is_done, phrase) in SAID.items():
        told = [record for record in kept(node) if record["phrase"] == phrase]
        assert (is_done(node), len(told)) == ((True, 1) if step == "committed" else (False, 0)), what
        if not is_done(node):
            act(node)
        assert is_done(node), what
    assert [record["phrase"] for record in kept(node)] == [phrase for _, _, _, phrase in SAID.values()]
    node.close()


@pytest.fixture
def node(tmp_path):
    made = opened(tmp_path)
    yield made
    made.close()


def enrol(node):
    given = {"account_number": "grid-1", "party": "p", "usage_point": "e-1", "supplier": "grid", "tariff": "t"}
    more = {"category": "residential", "options": {}, "valid_from": "2020-01-01", "valid_to": None}
    node.write_now(
        "settlement", lambda work: work.registry.add(supply_agreement, [{**given, **more, "combined_account": ACCOUNT}])
    )


def said_of(node):
    return [(record["phrase"], record["kind"], record["key"], record["outcome"]) for record in kept(node)]


def test_an_order_and_its_notice_as_they_travelled(node):
    add_order(node)
    speak(node)
    assert [settle(node, payments.receive_notice, notice=notice()) for _ in range(3)] == ["posted", "repeated", "repeated"]
    order, paid = kept(node)
    assert (order["sha256"], order["answer"]) == (digest(b"say P1"), digest(b"took P1"))
    assert (order["sender"], order["receiver"], order["under"]) == (PLATFORM, "payment_channel", "transition U.2t")
    assert (order["sender_party"], order["receiver_party"], order["key"]) == ("grid", "outside", "citypay/P1")
    assert (paid["sha256"], paid["sender"], paid["receiver"]) == (digest(b"signed by the channel"), "payment_channel", PLATFORM)
    assert ACCOUNT not in str(kept(node)), "the order's number leads to the account, in the books of who may look there"


def test_what_a_conformance_run_names_is_under_a_root(node, tmp_path):
    add_order(node)
    speak(node)
    ordered, heard = Letter(PLATFORM, "payment_order", "payment_channel"), Letter("payment_channel", "payment_notice", PLATFORM)
    assert spoken(tmp_path, PLATFORM, ordered, key="P1") is None, "no root covers it yet"
    sign(node)
    assert spoken(tmp_path, PLATFORM, ordered, key="P1").number == 1
    assert [spoken(tmp_path, PLATFORM, letter, key=key) for letter, key in ((ordered, "P"), (heard, "P1"))] == [None, None]


def test_a_notice_of_another_amount_leaves_none(node):
    add_order(node)
    with pytest.raises(Invalid):
        settle(node, payments.receive_notice, notice=notice(amount_fen=1))
    assert kept(node) == []


def test_cancelled_and_then_paid_are_two_exchanges(node):
    add_order(node)
    for status in ("cancelled", "cancelled", "paid"):
        settle(node, payments.receive_notice, notice=notice(status=status))
    assert [record["phrase"] for record in kept(node)] == ["payment_notice"] * 2


def test_mandates_charges_refusals_refunds_and_revocations(node):
    enrol(node)
    settle(node, mandates.open_mandate, mandate="M1", combined_account=ACCOUNT, limit_fen=10_000, channel="citypay")
    speak(node)
    signed = MandateNotice("citypay", "X1", "M1", 10_000, "signed", wire=b"signed")
    assert [settle(node, mandates.receive_mandate_notice, notice=signed) for _ in range(2)] == ["noted", "repeated"]
    add_order(node, "A1", mandate="M1", purpose="automatic", amount_fen=0)
    speak(node)
    add_order(node, "A2", mandate="M1", purpose="automatic", amount_fen=0)
    speak(node, Channel(poor=True))
    hear_paid = notice(order="A1", amount_fen=0)
    node.write_now("settlement", lambda work: work.dues.change_order("A1", state="paid", reference=hear_paid.reference))
    refund = {"id": "RF1", "payment_order": "A1", "amount_fen": 1, "credit_fen": 0, "state": "ordered", "reason": "x"}
    row = {**refund, "asked_by": "a", "asked_at": NOW.isoformat()}
    node.write_now("settlement", lambda work: work.dues.add_refund(row))
    speak(node)
    settle(node, mandates.revoke_mandate, mandate="M1", combined_account=ACCOUNT)
    speak(node)
    assert said_of(node) == [
        ("payment_order", "POST /mandates", "citypay/M1", "receipted"),
        ("payment_notice", "MandateNotice", "citypay/M1", "taken"),
        ("payment_order", "POST /orders", "citypay/A1", "receipted"),
        ("payment_order", "POST /orders", "citypay/A2", "refused"),
        ("payment_order", "POST /refunds", "citypay/RF1", "receipted"),
        ("payment_order", "POST /mandates/{mandate_id}/revocation", "citypay/M1", "receipted"),
    ]


def test_the_bytes_of_a_notice_are_all_that_was_signed_the_signature_and_the_body():
    path, body = (
        "/n",
        b'{"merchant_id":"us","channel_reference":"R1","order_id":"P1","amount_fen":1,"currency":"CNY","status":"paid"}',
    )
    at = str(int(NOW.timestamp()))
    signature = KEY.sign(signed_text("POST", path, at, body)).hex()
    channel = HttpChannel(name="c", url="", merchant="us", key=KEY, channel_key=KEY.public_key(), clock=VirtualClock(NOW))
    read = channel.read_notice(path=path, timestamp=at, signature=signature, body=body)
    assert read.wire == signed_bytes("POST", path, at, signature, body) == f"POST\n{path}\n{at}\n{signature}\n".encode() + body


def test_what_a_home_is_told_and_has(node):
    command = add_plug(node)
    told_place, data = send(node)
    add_usage(node)
    receive(node)
    receive(node)
    order, block = kept(node)
    assert (told_place, order["key"], order["sha256"]) == (HOME, command.id, digest(data))
    assert (order["sender"], order["receiver"], order["under"]) == (PLATFORM, "home_gateway", "transition 8.4.1")
    assert (block["receiver"], block["under"], block["rows"]) == ("home_gateway", "transition 8.4.1", 1)
    assert (block["outcome"], block["sha256"], block["key"]) == ("receipted", digest(usage(node).told), usage(node).id)
