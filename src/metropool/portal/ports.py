"""What the portal needs from the systems it is a face of: hosts that run units of work, and desks that answer for capabilities.

A desk is made from the work object of one unit (``desks[port.name](work)``) and lives as long as the unit. What a caller may
not know of, or what does not exist, is ``NotFound``; what cannot be done now is ``Conflict``; a query changes nothing.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from metropool.core.clock import Clock, Instant
from metropool.core.identifiers import PartyId, SystemId
from metropool.portal.exchange_port import ExchangesDesk
from metropool.portal.schemas.basics import Page, Rows, Service
from metropool.portal.schemas.bills import (
    AskAboutBill,
    BillQuestion,
    BillState,
    BillSummary,
    CombinedBill,
    CompanyBill,
    CompanyBillRow,
    CompanyOverview,
)
from metropool.portal.schemas.collecting import (
    NewOrderStep,
    NewWorkOrders,
    ScheduleChange,
    ScheduleRow,
    Schedules,
    ScheduleUndo,
    WorkOrder,
    WorkOrderRow,
    WorkOrdersOpened,
)
from metropool.portal.schemas.commands import Command, CommandEffect, CommandKind, CommandSummary, NewCommand
from metropool.portal.schemas.exchanges import Neighbour
from metropool.portal.schemas.metering import (
    Alarm,
    Area,
    CityMap,
    Collection,
    Meter,
    MeterCurve,
    MeterEvent,
    MeterRow,
    Overview,
    OverviewThen,
    Recollect,
    RecollectionOrdered,
    Terminal,
)
from metropool.portal.schemas.notices import (
    AreaMap,
    HomeNotice,
    Medium,
    NoticeChange,
    NoticeGiven,
    NoticePublication,
    NoticeReach,
    NoticeReceipts,
    NoticesWaiting,
    NoticeWithdrawal,
    OfficeNotice,
    OfficeNoticeRow,
    OfficeState,
)
from metropool.portal.schemas.paying import Dues, Mandate, NewMandate, NewPayment, NewTopUp, NoticeAnswer, Payment
from metropool.portal.schemas.refunds import NewRefund, Refund
from metropool.portal.schemas.resident import Alert as HomeAlert
from metropool.portal.schemas.resident import DueNow, Household, Step, Usage, UsageCalendar, UsageNow
from metropool.portal.schemas.site import Health, Site
from metropool.portal.schemas.topology import Topology, TopologyMessage

T = TypeVar("T")
D = TypeVar("D")


class Host(Protocol):
    """A system at work, as ``runtime`` runs it; its work objects have ``context: UnitContext``."""

    @property
    def system(self) -> SystemId: ...

    @property
    def party(self) -> PartyId: ...

    @property
    def hosts(self) -> frozenset[str]:
        """Names of the capabilities placed here."""
        ...

    @property
    def clock(self) -> Clock: ...

    async def read(self, capability: str, query: Callable[[Any], T]) -> T:
        """Run ``query(work)`` on a consistent view that changes nothing."""
        ...

    async def write(self, capability: str, operation: Callable[[Any], T]) -> T:
        """Run ``operation(work)`` as one unit of work."""
        ...

    def changes(self) -> AsyncIterator[str]:
        """What changed, as it changes: ``topic[@combined-account][:id,id…]``; with an account only its residents hear of it."""
        ...


class SiteFacts(Protocol):
    """What runtime knows of the whole deployment."""

    def site(self, *, now: Instant) -> Site:
        """The site, its plan and its systems."""
        ...

    async def health(self) -> Health:
        """How every system is."""
        ...


@dataclass(frozen=True)
class Sort:
    """One column to sort by."""

    column: str
    descending: bool


@dataclass(frozen=True)
class Asked:
    """Which rows of a list are wanted.

    Attributes:
        page: 1-based.
        size: Rows a page; up to 200, or 100,000 for an export.
        sort: Columns of the row's model, most important first; empty for the list's own order.
    """

    page: int = 1
    size: int = 20
    sort: tuple[Sort, ...] = ()

    @property
    def offset(self) -> int:
        """Rows before the page."""
        return (self.page - 1) * self.size


class HouseholdsDesk(Protocol):
    """Combined bills, dues and payments of combined accounts (settlement)."""

    def households(self, *, accounts: Sequence[str]) -> list[Household]: ...

    def due_now(self, *, account: str) -> DueNow: ...

    def bills(self, *, account: str, state: BillState | None, asked: Asked) -> Page[BillSummary]:
        """Newest first unless asked otherwise."""
        ...

    def bill(self, *, account: str, number: str) -> CombinedBill:
        """The bill of that number; ``latest`` is the newest."""
        ...

    def dues(self, *, account: str) -> Dues: ...

    def payments(self, *, account: str, asked: Asked) -> Page[Payment]: ...

    def payment(self, *, account: str, reference: str) -> Payment: ...

    def ask_about_bill(self, *, account: str, number: str, question: AskAboutBill, by: str) -> BillQuestion:
        """Operation: keep a resident's question."""
        ...

    def pay(self, *, account: str, wanted: NewPayment, by: str, return_url: str) -> Payment:
        """Operation: open a payment order with the channel; ``Conflict`` when ``wanted`` is no longer what is owed."""
        ...

    def top_up(self, *, account: str, wanted: NewTopUp) -> Payment:
        """Operation: open a payment order whose money becomes the account's credit."""
        ...

    def alerts(self, *, account: str) -> list[HomeAlert]: ...

    def mandate(self, *, account: str, mandate: str) -> Mandate: ...

    def open_mandate(self, *, account: str, wanted: NewMandate) -> Mandate:
        """Operation: make a mandate that the resident signs at the channel; ``Conflict`` when one is signed already."""
        ...

    def revoke_mandate(self, *, account: str, mandate: str) -> Mandate:
        """Operation: end a mandate here and now."""
        ...

    def hear_mandate_notice(self, *, channel: str, path: str, timestamp: str, signature: str, body: bytes) -> NoticeAnswer:
        """Operation: a payment channel's notice about a mandate, as ``hear_notice``."""
        ...

    def hear_notice(self, *, channel: str, path: str, timestamp: str, signature: str, body: bytes) -> NoticeAnswer:
        """Operation: a payment channel's notice, once in effect.

        Args:
            channel: Its id.
            path: Path of the request, signed with the rest.
            timestamp: Header ``X-Timestamp``.
            signature: Header ``X-Signature``.
            body: As it came.

        Raises:
            Forbidden: The signature, the merchant, the amount or the time is wrong.
        """
        ...


