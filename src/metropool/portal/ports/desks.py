"""Every desk by name, and the capability in whose unit of work it is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from metropool.portal.ports.announcements import NoticesDesk, OfficeDesk
from metropool.portal.ports.billing import BillingDesk
from metropool.portal.ports.company import CompanyDesk
from metropool.portal.ports.control import CommandsDesk, ExchangesDesk
from metropool.portal.ports.door import DoorDesk
from metropool.portal.ports.insight import UsageDesk
from metropool.portal.ports.metering import MeteringDesk, SchedulesDesk, WorkOrdersDesk
from metropool.portal.ports.parked import ParkedDesk
from metropool.portal.ports.places import AdmissionDesk, PlacesDesk, PointsDesk
from metropool.portal.ports.requests import HeardRequestsDesk, RequestsDesk
from metropool.portal.ports.settlement import HouseholdsDesk, InvoicesDesk, RefundsDesk
from metropool.portal.ports.sharing import TopologyDesk
from metropool.portal.ports.views import ConsentsDesk, DisclosuresDesk, InquiriesDesk
from metropool.portal.ports.watch import WatchDesk

D = TypeVar("D")


@dataclass(frozen=True)
class Port(Generic[D]):
    """A desk by name, and the capability in whose unit of work it is made; empty where any will do."""

    name: str
    capability: str


HOUSEHOLDS: Port[HouseholdsDesk] = Port("households", "settlement")
REFUNDS: Port[RefundsDesk] = Port("refunds", "settlement")
INVOICES: Port[InvoicesDesk] = Port("invoices", "settlement")
USAGE: Port[UsageDesk] = Port("usage", "insight")
METERING: Port[MeteringDesk] = Port("metering", "metering")
SCHEDULES: Port[SchedulesDesk] = Port("schedules", "metering")
WORK_ORDERS: Port[WorkOrdersDesk] = Port("work_orders", "metering")
COMMANDS: Port[CommandsDesk] = Port("commands", "metering")
EXCHANGES: Port[ExchangesDesk] = Port("exchanges", "metering")
BILLING: Port[BillingDesk] = Port("billing", "billing")
REQUESTS: Port[RequestsDesk] = Port("requests", "billing")
HEARD_REQUESTS: Port[HeardRequestsDesk] = Port("heard_requests", "metering")
OFFICE: Port[OfficeDesk] = Port("office", "office")
NOTICES: Port[NoticesDesk] = Port("notices", "notices")
ADMISSION: Port[AdmissionDesk] = Port("admission", "admission")
PLACES: Port[PlacesDesk] = Port("places", "places")
POINTS: Port[PointsDesk] = Port("points", "points")
TOPOLOGY: Port[TopologyDesk] = Port("topology", "sharing")
COMPANY: Port[CompanyDesk] = Port("company", "billing")
DOOR: Port[DoorDesk] = Port("door", "door")
INQUIRIES: Port[InquiriesDesk] = Port("inquiries", "inquiries")
DISCLOSURES: Port[DisclosuresDesk] = Port("disclosures", "disclosure")
CONSENTS: Port[ConsentsDesk] = Port("consents", "sharing")
WATCH: Port[WatchDesk] = Port("watch", "watch")
PARKED: Port[ParkedDesk] = Port("parked", "")
PORTS: tuple[Port[Any], ...] = (
    HOUSEHOLDS,
    REFUNDS,
    INVOICES,
    USAGE,
    METERING,
    SCHEDULES,
    WORK_ORDERS,
    COMMANDS,
    EXCHANGES,
    BILLING,
    REQUESTS,
    HEARD_REQUESTS,
    OFFICE,
    NOTICES,
    ADMISSION,
    PLACES,
    POINTS,
    TOPOLOGY,
    COMPANY,
    DOOR,
    INQUIRIES,
    DISCLOSURES,
    CONSENTS,
    WATCH,
    PARKED,
)

Desks = Mapping[str, Callable[[Any], Any]]
"""Name of a port to what makes its desk from a work object."""
