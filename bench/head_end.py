"""The metering system's process: log to lake in units of work, then a question to what it stored."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, TypeVar

import duckdb
from sqlalchemy import Connection, func, select

from bench.city import DAY, MIDNIGHT_S, RECEIVED_AT, channels_of, city_of, index_of_city
from bench.processes import cost_of
from metropool.access.audit import Audit
from metropool.capabilities.metering.attendants import Attendants
from metropool.capabilities.metering.collection.adapters import tables
from metropool.capabilities.metering.collection.adapters.book import CollectionBook
from metropool.capabilities.metering.collection.adapters.sheets import SheetBook
from metropool.capabilities.metering.collection.index import ChannelIndex
from metropool.capabilities.metering.collection.model import day_number
from metropool.capabilities.metering.collection.operations import plan_days
from metropool.capabilities.metering.collection.schedules import standard_schedules
from metropool.capabilities.metering.frontend.tasks import AddressBook, Answer, Task
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.exchange.connection import connect
from metropool.exchange.jetstream import JetStreamLog
from metropool.exchange.ports import LogEntry
from metropool.facts import events, registry
from metropool.facts.readings.book import Readings
from metropool.runtime.broker import seed_of
from metropool.storage import lake as lake_storage
from metropool.storage.database import Database, open_database
from metropool.storage.lake import Lake, LakeFile
from metropool.storage.units import UnitContext

T = TypeVar("T")
STREAM = "log_metering"


class Book(CollectionBook):
    """The book of collection over the bench's city, whose channels are columns from the start."""

    def __init__(self, context: UnitContext, channels: ChannelIndex | None) -> None:
        super().__init__(context)
        self._channels = channels

    def index(self) -> tuple[ChannelIndex, str]:
        """The city's channels; they never change."""
        return (self._channels, "1") if self._channels is not None else super().index()


class Work:
    """What an operation of collection is handed."""

    def __init__(self, context: UnitContext, channels: ChannelIndex | None) -> None:
        self.context, self.now, self.lake = context, context.now, context.lake
        self.collection, self.sheets = Book(context, channels), SheetBook(context)
        self.registry, self.events = registry.Registry(context), events.Events(context)
        self.audit = Audit(context.connection, int(context.now.timestamp()))

    def changed(self, topic: str) -> None:
        """No page is open."""

    def add_files(self, files: Sequence[LakeFile]) -> int:
        return self.context.lake.add(self.context.connection, files)


@dataclass
class HeadEnd:
    """One database and one lake under a folder."""

    database: Database
    lake: Lake
    channels: ChannelIndex | None = None

    @classmethod
    def at(cls, folder: Path, channels: ChannelIndex | None = None) -> "HeadEnd":
        database = open_database(f"sqlite:///{folder}", schema="metering")
        database.create([tables.metadata, registry.metadata, events.metadata, lake_storage.metadata])
        return cls(database, Lake(folder / "lake"), channels)

    def unit(self, step: Callable[[Work], T]) -> T:
        """One unit of work."""
        with self.database.unit() as connection:
            return step(self._work(connection))

    async def read(self, query: Callable[[Any], T]) -> T:
        """A consistent view beside the loop."""
        return await asyncio.to_thread(self._look, query)

    def _look(self, query: Callable[[Work], T]) -> T:
        with self.database.snapshot() as connection:
            return query(self._work(connection))

    def _work(self, connection: Connection) -> Work:
        context = UnitContext(connection, RECEIVED_AT, self.lake, SystemId("metering"), PartyId("grid"), SeededIds(1))
        return Work(context, self.channels)

    async def write(self, operation: Callable[[Any], T]) -> T:
        """One unit beside the loop."""
        return await asyncio.to_thread(self.unit, operation)


class NobodyToAsk:
    """No front end takes tasks: everything comes unasked."""

    async def introduce(self, book: AddressBook) -> None:
        """See ``ports.FrontEnd``."""
        raise AssertionError(f"the bench introduces nobody from here: {book}")

    async def carry_out(self, task: Task) -> Answer:
        """See ``ports.FrontEnd``."""
        raise AssertionError(f"the bench asks for nothing: {task}")


@dataclass
class Source:
    """The log, which knows when everything sent lies in the lake, and that no entry was passed over."""

    log: JetStreamLog
    head_end: HeadEnd
    expected: int
    last: int = 0
    units: int = 0
    rows: int = 0
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, *, limit: int, wait_s: float) -> Sequence[LogEntry]:
        """See ``exchange.ports.Log``."""
        entries = await self.log.read(limit=limit, wait_s=wait_s)
        numbers = [entry.sequence for entry in entries]
        assert numbers == list(range(self.last + 1, self.last + 1 + len(numbers))), f"after {self.last} the log gave {numbers}"
        self.last = numbers[-1] if numbers else self.last
        return entries

    async def done(self, sequence: int) -> None:
        """See ``exchange.ports.Log``; then count what is listed."""
        await self.log.done(sequence)
        total = select(func.coalesce(func.sum(lake_storage.lake_file.c.rows), 0))
        self.rows = int(self.head_end.unit(lambda work: work.context.connection.execute(total).scalar_one()))
        self.units += 1
        if self.rows >= self.expected:
            self.complete.set()


def run(home: str, broker_url: str, meters: int, pipe: Pipe) -> None:
    """Take in every value of the city-day, answer the questions of the bench, say what it cost."""
    pipe.send(asyncio.run(_run(Path(home), broker_url, meters, pipe)))


async def _run(home: Path, broker_url: str, meters: int, pipe: Pipe) -> dict[str, object]:
    city = city_of(meters)
    head_end = HeadEnd.at(home / "metering", index_of_city(city))
    schedules = standard_schedules(first_day=day_number(DAY), now_s=MIDNIGHT_S)
    head_end.unit(lambda work: work.collection.set_schedules(schedules))
    head_end.unit(lambda work: plan_days(work=work))
    client = await connect(broker_url, user="metering", seed=seed_of(home, account="metering", user="metering"))
    log = JetStreamLog(client, stream=STREAM, subject="log.metering")
    before = cost_of("metering")
    pipe.send("ready")
    source = Source(log, head_end, city.values_a_day)
    taking = asyncio.create_task(Attendants(head_end, NobodyToAsk(), stream=STREAM).take_log_in(source))
    await _first_of(taking, source.complete)
    asked = await asyncio.to_thread(_first_curve, head_end, channel=city.electricity // 2 * 6 + 6)
    queryable_at = time.perf_counter()
    cost = cost_of("metering").since(before)
    sums = _sums(head_end, meters)
    rates = head_end.unit(lambda work: work.sheets.rates(first_day=day_number(DAY), last_day=day_number(DAY)))
    await client.close()
    head_end.database.close()
    return {
        "rows": source.rows,
        "units": source.units,
        "queryable_at": queryable_at,
        "curve": asked,
        "cost": cost,
        "sums": sums,
        "collected": {item: (rate.planned, rate.collected) for item, _, rate in rates},
        "lake_bytes": sum(path.stat().st_size for path in head_end.lake.root.rglob("*.parquet")),
    }


async def _first_of(taking: "asyncio.Task[None]", complete: asyncio.Event) -> None:
    """Until everything is in, or the taking failed."""
    waiting = asyncio.create_task(complete.wait())
    await asyncio.wait({taking, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if taking.done():
        taking.result()
    taking.cancel()


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
