"""Reading on demand and control: what is ordered, what became of it."""

from typing import Annotated, Literal

from pydantic import Field

from metropool.devices.dlt645.requests import LIMIT_MIN_MAX, LIMIT_STEP_MIN
from metropool.portal.schemas.basics import Address, Figure, Instant, Model, Request, Service, Text

CommandKind = Literal[
    "read_on_demand",
    "disconnect",
    "limit_supply",
    "reconnect",
    "close_valve",
    "open_valve",
    "synchronize_clock",
    "set_profile",
]
CommandState = Literal["awaiting_approval", "queued", "sent", "answered", "holding", "finished"]
CommandOutcome = Literal["done", "refused", "expired", "unknown"]
CommandStep = Literal[
    "ordered", "approved", "rejected", "queued", "sent", "answered", "holding", "read_back", "finished", "cancelled"
]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class StepDone(Model):
    """One step on a command's way."""

    step: CommandStep
    at: Instant
    by: str | None
    detail: Text | None


class ValueRead(Model):
    """A value the command brought back."""

    reading_type: str
    name: Text
    figure: Figure


class Command(Model):
    """One command; ``unknown`` says: go and look, it may have happened."""

    id: str
    kind: CommandKind
    kind_name: Text
    meter: str
    meter_number: str
    service: Service
    address: Address
    minutes: int | None
    reason: str
    ordered_by: str
    approved_by: str | None
    on_site_by: str | None
    state: CommandState
    outcome: CommandOutcome | None
    outcome_detail: Text | None
    steps: list[StepDone]
    result: list[ValueRead]
    created_at: Instant
    expires_at: Instant
    off_since: Instant | None
    back_by: Instant | None
    finished_at: Instant | None
    needs_approval: bool


class CommandEffect(Model):
    """What a command would do, in words, before it is ordered."""

    kind: CommandKind
    meter: str
    effect: Text
    homes: int
    supply_guaranteed: bool
    allowed: bool
    refusal: Text | None
    needs_approval: bool
    needs_on_site: bool
    needs_minutes: bool
    expires_in_s: int


class CommandSummary(Model):
    """How commands fare."""

    as_of: Instant
    answered_rate: Figure
    median_s: Figure
    waiting: int
    awaiting_approval: int
    unknown: int


class NewCommand(Request):
    """What to order; all but the read, the clock and the profile need a second person, opening gas somebody on the spot too.

    ``minutes`` is for a limit only, which needs it: how long supply stays off, 5 to 1275 by fives.
    """

    kind: CommandKind
    meter: str = Field(min_length=1, max_length=64)
    reason: Reason
    minutes: int | None = Field(default=None, ge=LIMIT_STEP_MIN, le=LIMIT_MIN_MAX, multiple_of=LIMIT_STEP_MIN)
    expires_in_s: int | None = Field(default=None, ge=10, le=86_400)
    on_site_by: str | None = Field(default=None, min_length=2, max_length=100)


class Approval(Request):
    """The second person's word, with the password again."""

    decision: Literal["approve", "reject"]
    reason: Reason
    password: str = Field(min_length=1, max_length=256)


class Cancellation(Request):
    """Why a command is taken back before it is sent."""

    reason: Reason
