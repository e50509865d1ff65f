"""Watch as a plan can place it."""

from metropool.capabilities.watch import operations
from metropool.capabilities.watch.adapters.sql import SqlWatchBook
from metropool.capabilities.watch.tables import metadata
from metropool.exchange.capability import Capability
from metropool.exchange.messages import AlarmRaised, AnomalyFound

WATCH = Capability(
    name="watch",
    consumes={AlarmRaised: operations.take_alarm, AnomalyFound: operations.take_anomaly},
    keeps={"watch_book": SqlWatchBook},
    tables=(metadata,),
)
