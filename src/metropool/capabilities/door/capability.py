"""A door as a plan can place it: on a system whose work software does that is not ours, or that has no other work here yet."""

from datetime import timedelta

from metropool.access.api_keys import ApiKeys
from metropool.capabilities.door import operations, queries
from metropool.capabilities.door.adapters.sql import SqlLetters
from metropool.capabilities.door.tables import metadata
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.messages import MESSAGES

DOOR = Capability(
    name="door",
    consumes=dict.fromkeys(MESSAGES, operations.take_letter),
    keeps={"letters": SqlLetters, "api_keys": ApiKeys},
    tables=(metadata,),
    workers=(Worker(name="forget-read", step=operations.forget_read, every=timedelta(hours=1)),),
    is_door=True,
    has_room=queries.has_room,
)
