"""A notice as its hearers keep it, what a household makes of it, and how far it came. Pure."""

from datetime import datetime
from typing import Literal

import msgspec

from metropool.core.areas import Area
from metropool.exchange.messages import NoticeKind, NoticeState

Standing = Literal["ahead", "now", "over", "withdrawn"]


class KeptNotice(msgspec.Struct, frozen=True, kw_only=True):
    """The highest edition heard of a notice.

    Attributes:
        shown_edition: The edition whose words people see: a withdrawal has no words of its own.
    """

    office: str
    notice: str
    edition: int
    shown_edition: int
    publisher: str
    service: str
    kind: NoticeKind
    state: NoticeState
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    starts_at: datetime
    ends_at: datetime | None
    area: Area
    published_at: datetime
    heard_at: datetime


class NoticeAtHome(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as one household has it."""

    kept: KeptNotice
    is_affected: bool
    is_read: bool


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How many households a notice is for, has come to, was read in: of the words they see now."""

    kept: KeptNotice
    recipients: int
    delivered: int
    read: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a household's app says of an edition: it has come, and perhaps it was opened."""

    office: str
    notice: str
    edition: int
    is_read: bool


def standing_of(kept: KeptNotice, now: datetime) -> Standing:
    """Where now lies in its time."""
    if kept.state == "withdrawn":
        return "withdrawn"
    if kept.ends_at is not None and kept.ends_at <= now:
        return "over"
    return "now" if kept.starts_at <= now else "ahead"
