"""Admission as a plan can place it; its rows are what there is one of each for: homes, communities, buildings, charging stations."""

from metropool.capabilities.admission.adapters.sql import SqlAdmissionBook
from metropool.capabilities.admission.tables import metadata
from metropool.exchange.capability import Capability

ADMISSION = Capability(
    name="admission",
    rows=("home", "community", "building", "charging_station"),
    keeps={"admission_book": SqlAdmissionBook},
    tables=(metadata,),
)
