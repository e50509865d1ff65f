"""Meters to compare with: of the same service in the same supply area, and the two side by side by day."""

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.metering.queries.city import City, MeterFact
from metropool.core.errors import Conflict
from metropool.core.periods import business_date, day_period
from metropool.portal.desks.operator.field import Field
from metropool.portal.desks.operator.operator_words import place_text
from metropool.portal.schemas.basics import Rows
from metropool.portal.schemas.exchanges import Neighbour
from metropool.portal.schemas.meters import DayCompared

Floats = NDArray[np.float64]
MOST = 50


def neighbours(field: Field, *, meter: str) -> Rows[Neighbour]:
    """Meters of the same service near a meter, the nearest first: same building, then same supply area, then same community."""
    city = field.city
    i = city.index(meter)
    near = {j: steps for j in _around(city, i) if (steps := _steps(city, i, j)) is not None}
    chosen = sorted(near, key=lambda j: (near[j], city.meters[j].number))[:MOST]
    return Rows[Neighbour](rows=[_neighbour(city, j, is_same_area=city.meters[j].node == city.meters[i].node) for j in chosen])


def neighbour_of(field: Field, *, i: int, neighbour: str) -> int:
    """Index of the meter to compare the meter with index ``i`` with.

    Raises:
        NotFound: No such meter.
        Conflict: It measures something else, or is the meter itself.
    """
    j = field.city.index(neighbour)
    if j == i or field.city.meters[j].service != field.city.meters[i].service:
        raise Conflict(f"{neighbour} cannot be compared with {field.city.meters[i].id}", key="metering.not_comparable")
    return j


def by_day(*, start_s: int, own: tuple[int, Floats], other: tuple[int, Floats]) -> list[DayCompared]:
    """Totals of whole business days and how far the one is above the other [%]; a day with a hole has none.

    Args:
        start_s: Beginning of the first day [Unix s]; no days for one that begins at another hour.
        own, other: Length of an interval [s], and amounts from then on, NaN for a hole.
    """
    start = datetime.fromtimestamp(start_s, UTC)
    first = business_date(start)
    if day_period(first).start != start:
        return []
    return [
        DayCompared(
            day=first + timedelta(days=n),
            energy=_known(mine),
            neighbour=_known(theirs),
            difference_percent=round((mine - theirs) / theirs * 100, 1) if theirs > 0 and not np.isnan(mine) else None,
        )
        for n, (mine, theirs) in enumerate(zip(_totals(*own), _totals(*other), strict=False))
    ]


def _totals(interval_s: int, values: Floats) -> Floats:
    per_day = 86_400 // interval_s
    whole = len(values) // per_day
    totals: Floats = values[: whole * per_day].reshape(whole, per_day).sum(axis=1)
    return totals


def _around(city: City, i: int) -> list[int]:
    fact = city.meters[i]
    areas = [place.id for place in city.chain(fact.place) if place.kind in ("building", "community")]
    found = {int(j) for area in (fact.node, *areas) if area for j in city.in_area(area)}
    role = fact.served[-1].role if fact.served else "consumption"
    return [j for j in found if j != i and _is_like(city.meters[j], service=fact.service, role=role)]


def _is_like(meter: MeterFact, *, service: str, role: str) -> bool:
    """It measures the same for the same purpose now: a home is compared with homes, not with what feeds them."""
    return meter.service == service and meter.now is not None and meter.now.role == role


def _steps(city: City, i: int, j: int) -> int | None:
    """How near two meters are: 0 in one building, 1 in one supply area, 2 in one community; None farther."""
    one, other = city.meters[i], city.meters[j]
    places = [{place.kind: place.id for place in city.chain(meter.place)} for meter in (one, other)]
    if places[0].get("building") and places[0].get("building") == places[1].get("building"):
        return 0
    if one.node is not None and one.node == other.node:
        return 1
    return 2 if places[0].get("community") and places[0].get("community") == places[1].get("community") else None


def _neighbour(city: City, j: int, *, is_same_area: bool) -> Neighbour:
    fact = city.meters[j]
    area = city.area_of(fact)
    return Neighbour(
        id=fact.id,
        number=fact.number,
        address=city.address(fact),
        area_name=place_text(area) if area else None,
        is_same_area=is_same_area,
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
