"""On PostgreSQL a system's books do what they do on SQLite: readings in, days sealed and told, bills issued, all or nothing."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from cityinabox.city import make_city
from exchange.postgresql.cluster import cluster, why_not
from metropool.capabilities.metering.attendants import Attendants
from metropool.capabilities.metering.collection import operations as collection
from metropool.capabilities.metering.collection import recall
from metropool.capabilities.metering.collection.backlog import Backlog
from metropool.capabilities.metering.frontend.tasks import Contact, encode
from metropool.capabilities.metering.scheduling import operations as scheduling
from metropool.core.clock import VirtualClock
from metropool.core.errors import Invalid
from metropool.core.identifiers import SystemId
from metropool.core.quantities import reading_type
from metropool.exchange import batches
from metropool.exchange.envelope import Envelope, Part, digest
from metropool.exchange.evidence.tables import evidence
from metropool.exchange.memory import MemoryBroker
from metropool.exchange.outbox import inbox, outbox
from metropool.exchange.parts import whole_of
from metropool.exchange.ports import LogEntry
from metropool.facts.registry.tables import channel
from metropool.runtime.chain_health import chain_checks
from metropool.runtime.demo.companies import enrol_a_company, let_bill
from metropool.runtime.enrol import enrol_metering, enrol_platform
from metropool.runtime.evidence import cover
from metropool.runtime.metering import MeteringUnits
from metropool.runtime.node import Node
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node
from metropool.runtime.upkeep import put_in_order
from metropool.storage.database import open_database
from metropool.storage.lake import lake_file
from metropool.storage.suites import ED25519, signing_key
from portal.desks.conftest import batch_of

METERING, MARKETING, PLATFORM = SystemId("metering"), SystemId("marketing"), SystemId("smart_use_platform")
SYSTEMS = (METERING, MARKETING, PLATFORM)
FIRST, DAYS, HOMES = date(2026, 6, 1), 30, 3
MIDNIGHT_S = int(datetime(2026, 5, 31, 16, tzinfo=UTC).timestamp())
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
FREEZE = reading_type("electricity_forward_register").id
pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with cluster() as found:
        yield found


@pytest.fixture
def city(address: str, tmp_path: Path) -> Iterator["City"]:
    found = City(address, tmp_path)
    yield found
    for node in found.nodes.values():
        node.close()


class City:
    """Metering, the electricity company and the platform, each with a schema of one PostgreSQL, and a clock that tests move."""

    def __init__(self, address: str, folder: Path) -> None:
        self.compiled, self.clock = compile_named("transition"), VirtualClock(datetime(2026, 6, 1, tzinfo=UTC))
        self.settings = Settings(home=folder, database=address)
        self.nodes = {system: self.open(system) for system in SYSTEMS}
        letters = [(sender, route.phrase, route.receiver) for sender in self.nodes for route in self.routes(sender)]
        self.broker = MemoryBroker(allowed=frozenset(letters), chance=self.nodes[METERING].ids)

    def open(self, system: SystemId) -> Node:
        node = open_node(system, compiled=self.compiled, settings=self.settings)
        node.clock = self.clock
        return node

    def routes(self, system: SystemId) -> list:
        return [route for routes in self.compiled.routes.get(system, {}).values() for route in routes]

    def enrol(self) -> None:
        box = make_city(7, HOMES).as_dict()
        self.nodes[METERING].write_now("metering", lambda work: enrol_metering(work.registry, box))
        enrol_a_company(self.nodes[MARKETING], box, since=FIRST)
        self.nodes[PLATFORM].write_now("settlement", lambda work: enrol_platform(work.registry, box))

    def freezes(self) -> bytes:
        """The dial of every electricity meter at each midnight of June: a hundredth of its number a day."""
        rows = self.nodes[METERING].read_now("metering", lambda work: work.registry.rows(channel, reading_type=FREEZE))
        at = MIDNIGHT_S + 86_400 * np.arange(DAYS + 1)
        return batch_of(
            [(row["address"], row["point"], FREEZE, at, (1 + np.arange(DAYS + 1)) * 1_000 * row["id"]) for row in rows]
        )

    def work_off(self, system: SystemId) -> None:
        """Step each worker of a system as long as it says that it is due at once."""
        node = self.nodes[system]
        for name, host in node.hosted.items():
            for worker in host.capability.workers:
                for _ in range(200):
                    ready = (
                        {"prepared": node.read_now(name, lambda work, w=worker: w.prepare(work=work))} if worker.prepare else {}
                    )
                    due, _ = node.write_now(name, lambda work, w=worker, r=ready: w.step(work=work, **r))
                    if due is None or due > self.clock.now():
                        break

    def carry(self) -> None:
        """Deliver and take in until nothing waits."""

        async def run() -> None:
            for _ in range(50):
                for system, node in self.nodes.items():
                    exchange = self.broker.exchange(system)
                    listed = [pair for pair in node.unsent(limit=500) if pair[1].receiver in self.nodes]
                    for number, envelope in listed:
                        await node.mark_sent([(number, await exchange.deliver(envelope))])
                    for delivery in await exchange.fetch(limit=500, wait_s=0):
                        await node.receive(delivery)
                if not any(self.broker.waiting.values()) and not any(self.unsent_here(node) for node in self.nodes.values()):
                    return
            raise AssertionError("the relay did not come to rest")

        asyncio.run(run())

    def unsent_here(self, node: Node) -> list:
        return [pair for pair in node.unsent(limit=500) if pair[1].receiver in self.nodes]

    def count(self, system: SystemId, table: object, *where: object) -> int:
        with self.nodes[system].database.snapshot() as connection:
            return connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()


def take_in(city: City, entries: list[LogEntry]) -> None:
    """What the loop that takes the log in does with batches that were handed over."""

    async def run() -> None:
        backlog = Backlog()
        backlog.add(entries)
        await Attendants(units=MeteringUnits(city.nodes[METERING]), front=None, stream="log_metering").take_in(backlog)

    asyncio.run(run())


def collect_june(city: City) -> None:
    """A month of readings comes out of the log, twice; then what is missing is asked for."""
    node = city.nodes[METERING]
    node.write_now("metering", lambda work: scheduling.start_schedules(work=work))
    node.write_now("metering", lambda work: collection.plan_days(work=work))
    entries = [LogEntry(1, "readings", city.freezes()), LogEntry(2, "events", encode([]))]
    take_in(city, entries)
    take_in(city, entries)
    readings = node.read_now("metering", lambda work: work.readings.readings(first=FIRST, last=date(2026, 6, 30)))
    assert readings.num_rows == DAYS * len(readings["channel"].unique()) > 0
    city.clock.advance(timedelta(days=30, hours=2))
    node.write_now("metering", lambda work: collection.plan_days(work=work))
    assert node.write_now("metering", lambda work: collection.due_reads(work=work))
    contact = Contact(terminal=1, state="online", since=1, last_heard_at=1)
    node.write_now("metering", lambda work: collection.record_contacts(work=work, contacts=[contact]))
    node.write_now("metering", lambda work: recall.resume(work=work))


def bill_june(city: City) -> list[dict]:
    """The days are sealed and told, the company bills, the platform combines; the combined bills."""
    city.work_off(METERING)
    assert len(city.nodes[METERING].read_now("metering", lambda work: work.sealing.sealed())) >= DAYS
    city.carry()
    let_bill(city.nodes[MARKETING], FIRST)
    city.clock.advance(timedelta(days=1))
    for _ in range(10):
        city.work_off(MARKETING)
        city.clock.advance(timedelta(minutes=15))
    city.carry()
    city.clock.advance(timedelta(days=6))
    city.work_off(PLATFORM)
    assert not any(city.count(system, inbox, inbox.c.outcome == "parked") for system in SYSTEMS)
    return city.nodes[PLATFORM].read_now("settlement", lambda work: [dict(row) for row in work.dues.combined_bills()])


def test_a_month_from_readings_to_combined_bills_is_that_of_sqlite(city: City, tmp_path: Path) -> None:
    other, bills = City("embedded", tmp_path / "embedded"), []
    for one in (city, other):
        one.enrol()
        collect_june(one)
        bills.append(bill_june(one))
        for node in one.nodes.values():
            cover(node, signing_key(ED25519, "07" * 32))
            asyncio.run(put_in_order(node))
            assert [(check.chain, check.fault) for check in chain_checks(node)] == [
                ("audit", {}),
                ("evidence", {}),
                ("ledger", {}),
            ]
            assert one.count(node.system, evidence) == one.count(node.system, outbox, outbox.c.sent_at.is_not(None)) + one.count(
                node.system, inbox
            )
    for node in other.nodes.values():
        node.close()
    assert bills[0] == bills[1]
    assert [bill["period"] for bill in bills[0]] == ["2026-06"] * len(bills[0]) != []


KILLED = """
import sys, time
from pathlib import Path
import pyarrow as pa
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node
from metropool.core.identifiers import SystemId
from metropool.exchange.messages import ROWS, PaymentStatusTold, HouseholdUsageTold

