"""What flows now and what flowed: load from the newest two dial readings, energy since midnight, sealed days of many meters."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metropool.capabilities.metering.queries.city import City, Ints
from metropool.capabilities.metering.queries.city_making import CityWork
from metropool.capabilities.metering.queries.standing import Standing
from metropool.capabilities.metering.sealing.ports import Sealing
from metropool.core.periods import DAY, business_date, day_period
from metropool.core.quantities import reading_type, reading_types_by_id
from metropool.facts.readings.book import READINGS, Readings
from metropool.facts.readings.schemas import Quality
from metropool.storage.lake import Lake

Floats = NDArray[np.float64]
RECENT_FILES = 256
"""Newest files of the log looked at for the load: some hours of a city, and a bound on what one page costs."""

LOOKS_BACK_S = 3 * 3600
FINE = {
    "electricity": reading_type("electricity_forward_profile_register").id,
    "water": reading_type("water_register").id,
    "gas": reading_type("gas_register").id,
    "heat": reading_type("heat_register").id,
}
"""The reading type of each service whose steps are its load."""

LONGEST_STEP_S = {"electricity": 1800, "water": 9000, "gas": 9000, "heat": 9000}
DAILY = reading_type("electricity_forward_register").id
ENERGY_UNIT = {"electricity": "kWh", "water": "m3", "gas": "m3", "heat": "kWh"}
POWER_UNIT = {"electricity": "kW", "water": "m3/h", "gas": "m3/h", "heat": "kW"}


class FlowWork(CityWork, Protocol):
    """What is needed of a unit of work."""

    @property
    def now(self) -> datetime: ...
    @property
    def readings(self) -> Readings: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def lake(self) -> Lake: ...


@dataclass(frozen=True)
class Flow:
    """An amount of each meter of one service, shape (M,), NaN where it is not known; ``at`` Unix s, 0 where it is not."""

    service: str
    values: Floats
    at: Ints

    def total(self, meters: Ints) -> tuple[float | None, int, bool]:
        """Sum of what is known of some meters, its newest instant [Unix s], and whether all of them are in it."""
        values = self.values[meters]
        known = ~np.isnan(values)
        if not known.any():
            return None, 0, False
        return float(values[known].sum()), int(self.at[meters][known].max()), bool(known.all())


@dataclass(frozen=True)
class DayCurve:
    """A sealed day of many usage points, summed: amounts of each interval, NaN where nothing is known, and the worst quality."""

    day: date
    start: int
    interval_s: int
    values: Floats
    quality: NDArray[np.uint8]


def load_now(*, work: FlowWork, city: City, service: str) -> Flow:
    """Load of each meter [kW or m3/h] by its newest two dial readings of the last hours, times the multiplier."""
    item = FINE[service]
    wanted = city.channels[city.item_of[city.channels] == item]
    rows = _recent(work, wanted)
    values, at = np.full(len(city.meters), np.nan), np.zeros(len(city.meters), np.int64)
    last = np.flatnonzero(np.diff(rows["channel"], append=-1))
    pairs = last[(last > 0) & (rows["channel"][last] == rows["channel"][last - 1])]
    step_s = rows["at"][pairs] - rows["at"][pairs - 1]
    step = rows["value"][pairs] - rows["value"][pairs - 1]
    good = (step >= 0) & (step_s <= LONGEST_STEP_S[service])
    meter = city.meter_of[rows["channel"][pairs[good]]]
    scale = 10.0 ** reading_types_by_id()[item].scale
    values[meter] = step[good] * scale * 3600 / step_s[good] * multipliers_of(city)[meter]
    at[meter] = rows["at"][pairs[good]]
    return Flow(service, values, at)


def energy_today(*, city: City, standing: Standing, now: datetime) -> Flow:
    """Electricity of each meter since midnight [kWh]: the newest point of its profile less the register frozen at midnight."""
    midnight = int(day_period(business_date(now)).start.timestamp())
    values, at = np.full(len(city.meters), np.nan), np.zeros(len(city.meters), np.int64)
    fine, daily = _channel_of(city, FINE["electricity"]), _channel_of(city, DAILY, at=midnight, standing=standing)
    both = np.flatnonzero((fine >= 0) & (daily >= 0))
    newest = standing.newest
    step, known_at = newest.value[fine[both]] - newest.value[daily[both]], newest.at[fine[both]]
    good = (known_at >= midnight) & (step >= 0)
    scale = 10.0 ** reading_type("electricity_forward_register").scale
    values[both[good]] = step[good] * scale * multipliers_of(city)[both[good]]
    at[both[good]] = known_at[good]
    return Flow("electricity", values, at)


def last_sealed_day(*, work: FlowWork) -> date | None:
    """The newest business day that is closed and sealed."""
    closed = [day for day, row in work.sealing.sealed().items() if row["holes"] >= 0]
    return date.fromisoformat(max(closed)) if closed else None


def day_curve(*, work: FlowWork, city: City, service: str, meters: Ints, day: date) -> DayCurve | None:
    """A sealed day of some meters' usage points, summed; None when none of them has a curve."""
    facts = [city.meters[i] for i in meters.tolist()]
    points = sorted({one.number for meter in facts if meter.service == service for one in meter.served})
    blocks = work.readings.blocks(usage_points=points, first=day, last=day, reading_types=[FINE[service]])
    if not blocks.num_rows:
        return None
    interval_s = int(blocks["interval_s"][0].as_py())
    blocks = blocks.filter(pc.equal(blocks["interval_s"], interval_s))
    return _summed(
        blocks, day, interval_s, 10.0 ** reading_types_by_id()[FINE[service]].scale, missing=blocks.num_rows < len(points)
    )


