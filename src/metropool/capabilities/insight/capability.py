"""Insight as a plan can place it."""

from datetime import timedelta

from metropool.capabilities.insight import compaction, operations
from metropool.capabilities.insight.adapters.prices import SqlPrices
from metropool.capabilities.insight.tables import metadata
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.messages import BillsIssued, HouseholdUsageTold

INSIGHT = Capability(
    name="insight",
    rows=("home", "city"),
    consumes={HouseholdUsageTold: operations.note_usage, BillsIssued: operations.note_prices},
    keeps={"prices": SqlPrices},
    tables=(metadata,),
    workers=(Worker(name="compact", step=compaction.commit, prepare=compaction.prepare, every=timedelta(hours=3)),),
)
