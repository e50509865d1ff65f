"""A door as a plan can place it: on a system whose work software does that is not ours, or that has no other work here yet."""

from datetime import timedelta

from metropool.access.api_keys import ApiKeys
from metropool.access.provisions import Provisions
from metropool.capabilities.door import operations, queries, views
from metropool.capabilities.door.adapters.sql import SqlLetters
from metropool.capabilities.door.adapters.views import SqlViews
from metropool.capabilities.door.releasing import RELEASE
from metropool.capabilities.door.tables import metadata
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.messages import MESSAGES, ViewAnswered
from metropool.exchange.views import BEHIND_DOORS

DOOR = Capability(
    name="door",
    rows=BEHIND_DOORS,
    consumes=dict.fromkeys(MESSAGES, operations.take_letter),
    produces=(ViewAnswered,),
    keeps={"letters": SqlLetters, "api_keys": ApiKeys, "views": SqlViews, "provisions": Provisions},
    tables=(metadata,),
    workers=(
        Worker(name="forget-read", step=operations.forget_read, every=timedelta(hours=1)),
        Worker(name="lapse-views", step=views.lapse, every=timedelta(minutes=10)),
    ),
    is_door=True,
    has_room=queries.has_room,
    releases={ViewAnswered: RELEASE},
)
