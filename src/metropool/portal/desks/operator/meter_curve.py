"""A meter over time: registers at the edges of days, load and energy between, what happened, an earlier period beside."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from metropool.capabilities.metering.queries import flow
from metropool.capabilities.metering.queries.city import MeterFact
from metropool.core.periods import DAY, business_date, day_period
from metropool.core.quantities import ReadingType, reading_types_by_id
from metropool.facts.readings.schemas import Quality as Grade
from metropool.portal.desks.operator.field import Field
from metropool.portal.desks.operator.neighbours import by_day
from metropool.portal.desks.operator.operator_words import QUALITIES, moment
from metropool.portal.schemas.basics import Quality, Series
from metropool.portal.schemas.meters import MeterCurve, NeighbourCurve, RegisterValue

Floats = NDArray[np.float64]
SNAP_S = 600
UNSEALED_DAYS = 2
USUAL_INTERVAL_S = {"electricity": 900}


@dataclass(frozen=True)
class Amounts:
    """Amounts of regular intervals [kWh or m3] from ``start_s`` on; NaN is a hole."""

    start_s: int
    interval_s: int
    values: Floats
    quality: NDArray[np.uint8]

    @property
    def as_of(self) -> datetime | None:
        """End of the newest interval with a value."""
        known = np.flatnonzero(~np.isnan(self.values))
        return moment(self.start_s + (int(known[-1]) + 1) * self.interval_s) if known.size else None


def curve(
    field: Field,
    i: int,
    *,
    start: datetime,
    end: datetime,
    compare_start: datetime | None,
    events: Any,
    neighbour: int | None = None,
) -> MeterCurve:
    """The curve of the meter with index ``i``, that of ``neighbour`` beside it; ``events`` are those of the period."""
    meter, kind = field.city.meters[i], _kind_of(field, i)
    amounts = _amounts(field, i, kind, start, end)
    energy_unit, load_unit = flow.ENERGY_UNIT[meter.service], flow.POWER_UNIT[meter.service]
    compare = None
    if compare_start is not None:
        earlier = _amounts(field, i, kind, compare_start, compare_start + (end - start))
        compare = _series(earlier, load_unit, per_hour=True)
    registers = sorted([*_registers(field, meter, start, end), *_on_demand(field, meter, start, end)], key=lambda one: one.at)
    return MeterCurve(
        start=start,
        end=end,
        register=registers,
        register_unit=energy_unit,
        load=_series(amounts, load_unit, per_hour=True),
        energy=_series(amounts, energy_unit, per_hour=False),
        compare=compare,
        neighbour=None if neighbour is None else _beside(field, neighbour, amounts, start, end),
        events=events,
        as_of=max(filter(None, (amounts.as_of, registers[-1].at if registers else None)), default=None),
    )


def _beside(field: Field, j: int, own: Amounts, start: datetime, end: datetime) -> NeighbourCurve:
    """Another meter's load in the same period, and both by day."""
    fact = field.city.meters[j]
    other = _amounts(field, j, _kind_of(field, j), start, end)
    days = by_day(start_s=own.start_s, own=(own.interval_s, own.values), other=(other.interval_s, other.values))
    load = _series(other, flow.POWER_UNIT[fact.service], per_hour=True)
    return NeighbourCurve(id=fact.id, number=fact.number, address=field.city.address(fact), load=load, days=days)


def _kind_of(field: Field, i: int) -> ReadingType:
    """The finest reading type a meter counts by: its profile, or its daily register where it has none."""
    fine = flow.FINE[field.city.meters[i].service]
    has_fine = bool(((field.city.meter_of == i) & (field.city.item_of == fine)).any())
    return reading_types_by_id()[fine if has_fine else flow.DAILY]


def _amounts(field: Field, i: int, kind: ReadingType, start: datetime, end: datetime) -> Amounts:
    """What was used in each interval: of sealed days as they were sealed, after them by the readings themselves."""
    meter = field.city.meters[i]
    interval_s = 86_400 if kind.id == flow.DAILY else USUAL_INTERVAL_S.get(meter.service, 3600)
    start_s, size = int(start.timestamp()), int((end - start).total_seconds()) // interval_s
    whole = Amounts(start_s, interval_s, np.full(size, np.nan), np.full(size, Grade.MISSING, np.uint8))
    first, last = business_date(start), business_date(end - timedelta(microseconds=1))
    sealed = _put_blocks(field, meter, kind, whole, first, last)
    recent = business_date(field.now) - DAY * (UNSEALED_DAYS - 1)
    open_days = [day for day in _days(max(first, recent), min(last, business_date(field.now))) if day not in sealed]
    if open_days and kind.id != flow.DAILY:
        _put_readings(field, i, kind, whole, open_days)
    return whole


