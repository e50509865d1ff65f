"""Places as a plan can place them; its rows are the kinds of places it is for."""

from metropool.capabilities.places import operations
from metropool.capabilities.places.adapters.sql import SqlPlaceBook
from metropool.capabilities.places.tables import metadata
from metropool.exchange.capability import Capability
from metropool.exchange.messages import PointsReported, SetPoints

PLACES = Capability(
    name="places",
    rows=("home",),
    consumes={PointsReported: operations.note_points},
    produces=(SetPoints,),
    keeps={"place_book": SqlPlaceBook},
    tables=(metadata,),
)