class RefundsDesk(Protocol):
    """Refunds, asked for by one person and decided on by another (settlement)."""

    def refunds(self, *, state: str | None, asked: Asked) -> Page[Refund]:
        """Newest first unless asked otherwise."""
        ...

    def refund(self, *, refund: str) -> Refund: ...

    def ask(self, *, wanted: NewRefund, by: str) -> Refund:
        """Operation: ask for a refund; ``Conflict`` when it is more than what is left of the payment."""
        ...

    def decide(self, *, refund: str, approve: bool, reason: str, by: str) -> Refund:
        """Operation: the second person's word; ``Forbidden`` to who asked, ``Conflict`` when it was decided on before."""
        ...


class UsageDesk(Protocol):
    """A home's own usage (insight)."""

    def now(self, *, account: str) -> UsageNow: ...

    def usage(
        self,
        *,
        account: str,
        service: Service,
        start: Instant,
        end: Instant,
        step: Step,
        compare_start: Instant | None,
    ) -> Usage: ...

    def calendar(self, *, account: str, service: Service, year: int) -> UsageCalendar: ...


class MeteringDesk(Protocol):
    """Collection, meters and terminals (metering)."""

    def overview(self, *, service: Service | None) -> Overview: ...

    def overview_then(self, *, service: Service | None, at: Instant) -> OverviewThen: ...

    def city_map(self, *, service: Service | None, at: Instant | None = None) -> CityMap: ...

    def area(self, *, area: str, service: Service | None) -> Area: ...

    def alarms(self, *, area: str | None, state: str | None, asked: Asked) -> Page[Alarm]: ...

    def collection(self, *, service: Service | None, start: Instant, end: Instant, item: str) -> Collection: ...

    def terminals(self, *, state: str | None, area: str | None, q: str | None, asked: Asked) -> Page[Terminal]: ...

    def meters(
        self,
        *,
        q: str | None,
        service: Service | None,
        state: str | None,
        area: str | None,
        terminal: str | None,
        asked: Asked,
    ) -> Page[MeterRow]: ...

    def meter(self, *, meter: str) -> Meter: ...

    def curve(
        self, *, meter: str, start: Instant, end: Instant, compare_start: Instant | None, neighbour: str | None
    ) -> MeterCurve: ...

    def neighbours(self, *, meter: str) -> Rows[Neighbour]:
        """Meters of the same service near a meter, the nearest first."""
        ...

    def events(self, *, meter: str, start: Instant | None, end: Instant | None, asked: Asked) -> Page[MeterEvent]: ...

    def recollect(self, *, wanted: Recollect, by: str) -> RecollectionOrdered:
        """Operation: put gaps on the re-collection list."""
        ...


class SchedulesDesk(Protocol):
    """Which items are collected how often (metering)."""

    def schedules(self, *, service: Service | None) -> Schedules: ...

    def change(self, *, item: str, wanted: ScheduleChange, by: str) -> ScheduleRow:
        """Operation: a new version; ``Conflict`` when somebody else made one, ``Invalid`` with every reason it cannot be."""
        ...

    def undo(self, *, item: str, wanted: ScheduleUndo, by: str) -> ScheduleRow:
        """Operation: a new version with the values of an earlier one."""
        ...


