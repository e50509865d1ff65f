"""What a request is at who asks. Pure."""

from datetime import date, datetime
from typing import Literal

import msgspec

from metropool.core.areas import Area
from metropool.exchange.messages import Purpose, Question, ViewRequested

State = Literal["asked", "approved", "refused", "revoked", "withdrawn", "expired"]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks for; instants UTC, ``last_day`` included."""

    what: Question
    service: str
    area: Area
    first_day: date
    last_day: date
    reason: str
    legal_basis: str
    purpose: Purpose
    expires_at: datetime


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """A request (调阅申请) as it stands at who asked.

    Attributes:
        asked: The newest edition told.
        state: ``revoked``: its owner took the approval back; ``withdrawn``: we took the request back; ``expired``: its use is over.
        answered_by: System the answer came through.
        expires_at: Nothing of the answer may be read from then on.
        pages: Of the answer; ``came``: how many of them are here.
        forgotten_at: When the content was deleted.
    """

    asked: ViewRequested
    state: State
    asked_at: datetime
    expires_at: datetime
    answered_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    pages: int = 0
    came: int = 0
    forgotten_at: datetime | None = None

    @property
    def request(self) -> str:
        """Its id."""
        return self.asked.request

    def is_readable(self, now: datetime) -> bool:
        """Whether its content may be read."""
        return self.state == "approved" and now < self.expires_at
