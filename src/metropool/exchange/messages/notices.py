"""Announcements, from the office that wrote them to whom they concern; and notices sent to people by others' channels."""

from collections.abc import Mapping
from typing import Literal

import pyarrow as pa

from metropool.core.areas import Area
from metropool.exchange.messages.base import Fact, Message, Moment, Order

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


class DeliverNotice(Order, frozen=True, kw_only=True):
    """Bring notices to people by a channel of others (通知下发), each at most once; and, the other way, what became of them (回执).

    Attributes:
        rows: ``delivery`` (id of one notice to one person), ``state`` (``ask``; of the channel ``accepted delivered read failed expired``),
            ``notice`` (id of what it tells of), ``channel`` (``sms mini_program``), ``address`` (a number as E.164, or the channel's id of
            the person; null in what comes back), ``language`` (``zh en``), ``title`` and ``text`` (plain; null in what comes back),
            ``at`` (when it came to that), ``reason``.
    """

    rows: pa.Table


_TEXT = pa.string()
ROWS: Mapping[type[Message], pa.Schema] = {
    DeliverNotice: pa.schema(
        [(name, _TEXT) for name in ("delivery", "state", "notice", "channel", "address", "language", "title", "text")]
        + [("at", pa.timestamp("us", tz="UTC")), ("reason", _TEXT)]
    ),
}
NEEDED: Mapping[type[Message], frozenset[str]] = {DeliverNotice: frozenset({"delivery", "state", "notice", "channel", "at"})}