class WorkOrdersDesk(Protocol):
    """Work orders on terminals and meters (metering)."""

    def orders(
        self, *, state: str | None, kind: str | None, device: str | None, q: str | None, asked: Asked
    ) -> Page[WorkOrderRow]:
        """Unfinished ones first and newest first unless asked otherwise."""
        ...

    def one(self, *, number: str) -> WorkOrder: ...

    def open(self, *, wanted: NewWorkOrders, by: str) -> WorkOrdersOpened:
        """Operation: one order a device; the unfinished one of that kind where there is one."""
        ...

    def step(self, *, number: str, wanted: NewOrderStep, by: str) -> WorkOrder:
        """Operation: begin, hand over, finish or cancel; ``Conflict`` when that cannot follow."""
        ...


class CommandsDesk(Protocol):
    """Reading on demand and control (metering, over ``facts/commands``)."""

    def summary(self) -> CommandSummary: ...

    def commands(self, *, state: str | None, meter: str | None, kind: str | None, asked: Asked) -> Page[Command]:
        """Newest first unless asked otherwise."""
        ...

    def command(self, *, command: str) -> Command: ...

    def effect(self, *, kind: CommandKind, meter: str) -> CommandEffect: ...

    def order(self, *, wanted: NewCommand, by: str, key: str) -> Command:
        """Operation: put a command in the journal; ``Forbidden`` where supply is guaranteed."""
        ...

    def decide(self, *, command: str, approve: bool, reason: str, by: str) -> Command:
        """Operation: the second person's word; the portal has checked that it is a second person, and the password."""
        ...

    def cancel(self, *, command: str, reason: str, by: str) -> Command:
        """Operation: take a command back; ``Conflict`` once it is sent."""
        ...


class BillingDesk(Protocol):
    """One company's bills (billing)."""

    def overview(self, *, month: str | None) -> CompanyOverview: ...

    def bills(
        self, *, month: str | None, state: str | None, q: str | None, estimated: bool | None, asked: Asked
    ) -> Page[CompanyBillRow]: ...

    def bill(self, *, bill_number: str) -> CompanyBill: ...


class OfficeDesk(Protocol):
    """Announcements at their office."""

    def notices(self, *, state: OfficeState | None, q: str | None, asked: Asked) -> Page[OfficeNoticeRow]: ...

    def notice(self, *, notice: str) -> OfficeNotice: ...

    def areas(self) -> AreaMap: ...

    def compose(self, *, given: NoticeGiven, by: str) -> OfficeNotice: ...

    def rewrite(self, *, notice: str, given: NoticeChange, by: str) -> OfficeNotice: ...

    def publish(self, *, notice: str, given: NoticePublication, by: str) -> OfficeNotice: ...

    def withdraw(self, *, notice: str, given: NoticeWithdrawal, by: str) -> OfficeNotice: ...


class NoticesDesk(Protocol):
    """Announcements at households, and how far they came."""

    def notices(
        self, *, account: str, service: Medium | None, scope: Literal["mine", "city"], asked: Asked
    ) -> Page[HomeNotice]: ...

    def waiting(self, *, account: str) -> NoticesWaiting: ...

    def areas(self, *, account: str) -> AreaMap: ...

    def receive(self, *, account: str, given: NoticeReceipts) -> NoticesWaiting: ...

    def reaches(self, *, office: str, asked: Asked) -> Page[NoticeReach]: ...


class TopologyDesk(Protocol):
    """The plan as it runs (the picture the plan compiles to, with the exchange's counters)."""

    def topology(self) -> Topology: ...

    def messages(self, *, edge: str, asked: Asked) -> Page[TopologyMessage]: ...


@dataclass(frozen=True)
class Port(Generic[D]):
    """A desk by name, and the capability in whose unit of work it is made."""

    name: str
    capability: str


HOUSEHOLDS: Port[HouseholdsDesk] = Port("households", "settlement")
REFUNDS: Port[RefundsDesk] = Port("refunds", "settlement")
USAGE: Port[UsageDesk] = Port("usage", "insight")
METERING: Port[MeteringDesk] = Port("metering", "metering")
SCHEDULES: Port[SchedulesDesk] = Port("schedules", "metering")
WORK_ORDERS: Port[WorkOrdersDesk] = Port("work_orders", "metering")
COMMANDS: Port[CommandsDesk] = Port("commands", "metering")
EXCHANGES: Port[ExchangesDesk] = Port("exchanges", "metering")
BILLING: Port[BillingDesk] = Port("billing", "billing")
OFFICE: Port[OfficeDesk] = Port("office", "office")
NOTICES: Port[NoticesDesk] = Port("notices", "notices")
TOPOLOGY: Port[TopologyDesk] = Port("topology", "sharing")
PORTS: tuple[Port[Any], ...] = (
    HOUSEHOLDS,
    REFUNDS,
    USAGE,
    METERING,
    SCHEDULES,
    WORK_ORDERS,
    COMMANDS,
    EXCHANGES,
    BILLING,
    OFFICE,
    NOTICES,
    TOPOLOGY,
)

Desks = Mapping[str, Callable[[Any], Any]]
"""Name of a port to what makes its desk from a work object."""
