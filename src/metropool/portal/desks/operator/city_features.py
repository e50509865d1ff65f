"""The city as GeoJSON, out of the registry alone: areas, lines and pipes, terminals, homes, names."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from metropool.capabilities.metering.queries.city import City, Place
from metropool.capabilities.metering.queries.flow import POWER_UNIT
from metropool.portal.desks.operator.field import Field, service_or_power
from metropool.portal.desks.operator.field_rows import terminal_row
from metropool.portal.desks.operator.losses import NO_LOSS, map_properties
from metropool.portal.schemas import metering as schema
from metropool.portal.schemas.basics import Service

Feature = dict[str, Any]
LAYERS = {"district": "district", "community": "community", "transformer": "supply_area", "pipe_zone": "supply_area"}
LABELLED = ("district", "community")
NODES_OF = {
    "substation": "electricity",
    "feeder": "electricity",
    "transformer": "electricity",
    "water_works": "water",
    "gas_station": "gas",
    "heat_plant": "heat",
}
GOOD_PERCENT, LATE_PERCENT = 99.0, 95.0


def city_map(field: Field, service: Service | None) -> schema.CityMap:
    """All features; with a service only what carries it."""
    features = [
        *_areas(field, service),
        *_lines(field, service),
        *_terminals(field, service),
        *_homes(field, service),
        *_labels(field.city),
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return schema.CityMap(as_of=field.now, bounds=_bounds(field.city), features=collection)


def node_services(city: City) -> Mapping[str, str]:
    """Service of each node: of its kind, or of what feeds it."""
    found = {place.id: NODES_OF[place.kind] for place in city.places.values() if place.kind in NODES_OF}
    for place in city.places.values():
        if place.kind == "pipe_zone":
            above = next((one for one in city.chain(place.id) if one.kind in NODES_OF), None)
            if above is not None:
                found[place.id] = NODES_OF[above.kind]
    return found


def state_of_rate(percent: float | None, alarms: int) -> str:
    """How an area or terminal is coloured: by its collection, and never good while an alarm is open."""
    if percent is None:
        return "late" if alarms else "unknown"
    if percent < LATE_PERCENT:
        return "bad"
    return "good" if percent >= GOOD_PERCENT and not alarms else "late"


def _areas(field: Field, service: Service | None) -> Iterator[Feature]:
    services, alarms, shown = node_services(field.city), field.alarms_by_meter(), service_or_power(service)
    for place in field.city.places.values():
        own = services.get(place.id)
        if place.kind not in LAYERS or (own and service not in (None, own)):
            continue
        meters = field.chosen(place.id, service)
        geometry = field.city.outline(place.id) or _point(place)
        if geometry is None:
            continue
        load = field.load(own or shown)
        of_service = field.customers(meters[field.city.services[meters] == load.service])
        value, _, _ = load.total(of_service)
        percent = field.counts(meters).percent
        count = int(alarms[meters].sum())
        yield _feature(
            place,
            LAYERS[place.kind],
            geometry,
            service=own,
            value=None if value is None else round(value, 3),
            unit=POWER_UNIT[load.service],
            collection_rate=None if percent is None else round(percent, 2),
            alarms=count,
            state=state_of_rate(percent, count),
            **map_properties(field, meters, own or shown),
        )


def _lines(field: Field, service: Service | None) -> Iterator[Feature]:
    places, services = field.city.places, node_services(field.city)
    for source, target in field.city.feeds:
        start, end, own = places.get(source), places.get(target), services.get(target)
        if start is None or end is None or service not in (None, own):
            continue
        ends = [[start.lon, start.lat], [end.lon, end.lat]]
        if None not in (*ends[0], *ends[1]):
            layer = "line" if own == "electricity" else "pipe"
            feature = _feature(end, layer, {"type": "LineString", "coordinates": ends}, service=own)
            feature["properties"]["id"] = f"{source}/{target}"
            yield feature


def _terminals(field: Field, service: Service | None) -> Iterator[Feature]:
    alarms = [alarm.device for alarm in field.open_alarms]
    for i, fact in enumerate(field.city.terminals):
        place = field.city.places.get(fact.node or fact.place or "")
        meters = np.flatnonzero(field.city.terminal_of == i)
        if place is None or (point := _point(place)) is None or (service and service not in field.city.services[meters]):
            continue
        row = terminal_row(field, i)
        count = alarms.count(fact.id)
        state = {"silent": "bad", "never_seen": "unknown"}.get(row.state) or state_of_rate(row.collection_rate or 100.0, count)
        feature = _feature(place, "terminal", point, collection_rate=row.collection_rate, alarms=count, state=state)
        feature["properties"]["id"] = fact.id
        yield feature


def _homes(field: Field, service: Service | None) -> Iterator[Feature]:
    states, alarms, heard = field.states, field.alarms_by_meter(), field.is_known
    for place in field.city.places.values():
        point = _point(place) if place.kind in ("home", "site") else None
        meters = field.chosen(place.id, service) if point else np.zeros(0, np.int64)
        if point and len(meters):
            state = _home_state(states[meters].tolist(), is_heard=bool(heard[meters].any()))
            yield _feature(place, "home", point, service=service, alarms=int(alarms[meters].sum()), state=state)


def _home_state(states: list[str], *, is_heard: bool) -> str:
    if not is_heard:
        return "unknown"
    if "fault" in states:
        return "bad"
    return "late" if "silent" in states else "good"


def _labels(city: City) -> Iterator[Feature]:
    for place in city.places.values():
        point = _point(place)
        if place.kind in LABELLED and point:
            yield _feature(place, "label", point)


def _feature(place: Place, layer: str, geometry: Any, **properties: Any) -> Feature:
    known = {"service": None, "value": None, "unit": None, "collection_rate": None, "alarms": 0, "state": "unknown"} | NO_LOSS
    name = {"zh": place.zh, "en": place.en}
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {"id": place.id, "layer": layer, "name": name, **known, **properties},
    }


def _point(place: Place) -> Feature | None:
    return None if place.lon is None or place.lat is None else {"type": "Point", "coordinates": [place.lon, place.lat]}


def _bounds(city: City) -> tuple[float, float, float, float]:
    """West, south, east, north of all that has a place; the whole world when nothing has."""
    spots = np.array([(one.lon, one.lat) for one in city.places.values() if one.lon is not None and one.lat is not None])
    if not len(spots):
        return (-180.0, -90.0, 180.0, 90.0)
    (west, south), (east, north) = spots.min(axis=0).tolist(), spots.max(axis=0).tolist()
    return (west, south, east, north)
