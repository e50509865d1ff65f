"""What an announcement is while its office works on it, and which state may follow which. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from metropool.core.areas import Area
from metropool.exchange.messages import Moment, NoticeKind, NoticePublished, NoticeState

State = Literal["draft", "scheduled", "published", "withdrawn"]
FOLLOWS: Mapping[State, tuple[State, ...]] = {
    "draft": ("scheduled", "published", "withdrawn"),
    "scheduled": ("scheduled", "published", "withdrawn"),
    "published": ("withdrawn",),
    "withdrawn": (),
}
"""States that may follow each. What was never told is taken back in silence."""
LONGEST_REASON = 500


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What an announcement (公告) says; instants UTC."""

    service: str
    kind: NoticeKind
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    starts_at: Moment
    ends_at: Moment | None
    area: Area


class OfficeNotice(msgspec.Struct, frozen=True, kw_only=True):
    """An announcement as it stands at its office.

    Attributes:
        edition: The one told last; 0 before any.
        revision: Counts every change, so that two people do not overwrite one another.
        publish_at: When it is due, while ``scheduled``.
        published_at: When it was told first.
    """

    id: str
    state: State
    edition: int
    revision: int
    content: Content
    publish_at: datetime | None
    published_at: datetime | None
    made_at: datetime
    changed_at: datetime
    changed_by: str
    withdrawn_because: str | None


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """One edition as it was told."""

    edition: int
    state: NoticeState
    content: Content
    told_at: datetime
    told_by: str


def message_of(notice: OfficeNotice, *, state: NoticeState, office: str, publisher: str, now: datetime) -> NoticePublished:
    """The edition after the last, as it is told."""
    content = {name: getattr(notice.content, name) for name in notice.content.__struct_fields__}
    return NoticePublished(
        notice=notice.id,
        edition=notice.edition + 1,
        office=office,
        publisher=publisher,
        state=state,
        published_at=notice.published_at or now,
        **content,
    )
