"""Seal one day at a time: long work on a consistent view (``prepare``), then one unit that makes it true (``commit``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metropool.capabilities.metering.sealing.due import ESTIMATES, SETTLES, is_due
from metropool.capabilities.metering.sealing.meters import meters_of_days
from metropool.capabilities.metering.sealing.ports import SealingWork
from metropool.capabilities.metering.sealing.seal import Sealed, seal_day
from metropool.core.periods import DAY, day_period
from metropool.exchange.messages import ROWS, BlocksSealed, HouseholdUsageTold
from metropool.exchange.ways import PLACES
from metropool.facts.readings.schemas import Quality
from metropool.facts.readings.versions import PROVISIONAL, next_versions
from metropool.facts.registry import Registry
from metropool.facts.registry.tables import channel, place, usage_point
from metropool.storage.lake import LakeFile

BRIDGE_S = 3 * 86_400


@dataclass(frozen=True)
class Prepared:
    """A day ready to be sealed.

    Attributes:
        day: Business day.
        row: What the book of sealed days will say.
        blocks: Blocks that are new or changed, numbered; version 0 is provisional (today so far), told and not kept.
        files: Where they are kept.
    """

    day: date
    row: Mapping[str, Any]
    blocks: pa.Table
    files: Sequence[LakeFile]
    flags: pa.Table


def prepare(*, work: SealingWork) -> Prepared | None:
    """Work out the next day that needs sealing; None when none does."""
    due = next_day(work=work)
    return None if due is None else _prepare_day(work, due)


def next_day(*, work: SealingWork) -> date | None:
    """The oldest closed day with readings or registry facts newer than its blocks; today once an hour."""
    sealed, version, newest = work.sealing.sealed(), work.sealing.registry_version(), work.sealing.days_with_readings()
    for text in sorted(newest):
        day = date.fromisoformat(text)
        if is_due(work=work, day=day, row=sealed.get(text), newest=newest, version=version):
            return day
    return None


def _prepare_day(work: SealingWork, day: date) -> Prepared:
    closes = day_period(day).end
    is_closed, may_estimate = work.now >= closes + SETTLES, work.now >= closes + ESTIMATES
    snapshot = work.readings.snapshot
    done = seal_day(
        day,
        readings=work.readings.readings(first=day - DAY, last=day + DAY),
        channels=_channels(work.registry),
        installations=work.registry.installations(),
        now=work.now,
        bridge_s=BRIDGE_S if may_estimate else 0,
        snapshot=snapshot,
        edges=work.registry.edge_registers(),
    )
    row = {
        "business_date": day.isoformat(),
        "snapshot": snapshot,
        "registry_version": work.sealing.registry_version(),
        "holes": _holes(done) if is_closed else -1,
        "is_estimated": may_estimate,
        "sealed_at": work.now.isoformat(),
    }
    if not is_closed:
        return Prepared(day=day, row=row, blocks=_provisional(done.blocks), files=(), flags=done.flags)
    blocks = next_versions(done.blocks, work.readings.blocks_of_day(day))
    files = work.readings.write_blocks(blocks, name=f"sealed-{snapshot:012d}-{row['registry_version']}-{int(may_estimate)}")
    return Prepared(day=day, row=row, blocks=blocks, files=files, flags=done.flags)


def commit(*, work: SealingWork, prepared: Prepared | None) -> datetime | None:
    """Make a prepared day true and tell it; due again at once while days are waiting."""
    if prepared is None:
        return None
    if prepared.files:
        work.readings.add(prepared.files)
    work.sealing.note_sealed(prepared.row)
    if prepared.row["holes"] >= 0:
        work.sealing.note_flags(prepared.day, prepared.flags)
    if prepared.blocks.num_rows:
        _tell(work, prepared)
    work.changed("readings")
    return work.now


def _tell(work: SealingWork, prepared: Prepared) -> None:
    rows = told_rows(_of_customers(prepared.blocks, work.registry), registry=work.registry)
    if not rows.num_rows:
        return
    key = f"blocks/{prepared.day}/{prepared.row['snapshot']}/{prepared.row['registry_version']}/{prepared.row['is_estimated']}"
    if prepared.row["holes"] >= 0:
        work.tell(BlocksSealed(rows=rows), key=key)
    at_home = rows.filter(pc.is_in(rows["usage_point"], household_points(work.registry)))
    if at_home.num_rows:
        work.tell(HouseholdUsageTold(rows=_with_places(at_home, work.registry)), key=key)


def _with_places(rows: pa.Table, registry: Registry) -> pa.Table:
    """The community and the building that each household lies in, beside its data."""
    points = registry.usage_points()
    at = points["place"].combine_chunks().take(pc.index_in(rows["usage_point"].combine_chunks(), value_set=points["id"]))
    for kind, lies_in in registry.around(at, kinds=PLACES).items():
        rows = rows.append_column(kind, lies_in)
    return rows


def _of_customers(blocks: pa.Table, registry: Registry) -> pa.Table:
    """Without the points at which the network feeds an area in: nobody is billed for those."""
    supply = pa.array([row["number"] for row in registry.rows(usage_point, role="supply")], pa.int32())
    return blocks.filter(pc.invert(pc.is_in(blocks["usage_point"], supply)))


def household_points(registry: Registry) -> pa.Array:
    """Ids of the usage points that serve a household: those at places of kind ``home``."""
    points = registry.usage_points()
    homes = [row["id"] for row in registry.rows(place, kind="home")]
    return points["id"].filter(pc.is_in(points["place"], pa.array(homes, pa.string()))).combine_chunks()


def told_rows(blocks: pa.Table, *, registry: Registry) -> pa.Table:
    """Blocks as others are told of them: with the names of usage points, their service and meter, not our numbers."""
    points, numbers = registry.usage_points(), registry.device_numbers()
    place = pc.index_in(blocks["usage_point"], points["usage_point"])
    meter = pc.index_in(blocks["usage_point"], numbers["usage_point"])
    columns = {name: blocks[name] for name in ROWS[BlocksSealed].names if name in blocks.schema.names}
    columns["usage_point"] = points["id"].take(place)
    columns["service"] = points["service"].take(place)
    now = numbers["device_number"].take(meter).combine_chunks()
    columns["device_number"], columns["meters"] = meters_of_days(blocks, now=now, turns=registry.meters_in_turn())
    schema = ROWS[BlocksSealed]
    return pa.table([columns[name].cast(schema.field(name).type) for name in schema.names], schema=schema)


def _channels(registry: Registry) -> pa.Table:
    rows = registry.rows(channel)
    return pa.table(
        {
            "channel": pa.array([row["id"] for row in rows], pa.int32()),
            "item": pa.array([row["reading_type"] for row in rows], pa.int32()),
            "digits": pa.array([row["digits"] or 0 for row in rows], pa.int32()),
            "interval_s": pa.array([row["interval_s"] or 86_400 for row in rows], pa.int32()),
        }
    )


def _holes(done: Sealed) -> int:
    """Intervals that a further reading may still change: those without a value, and those that were estimated."""
    if not done.blocks.num_rows:
        return 0
    empty = done.blocks["values"].combine_chunks().values.null_count
    estimated = pc.sum(pc.equal(pc.list_flatten(done.blocks["quality"]), int(Quality.ESTIMATED))).as_py() or 0
    return int(empty + estimated)


def _provisional(blocks: pa.Table) -> pa.Table:
    place = blocks.schema.get_field_index("version")
    zeros = pa.array(np.full(blocks.num_rows, PROVISIONAL, dtype=np.int32))
    return blocks.set_column(place, blocks.schema.field(place), zeros)
