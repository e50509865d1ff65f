"""Pure decisions of control: what a read-back shows, and what an answer of the device means for a command."""

from dataclasses import dataclass
from typing import Literal

from metropool.core.quantities import reading_type
from metropool.facts.commands import KINDS, Command
from metropool.facts.commands.states import Move

Shown = Literal["done", "pending", "not_done", "faulty"]

RELAY = reading_type("electricity_relay_state").id
VALVES = {service: reading_type(f"{service}_valve_state").id for service in ("water", "gas")}
VALVE_FAULTY = 3
SETTLE_MS = {"electricity": 3_000, "water": 60_000, "gas": 60_000}
"""A relay follows at once; the motor of a valve takes up to a minute (CJ/T 188)."""


DID_NOT_ACT = "the device did not act"


@dataclass(frozen=True)
class Resolution:
    """The next move of a command, with a note for people; None: nothing yet."""

    move: Move | None
    note: str


def state_item(service: str) -> int:
    """The reading type that shows whether supply is on."""
    return RELAY if service == "electricity" else VALVES[service]


def shown_by(*, kind: str, item: int, value: int) -> Shown:
    """What a state value says about a command.

    A relay's bit 0 is the relay (1 open), bit 1 the last command (1 trip); they differ while it waits. A valve is 0 open,
    1 closed, 3 faulty.
    """
    wanted = KINDS[kind].leaves_supplied
    if item != RELAY:
        if value == VALVE_FAULTY:
            return "faulty"
        return "done" if (value == 0) == wanted else "not_done"
    is_closed, is_told_closed = value & 1 == 0, value & 2 == 0
    if is_closed == wanted:
        return "done"
    return "pending" if is_told_closed == wanted else "not_done"


def after_read_back(command: Command, *, shown: Shown, now_ms: int, settle_ms: int) -> Resolution:
    """What a read-back makes of a command.

    Not done is believed only when the device has had its time and, where the order may still be on its way, when it can no
    longer be carried out.
    """
    if shown == "done":
        return Resolution("confirm", "read back")
    since = command.answered_at or command.sent_at or command.created_at
    is_settled = now_ms - since >= settle_ms
    may_still_come = command.state == "unknown" and now_ms < command.expires_at
    if shown == "faulty" and is_settled:
        return Resolution("refuse", "the valve reports a fault")
    if shown == "not_done" and is_settled and not may_still_come:
        return Resolution("refuse", DID_NOT_ACT)
    return Resolution(None, f"read back: {shown}")


def after_answer(command: Command, *, result: str, detail: str) -> Resolution:
    """What the carrier's answer makes of a command that was sent."""
    if result == "answered":
        is_read = KINDS[command.kind].proof == "value"
        return Resolution("confirm", "read") if is_read else Resolution("accept", "accepted by the device")
    if result == "expired":
        return Resolution("expire", "expired before it left")
    if result in ("unreachable", "denied"):
        return Resolution("refuse", detail or result)
    if KINDS[command.kind].proof == "value":
        return Resolution("refuse", detail or "no answer")
    return Resolution("lose", detail or "no answer after sending")
