"""What the portal asks of places and of their points."""

from typing import Protocol

from metropool.portal.schemas.basics import Instant
from metropool.portal.schemas.places import (
    CredentialDrawn,
    GatewayRow,
    Gateways,
    HomeEvents,
    HomeGateway,
    HomeHeard,
    HomeNow,
    HomeOrder,
    HomeUsage,
    OrderGiven,
    PointHistory,
)


class PlacesDesk(Protocol):
    """Gateways, and orders to points."""

    def home(self, *, account: str) -> HomeGateway: ...

    def order(self, *, account: str, given: OrderGiven, by: str, key: str) -> HomeOrder: ...

    def order_of(self, *, account: str, id: str) -> HomeOrder: ...

    def gateways(self) -> Gateways: ...

    def issue(self, *, place: str, by: str) -> CredentialDrawn: ...

    def revoke(self, *, place: str) -> GatewayRow: ...


class PointsDesk(Protocol):
    """What points say."""

    def now(self, *, gateway: HomeGateway) -> HomeNow: ...

    def events(self, *, place: str) -> HomeEvents: ...

    def history(self, *, place: str, point: str, item: str, start: Instant, end: Instant) -> PointHistory: ...

    def usage(self, *, place: str) -> HomeUsage: ...

    def heard(self, *, account: str) -> HomeHeard: ...

    def told(self, *, account: str) -> HomeUsage: ...
