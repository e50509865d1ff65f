"""Areas on the ground (区域): the whole city, named places, or a drawn outline in longitude and latitude (WGS 84)."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from metropool.core.errors import Fault

AreaKind = Literal["city", "places", "outline"]
Ring = tuple[tuple[float, float], ...]
Outline = tuple[tuple[Ring, ...], ...]
"""Coordinates of a GeoJSON MultiPolygon: polygons of rings (the first is the edge, the others are holes) of positions."""

MOST_VERTICES = 2_000
MOST_PLACES = 500
AROUND_DEGREES = 0.0003
"""About 30 m outside the outermost place."""
DIGITS = 6


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """What an announcement is about.

    Attributes:
        kind: Which of the three it is; the fields of the others are empty.
        places: Ids of places; what lies in them is meant too.
        outline: Polygons; a place in a hole is not meant.
    """

    kind: AreaKind
    places: tuple[str, ...] = ()
    outline: Outline = ()


def area_faults(area: Area, *, where: str = "area") -> list[Fault]:
    """Everything that is wrong with an area by itself; whether its places exist is for whoever has a registry."""
    if area.kind == "places":
        return _place_faults(area.places, where)
    return _outline_faults(area.outline, where) if area.kind == "outline" else []


def shape_of(outline: Outline) -> Any:
    """The outline as a shapely geometry."""
    return shapely.MultiPolygon([(rings[0], rings[1:]) for rings in outline])


def lies_in(outline: Outline, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which of some positions, shape (N,), lie in the outline or on its edge; none where a position is not known (NaN)."""
    shape = shape_of(outline)
    shapely.prepare(shape)
    found: npt.NDArray[np.bool_] = shapely.intersects_xy(shape, lon, lat)
    return found


def geojson_of(outline: Outline) -> dict[str, Any]:
    """The outline as a GeoJSON geometry."""
    return {"type": "MultiPolygon", "coordinates": outline}


def outline_of(geometry: Any) -> Outline:
    """The outline in a GeoJSON Polygon or MultiPolygon.

    Raises:
        ValueError: It is none.
    """
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError("no GeoJSON Polygon or MultiPolygon")
    polygons = geometry.get("coordinates")
    try:
        return msgspec.convert([polygons] if kind == "Polygon" else polygons, Outline)
    except msgspec.ValidationError as cause:
        raise ValueError(f"coordinates of a {kind}: {cause}") from cause


def hull_around(spots: Iterable[tuple[float, float]]) -> dict[str, Any] | None:
    """A GeoJSON polygon a little outside some positions; None where there are none."""
    found = sorted(set(spots))
    if not found:
        return None
    hull = shapely.convex_hull(shapely.multipoints(np.array(found)))
    edge = shapely.get_coordinates(shapely.buffer(hull, AROUND_DEGREES, quad_segs=4))
    return {"type": "Polygon", "coordinates": [np.round(edge, DIGITS).tolist()]}


def _place_faults(places: Sequence[str], where: str) -> list[Fault]:
    if not places:
        return [Fault(where, "fault.area_empty")]
    if len(places) > MOST_PLACES:
        return [Fault(where, "fault.area_places")]
    return [Fault(where, "fault.repeated")] if len(set(places)) < len(places) else []


def _outline_faults(outline: Outline, where: str) -> list[Fault]:
    """What is cheap to see is looked at first, so that a giant outline costs nothing."""
    rings = [ring for polygon in outline for ring in polygon]
    if not rings or not all(outline):
        return [Fault(where, "fault.area_empty")]
    if sum(map(len, rings)) > MOST_VERTICES:
        return [Fault(where, "fault.area_vertices")]
    if not all(_is_position(*spot) for ring in rings for spot in ring):
        return [Fault(where, "fault.area_position")]
    if any(len(ring) < 4 or ring[0] != ring[-1] for ring in rings):
        return [Fault(where, "fault.area_ring")]
    shape = shape_of(outline)
    if not shapely.is_valid(shape):
        return [Fault(where, "fault.area_crossing")]
    return [Fault(where, "fault.area_empty")] if shape.area == 0.0 else []


def _is_position(lon: float, lat: float) -> bool:
    return math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180.0 and abs(lat) <= 90.0
