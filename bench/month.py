"""A month of sealed blocks: bytes a reading with holes and quality, and one meter-month read back."""

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
from metropool.facts.readings.book import Readings
from metropool.facts.readings.parquet import BLOCK_PARQUET, packed, read_blocks, unpacked
from metropool.facts.readings.schemas import READING
from metropool.storage.lake import LakeFile

MARK_BYTES = 1.5
FIRST, DAYS = date(2026, 6, 1), 30
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
        head_end = HeadEnd.at(Path(folder))
        began = time.perf_counter()
        weights = [weigh(head_end, blocks, day) for day, blocks in sealed_days(kinds)]
        sealing_s = time.perf_counter() - began
        columns = rows_of_blocks(head_end)
        _fill_peer(peer, columns)
        ours, theirs = _read_months(head_end, peer, kinds[1].channels, repeat)
        in_one = _read_month_file(head_end, kinds[1].channels, repeat)
        head_end.database.close()
    peer_bytes = peer.bytes_of("block_value") / len(columns["at"])
    curves, registers = (sum_weights(weights, daily=daily) for daily in (False, True))
    return Result(
        name="sealed month",
        size=f"{homes:,} electricity, {homes * 3 // 5:,} water, {homes * 2 // 5:,} gas meters, {DAYS} days, {len(columns['at']):,} values",
        measured=[
            Measured(
                "bytes a reading of interval blocks, holes and quality", "B/reading", [curves], [peer_bytes], MARK_BYTES, True
            ),
            Measured("the same with the daily registers, a block each", "B/reading", [registers], [peer_bytes], None, True),
            Measured("one meter-month, 2,880 quarter hours, 30 daily files", "ms", ours, theirs, None, True),
            Measured("the same from one file of the month, as compaction would make it", "ms", in_one, theirs, None, True),
        ],
        details={"weights": weights, "sealing_s": round(sealing_s, 2), "holes_share": HOLES, "asked": ASKED},
    )


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


def weigh(head_end: HeadEnd, blocks: pa.Table, day: date) -> dict[str, int]:
    """Write a day's blocks as the product does; what they weigh, without and with the daily registers."""
    is_curve = pc.less(blocks["interval_s"], DAY_S)
    files = head_end.unit(lambda work: Readings(work.context).write_blocks(blocks, name="sealed"))
    curves = head_end.unit(lambda work: Readings(work.context).write_blocks(blocks.filter(is_curve), name="curves"))
    head_end.unit(lambda work: work.add_files(files))
    for file in curves:
        head_end.lake.disk.remove(head_end.lake.root / file.path)
    return {
        "day": day.toordinal(),
        "bytes": _bytes(files),
        "values": _values(blocks),
        "curve_bytes": _bytes(curves),
        "curve_values": _values(blocks.filter(is_curve)),
    }


def sum_weights(weights: list[dict[str, int]], *, daily: bool) -> float:
    """Bytes a value that is there."""
    size, count = ("bytes", "values") if daily else ("curve_bytes", "curve_values")
    return sum(each[size] for each in weights) / sum(each[count] for each in weights)


def rows_of_blocks(head_end: HeadEnd) -> Columns:
    """Every value of every block as a row, widest column first, which is how PostgreSQL packs rows best."""
    last = FIRST + timedelta(days=DAYS - 1)
    files = head_end.unit(lambda work: Readings(work.context).files("blocks", first=FIRST, last=last))
    parts = [_exploded(head_end.lake.read([file])) for file in files]
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
    last = FIRST + timedelta(days=DAYS - 1)
    return Readings(work.context).blocks(usage_points=[point], first=FIRST, last=last, reading_types=[PROFILE])


def _read_month_file(head_end: HeadEnd, channels: Ints, repeat: int) -> list[float]:
    """The same question to one file that holds the month sorted by usage point."""
    last = FIRST + timedelta(days=DAYS - 1)
    files = head_end.unit(lambda work: Readings(work.context).files("blocks", first=FIRST, last=last))
    keys = [(name, "ascending") for name in ("usage_point", "reading_type", "business_date")]
    whole = pa.concat_tables([unpacked(head_end.lake.read([file])) for file in files]).sort_by(keys)
    file = head_end.lake.write(table="month", part="0", name="month", data=packed(whole), key="usage_point", **BLOCK_PARQUET)
    chosen = np.random.default_rng(SEED).choice(channels, min(ASKED, len(channels)), replace=False).tolist()
    medians = []
    for _ in range(repeat):
        times = []
        for point in chosen:
            began = time.perf_counter()
            rows = read_blocks(head_end.lake.paths([file]), usage_points=[point], first=FIRST, last=last, reading_types=[PROFILE])
            times.append((time.perf_counter() - began) * 1000)
            assert rows.num_rows == DAYS
        medians.append(float(np.median(times)))
    return medians


def _bytes(files: list[LakeFile]) -> int:
    return sum(file.bytes for file in files)


def _values(blocks: pa.Table) -> int:
    return int(pc.count(blocks["values"].combine_chunks().flatten()).as_py())
