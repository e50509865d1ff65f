"""What flowed and what was collected in one hour of the last weeks: sealed blocks, else the registers themselves; collection marks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metropool.capabilities.metering.collection.model import DAY_S, OFFSET_S, Schedule, day_start_s
from metropool.capabilities.metering.collection.sheets import slots_per_channel, wanted_row
from metropool.capabilities.metering.ports import CollectionWork
from metropool.capabilities.metering.queries.city import City, Ints
from metropool.capabilities.metering.queries.flow import FINE, Flow, FlowWork, multipliers_of, recent_readings
from metropool.core.errors import Invalid
from metropool.core.periods import business_date
from metropool.core.quantities import reading_types_by_id
from metropool.facts.readings.schemas import Quality

HOUR_S = 3600
LOOKS_BACK = timedelta(days=30)
NEAR_S = 600
"""A register read so near the edge of an hour counts as of that edge (rule ``snap`` of sealing)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HourFlow:
    """Load of one hour, and which meters' share of it is estimated, shape (M,)."""

    flow: Flow
    is_estimated: NDArray[np.bool_]


def hour_ending(at: datetime, *, now: datetime) -> int:
    """The end of the whole hour that ends at or before an instant [Unix s].

    Raises:
        Invalid: It lies in the future, or further back than alarms and marks are looked up.
    """
    if at > now or at < now - LOOKS_BACK:
        raise Invalid(f"{at} is not within the last {LOOKS_BACK.days} days", key="metering.then.range")
    return int(at.timestamp()) // HOUR_S * HOUR_S


def hour_load(*, work: FlowWork, city: City, service: str, ends_s: int) -> HourFlow:
    """Mean load of each meter in the hour that ends at ``ends_s`` [kW or m3/h]; NaN where an edge or interval is not known.

    Sealed blocks first (they carry multipliers and estimates); for a day that is not sealed two dial readings at its edges.
    """
    size = len(city.meters)
    values, estimated = np.full(size, np.nan), np.zeros(size, np.bool_)
    _from_blocks(work, city, service, ends_s, values, estimated)
    lacking = np.isnan(values)
    if lacking.any():
        read = _from_registers(work, city, service, ends_s)
        values[lacking] = read[lacking]
    at = np.where(np.isnan(values), 0, ends_s).astype(np.int64)
    return HourFlow(Flow(service, values, at), estimated)


def hour_marks(*, work: CollectionWork, city: City, schedules: list[Schedule], ends_s: int) -> tuple[Ints, Ints]:
    """Values of the hour that should be there by now, and those that are, of each meter, shape (M,) each.

    What was collected later counts: marks say what is there, not when it came.
    """
    size = len(city.meters)
    due, filled = np.zeros(size, np.int64), np.zeros(size, np.int64)
    day = (ends_s - 1 + OFFSET_S) // DAY_S
    for schedule in schedules:
        slots = _slots_of_hour(schedule, day, ends_s, int(work.now.timestamp()))
        if slots and work.sheets.planned_with(item=schedule.item, day=day) is not None:
            channels, count = _marked(work, city, schedule, day, slots)
            meter = city.meter_of[channels]
            due += np.bincount(meter, minlength=size) * (slots[1] - slots[0])
            filled += np.bincount(meter, count, size).astype(np.int64)
    return due, filled


def _slots_of_hour(schedule: Schedule, day: int, ends_s: int, now_s: int) -> tuple[int, int] | None:
    """Slots ``first .. last - 1`` of the day that lie in the hour; None where none does or they are not due yet."""
    if schedule.slot_s > HOUR_S or now_s < ends_s + schedule.delay_s:
        return None
    last = (ends_s - day_start_s(day)) // schedule.slot_s
    return last - HOUR_S // schedule.slot_s, last


def _marked(work: CollectionWork, city: City, schedule: Schedule, day: int, slots: tuple[int, int]) -> tuple[Ints, Ints]:
    """Channels planned on a day, and how many of some slots each has."""
    highest = len(city.meter_of) - 1
    planned = work.sheets.sheets(kind="planned", item=schedule.item, day=day, slots=1, channels=highest)
    channels = np.flatnonzero((planned[:, 0] != 0) & (city.meter_of >= 0))
    whole = work.sheets.sheets(kind="collected", item=schedule.item, day=day, slots=schedule.slots, channels=highest)
    return channels, slots_per_channel(whole[channels] & wanted_row(*slots, schedule.slots))


