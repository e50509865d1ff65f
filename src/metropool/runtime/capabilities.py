"""What is built: capabilities a plan can place, and the books every node keeps. Registration is here, not a side effect."""

from collections.abc import Mapping
from typing import Any

from metropool.access import tables as access_tables
from metropool.capabilities.admission.capability import ADMISSION
from metropool.capabilities.alarms.capability import ALARMS
from metropool.capabilities.billing.capability import BILLING
from metropool.capabilities.disclosure.capability import DISCLOSURE
from metropool.capabilities.door.capability import DOOR
from metropool.capabilities.inquiries.capability import INQUIRIES
from metropool.capabilities.insight.capability import INSIGHT
from metropool.capabilities.metering.capability import METERING
from metropool.capabilities.notices.capability import NOTICES
from metropool.capabilities.office.capability import OFFICE
from metropool.capabilities.places.capability import PLACES
from metropool.capabilities.points.capability import POINTS
from metropool.capabilities.settlement.capability import SETTLEMENT
from metropool.capabilities.sharing.capability import SHARING
from metropool.capabilities.watch.capability import WATCH
from metropool.exchange.capability import Adapter, Capability
from metropool.facts.commands import Commands
from metropool.facts.commands.tables import metadata as command_tables
from metropool.facts.events import Events
from metropool.facts.events.tables import metadata as event_tables
from metropool.facts.ledger.ledger import SqlLedger
from metropool.facts.ledger.tables import metadata as ledger_tables
from metropool.facts.readings.book import Readings
from metropool.facts.registry import Registry
from metropool.facts.registry.tables import metadata as registry_tables

CAPABILITIES: Mapping[str, Capability] = {
    capability.name: capability
    for capability in (
        METERING,
        BILLING,
        SETTLEMENT,
        SHARING,
        INSIGHT,
        NOTICES,
        OFFICE,
        INQUIRIES,
        DISCLOSURE,
        ADMISSION,
        PLACES,
        POINTS,
        ALARMS,
        WATCH,
        DOOR,
    )
}
BOOKS: Mapping[str, Adapter] = {
    "registry": Registry,
    "readings": Readings,
    "events": Events,
    "commands": Commands,
    "ledger": SqlLedger,
}
TABLES: tuple[Any, ...] = (registry_tables, event_tables, command_tables, ledger_tables, access_tables.metadata)