def _put_blocks(field: Field, meter: MeterFact, kind: ReadingType, whole: Amounts, first: date, last: date) -> set[date]:
    points = sorted({one.number for one in meter.served})
    blocks = field.work.readings.blocks(usage_points=points, first=first, last=last, reading_types=[kind.id])
    blocks = blocks.filter(pc.equal(blocks["interval_s"], whole.interval_s))
    for row in blocks.to_pylist():
        values = np.array([np.nan if value is None else value for value in row["values"]], np.float64) * 10.0**kind.scale
        grades = np.array(row["quality"] or [0] * len(values), np.uint8)
        _put(whole, row["start"] + np.arange(len(values)) * whole.interval_s, values, grades)
    return set(blocks["business_date"].to_pylist())


def _put_readings(field: Field, i: int, kind: ReadingType, whole: Amounts, days: list[date]) -> None:
    """Differences of neighbouring dial readings on the grid, times the multiplier."""
    channels = np.flatnonzero((field.city.meter_of == i) & (field.city.item_of == kind.id))
    rows = flow.recent_readings(work=field.work, channels=channels, first=days[0] - DAY, last=days[-1])
    nearest = (rows["at"] + whole.interval_s // 2) // whole.interval_s * whole.interval_s
    near = np.abs(rows["at"] - nearest) <= min(SNAP_S, whole.interval_s // 3)
    at, value, quality = nearest[near], rows["value"][near], rows["quality"][near]
    linked = np.flatnonzero((np.diff(at) == whole.interval_s) & (np.diff(value) >= 0))
    midnight = day_period(days[0]).start.timestamp()
    linked = linked[at[linked] >= midnight]
    served = field.city.meters[i].served
    multiplier = float(served[-1].multiplier) if served else 1.0
    steps = (value[linked + 1] - value[linked]) * 10.0**kind.scale * multiplier
    _put(whole, at[linked], steps, np.maximum(quality[linked], quality[linked + 1]).astype(np.uint8))


def _put(whole: Amounts, at: NDArray[np.int64], values: Floats, grades: NDArray[np.uint8]) -> None:
    place = (at - whole.start_s) // whole.interval_s
    fits = ((at - whole.start_s) % whole.interval_s == 0) & (place >= 0) & (place < len(whole.values)) & ~np.isnan(values)
    whole.values[place[fits]] = values[fits]
    whole.quality[place[fits]] = grades[fits]


def _series(amounts: Amounts, unit: str, *, per_hour: bool) -> Series:
    factor = 3600 / amounts.interval_s if per_hour else 1.0
    values = [None if np.isnan(value) else round(float(value) * factor, 4) for value in amounts.values]
    total = float(np.nansum(amounts.values))
    estimated = float(np.nansum(amounts.values[amounts.quality == Grade.ESTIMATED]))
    return Series(
        unit=unit,
        start=datetime.fromtimestamp(amounts.start_s, UTC),
        interval_s=amounts.interval_s,
        values=values,
        quality=amounts.quality.tolist() if amounts.quality.any() else None,
        as_of=amounts.as_of,
        estimated_share=estimated / total if total else None,
    )


def _registers(field: Field, meter: MeterFact, start: datetime, end: datetime) -> list[RegisterValue]:
    """The dial at midnight, as sealed: of each day its end, and the beginning of the first."""
    kind = reading_types_by_id()[flow.DAILY if meter.service == "electricity" else flow.FINE[meter.service]]
    points = sorted({one.number for one in meter.served})
    first, last = business_date(start) - DAY, business_date(end - timedelta(microseconds=1))
    blocks = field.work.readings.blocks(usage_points=points, first=first, last=last, reading_types=[kind.id])
    edges: dict[datetime, tuple[int, int]] = {}
    for row in blocks.select(["business_date", "register_start", "register_end", "quality"]).to_pylist():
        period, grades = day_period(row["business_date"]), row["quality"] or [0]
        for at, value, grade in ((period.start, row["register_start"], grades[0]), (period.end, row["register_end"], grades[-1])):
            if value is not None and start <= at < end:
                edges[at] = value, grade
    return [RegisterValue(at=at, value=kind.value(edges[at][0]), quality=_of_edge(edges[at][1])) for at in sorted(edges)]


def _of_edge(grade: int) -> Quality:
    """Quality of a dial that was read beside an interval: a hole in the usage is no hole in the dial."""
    return "measured" if grade in (Grade.MISSING, Grade.NOT_EXPECTED) else QUALITIES[grade]


def _on_demand(field: Field, meter: MeterFact, start: datetime, end: datetime) -> list[RegisterValue]:
    """Dial readings that commands brought back."""
    kinds, found = reading_types_by_id(), []
    for command in field.work.commands.recent(device=meter.id):
        if command.kind == "read_on_demand" and command.read_back:
            for value in command.read_back["values"]:
                at, kind = datetime.fromtimestamp(value["at"], UTC), kinds[value["item"]]
                if kind.kind == "register" and start <= at < end:
                    found.append(RegisterValue(at=at, value=kind.value(value["value"]), quality="measured"))
    return found


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]