def _from_blocks(work: FlowWork, city: City, service: str, ends_s: int, values: Floats, estimated: NDArray[np.bool_]) -> None:
    """Fill in what sealed blocks of the day say."""
    day = business_date(datetime.fromtimestamp(ends_s - 1, work.now.tzinfo))
    meter_of = _served_then(city, service, ends_s)
    blocks = work.readings.blocks(usage_points=sorted(meter_of), first=day, last=day, reading_types=[FINE[service]])
    scale = 10.0 ** reading_types_by_id()[FINE[service]].scale
    for interval_s in set(blocks["interval_s"].to_pylist()):
        per_hour = HOUR_S // interval_s
        if not per_hour or HOUR_S % interval_s:
            continue
        some = blocks.filter(pc.equal(blocks["interval_s"], interval_s))
        first = (ends_s - HOUR_S - int(some["start"][0].as_py())) // interval_s
        meters = np.array([meter_of[point] for point in some["usage_point"].to_pylist()], np.int64)
        amounts = _columns(some["values"])[:, first : first + per_hour]
        values[meters] = amounts.sum(axis=1) * scale
        estimated[meters] = (_grades(some, amounts.shape[0])[:, first : first + per_hour] == Quality.ESTIMATED).any(axis=1)


def _columns(lists: pa.ChunkedArray) -> Floats:
    whole = lists.combine_chunks()
    flat: Floats = whole.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    return flat.reshape(len(whole), -1)


def _grades(blocks: pa.Table, rows: int) -> NDArray[np.float64]:
    """Quality of each interval; a block without any is measured throughout."""
    size = _columns(blocks["values"]).shape[1]
    found = np.zeros((rows, size))
    is_graded = blocks["quality"].is_valid().to_numpy()
    if is_graded.any():
        found[is_graded] = _columns(blocks["quality"].filter(blocks["quality"].is_valid()))
    return found


def _served_then(city: City, service: str, ends_s: int) -> dict[int, int]:
    """Index of the meter that served each usage point of a service at the end of the hour."""
    return {
        one.number: i
        for i, meter in enumerate(city.meters)
        if meter.service == service
        for one in meter.served
        if one.valid_from < ends_s and (one.valid_to is None or one.valid_to >= ends_s)
    }


def _from_registers(work: FlowWork, city: City, service: str, ends_s: int) -> Floats:
    """Load by the dial readings nearest to both edges of the hour; NaN where one is missing, or the register fell."""
    item = FINE[service]
    wanted = city.channels[city.item_of[city.channels] == item]
    day = business_date(datetime.fromtimestamp(ends_s - 1, work.now.tzinfo))
    rows = recent_readings(work=work, channels=wanted, first=day - timedelta(days=1), last=day)
    before, after = (_nearest(rows, edge, len(city.meter_of)) for edge in (ends_s - HOUR_S, ends_s))
    both = np.flatnonzero((before >= 0) & (after >= 0))
    step = rows["value"][after[both]] - rows["value"][before[both]]
    passed_s = rows["at"][after[both]] - rows["at"][before[both]]
    good = (step >= 0) & (passed_s > 0)
    values = np.full(len(city.meters), np.nan)
    meter = city.meter_of[both[good]]
    scale = 10.0 ** reading_types_by_id()[item].scale
    values[meter] = step[good] * scale * HOUR_S / passed_s[good] * multipliers_of(city)[meter]
    return values


def _nearest(rows: dict[str, Ints], edge_s: int, channels: int) -> Ints:
    """Row of the reading nearest to an instant, by channel number; -1 where none is near."""
    away = np.abs(rows["at"] - edge_s)
    near = np.flatnonzero(away <= NEAR_S)
    near = near[np.argsort(-away[near], kind="stable")]
    found = np.full(channels, -1, np.int64)
    found[rows["channel"][near]] = near
    return found
