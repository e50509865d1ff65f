"""What answers for the capabilities that are hosted in this process: each desk by the name of its port."""

from collections.abc import Mapping
from functools import cache, partial

from metropool.core.identifiers import SystemId
from metropool.plan.compiled import Compiled
from metropool.plan.load import PLANS
from metropool.portal.desks.billing import BillingDesk
from metropool.portal.desks.commands import CommandsDesk
from metropool.portal.desks.company import CompanyDesk
from metropool.portal.desks.consents import ConsentsDesk
from metropool.portal.desks.disclosures import DisclosuresDesk
from metropool.portal.desks.exchanges import ExchangesDesk
from metropool.portal.desks.households import HouseholdsDesk
from metropool.portal.desks.inquiries import InquiriesDesk
from metropool.portal.desks.invoices import InvoicesDesk
from metropool.portal.desks.metering import MeteringDesk
from metropool.portal.desks.notices import NoticesDesk
from metropool.portal.desks.office import OfficeDesk
from metropool.portal.desks.places import PlacesDesk
from metropool.portal.desks.points import PointsDesk
from metropool.portal.desks.refunds import RefundsDesk
from metropool.portal.desks.requests import HeardRequestsDesk, RequestsDesk
from metropool.portal.desks.schedules import SchedulesDesk
from metropool.portal.desks.usage import UsageDesk
from metropool.portal.desks.watch import WatchDesk
from metropool.portal.desks.work_orders import WorkOrdersDesk
from metropool.portal.ports.desks import Desks
from metropool.runtime.channels import open_channels
from metropool.runtime.consents import offers_of
from metropool.runtime.node import Node
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named
from metropool.runtime.topology import TopologyDesk


def desks_of(nodes: Mapping[SystemId, Node], *, settings: Settings, compiled: Compiled) -> Desks:
    """What answers for the capabilities hosted here."""
    merchant = next((node.system for node in nodes.values() if "settlement" in node.hosts), None)
    channels = open_channels(settings, merchant) if merchant else {}
    offers = offers_of(compiled)

    def compiled_of(plan: str) -> Compiled:
        return compiled if plan == compiled.name else compile_named(plan)

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
        "notices": NoticesDesk,
        "places": PlacesDesk,
        "points": PointsDesk,
        "inquiries": InquiriesDesk,
        "disclosures": DisclosuresDesk,
        "watch": WatchDesk,
        "consents": lambda work: ConsentsDesk(work, offers),
        "topology": partial(TopologyDesk, running=compiled.name, plans=PLANS, compiled_of=cache(compiled_of), nodes=nodes),
    }
