"""What a door shows: letters that came, how far they were read, what became of what was said. Pure."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from metropool.exchange.envelope import Envelope
from metropool.exchange.messages import ViewRequested

MOST_UNREAD_BYTES = 1 << 30
"""What a door keeps unread; beyond it letters wait at the broker, and when that is full, at who says them."""
KEPT_FOR = timedelta(days=7)
"""How long a letter can be read again after it was acknowledged."""
PAGE_BYTES = 2 << 20
"""What one answer carries of letters, as they travelled; the first is in it however large."""
LONGEST_KEY = 128


class KeptLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter as the door keeps it; numbers grow and are never used again."""

    number: int
    envelope: Envelope
    heard_at: datetime


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How far a door's letters were read: all up to ``acknowledged``."""

    acknowledged: int = 0
    unread: int = 0
    unread_bytes: int = 0


class SaidLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One letter that something said became, and the receipt of its receiver once there is one."""

    id: str
    receiver: str
    sent_at: datetime | None = None
    position: int | None = None


class SaidPart(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a batch of its own cutting the software says.

    Attributes:
        batch: Its own name for what the parts have in common.
        number: From 1 to ``of``.
        of: How many parts there are.
        whole: SHA-256 over the SHA-256 of the requests' bodies in the order of the parts; empty where it does not say.
        request: SHA-256 of the body of the request that says this one.
        body: SHA-256 of the body of the letter it becomes.
    """

    batch: str
    number: int
    of: int
    whole: str
    request: str
    body: str = ""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What was said under a key; ``is_repeat``: it was said before, and not again."""

    phrase: str
    key: str
    letters: tuple[SaidLetter, ...]
    is_repeat: bool = False


ViewState = Literal["waiting", "approved", "refused", "withdrawn", "revoked", "lapsed"]


class HeardView(msgspec.Struct, frozen=True, kw_only=True):
    """A request to look into what the software keeps, as its door knows it.

    Attributes:
        asked: The newest edition heard.
        heard_from: System that handed it over; answers go back there.
        expires_at: No use after this; the software may shorten what was asked.
        decided_by: Key of the software, or the system itself where it could never be granted.
        approved_by: The people who approved it, by the software's word, between commas; two where anybody in particular is told of.
    """

    asked: ViewRequested
    state: ViewState
    heard_from: str
    heard_at: datetime
    expires_at: datetime
    decided_by: str | None = None
    approved_by: str = ""
    decided_at: datetime | None = None
    reason: str | None = None
    pages: int = 0
