"""What the portal asks of gateways, places and their points."""

from typing import Protocol

from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Instant, Page
from metropool.portal.schemas.places import (
    CredentialDrawn,
    GatewayGiven,
    GatewayRow,
    HomeEvents,
    HomeGateway,
    HomeHeard,
    HomeNow,
    HomeOrder,
    HomeUsage,
    OrderGiven,
    PointHistory,
)


class AdmissionDesk(Protocol):
    """Gateways and their credentials."""

    def of_household(self, *, account: str) -> GatewayRow: ...

    def gateways(self, *, asked: Asked) -> Page[GatewayRow]: ...

    def enrol(self, *, given: GatewayGiven) -> GatewayRow: ...

    def issue(self, *, per: str, name: str, by: str) -> CredentialDrawn: ...

    def revoke(self, *, per: str, name: str) -> GatewayRow: ...


class PlacesDesk(Protocol):
    """Orders to points."""

    def home(self, *, gateway: GatewayRow) -> HomeGateway: ...

    def order(self, *, place: str, given: OrderGiven, by: str, key: str) -> HomeOrder: ...

    def order_of(self, *, place: str, id: str) -> HomeOrder: ...


class PointsDesk(Protocol):
    """What points say."""

    def now(self, *, gateway: HomeGateway) -> HomeNow: ...

    def events(self, *, place: str) -> HomeEvents: ...

    def history(self, *, place: str, point: str, item: str, start: Instant, end: Instant) -> PointHistory: ...

    def usage(self, *, place: str) -> HomeUsage: ...

    def heard(self, *, account: str) -> HomeHeard: ...

    def told(self, *, account: str) -> HomeUsage: ...
