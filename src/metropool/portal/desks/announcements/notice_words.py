"""Announcements in words, and the places they may be about as GeoJSON, out of the registry."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely
import shapely.geometry

from metropool.core.areas import Area, geojson_of, hull_around
from metropool.exchange.notices import OF_PLACES
from metropool.facts.registry import Registry
from metropool.facts.registry.tables import place, usage_point
from metropool.portal.desks.words import name
from metropool.portal.schemas import notices as schema
from metropool.portal.schemas.basics import Named, Text

CHOOSABLE = ("district", "community")
"""Kinds of places a page offers to choose from."""
WORLD = (-180.0, -85.0, 180.0, 85.0)
SAME = ("service", "kind", "starts_at", "ends_at")
Feature = dict[str, Any]


class PlaceNames:
    """Names of the places some announcements name, read once."""

    def __init__(self, registry: Registry, areas: Iterable[Area]) -> None:
        ids = {one for area in areas for one in area.places}
        rows = registry.rows(place, id=sorted(ids)) if ids else []
        self._names = {row["id"]: _name(row) for row in rows}

    def area(self, area: Area) -> schema.NoticeArea:
        """An area as a page shows it."""
        named = [Named(id=one, name=self._names.get(one) or Text(zh=one, en=one)) for one in area.places]
        return schema.NoticeArea(kind=area.kind, places=named, outline=geojson_of(area.outline) if area.outline else None)


def words_of(content: Any, names: PlaceNames) -> dict[str, Any]:
    """What an announcement says, from anything that has its fields."""
    return {
        **{field: getattr(content, field) for field in SAME},
        "kind_text": name("notice_kinds", content.kind),
        "title": Text(zh=content.title_zh, en=content.title_en),
        "text": Text(zh=content.text_zh, en=content.text_en),
        "area": names.area(content.area),
    }


def area_map(
    registry: Registry, *, media: Sequence[schema.Medium], account: str | None = None, place_of_office: str = ""
) -> schema.AreaMap:
    """Districts and communities, the city around them, and the homes of an account."""
    managed = tuple(OF_PLACES[medium] for medium in media if medium in OF_PLACES)
    choosable = managed or CHOOSABLE
    places = [row for kind in dict.fromkeys(("city", *CHOOSABLE, *managed)) for row in registry.rows(place, kind=kind)]
    spots = _spots_in(registry, [row["id"] for row in places if not row["outline"]])
    shapes = {row["id"]: shape for row in places if (shape := row["outline"] or hull_around(spots[row["id"]]))}
    features = [_feature(row, shapes[row["id"]]) for row in places if row["id"] in shapes]
    features += [_feature(row, _point(row)) for row in places if row["kind"] != "city" and row["lon"] is not None]
    features += [_feature(row, _point(row)) for row in (_homes(registry, account) if account else []) if row["lon"] is not None]
    return schema.AreaMap(
        bounds=_bounds(_around(place_of_office, places, shapes) or list(shapes.values())),
        features={"type": "FeatureCollection", "features": features},
        media=list(media),
        areas=(["places", "outline"] if place_of_office else ["places"]) if managed else ["city", "places", "outline"],
        choosable=list(choosable),
    )


def _around(own: str, places: Sequence[Any], shapes: Mapping[str, Any]) -> list[Any]:
    """The shape of an office's own place, or of the one it lies in; none where the office is for all."""
    parents = {row["id"]: row["parent"] for row in places}
    return [shapes[one] for one in (own, parents.get(own) or "") if one in shapes][:1]


def _spots_in(registry: Registry, ids: Sequence[str]) -> Mapping[str, list[tuple[float, float]]]:
    """Positions of what lies directly in some places."""
    spots: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in registry.rows(place, parent=list(ids)) if ids else []:
        if row["lon"] is not None and row["lat"] is not None:
            spots[row["parent"]].append((row["lon"], row["lat"]))
    return spots


def _homes(registry: Registry, account: str) -> list[Any]:
    points = [agreement["usage_point"] for agreement in registry.agreements_of(combined_account=account)]
    homes = {row["place"] for row in registry.rows(usage_point, id=points)}
    return registry.rows(place, id=sorted(homes))


def _name(row: Mapping[str, Any]) -> Text:
    return Text(zh=row["name_zh"], en=row["name_en"])


def _point(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [row["lon"], row["lat"]]}


def _feature(row: Mapping[str, Any], geometry: Mapping[str, Any]) -> Feature:
    named = {"zh": row["name_zh"], "en": row["name_en"]}
    about = {"id": row["id"], "kind": row["kind"], "parent": row["parent"], "name": named}
    return {"type": "Feature", "geometry": geometry, "properties": about}


def _bounds(shapes: Sequence[Mapping[str, Any]]) -> tuple[float, float, float, float]:
    if not shapes:
        return WORLD
    west, south, east, north = shapely.total_bounds([shapely.geometry.shape(one) for one in shapes]).tolist()
    return west, south, east, north
