"""Insight as a plan can place it."""

from metropool.capabilities.insight import operations
from metropool.capabilities.insight.adapters.prices import SqlPrices
from metropool.capabilities.insight.tables import metadata
from metropool.exchange.capability import Capability
from metropool.exchange.messages import BillsIssued, HouseholdUsageTold

INSIGHT = Capability(
    name="insight",
    consumes={HouseholdUsageTold: operations.note_usage, BillsIssued: operations.note_prices},
    keeps={"prices": SqlPrices},
    tables=(metadata,),
)
