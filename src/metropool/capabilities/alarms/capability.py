"""Alarms as a plan can place them."""

from datetime import timedelta

from metropool.capabilities.alarms import operations, raising
from metropool.capabilities.alarms.adapters.points import SqlAlarmBook
from metropool.capabilities.alarms.adapters.sql import SqlAreaBook
from metropool.capabilities.alarms.tables import metadata
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.messages import AlarmRaised, AnomalyFound, EventsRecorded

ALARMS = Capability(
    name="alarms",
    consumes={EventsRecorded: raising.take_events},
    produces=(AnomalyFound, AlarmRaised),
    keeps={"areas": SqlAreaBook, "alarm_book": SqlAlarmBook},
    tables=(metadata,),
    workers=(Worker(name="look", step=operations.look, prepare=operations.prepare, every=timedelta(hours=1)),),
)
