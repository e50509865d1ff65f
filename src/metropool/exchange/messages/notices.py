"""Announcements, from the office that wrote them to whom they concern."""

from typing import Literal

from metropool.core.areas import Area
from metropool.exchange.messages.base import Fact, Moment

NoticeKind = Literal["outage", "fault", "price", "safety", "general"]
NoticeState = Literal["published", "withdrawn"]


class NoticePublished(Fact, frozen=True, kw_only=True):
    """One edition of an announcement (公告), whole; the highest edition heard holds, in whatever order they come.

    Attributes:
        notice: Id, unique at the office that wrote it.
        edition: 1 for the first; a correction or a withdrawal is the next.
        office: System whose people wrote it; a receiver holds it to who the broker says spoke.
        publisher: Party that runs it.
        service: Medium, or ``government``.
        starts_at: From when what it tells of holds, UTC; ``ends_at`` None means until further notice.
    """

    notice: str
    edition: int
    office: str
    publisher: str
    service: str
    kind: NoticeKind
    state: NoticeState
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    starts_at: Moment
    ends_at: Moment | None
    area: Area
    published_at: Moment
