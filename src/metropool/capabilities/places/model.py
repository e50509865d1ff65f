"""How an order to a point is told from what was read back. Pure."""

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
class Setting:
    """A point that can be set: its item, and how it was read back last."""

    place: str
    point: str
    item: str
    value: int | None
    at: int | None


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
