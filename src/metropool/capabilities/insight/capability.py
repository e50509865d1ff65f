"""Insight as a plan can place it."""

from metropool.capabilities.insight import operations
from metropool.exchange.capability import Capability
from metropool.exchange.messages import HouseholdUsageTold

INSIGHT = Capability(name="insight", consumes={HouseholdUsageTold: operations.note_usage})
