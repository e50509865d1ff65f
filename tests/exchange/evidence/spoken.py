"""Exchanges that are no letters, as a node says it had them."""

from dataclasses import replace

from metropool.exchange.evidence import Spoken

ORDER = Spoken(
    medium="http",
    direction="sent",
    outcome="receipted",
    phrase="payment_order",
    kind="POST /orders",
    key="citypay/P1",
    data=b"POST\n/orders\n1\nsigned\n{}",
    answer=b"ANSWER\n/orders\n1\nsigned\n{}",
)


def told(order: str) -> Spoken:
    """An order that a payment channel took."""
    return replace(ORDER, key=f"citypay/{order}", data=f"POST /orders {order}".encode())


def heard(order: str) -> Spoken:
    """A notice of it."""
    changed = {"direction": "received", "outcome": "taken", "phrase": "payment_notice", "kind": "PaymentNotice"}
    return replace(ORDER, **changed, key=f"citypay/{order}", data=f"paid {order}".encode(), answer=None)


def asked(account: str, once: str) -> Spoken:
    """What a resident asked for."""
    changed = {"direction": "received", "outcome": "taken", "phrase": "resident_payment", "kind": "POST /households/{a}/payments"}
    return replace(ORDER, **changed, key=f"{account}/k1", once=once, data=b"POST ... {}", answer=None)


def ordered(command: str) -> Spoken:
    """An order that a gateway was told."""
    changed = {"medium": "mqtt", "outcome": "told", "phrase": "home_commands", "kind": "SetPoints"}
    return replace(ORDER, **changed, key=command, data=b'{"v":1}', answer=None)
