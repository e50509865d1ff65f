"""Inquiries as a plan can place it; its rows are the kinds of place people ask from: ``desk``, ``app``."""

from datetime import timedelta

from metropool.capabilities.inquiries import operations
from metropool.capabilities.inquiries.adapters.sql import SqlInquiries
from metropool.capabilities.inquiries.tables import metadata
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.messages import ViewAnswered, ViewRequested

INQUIRIES = Capability(
    name="inquiries",
    rows=("desk", "app"),
    consumes={ViewAnswered: operations.take_answer},
    produces=(ViewRequested,),
    keeps={"inquiries": SqlInquiries},
    tables=(metadata,),
    workers=(Worker(name="forget", step=operations.forget_expired, every=timedelta(minutes=5)),),
)
