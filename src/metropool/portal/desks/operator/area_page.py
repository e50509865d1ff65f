"""The page of a district, community or supply area: its figures, terminals, alarms, and the newest sealed day as load."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from metropool.capabilities.metering.queries import flow
from metropool.capabilities.metering.queries.city import Place
from metropool.core.errors import NotFound
from metropool.portal.desks.operator import city_features, losses
from metropool.portal.desks.operator.field import Field
from metropool.portal.desks.operator.field_rows import alarm_row, terminal_row
from metropool.portal.desks.operator.operator_words import moment, named, place_text
from metropool.portal.schemas.basics import Series, Service
from metropool.portal.schemas.metering import Area, MetersOfService, Terminal

SHOWN = 10


def area(field: Field, *, area: str, service: Service | None) -> Area:
    """One district, community or supply area.

    Raises:
        NotFound: There is none of that id.
    """
    place = field.city.places.get(area)
    if place is None or place.kind not in city_features.LAYERS:
        raise NotFound(f"no area {area}")
    meters, shown = field.chosen(area, service), _shown_service(field, place, service)
    return Area(
        id=place.id,
        layer=city_features.LAYERS[place.kind],
        name=place_text(place),
        parent=named(field.city.places.get(place.parent or "")),
        as_of=field.now,
        load=field.load_figure(meters, shown),
        energy_today=field.energy_figure(meters, shown),
        collection_rate=field.rate_figure(field.counts(meters)),
        loss=losses.loss_of(field, meters, shown),
        meters=_by_service(field, meters),
        terminals=_terminals_of(field, meters),
        alarms=[alarm_row(field, alarm) for alarm in field.alarms_in(area, "open")[:SHOWN]],
        profile=_profile(field, field.customers(meters), shown),
    )


def _shown_service(field: Field, place: Place, service: Service | None) -> Any:
    return service or city_features.node_services(field.city).get(place.id) or "electricity"


def _by_service(field: Field, meters: Any) -> list[MetersOfService]:
    services, states = field.city.services[meters], field.states[meters]
    return [
        MetersOfService(
            service=service,
            total=int((services == service).sum()),
            silent=int(((services == service) & (states == "silent")).sum()),
        )
        for service in np.unique(services).tolist()
    ]


def _terminals_of(field: Field, meters: Any) -> list[Terminal]:
    places = np.unique(field.city.terminal_of[meters])
    rows = [terminal_row(field, i) for i in places.tolist() if i >= 0]
    return sorted(rows, key=lambda row: (row.state == "online", row.collection_rate or 0.0))[:SHOWN]


def _profile(field: Field, meters: Any, service: str) -> Series | None:
    """The newest sealed day as load."""
    day = flow.last_sealed_day(work=field.work)
    found = flow.day_curve(work=field.work, city=field.city, service=service, meters=meters, day=day) if day else None
    if found is None:
        return None
    per_hour = 3600 / found.interval_s
    known = np.flatnonzero(~np.isnan(found.values))
    ends = found.start + (int(known[-1]) + 1) * found.interval_s if known.size else 0
    return Series(
        unit=flow.POWER_UNIT[service],
        start=datetime.fromtimestamp(found.start, UTC),
        interval_s=found.interval_s,
        values=[None if np.isnan(value) else round(float(value) * per_hour, 4) for value in found.values],
        quality=found.quality.tolist() if found.quality.any() else None,
        as_of=moment(ends),
    )
