"""Points as a plan can place them; beside places where these are, and wherever else gateways are heard."""

from datetime import timedelta

from metropool.capabilities.points import archive, operations
from metropool.capabilities.points.adapters.sql import SqlPointBook
from metropool.capabilities.points.adapters.usage import SqlUsageDesk
from metropool.capabilities.points.tables import metadata
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.messages import EventsRecorded, HouseholdUsageTold, PointsReported

POINTS = Capability(
    name="points",
    rows=("home",),
    consumes={
        PointsReported: operations.note_points,
        EventsRecorded: operations.note_events,
        HouseholdUsageTold: operations.note_usage,
    },
    produces=(EventsRecorded,),
    keeps={"point_book": SqlPointBook, "usage_desk": SqlUsageDesk},
    tables=(metadata,),
    workers=(
        Worker(name="archive", step=archive.commit, prepare=archive.prepare, every=timedelta(hours=1)),
        Worker(name="forget-usage", step=operations.forget_usage, every=timedelta(days=1)),
    ),
)
