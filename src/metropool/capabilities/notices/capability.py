"""Notices as a plan can place them."""

from metropool.capabilities.notices import operations
from metropool.capabilities.notices.adapters.sql import SqlBoard
from metropool.capabilities.notices.tables import metadata
from metropool.exchange.capability import Capability
from metropool.exchange.messages import NoticePublished

NOTICES = Capability(
    name="notices",
    consumes={NoticePublished: operations.take_notice},
    keeps={"board": SqlBoard},
    tables=(metadata,),
)
