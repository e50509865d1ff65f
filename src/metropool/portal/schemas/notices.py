"""Announcements: what an office writes, how far it came, and what a household reads."""

from typing import Annotated, Any, Literal

from pydantic import Field

from metropool.core.areas import AreaKind
from metropool.exchange.messages import NoticeKind, NoticeState
from metropool.portal.schemas.basics import Instant, InstantGiven, Model, Named, Request, Text
from metropool.portal.schemas.commands import Reason

Medium = Literal["electricity", "water", "gas", "heat", "government", "community", "building"]
OfficeState = Literal["draft", "scheduled", "published", "withdrawn"]
NoticeStanding = Literal["ahead", "now", "over", "withdrawn"]
PlaceId = Annotated[str, Field(min_length=1, max_length=64)]


class NoticeArea(Model):
    """Where it is about: the city, places by name, or an outline as GeoJSON (a ``MultiPolygon``, WGS 84)."""

    kind: AreaKind
    places: list[Named]
    outline: dict[str, Any] | None


class NoticeWords(Model):
    """What an announcement says; ``ends_at`` null means until further notice. Texts are plain text."""

    service: Medium
    kind: NoticeKind
    kind_text: Text
    title: Text
    text: Text
    starts_at: Instant
    ends_at: Instant | None
    area: NoticeArea


class OfficeNoticeRow(Model):
    """An announcement in its office's list."""

    id: str
    state: OfficeState
    state_text: Text
    service: Medium
    kind: NoticeKind
    kind_text: Text
    title: Text
    starts_at: Instant
    ends_at: Instant | None
    publish_at: Instant | None
    published_at: Instant | None
    changed_at: Instant
    changed_by: str
    edition: int


class NoticeEdition(Model):
    """One edition as it was told."""

    edition: int
    state: NoticeState
    title: Text
    told_at: Instant
    told_by: str


class OfficeNotice(OfficeNoticeRow):
    """One announcement with all it says; ``revision`` goes back with every change."""

    revision: int
    words: NoticeWords
    withdrawn_because: str | None
    editions: list[NoticeEdition]


class AreaGiven(Request):
    """Where it is about, as a page gives it: a GeoJSON ``Polygon`` or ``MultiPolygon`` where it was drawn."""

    kind: AreaKind
    places: list[PlaceId] = Field(default=[], max_length=1000)
    outline: dict[str, Any] | None = None


class NoticeGiven(Request):
    """All of what an announcement is to say."""

    service: Medium
    kind: NoticeKind
    title_zh: str = Field(max_length=200)
    title_en: str = Field(max_length=200)
    text_zh: str = Field(max_length=4000)
    text_en: str = Field(max_length=4000)
    starts_at: InstantGiven
    ends_at: InstantGiven | None = None
    area: AreaGiven


class NoticeChange(Request):
    """Say something else than the revision that was seen."""

    seen: int = Field(ge=1)
    notice: NoticeGiven


class NoticePublication(Request):
    """Publish what was seen: now, or ``at`` a later instant."""

    seen: int = Field(ge=1)
    at: InstantGiven | None = None


class NoticeWithdrawal(Request):
    """Take back what was seen, and why."""

    seen: int = Field(ge=1)
    reason: Reason


class AreaMap(Model):
    """Places to choose from and to draw on: GeoJSON with ``id``, ``kind`` and ``name``; ``bounds`` is west, south, east, north.

    ``areas`` are the ways an area may be given; ``choosable`` the kinds of the places that may be named.
    """

    bounds: tuple[float, float, float, float]
    features: dict[str, Any]
    media: list[Medium]
    areas: list[AreaKind]
    choosable: list[str]


class NoticeReach(Model):
    """How far an announcement came: households it is for, whose app has it, that opened it (of the words people see now)."""

    id: str
    title: Text
    service: Medium
    state: NoticeState
    edition: int
    published_at: Instant
    recipients: int
    delivered: int
    read: int


class HomeNotice(NoticeWords):
    """An announcement as a household reads it."""

    office: str
    id: str
    edition: int
    publisher_name: Text
    standing: NoticeStanding
    standing_text: Text
    published_at: Instant
    is_affected: bool
    is_read: bool


class NoticeReceipt(Request):
    """An edition that has come to the app; ``is_read`` once it was opened."""

    office: str = Field(min_length=1, max_length=64)
    id: str = Field(min_length=1, max_length=64)
    edition: int = Field(ge=1)
    is_read: bool = False


class NoticeReceipts(Request):
    """What an app says of some announcements."""

    receipts: list[NoticeReceipt] = Field(min_length=1, max_length=100)


class NoticeStub(Model):
    """An edition the app has not said it has."""

    office: str
    id: str
    edition: int


class NoticesWaiting(Model):
    """What is new for a household: how many are unread, and which the app should say it has."""

    unread: int
    waiting: list[NoticeStub]
