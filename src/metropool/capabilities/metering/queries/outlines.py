"""Shapes of areas that have no boundary of their own: drawn around the places of the meters in them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from metropool.capabilities.metering.queries.city import Ints, MeterFact, Place

AROUND_DEGREES = 0.0003
"""About 30 m outside the outermost meter."""

DIGITS = 6


def outline_around(
    area: str, *, places: "Mapping[str, Place]", members: "Mapping[str, Ints]", meters: "Sequence[MeterFact]"
) -> Any:
    """A GeoJSON polygon around the meters of an area; None where none of them has a place on the map."""
    held = {meters[i].place for i in members.get(area, np.zeros(0, np.int64)).tolist()}
    spots = [(one.lon, one.lat) for place in held if place and (one := places.get(place)) and one.lon is not None]
    if not spots:
        return None
    hull = shapely.convex_hull(shapely.multipoints(np.array(sorted(spots))))
    edge = shapely.get_coordinates(shapely.buffer(hull, AROUND_DEGREES, quad_segs=4))
    return {"type": "Polygon", "coordinates": [np.round(edge, DIGITS).tolist()]}
