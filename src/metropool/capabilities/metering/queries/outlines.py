"""Shapes of areas that have no boundary of their own: drawn around the places of the meters in them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from metropool.core.areas import hull_around

if TYPE_CHECKING:
    from metropool.capabilities.metering.queries.city import Ints, MeterFact, Place


def outline_around(
    area: str, *, places: "Mapping[str, Place]", members: "Mapping[str, Ints]", meters: "Sequence[MeterFact]"
) -> Any:
    """A GeoJSON polygon around the meters of an area; None where none of them has a place on the map."""
    held = {meters[i].place for i in members.get(area, np.zeros(0, np.int64)).tolist()}
    found = [place for name in held if name and (place := places.get(name))]
    return hull_around((one.lon, one.lat) for one in found if one.lon is not None and one.lat is not None)
