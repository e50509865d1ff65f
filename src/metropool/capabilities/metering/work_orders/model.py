"""What a work order is, and which step may follow which. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["no_contact", "missing_data", "clock", "meter_fault", "damage", "other"]
State = Literal["open", "in_progress", "done", "cancelled"]
KINDS: tuple[Kind, ...] = ("no_contact", "missing_data", "clock", "meter_fault", "damage", "other")
STATES: tuple[State, ...] = ("open", "in_progress", "done", "cancelled")
UNFINISHED: tuple[State, ...] = ("open", "in_progress")
FOLLOWS: Mapping[str, tuple[State, ...]] = {
    "open": ("in_progress", "cancelled"),
    "in_progress": ("in_progress", "done", "cancelled"),
    "done": (),
    "cancelled": (),
}
"""States that may follow each; while it is in progress a step may also hand it to somebody else or add a note."""

LONGEST_TEXT, LONGEST_NAME = 500, 64


@dataclass(frozen=True)
class WorkOrder:
    """A work order (工单); instants Unix ms.

    Attributes:
        number: Running number of this system, from 1.
        device: End device it is about: a terminal or a meter.
        assigned_to: Person or crew, as people call them; empty while nobody has it.
        alarm: The alarm it was opened from, if any.
        note: What was said at the last step.
    """

    number: int
    device: str
    kind: Kind
    state: State
    reason: str
    assigned_to: str
    alarm: str | None
    opened_by: str
    opened_at: int
    changed_at: int
    closed_at: int | None
    note: str


@dataclass(frozen=True)
class OrderStep:
    """How an order came to a state: when [Unix ms], by whom, with whom it lay then, and what was said."""

    at: int
    state: State
    actor: str
    assigned_to: str
    note: str


def number_text(number: int) -> str:
    """``WO-000123``: an order as people call it."""
    return f"WO-{number:06d}"


def number_of(text: str) -> int | None:
    """The running number in ``WO-000123``; None when it is none."""
    digits = text.removeprefix("WO-")
    return int(digits) if digits.isdecimal() and len(digits) < 16 else None