settings = Settings(home=Path(sys.argv[1]), database=sys.argv[2])
node = open_node(SystemId("metering"), compiled=compile_named("transition"), settings=settings)
rows = pa.table({"channel": pa.array([1], pa.int32())})

def step(work):
    file = node.lake.write(table="readings", part="2026-06-01", name=sys.argv[3], data=rows, key="channel")
    work.add_files([file])
    work.collection.set_position(stream="log_metering", sequence=int(sys.argv[4]))
    if sys.argv[3] == "killed":
        print("within", flush=True)
        time.sleep(60)

node.write_now("metering", step)
print("done", flush=True)
"""


def test_a_kill_within_the_unit_leaves_nothing_but_an_orphan(city: City, tmp_path: Path) -> None:
    def run(name: str, sequence: int) -> subprocess.Popen:
        command = [sys.executable, "-c", KILLED, str(tmp_path), city.settings.database, name, str(sequence)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        )

    def position() -> int:
        return city.nodes[METERING].read_now("metering", lambda work: work.collection.position(stream="log_metering"))

    before, files = position(), city.count(METERING, lake_file)
    killed = run("killed", before + 1)
    assert killed.stdout.readline() == "within\n"
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert (position(), city.count(METERING, lake_file)) == (before, files)
    orphans = city.nodes[METERING].sweep()
    assert orphans == ["readings/2026-06-01/killed.parquet"]
    again = run("again", before + 1)
    assert again.communicate(timeout=60)[0] == "done\n"
    assert (position(), city.count(METERING, lake_file)) == (before + 1, files + 1)


def test_parts_of_a_batch_are_counted_until_it_is_whole(address: str) -> None:
    """Statements of their own, which another dialect writes: found by number, held apart, compared, forgotten."""
    known = {"phrase": "bills", "kind": "?", "version": 1, "sender": "water", "receiver": "platform", "at": JUNE}
    whole = whole_of(digest(bytes([number])) for number in (1, 2, 3))
    letters = [
        Envelope(id=f"{number}", body=bytes([number]), part=Part(batch="b", number=number, of=3, whole=whole), **known)
        for number in (1, 2, 3)
    ]
    database = open_database(address, schema="batches")
    database.create([batches.metadata])
    with database.unit() as connection:
        batches.Batches(connection).note(letters[1:], now=JUNE)
    with database.unit() as connection:
        assert [
            (one.came, one.of) for one in batches.Batches(connection).short(limit=9, before=JUNE + timedelta(days=1)).oldest
        ] == [(2, 3)]
    with pytest.raises(Invalid, match="came in another letter"), database.unit() as connection:
        batches.Batches(connection).note(letters[:2], now=JUNE)
    with database.unit() as connection:
        batches.Batches(connection).note(letters[:1], now=JUNE)
        assert batches.Batches(connection).short(limit=9).count == 0
        assert connection.execute(select(func.count()).select_from(batches.inbox_part)).scalar() == 0
    database.close()
