"""From the readings of a business day to its blocks. Pure: columns in, columns out."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from metropool.capabilities.metering.validation.rules import ChannelFact, ChannelFacts, rules_on
from metropool.core.quantities import reading_types_by_id
from metropool.facts.readings.blocks import Sources, seal
from metropool.facts.readings.grid import Grid
from metropool.facts.readings.schemas import BLOCK, FOREVER, INSTALLATION, READING, Origin, Quality

SEALED_KINDS = ("register", "interval", "mean_power")
SNAP_S = 600
DAY_S = 86_400
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sealed:
    """The blocks of one day, not yet compared with earlier versions, and what validation found on that day."""

    blocks: pa.Table
    flags: pa.Table


def seal_day(
    day: date,
    *,
    readings: pa.Table,
    channels: pa.Table,
    installations: pa.Table,
    now: datetime,
    bridge_s: int,
    snapshot: int,
    edges: pa.Table | None = None,
) -> Sealed:
    """Validate the readings around a day and seal its blocks.

    Args:
        day: The business day.
        readings: ``READING`` of the day and its neighbours (context).
        channels: Columns channel, item, digits, interval_s of every channel.
        installations: As the registry gives them: channel, usage_point, multiplier, valid_from, valid_to, version.
        bridge_s: Longest stretch without a reading that is estimated [s]; 0 leaves holes.
        snapshot: Of the lake, noted in the blocks.
        edges: Registers at which meters were put in and taken out: columns channel, at, value.
    """
    kinds = {number: kind for number, kind in reading_types_by_id().items() if kind.kind in SEALED_KINDS}
    channels = channels.filter(pc.is_in(channels["item"], pa.array(list(kinds), pa.int32())))
    readings = snapped(readings.filter(pc.is_in(readings["channel"], channels["channel"])), channels=channels)
    if edges is not None:
        readings = with_edges(readings, edges.filter(pc.is_in(edges["channel"], channels["channel"])), day=day)
    rules = rules_on(day)
    from metropool.capabilities.metering.validation.validate import validate  # numba, which no other system needs

    valid = validate(readings=readings, facts=_facts(channels), rules=rules, now=now)
    served = _installations(installations, channels)
    sources = Sources(readings_snapshot=snapshot, rules_version=rules.version)
    parts = [
        seal(
            valid.steps.filter(pc.is_in(valid.steps["channel"], _of_interval(channels, interval_s))),
            installations=served,
            grid=Grid(interval_s),
            bridge_s=bridge_s,
            first=day,
            last=day,
            sources=sources,
        )
        for interval_s in sorted(set(channels["interval_s"].to_pylist()))
    ]
    keys = [(name, "ascending") for name in ("usage_point", "reading_type", "business_date")]
    blocks = pa.concat_tables([BLOCK.empty_table(), *parts]).sort_by(keys)
    return Sealed(blocks=_with_something(blocks), flags=_on_day(valid.flags, day))


def snapped(readings: pa.Table, *, channels: pa.Table) -> pa.Table:
    """Hourly reads of meters that answer when they are asked, put on the hour they are of (rule ``snap``, 600 s either way).

    Of several reads around one hour the nearest is of that hour; the others stay where they were.
    """
    slow = pc.and_(pc.greater_equal(channels["interval_s"], 3600), pc.less(channels["interval_s"], DAY_S))
    on_the_hour = channels["channel"].filter(slow)
    at = readings["at"].to_numpy()
    hour = (at + 1800) // 3600 * 3600
    near = np.flatnonzero(pc.is_in(readings["channel"], on_the_hour).to_numpy() & (np.abs(at - hour) <= SNAP_S))
    moved = near[_is_nearest(readings["channel"].to_numpy()[near], hour[near], np.abs(at - hour)[near])]
    times = at.copy()
    times[moved] = hour[moved]
    place = readings.schema.get_field_index("at")
    return readings.set_column(place, readings.schema.field(place), pa.array(times))


def _is_nearest(channel: Ints, hour: Ints, away_s: Ints) -> npt.NDArray[np.bool_]:
    """Which reads are as near to their hour as any of the same channel and hour; shape (n,) each."""
    order = np.lexsort((away_s, hour, channel))
    starts = np.ones(order.size, dtype=np.bool_)
    starts[1:] = (np.diff(channel[order]) != 0) | (np.diff(hour[order]) != 0)
    least = away_s[order][starts][np.cumsum(starts) - 1]
    nearest = np.empty(order.size, dtype=np.bool_)
    nearest[order] = away_s[order] == least
    return nearest


def with_edges(readings: pa.Table, edges: pa.Table, *, day: date) -> pa.Table:
    """Readings of a day and its neighbours with the registers at which meters were exchanged meanwhile (换表底度).

    They are never moved to the hour: both meters' are of one instant, where what they counted is put together.
    """
    around = Grid(DAY_S).day_starts(day - timedelta(days=1), day + timedelta(days=1))
    near = edges.filter(pc.and_(pc.greater(edges["at"], int(around[0])), pc.less_equal(edges["at"], int(around[-1]))))
    if not near.num_rows:
        return readings
    fixed = {
        "quality": pa.array(np.full(near.num_rows, Quality.EDITED, np.uint8)),
        "origin": pa.array(np.full(near.num_rows, Origin.ON_DEMAND, np.uint8)),
        "received_at": pc.multiply(near["at"], 1000),
    }
    rows = pa.table({name: near[name] for name in ("channel", "at", "value")} | fixed).cast(READING)
    return pa.concat_tables([readings.select(READING.names).cast(READING), rows]).sort_by(
        [("channel", "ascending"), ("at", "ascending")]
    )


def _facts(channels: pa.Table) -> ChannelFacts:
    kinds = reading_types_by_id()
    return ChannelFacts.of(
        [
            ChannelFact(
                channel=row["channel"],
                reading_type=kinds[row["item"]],
                interval_s=row["interval_s"],
                modulus=10 ** (row["digits"] - kinds[row["item"]].scale) if row["digits"] else 0,
            )
            for row in channels.to_pylist()
        ]
    )


def _installations(installations: pa.Table, channels: pa.Table) -> pa.Table:
    items = dict(zip(channels["channel"].to_pylist(), channels["item"].to_pylist(), strict=True))
    rows = [row for row in installations.to_pylist() if row["channel"] in items]
    fractions = [Fraction(row["multiplier"]) for row in rows]
    columns = {
        "channel": [row["channel"] for row in rows],
        "usage_point": [row["usage_point"] for row in rows],
        "reading_type": [items[row["channel"]] for row in rows],
        "numerator": [fraction.numerator for fraction in fractions],
        "denominator": [fraction.denominator for fraction in fractions],
        "valid_from": [row["valid_from"] for row in rows],
        "valid_to": [min(row["valid_to"], FOREVER) for row in rows],
        "version": [row["version"] for row in rows],
    }
    return pa.table(columns, schema=INSTALLATION)


def _of_interval(channels: pa.Table, interval_s: int) -> pa.Array:
    return channels["channel"].filter(pc.equal(channels["interval_s"], interval_s))


def _with_something(blocks: pa.Table) -> pa.Table:
    """Blocks that say anything at all: a value, or a register at one of their edges."""
    values = blocks["values"].combine_chunks()
    offsets, flat = values.offsets.to_numpy(), values.values
    known = np.concatenate([[0], np.cumsum(flat.is_valid().to_numpy(zero_copy_only=False))])
    has_value = pa.array(known[offsets[1:]] > known[offsets[:-1]])
    has_register = pc.or_(blocks["register_start"].is_valid(), blocks["register_end"].is_valid())
    return blocks.filter(pc.or_(has_value, has_register))


def _on_day(flags: pa.Table, day: date) -> pa.Table:
    start = int(Grid(DAY_S).day_starts(day, day)[0])
    at = flags["from_at"]
    return flags.filter(pc.and_(pc.greater_equal(at, start), pc.less(at, start + DAY_S)))
