"""The office as a plan can place it; its rows are the media it speaks of, or ``government``."""

from datetime import timedelta

from metropool.capabilities.office import operations
from metropool.capabilities.office.adapters.sql import SqlPapers
from metropool.capabilities.office.tables import metadata
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.messages import NoticePublished
from metropool.exchange.views import MEDIA
from metropool.exchange.ways import PLACES

OFFICE = Capability(
    name="office",
    rows=(*MEDIA, "government", *PLACES),
    produces=(NoticePublished,),
    keeps={"papers": SqlPapers},
    tables=(metadata,),
    workers=(Worker(name="publish-due", step=operations.publish_due, every=timedelta(minutes=1)),),
)
