"""Disclosure as a plan can place it; its rows are whose books it answers from: ``readings``, ``payments``, or a company's medium."""

from datetime import timedelta

from metropool.access.provisions import Provisions
from metropool.capabilities.disclosure import operations
from metropool.capabilities.disclosure.adapters.sql import SqlDisclosures
from metropool.capabilities.disclosure.adapters.subjects import SqlSubjects
from metropool.capabilities.disclosure.releasing import RELEASE
from metropool.capabilities.disclosure.tables import metadata
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.messages import ViewAnswered, ViewRequested
from metropool.exchange.views import MEDIA

DISCLOSURE = Capability(
    name="disclosure",
    rows=("readings", "payments", *MEDIA),
    consumes={ViewRequested: operations.take_request},
    produces=(ViewAnswered,),
    keeps={"disclosures": SqlDisclosures, "subjects": SqlSubjects, "provisions": Provisions},
    tables=(metadata,),
    workers=(Worker(name="lapse", step=operations.lapse, every=timedelta(minutes=10)),),
    releases={ViewAnswered: RELEASE},
)