def _summed(blocks: pa.Table, day: date, interval_s: int, scale: float, *, missing: bool) -> DayCurve:
    """Rows of the same length put below one another; an interval that some point lacks is graded missing."""
    lists = blocks["values"].combine_chunks()
    values = lists.flatten().to_numpy(zero_copy_only=False).astype(np.float64).reshape(blocks.num_rows, -1)
    worst = np.where(np.isnan(values).any(axis=0) | missing, np.uint8(Quality.MISSING), _worst_known(blocks, values.shape[1]))
    total = np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0)) * scale
    return DayCurve(day, int(blocks["start"][0].as_py()), interval_s, total, worst.astype(np.uint8))


def _worst_known(blocks: pa.Table, size: int) -> NDArray[np.uint8]:
    graded = blocks.filter(blocks["quality"].is_valid())
    if not graded.num_rows:
        return np.zeros(size, np.uint8)
    grades = graded["quality"].combine_chunks().flatten().to_numpy(zero_copy_only=False).astype(np.uint8)
    worst: NDArray[np.uint8] = grades.reshape(graded.num_rows, size).max(axis=0)
    return worst


def recent_readings(*, work: FlowWork, channels: Ints, first: date, last: date) -> dict[str, Ints]:
    """Readings of some channels in the newest files of some days, one an instant (the one that came last), by (channel, at)."""
    low, high = (int(channels.min()), int(channels.max())) if len(channels) else (0, -1)
    listed = work.readings.files(READINGS, first=first, last=last)
    files = [file for file in listed if file.low <= high and file.high >= low][-RECENT_FILES:]
    if not files:
        return {name: np.zeros(0, np.int64) for name in ("channel", "at", "value", "quality")}
    rows = work.lake.read(files, columns=["channel", "at", "value", "quality"])
    rows = rows.filter(pc.is_in(rows["channel"], pa.array(channels, pa.int32())))
    found = {name: rows[name].to_numpy().astype(np.int64) for name in rows.column_names}
    order = np.lexsort((found["at"], found["channel"]))
    found = {name: column[order] for name, column in found.items()}
    is_last = (np.diff(found["channel"], append=-1) != 0) | (np.diff(found["at"], append=-1) != 0)
    return {name: column[is_last] for name, column in found.items()}


def _recent(work: FlowWork, channels: Ints) -> dict[str, Ints]:
    now_s = int(work.now.timestamp())
    today = business_date(work.now)
    first = today - DAY if work.now - day_period(today).start < timedelta(seconds=LOOKS_BACK_S) else today
    rows = recent_readings(work=work, channels=channels, first=first, last=today)
    is_near = (rows["at"] >= now_s - LOOKS_BACK_S) & (rows["at"] <= now_s)
    return {name: column[is_near] for name, column in rows.items()}


def _channel_of(city: City, item: int, *, at: int | None = None, standing: Standing | None = None) -> Ints:
    """The channel of a reading type of each meter, -1 for none; with ``at`` only one whose newest reading is of that instant."""
    channels = city.channels[city.item_of[city.channels] == item]
    if standing is not None:
        channels = channels[standing.newest.at[channels] == at]
    found = np.full(len(city.meters), -1, np.int64)
    found[city.meter_of[channels]] = channels
    return found


def multipliers_of(city: City) -> Floats:
    """Multiplier of each meter by its newest installation, shape (M,)."""
    return np.array([float(meter.served[-1].multiplier) if meter.served else 1.0 for meter in city.meters])
