"""The metering system's process: log to lake in units of work, then a question to what it stored."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

import duckdb

from bench.city import DAY, MIDNIGHT_S, RECEIVED_AT, channels_of, city_of, index_of_city
from bench.processes import cost_of
from metropool.capabilities.metering.collection import ingest
from metropool.capabilities.metering.collection.adapters import tables
from metropool.capabilities.metering.collection.adapters.book import CollectionBook
from metropool.capabilities.metering.collection.adapters.sheets import SheetBook
from metropool.capabilities.metering.collection.index import ChannelIndex
from metropool.capabilities.metering.collection.model import Schedule, day_number
from metropool.capabilities.metering.collection.operations import plan_days
from metropool.capabilities.metering.collection.schedules import standard_schedules
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.exchange.jetstream import JetStreamLog, connect
from metropool.facts import events, registry
from metropool.facts.readings.book import Readings
from metropool.runtime.broker import seed_of
from metropool.storage import lake as lake_storage
from metropool.storage.database import Database, open_database
from metropool.storage.lake import Lake, LakeFile
from metropool.storage.units import UnitContext

T = TypeVar("T")
STREAM = "log_metering"
BATCHES_PER_UNIT = 8


class Work:
    """What an operation of collection is handed."""

    def __init__(self, context: UnitContext) -> None:
        self.context, self.now = context, context.now
        self.collection, self.sheets = CollectionBook(context), SheetBook(context)
        self.registry, self.events = registry.Registry(context), events.Events(context)

    def changed(self, topic: str) -> None:
        """No page is open."""

    def add_files(self, files: Sequence[LakeFile]) -> int:
        return self.context.lake.add(self.context.connection, files)


@dataclass
class HeadEnd:
    """One database and one lake under a folder."""

    database: Database
    lake: Lake

    @classmethod
    def at(cls, folder: Path) -> "HeadEnd":
        database = open_database(f"sqlite:///{folder}", schema="metering")
        database.create([tables.metadata, registry.metadata, events.metadata, lake_storage.metadata])
        return cls(database, Lake(folder / "lake"))

    def unit(self, step: Callable[[Work], T]) -> T:
        """One unit of work."""
        with self.database.unit() as connection:
            return step(
                Work(UnitContext(connection, RECEIVED_AT, self.lake, SystemId("metering"), PartyId("grid"), SeededIds(1)))
            )


def run(home: str, broker_url: str, meters: int, pipe: Connection) -> None:
    """Take in every value of the city-day, answer the questions of the bench, say what it cost."""
    pipe.send(asyncio.run(_run(Path(home), broker_url, meters, pipe)))


async def _run(home: Path, broker_url: str, meters: int, pipe: Connection) -> dict[str, object]:
    city = city_of(meters)
    head_end, index = HeadEnd.at(home / "metering"), index_of_city(city)
    schedules = {row.item: row for row in standard_schedules(first_day=day_number(DAY), now_s=MIDNIGHT_S)}
    head_end.unit(lambda work: work.collection.set_schedules(list(schedules.values())))
    head_end.unit(lambda work: plan_days(work=work, index=index, fingerprint="1"))
    client = await connect(broker_url, user="metering", seed=seed_of(home, account="metering", user="metering"))
    log = JetStreamLog(client, stream=STREAM, subject="log.metering")
    before = cost_of("metering")
    pipe.send("ready")
    rows, units = await _take_in(log, head_end, index, schedules, city.values_a_day)
    asked = await asyncio.to_thread(_first_curve, head_end, channel=city.electricity // 2 * 6 + 6)
    queryable_at = time.perf_counter()
    cost = cost_of("metering").since(before)
    sums = _sums(head_end, meters)
    rates = head_end.unit(lambda work: work.sheets.rates(first_day=day_number(DAY), last_day=day_number(DAY)))
    await client.close()
    head_end.database.close()
    return {
        "rows": rows,
        "units": units,
        "queryable_at": queryable_at,
        "curve": asked,
        "cost": cost,
        "sums": sums,
        "collected": {item: (rate.planned, rate.collected) for item, _, rate in rates},
        "lake_bytes": sum(path.stat().st_size for path in head_end.lake.root.rglob("*.parquet")),
    }


async def _take_in(
    log: JetStreamLog, head_end: HeadEnd, index: ChannelIndex, schedules: dict[int, Schedule], expected: int
) -> tuple[int, int]:
    """Apply log batches until every value is in the lake; the next read waits on the broker while a unit is at work."""
    rows = units = 0
    applying: asyncio.Future[tuple[int, int]] | None = None
    while rows < expected or applying:
        batches = await log.read(limit=BATCHES_PER_UNIT, wait_s=0.2) if rows < expected else []
        if applying:
            count, last = await applying
            await log.done(last)
            rows, units, applying = rows + count, units + 1, None
        if batches:
            applying = asyncio.ensure_future(
                asyncio.to_thread(_apply, head_end, index, schedules, [(entry.sequence, entry.data) for entry in batches])
            )
    return rows, units


def _apply(
    head_end: HeadEnd, index: ChannelIndex, schedules: dict[int, Schedule], batches: list[tuple[int, bytes]]
) -> tuple[int, int]:
    prepared = ingest.prepare(batches, index=index, schedules=schedules)
    files = ingest.write(prepared, lake=head_end.lake)
    head_end.unit(lambda work: ingest.commit(work=work, prepared=prepared, files=files, stream=STREAM))
    assert not prepared.unknown, "a value without a channel"
    return prepared.rows, prepared.last


def _first_curve(head_end: HeadEnd, *, channel: int) -> list[int]:
    """The day's profile of one meter, from the files the database lists."""
    found = head_end.unit(lambda work: head_end.lake.files(work.context.connection, table="readings", key=channel))
    query = 'SELECT value FROM read_parquet(?) WHERE channel = ? ORDER BY "at"'
    with duckdb.connect() as connection:
        return [row[0] for row in connection.execute(query, [head_end.lake.paths(found), channel]).fetchall()]


def _sums(head_end: HeadEnd, meters: int) -> dict[int, int]:
    """Sum of all stored values by reading type."""
    first, last = DAY, DAY + timedelta(days=1)
    files = head_end.unit(lambda work: Readings(work.context).files("readings", first=first, last=last))
    channels = channels_of(city_of(meters))
    query = "SELECT item, sum(value)::BIGINT FROM read_parquet(?) JOIN channels USING (channel) GROUP BY item"
    with duckdb.connect() as connection:
        connection.register("channels", channels)
        return dict(connection.execute(query, [head_end.lake.paths(files)]).fetchall())
