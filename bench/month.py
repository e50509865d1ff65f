"""A month of sealed blocks, in daily files and compacted: bytes a reading, holes and quality in, and one meter-month read back."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bench.city import DAY_S, HOURS, QUARTERS
from bench.head_end import HeadEnd, Work
from bench.peer import Columns, Peer
from bench.report import Measured, Result
from bench.shapes import electricity_registers, volume_registers
from metropool.capabilities.metering.sealing.seal import seal_day
from metropool.core.periods import BUSINESS_ZONE
from metropool.facts.readings.book import BLOCKS, Readings
from metropool.facts.readings.schemas import READING
from metropool.storage.lake import LakeFile

MARK_BYTES = 1.5
FIRST, LAST, DAYS = date(2026, 6, 1), date(2026, 6, 30), 30
SEED = 20260601
HOLES = 0.015
BRIDGE_S = 2 * 3600
METERS_MAX = 5_000
ASKED = 200
FREEZE, PROFILE, WATER = 1, 10, 30
_QUALITY_SUSPECT = 4
_START_S = int(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=BUSINESS_ZONE).timestamp())
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Kind:
    """Channels of one reading type, one a meter, channel and usage point of the same number.

    Attributes:
        first: Number of the first.
        registers: Shape (meters, readings + 1), in the integers of the reading type.
    """

    item: int
    interval_s: int
    first: int
    registers: Ints

    @property
    def channels(self) -> Ints:
        """Channel numbers."""
        return self.first + np.arange(len(self.registers))


def measure(*, meters: int, repeat: int, peer: Peer) -> Result:
    """Seal a month, weigh it, read meters back; the same values as rows in the peer."""
    homes = max(50, min(meters // 5, METERS_MAX))
    kinds = kinds_of(homes)
    with tempfile.TemporaryDirectory(prefix="bench-month-") as folder:
        # Two lakes of the same blocks: the product's, and one of the interval blocks alone, which is only weighed.
        lake, curves = (HeadEnd.at(Path(folder) / name) for name in ("all", "curves"))
        began = time.perf_counter()
        for _, blocks in sealed_days(kinds):
            keep(lake, blocks)
            keep(curves, blocks.filter(pc.less(blocks["interval_s"], DAY_S)))
        sealing_s = time.perf_counter() - began
        columns = rows_of_blocks(lake)
        _fill_peer(peer, columns)
        by_day = [weigh(curves), weigh(lake)]
        in_days, peer_in_days = _read_months(lake, peer, kinds[1].channels, repeat)
        for each in (lake, curves):
            compact(each)
        by_month = [weigh(curves), weigh(lake)]
        in_month, peer_in_month = _read_months(lake, peer, kinds[1].channels, repeat)
        lake.database.close()
        curves.database.close()
    peer_bytes = [peer.bytes_of("block_value") / len(columns["at"])]
    return Result(
        name="sealed month",
        size=f"{homes:,} electricity, {homes * 3 // 5:,} water, {homes * 2 // 5:,} gas meters, {DAYS} days, {len(columns['at']):,} values",
        measured=[
            _bytes("bytes a reading of interval blocks, holes and quality, compacted", by_month[0], peer_bytes, MARK_BYTES),
            _bytes("the same in daily files", by_day[0], peer_bytes, MARK_BYTES),
            _bytes("compacted, with the daily registers, a block each", by_month[1], peer_bytes, None),
            _bytes("the same in daily files", by_day[1], peer_bytes, None),
            Measured("one meter-month, 2,880 quarter hours, compacted", "ms", in_month, peer_in_month, None, True),
            Measured("the same from 30 daily files, before it is compacted", "ms", in_days, peer_in_days, None, True),
        ],
        details={"sealing_s": round(sealing_s, 2), "holes_share": HOLES, "asked": ASKED},
    )


def _bytes(what: str, weight: float, peer: list[float], mark: float | None) -> Measured:
    return Measured(what, "B/reading", [weight], peer, mark, True)


def kinds_of(homes: int) -> list[Kind]:
    """A daily freeze and a profile of each home; hourly water at six of ten, gas at four."""
    profile = electricity_registers(homes, DAYS, seed=SEED) * 100
    volumes = volume_registers(homes, DAYS, seed=SEED + 1) * 10
    water = homes * 3 // 5
    return [
        Kind(FREEZE, DAY_S, 1, profile[:, ::QUARTERS]),
        Kind(PROFILE, DAY_S // QUARTERS, 1 + homes, profile),
        Kind(WATER, DAY_S // HOURS, 1 + 2 * homes, volumes[:water]),
        Kind(40, DAY_S // HOURS, 1 + 2 * homes + water, volumes[water:]),
    ]


def sealed_days(kinds: list[Kind]) -> Iterator[tuple[date, pa.Table]]:
    """Blocks of each day, made by validation and sealing from the readings of the day and its neighbours."""
    readings = [_readings(kind) for kind in kinds]
    facts = {"channels": _channels(kinds), "installations": _installations(kinds)}
    for n in range(DAYS):
        low, high = _START_S + (n - 1) * DAY_S, _START_S + (n + 2) * DAY_S
        near = [table.filter(pc.and_(pc.greater(table["at"], low), pc.less_equal(table["at"], high))) for table in readings]
        now = datetime.fromtimestamp(high, BUSINESS_ZONE)
        day = FIRST + timedelta(days=n)
        yield day, seal_day(day, readings=pa.concat_tables(near), now=now, bridge_s=BRIDGE_S, snapshot=n + 1, **facts).blocks


def keep(head_end: HeadEnd, blocks: pa.Table) -> None:
    """Write the blocks of a day and list them, as sealing does."""
    files = head_end.unit(lambda work: Readings(work.context).write_blocks(blocks, name="sealed"))
    head_end.unit(lambda work: work.add_files(files))


def compact(head_end: HeadEnd) -> None:
    """Make the month's daily files into one, as the product's worker does with a month that is over."""
    done = head_end.unit(lambda work: Readings(work.context).compact(BLOCKS, f"{FIRST:%Y-%m}"))
    head_end.unit(lambda work: Readings(work.context).replace(done, now=work.now))


def weigh(head_end: HeadEnd) -> float:
    """Bytes on disk a value that is there, over all files listed."""
    files = _files(head_end)
    values = head_end.lake.read(files, columns=["values"])["values"]
    return sum(file.bytes for file in files) / int(pc.count(values.combine_chunks().flatten()).as_py())


def rows_of_blocks(head_end: HeadEnd) -> Columns:
    """Every value of every block as a row, widest column first, which is how PostgreSQL packs rows best."""
    parts = [_exploded(head_end.lake.read([file])) for file in _files(head_end)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _readings(kind: Kind) -> pa.Table:
    """Readings with holes: half single, half runs of eight; one in 500 is suspect."""
    random = np.random.default_rng(SEED + kind.item)
    meters, count = kind.registers.shape
    lost = random.random((meters, count)) < HOLES / 2
    starts = random.random((meters, count)) < HOLES / 16
    for shift in range(8):
        lost[:, shift:] |= starts[:, : count - shift]
    if kind.interval_s == DAY_S:
        lost[:] = starts
    meter, place = np.nonzero(~lost)
    at = _START_S + place * kind.interval_s
    columns = [
        pa.array(kind.channels[meter].astype(np.int32)),
        pa.array(at),
        pa.array(kind.registers[meter, place]),
        pa.array(np.where(random.random(len(at)) < 0.002, _QUALITY_SUSPECT, 0).astype(np.uint8)),
        pa.array(np.ones(len(at), np.uint8)),
        pa.array(at * 1000 + 60_000),
    ]
    return pa.table(columns, schema=READING)


def _channels(kinds: list[Kind]) -> pa.Table:
    parts = [
        {
            "channel": kind.channels,
            "item": np.full(len(kind.channels), kind.item),
            "interval_s": np.full(len(kind.channels), kind.interval_s),
        }
        for kind in kinds
    ]
    columns = {name: pa.array(np.concatenate([part[name] for part in parts]), pa.int32()) for name in parts[0]}
    return pa.table(columns | {"digits": pa.array(np.full(len(columns["channel"]), 0), pa.int32())})


def _installations(kinds: list[Kind]) -> pa.Table:
    channel = np.concatenate([kind.channels for kind in kinds])
    count = len(channel)
    return pa.table(
        {
            "channel": pa.array(channel, pa.int32()),
            "usage_point": pa.array(channel, pa.int32()),
            "multiplier": pa.array(["1"] * count),
            "valid_from": pa.array(np.zeros(count, np.int64)),
            "valid_to": pa.array(np.full(count, (1 << 63) - 1)),
            "version": pa.array(np.ones(count), pa.int32()),
        }
    )


def _exploded(blocks: pa.Table) -> dict[str, NDArray[Any]]:
    values = blocks["values"].combine_chunks()
    lengths = np.diff(values.offsets.to_numpy())
    row = np.repeat(np.arange(len(lengths)), lengths)
    slot = np.arange(len(row)) - np.repeat(values.offsets.to_numpy()[:-1], lengths)
    is_there = values.values.is_valid().to_numpy(zero_copy_only=False)
    graded = pc.if_else(pc.is_valid(blocks["quality"]), 1, 0).to_numpy().astype(np.bool_)
    quality = np.zeros(len(row), np.int16)
    quality[graded[row]] = blocks["quality"].combine_chunks().flatten().to_numpy()
    start, interval = blocks["start"].to_numpy(), blocks["interval_s"].to_numpy().astype(np.int64)
    columns = {
        "at": start[row] + slot * interval[row],
        "usage_point": blocks["usage_point"].to_numpy()[row],
        "value": values.values.fill_null(0).to_numpy().astype(np.int32),
        "reading_type": blocks["reading_type"].to_numpy()[row].astype(np.int16),
        "quality": quality,
    }
    return {name: column[is_there] for name, column in columns.items()}


def _fill_peer(peer: Peer, columns: Columns) -> None:
    peer.create("block_value", columns)
    peer.load("block_value", peer.encode(columns))
    peer.run("CREATE UNIQUE INDEX block_value_key ON block_value (usage_point, reading_type, at)")


def _read_months(head_end: HeadEnd, peer: Peer, channels: Ints, repeat: int) -> tuple[list[float], list[float]]:
    """Median milliseconds of ASKED meters in each repeat; both give the same sum."""
    chosen = np.random.default_rng(SEED).choice(channels, min(ASKED, len(channels)), replace=False).tolist()
    ours, theirs = [], []
    for _ in range(repeat):
        times: tuple[list[float], list[float]] = ([], [])
        for point in chosen:
            began = time.perf_counter()
            blocks = head_end.unit(partial(_month_of, point))
            read = time.perf_counter()
            rows = peer.rows(
                f"SELECT at, value, quality FROM block_value WHERE usage_point = {point} AND reading_type = {PROFILE}"
                f" AND at >= {_START_S} AND at < {_START_S + DAYS * DAY_S} ORDER BY at"
            )
            asked = time.perf_counter()
            assert pc.sum(blocks["values"].combine_chunks().flatten()).as_py() == sum(row[1] for row in rows)
            times[0].append((read - began) * 1000)
            times[1].append((asked - read) * 1000)
        ours.append(float(np.median(times[0])))
        theirs.append(float(np.median(times[1])))
    return ours, theirs


def _month_of(point: int, work: Work) -> pa.Table:
    return Readings(work.context).blocks(usage_points=[point], first=FIRST, last=LAST, reading_types=[PROFILE])


def _files(head_end: HeadEnd) -> list[LakeFile]:
    return head_end.unit(lambda work: Readings(work.context).files(BLOCKS, first=FIRST, last=LAST))
