"""What metering is told, tells, orders and keeps."""

from metropool.capabilities.metering.collection.adapters.book import CollectionBook
from metropool.capabilities.metering.collection.adapters.sheets import SheetBook
from metropool.capabilities.metering.collection.adapters.tables import metadata as collection_tables
from metropool.capabilities.metering.control.adapters.guarantees import GuaranteeBook
from metropool.capabilities.metering.control.adapters.guarantees import metadata as control_tables
from metropool.capabilities.metering.control.operations import take_order
from metropool.capabilities.metering.sealing.adapters.sql import SqlSealing
from metropool.capabilities.metering.sealing.tables import metadata as sealing_tables
from metropool.exchange.capability import Capability
from metropool.exchange.messages import BlocksSealed, HouseholdUsageTold, SwitchSupply

METERING = Capability(
    name="metering",
    consumes={SwitchSupply: take_order},
    produces=(BlocksSealed, HouseholdUsageTold),
    keeps={"collection": CollectionBook, "sheets": SheetBook, "guarantees": GuaranteeBook, "sealing": SqlSealing},
    tables=(collection_tables, control_tables, sealing_tables),
)
