"""Losses of the newest sealed days, made once for each state of the registry and of the day's blocks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from metropool.capabilities.metering.loss.adapters.areas import AreaRows
from metropool.capabilities.metering.loss.amounts import amounts_of
from metropool.capabilities.metering.loss.model import POINTS, Ints, LineLoss, NoRate, Total, line_loss
from metropool.capabilities.metering.queries.adapters.registry_rows import RegistryRows
from metropool.capabilities.metering.sealing.ports import Sealing
from metropool.core.quantities import reading_type
from metropool.facts.readings.book import BLOCKS, Readings
from metropool.storage.units import UnitContext

LOOKS_BACK = 3
"""So many sealed days are looked at for one that has a rate."""
KEEPS = 35
"""So many days of a service are kept made: pages of earlier hours look at them too."""

FORWARD = {
    "electricity": reading_type("electricity_forward_register"),
    "water": reading_type("water_register"),
    "gas": reading_type("gas_register"),
    "heat": reading_type("heat_register"),
}
"""The register of each service that a day's amount is taken from: the daily freeze of electricity, the hourly others."""

REVERSE = {"electricity": reading_type("electricity_reverse_register")}
NOTHING = Total(0, 0, None, 0.0, 0, 0, 0, 0, NoRate.NOT_SEALED)


class LossWork(Protocol):
    """What is needed of a unit of work."""

    @property
    def context(self) -> UnitContext: ...
    @property
    def readings(self) -> Readings: ...
    @property
    def sealing(self) -> Sealing: ...


@dataclass(frozen=True)
class DayLoss:
    """Losses of all areas of a service on one business day.

    Attributes:
        areas: Node of each area, shape (N,) as ``loss``.
        supply_points: Usage points that measure what enters, and in ``supply_areas`` the area of each, shape (S,).
    """

    day: date
    areas: tuple[str, ...]
    supply_points: Ints
    supply_areas: Ints
    loss: LineLoss

    def total(self, supply_points: Iterable[int]) -> Total:
        """Loss of the areas that some points measure."""
        held = np.isin(self.supply_points, np.array(list(supply_points), np.int64))
        return self.loss.total(np.unique(self.supply_areas[held]))


_KEPT: dict[tuple[str, str], dict[date, tuple[str, DayLoss]]] = {}
"""By database with system, and service; each day with what it was made from. Derived, so it may be made again at any time."""


def newest_losses(*, work: LossWork, service: str, before: date) -> Sequence[DayLoss]:
    """Losses of the newest sealed days before a day, newest first; nothing for a service whose loss is not worked out."""
    if service not in FORWARD:
        return ()
    connection = work.context.connection
    key, registry = (f"{connection.engine.url}/{work.context.system}", service), RegistryRows(connection).fingerprint()
    kept = _KEPT.get(key, {})
    made = {day: _made(work, service, day, registry, kept.get(day)) for day in _closed_days(work, before)}
    others = {day: found for day, found in kept.items() if day not in made}
    _KEPT[key] = dict(list({**others, **made}.items())[-KEEPS:])
    return [found for _, found in made.values()]


def newest_total(days: Sequence[DayLoss], supply_points: Iterable[int]) -> tuple[date | None, Total]:
    """Loss of some areas on the newest day that has a rate; else why there is none on the newest day."""
    points = list(supply_points)
    totals = [(one.day, one.total(points)) for one in days]
    known = (found for found in totals if found[1].rate is not None)
    return next(known, totals[0] if totals else (None, NOTHING))


def losses_of_day(*, work: LossWork, service: str, day: date) -> DayLoss:
    """Losses of all areas of a service on a sealed day, from the latest versions of its blocks."""
    rows = AreaRows(work.context.connection)
    forward, reverse = FORWARD[service].id, REVERSE[service].id if service in REVERSE else None
    types = [forward] if reverse is None else [forward, reverse]
    blocks = work.readings.blocks_of_day(day, reading_types=types)
    supply = rows.supply(service=service, day=day)
    areas = tuple(dict.fromkeys(row.to_node for row in supply))
    number = {node: i for i, node in enumerate(areas)}
    sold = [row for row in rows.sold(service=service, day=day) if row.from_node in number]
    gives_back = set() if reverse is None else rows.metering(reading_type=reverse, day=day)
    supply_areas = np.array([number[row.to_node] for row in supply], np.int64)
    points = _points(supply_areas, supply, [number[row.from_node] for row in sold], sold, gives_back)
    return DayLoss(
        day=day,
        areas=areas,
        supply_points=np.array([row.number for row in supply], np.int64),
        supply_areas=supply_areas,
        loss=line_loss(points=points, amounts=amounts_of(blocks, reverse=reverse), areas=len(areas)),
    )


def _points(supply_areas: Ints, supply: Sequence[Any], sold_areas: list[int], sold: Sequence[Any], back: set[int]) -> pa.Table:
    number = [row.number for row in (*supply, *sold)]
    columns = {
        "area": [*supply_areas.tolist(), *sold_areas],
        "usage_point": number,
        "is_supply": [True] * len(supply) + [False] * len(sold),
        "gives_back": [one in back for one in number],
    }
    return pa.table(columns, schema=POINTS)


def _closed_days(work: LossWork, before: date) -> list[date]:
    limit = before.isoformat()
    closed = sorted((day for day, row in work.sealing.sealed().items() if row["holes"] >= 0 and day < limit), reverse=True)
    return [date.fromisoformat(day) for day in closed[:LOOKS_BACK]]


def _made(work: LossWork, service: str, day: date, registry: str, before: tuple[str, DayLoss] | None) -> tuple[str, DayLoss]:
    """A day's losses: as before where neither its blocks nor the registry changed."""
    files = work.readings.files(BLOCKS, first=day, last=day)
    made_from = "|".join((registry, *(file.path for file in files)))
    if before is not None and before[0] == made_from:
        return before
    return made_from, losses_of_day(work=work, service=service, day=day)
