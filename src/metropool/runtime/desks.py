"""What answers for the capabilities that are hosted in this process: each desk by the name of its port."""

from collections.abc import Callable, Mapping
from functools import cache, partial

from metropool.core.errors import NotFound
from metropool.core.identifiers import SystemId
from metropool.plan.compiled import Compiled
from metropool.plan.gateways import of_kind
from metropool.plan.load import PLANS
from metropool.portal.desks.announcements.notices import NoticesDesk
from metropool.portal.desks.announcements.office import OfficeDesk
from metropool.portal.desks.books.consents import ConsentsDesk
from metropool.portal.desks.books.disclosures import DisclosuresDesk
from metropool.portal.desks.books.inquiries import InquiriesDesk
from metropool.portal.desks.books.requests import HeardRequestsDesk, RequestsDesk
from metropool.portal.desks.books.watch import WatchDesk
from metropool.portal.desks.letters import DoorDesk
from metropool.portal.desks.money.billing import BillingDesk
from metropool.portal.desks.money.company import CompanyDesk
from metropool.portal.desks.money.invoices import InvoicesDesk
from metropool.portal.desks.money.refunds import RefundsDesk
from metropool.portal.desks.operator.admission import AdmissionDesk
from metropool.portal.desks.operator.commands import CommandsDesk
from metropool.portal.desks.operator.exchanges import ExchangesDesk
from metropool.portal.desks.operator.metering import MeteringDesk
from metropool.portal.desks.operator.schedules import SchedulesDesk
from metropool.portal.desks.operator.work_orders import WorkOrdersDesk
from metropool.portal.desks.residents.households import HouseholdsDesk
from metropool.portal.desks.residents.places import PlacesDesk
from metropool.portal.desks.residents.points import PointsDesk
from metropool.portal.desks.residents.usage import UsageDesk
from metropool.portal.ports.desks import Desks
from metropool.portal.schemas.basics import Text
from metropool.runtime.channels import open_channels
from metropool.runtime.consents import offers_of
from metropool.runtime.node import Node
from metropool.runtime.parked import ParkedDesk
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named
from metropool.runtime.topology import TopologyDesk


def plans_beside(running: Compiled) -> Callable[[str], Compiled]:
    """The plans that can be drawn, by name, each compiled once; ``NotFound`` for any other name."""

    @cache
    def compiled_of(plan: str) -> Compiled:
        if plan not in {running.name, *PLANS}:
            raise NotFound(f"no plan is called {plan!r}; there is {', '.join(PLANS)}")
        return running if plan == running.name else compile_named(plan)

    return compiled_of


def login_of(compiled: Compiled) -> Callable[[str, str, str], str]:
    """Tells what a gateway of a host logs in as, by what there is one of them for and its name; empty where the plan has no such door."""

    def login(host: str, per: str, name: str) -> str:
        kind = of_kind(compiled.broker.gateways, per)
        return kind.name_of(host, name) if kind else ""

    return login


def desks_of(nodes: Mapping[SystemId, Node], *, settings: Settings, compiled: Compiled) -> Desks:
    """What answers for the capabilities hosted here."""
    merchant = next((node.system for node in nodes.values() if "settlement" in node.hosts), None)
    channels = open_channels(settings, merchant) if merchant else {}
    offers, compiled_of = offers_of(compiled), plans_beside(compiled)
    organisations = {name: Text(zh=party.zh, en=party.en) for name, party in compiled.whole.parties.items()}
    return {
        "households": lambda work: HouseholdsDesk(work, channels),
        "refunds": RefundsDesk,
        "invoices": InvoicesDesk,
        "usage": UsageDesk,
        "metering": MeteringDesk,
        "schedules": SchedulesDesk,
        "work_orders": WorkOrdersDesk,
        "commands": CommandsDesk,
        "exchanges": ExchangesDesk,
        "billing": BillingDesk,
        "company": CompanyDesk,
        "requests": RequestsDesk,
        "heard_requests": HeardRequestsDesk,
        "office": OfficeDesk,
        "notices": partial(NoticesDesk, organisations=organisations),
        "admission": partial(AdmissionDesk, login_of=login_of(compiled)),
        "places": PlacesDesk,
        "points": PointsDesk,
        "inquiries": InquiriesDesk,
        "disclosures": DisclosuresDesk,
        "watch": WatchDesk,
        "consents": lambda work: ConsentsDesk(work, offers),
        "door": DoorDesk,
        "parked": partial(ParkedDesk, nodes=nodes, compiled=compiled),
        "topology": partial(TopologyDesk, running=compiled.name, plans=PLANS, compiled_of=compiled_of, nodes=nodes),
    }
