"""Alarms as a plan can place them."""

from datetime import timedelta

from metropool.capabilities.alarms import operations
from metropool.capabilities.alarms.adapters.sql import SqlAreaBook
from metropool.capabilities.alarms.tables import metadata
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.messages import AnomalyFound

ALARMS = Capability(
    name="alarms",
    produces=(AnomalyFound,),
    keeps={"areas": SqlAreaBook},
    tables=(metadata,),
    workers=(Worker(name="look", step=operations.look, prepare=operations.prepare, every=timedelta(hours=1)),),
)
