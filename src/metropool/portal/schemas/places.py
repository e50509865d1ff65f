"""Answers about a household's own home: its points, what was ordered of them, what happened there."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from metropool.portal.schemas.basics import Exact, Instant, Model, Request, Severity, Text

OrderState = Literal["approved", "sent", "confirmed", "refused", "expired", "unknown", "cancelled"]
GatewayPer = Literal["home", "community", "building", "charging_station"]
PointName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class ItemNow(Model):
    """How one item of a point stands; ``as_of`` by the gateway's clock, ``heard_at`` by ours."""

    item: str
    name: Text
    value: int
    unit: str
    as_of: Instant
    heard_at: Instant


class PointNow(Model):
    """A point of the home; ``sets`` is the item that can be set, if any."""

    point: str
    kind: str
    name: Text
    sets: str | None
    items: list[ItemNow]


class HomeOrder(Model):
    """An order to a point: ``asked`` until its outcome is known; done only when it was read back."""

    id: str
    point: str
    value: int
    state: OrderState
    state_text: Text
    outcome: Literal["done", "refused", "expired", "unknown"] | None
    reason: Text | None
    requested_at: Instant
    expires_at: Instant
    sent_at: Instant | None
    resolved_at: Instant | None
    read_back: int | None


class HomeGateway(Model):
    """The gateway of a household's home, and the newest order to each point."""

    place: str
    has_credential: bool
    came_in_at: Instant | None
    orders: list[HomeOrder]


class HomeNow(Model):
    """How a home stands; ``heard_at`` is when its gateway was heard last, null when never."""

    gateway: HomeGateway
    points: list[PointNow]
    heard_at: Instant | None
    as_of: Instant


class HomeEvent(Model):
    """Something that happened in the home."""

    point: str
    point_name: Text
    code: str
    text: Text
    severity: Severity
    at: Instant
    heard_at: Instant


class HomeEvents(Model):
    """The newest events of a home."""

    rows: list[HomeEvent]
    as_of: Instant


class HeardPoint(Model):
    """What a system has heard of one point of a home; what the point is, only whoever hosts the home is told."""

    point: str
    items: list[ItemNow]


class HomeHeard(Model):
    """What a system has heard from a household's homes: how points stand, and what happened at them, newest first."""

    points: list[HeardPoint]
    events: list[HomeEvent]
    as_of: Instant


class PointHistory(Model):
    """What one item of a point was: instants [Unix s] and values, equally many."""

    point: str
    item: str
    unit: str
    at: list[int]
    values: list[int]
    as_of: Instant


class UsageDay(Model):
    """What a meter of the household counted on one day, null where that is not known; ``is_received`` by the gateway."""

    service: str
    service_name: Text
    reading_type: int
    business_date: date
    version: int
    amount: Exact | None
    unit: str
    is_received: bool


class HomeUsage(Model):
    """Household meter data of the last days, the newest first."""

    rows: list[UsageDay]
    as_of: Instant


class OrderGiven(Request):
    """Switch a point; it is not done when the gateway has not got it within ``within_s`` seconds."""

    point: PointName
    value: Literal[0, 1]
    within_s: Annotated[int, Field(ge=5, le=600)] = 60


class GatewayGiven(Request):
    """A gateway to be enrolled; ``household`` for a home's, whose name and place are the home's id."""

    per: GatewayPer
    name: PointName
    place: Annotated[str, Field(pattern=r"^[^\s\x00-\x1f\x7f]{1,128}$")]
    household: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class GatewayRow(Model):
    """A gateway as whoever vouches for it sees it; nothing of what it says.

    ``login`` is its user name and MQTT client id; its topics begin with it (a home's with ``home/`` before)."""

    per: GatewayPer
    name: str
    place: str
    login: str
    has_credential: bool
    issued_at: Instant | None
    issued_by: str | None
    revoked_at: Instant | None
    came_in_at: Instant | None
    heard_at: Instant | None


class CredentialDrawn(Model):
    """A gateway's new credential. The secret is shown here and never again."""

    per: GatewayPer
    name: str
    login: str
    secret: str
