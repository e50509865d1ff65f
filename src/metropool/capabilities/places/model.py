"""Credentials of gateways, and how an order to a point is told from what was read back. Pure."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from metropool.exchange.messages.points import OrderAnswered
from metropool.facts.commands import Command

LONGEST = timedelta(minutes=10)
"""How long an order may wait for its gateway at most."""
ON, OFF = "switch_on", "switch_off"
VALUES = {ON: 1, OFF: 0}


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """A home's gateway (家居网关) as the registry has it; ``secret_hash`` None: it was never given one, or it was taken back."""

    place: str
    household: str
    salt: str | None
    secret_hash: str | None
    issued: int
    issued_at: str | None
    issued_by: str | None
    revoked_at: str | None
    dropped: int
    came_in_at: str | None


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A point that can be set: its item, and how it was read back last."""

    place: str
    point: str
    item: str
    value: int | None
    at: int | None


def hashed(secret: str, salt: str) -> str:
    """What is kept of a secret. It is 256 random bits: one round of SHA-256 keeps it as well as many would."""
    return hashlib.sha256(f"{salt}\x1f{secret}".encode()).hexdigest()


def is_right(gateway: Gateway | None, secret: str) -> bool:
    """Whether a secret is the gateway's own; takes as long whatever is wrong with it."""
    kept, salt = (gateway.secret_hash, gateway.salt) if gateway else (None, None)
    same = hmac.compare_digest(hashed(secret, salt or ""), kept or "0" * 64)
    return same and kept is not None


def device_of(place: str, point: str) -> str:
    """The journal's name of a point."""
    return f"{place}/{point}"


def move_of(command: Command, answer: OrderAnswered) -> tuple[Literal["confirm", "refuse", "expire"] | None, str]:
    """The journal's next step when a gateway has answered, and why: done is what was read back, not what was said."""
    if answer.outcome == "expired":
        return ("expire" if command.state == "sent" else None), "expired at the gateway"
    if answer.outcome == "refused":
        return "refuse", answer.reason or "refused by the gateway"
    if answer.value == VALUES[command.kind]:
        return "confirm", "read back"
    return "refuse", f"read back {answer.value}"


def move_by_reading(command: Command, *, value: int, at: int) -> Literal["confirm", "refuse"] | None:
    """What a later reading of the point says of an order that nobody answered; None where it was taken before the order was sent."""
    if command.state != "unknown" or command.sent_at is None or at * 1000 <= command.sent_at:
        return None
    return "confirm" if value == VALUES[command.kind] else "refuse"
