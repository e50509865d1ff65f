"""The ground the city stands on: coast, river and districts, drawn from a seed around a fictional centre at sea.

Coordinates are plain WGS 84 degrees, rounded to about 0.1 m.
"""

from dataclasses import dataclass
from math import cos, pi, radians, sin
from random import Random
from typing import Any

from shapely import MultiPoint, Point, Polygon, voronoi_polygons
from shapely.geometry import LineString, mapping
from shapely.geometry.base import BaseGeometry

CENTRE = (114.80, 21.70)
KM_PER_DEGREE = 111.32
Geometry = dict[str, Any]


@dataclass(frozen=True)
class Land:
    """Geometries in km east and north of the centre."""

    ground: Polygon
    coast: LineString
    river: BaseGeometry
    districts: tuple[BaseGeometry, ...]

    def spots(self, *, district: int, count: int, rng: Random) -> list[Point]:
        """``count`` places inside a district, away from the river and from each other."""
        free = self.districts[district].buffer(-0.35).difference(self.river.buffer(0.3))
        west, south, east, north = free.bounds
        spots: list[Point] = []
        apart_km = 0.9
        while len(spots) < count:
            spot = Point(rng.uniform(west, east), rng.uniform(south, north))
            if free.contains(spot) and all(spot.distance(other) >= apart_km for other in spots):
                spots.append(spot)
            apart_km *= 0.99
        return spots


def make_land(rng: Random, districts: int) -> Land:
    """Draw the ground and part it into ``districts``."""
    phase = rng.uniform(0, 2 * pi)
    coast_points = [(x / 4, -3.2 + 0.5 * sin(x / 8 + phase) + 0.15 * sin(x / 2.3)) for x in range(-26, 27)]
    edge = [(6.5 + 0.25 * sin(y), y) for y in range(-2, 6)] + [(x, 5.4 + 0.2 * sin(x)) for x in range(5, -6, -1)]
    edge += [(-6.5 - 0.25 * sin(y), y) for y in range(5, -3, -1)]
    ground = Polygon(coast_points + edge)
    bend = rng.uniform(-1.5, 1.5)
    course = [(bend + 0.9 * sin(y / 1.7 + phase) + 0.12 * y, y) for y in [6 - 0.25 * i for i in range(44)]]
    river = LineString(course).buffer(0.11).intersection(ground.buffer(0.4))
    sites = [
        Point(4.3 * cos(2 * pi * k / (districts - 1)) + rng.uniform(-0.7, 0.7), 2.9 * sin(2 * pi * k / (districts - 1)) + 0.8)
        for k in range(districts - 1)
    ]
    cells = voronoi_polygons(MultiPoint([Point(rng.uniform(-0.5, 0.5), 0.9), *sites]), extend_to=ground)
    parts = sorted((cell.intersection(ground) for cell in cells.geoms), key=lambda part: (part.centroid.x, part.centroid.y))
    return Land(ground, LineString(coast_points), river, tuple(parts))


def degrees(x_km: float, y_km: float) -> tuple[float, float]:
    """Longitude and latitude of a place ``x_km`` east and ``y_km`` north of the centre."""
    lon, lat = CENTRE
    return round(lon + x_km / (KM_PER_DEGREE * cos(radians(lat))), 6), round(lat + y_km / KM_PER_DEGREE, 6)


def geojson(shape: BaseGeometry) -> Geometry:
    """``shape`` (km) as a GeoJSON geometry in degrees."""
    plain = mapping(shape)
    return {"type": plain["type"], "coordinates": _degrees_of(plain["coordinates"])}


def feature(shape: BaseGeometry, **properties: Any) -> Geometry:
    """``shape`` (km) as a GeoJSON feature."""
    return {"type": "Feature", "properties": properties, "geometry": geojson(shape)}


def _degrees_of(part: Any) -> Any:
    if isinstance(part[0], (int, float)):
        return list(degrees(part[0], part[1]))
    return [_degrees_of(inner) for inner in part]
