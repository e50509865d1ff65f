"""The state machine of a command (命令), one table: state, step, next state. What is not in it is refused.

A command is *ordered*, *approved* by a second person where its kind asks for one, *sent* at most once, *accepted* by the
device, and *confirmed* by reading back. ``unknown`` is what a lost answer or a crash after sending leaves; only a
read-back leads out of it, never a second sending. One marked sent may still expire where the carrier says it never left.
One that ends by itself is *holding* from the read-back that showed it done until the one that shows its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal["ordered", "approved", "sent", "accepted", "holding", "confirmed", "refused", "expired", "unknown", "cancelled"]
Move = Literal["approve", "send", "accept", "hold", "confirm", "refuse", "expire", "lose", "cancel"]
Outcome = Literal["done", "refused", "expired", "unknown"]
Proof = Literal["value", "supply", "clock", "profile", "point"]

TRANSITIONS: Mapping[tuple[State, Move], State] = {
    ("ordered", "approve"): "approved",
    ("ordered", "refuse"): "refused",
    ("ordered", "cancel"): "cancelled",
    ("ordered", "expire"): "expired",
    ("approved", "send"): "sent",
    ("approved", "refuse"): "refused",
    ("approved", "cancel"): "cancelled",
    ("approved", "expire"): "expired",
    ("sent", "accept"): "accepted",
    ("sent", "confirm"): "confirmed",
    ("sent", "refuse"): "refused",
    ("sent", "expire"): "expired",
    ("sent", "lose"): "unknown",
    ("accepted", "confirm"): "confirmed",
    ("accepted", "refuse"): "refused",
    ("accepted", "hold"): "holding",
    ("accepted", "lose"): "unknown",
    ("holding", "confirm"): "confirmed",
    ("holding", "lose"): "unknown",
    ("unknown", "hold"): "holding",
    ("unknown", "confirm"): "confirmed",
    ("unknown", "refuse"): "refused",
}
OPEN: tuple[State, ...] = ("ordered", "approved", "sent", "accepted", "holding", "unknown")
"""States that something still follows from."""

UNSENT: tuple[State, ...] = ("ordered", "approved")
"""States in which a command can still expire or be taken back."""

_OUTCOMES: Mapping[State, Outcome] = {
    "confirmed": "done",
    "refused": "refused",
    "cancelled": "refused",
    "expired": "expired",
    "unknown": "unknown",
}


def outcome_of(state: State) -> Outcome | None:
    """What a person is told about a command; None while it is under way."""
    return _OUTCOMES.get(state)


@dataclass(frozen=True)
class Kind:
    """What a kind of command asks for before it is sent, and what its read-back must show.

    Attributes:
        switches: Changes the supply of somebody; a read does not.
        proof: What shows that it was done: the value that was asked for, or supply, clock, profile or the
            point that was set read back.
        second_person: Somebody other than its maker must approve it; an emergency closing needs nobody else.
        on_site: Services for which somebody on the spot must have confirmed that it is safe; closing is always allowed.
        guarded: Refused where supply is guaranteed (保电).
        leaves_supplied: What the read-back must show: True: current or flow can pass (relay closed, valve open).
        timed: Ends by itself after the minutes it names: done when its end was read back too.
    """

    switches: bool
    proof: Proof
    second_person: bool
    on_site: frozenset[str]
    guarded: bool
    leaves_supplied: bool | None
    timed: bool = False


_NOWHERE: frozenset[str] = frozenset()
KINDS: Mapping[str, Kind] = {
    "read_on_demand": Kind(
        switches=False, proof="value", second_person=False, on_site=_NOWHERE, guarded=False, leaves_supplied=None
    ),
    "synchronize_clock": Kind(
        switches=False, proof="clock", second_person=False, on_site=_NOWHERE, guarded=False, leaves_supplied=None
    ),
    "set_profile": Kind(
        switches=False, proof="profile", second_person=False, on_site=_NOWHERE, guarded=False, leaves_supplied=None
    ),
    "disconnect": Kind(switches=True, proof="supply", second_person=True, on_site=_NOWHERE, guarded=True, leaves_supplied=False),
    "limit_supply": Kind(
        switches=True, proof="supply", second_person=True, on_site=_NOWHERE, guarded=True, leaves_supplied=False, timed=True
    ),
    "reconnect": Kind(switches=True, proof="supply", second_person=True, on_site=_NOWHERE, guarded=False, leaves_supplied=True),
    "open_valve": Kind(
        switches=True, proof="supply", second_person=True, on_site=frozenset({"gas"}), guarded=False, leaves_supplied=True
    ),
    "close_valve": Kind(
        switches=True, proof="supply", second_person=True, on_site=_NOWHERE, guarded=False, leaves_supplied=False
    ),
    "switch_on": Kind(switches=False, proof="point", second_person=False, on_site=_NOWHERE, guarded=False, leaves_supplied=None),
    "switch_off": Kind(switches=False, proof="point", second_person=False, on_site=_NOWHERE, guarded=False, leaves_supplied=None),
}
