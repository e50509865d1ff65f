"""A disk that is full stops a system's work until there is room again, and none of its loops."""

import asyncio
import sqlite3
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from exchange.test_node import ALLOWED, LISTENER, SPEAKER, accounts, make_node, status_of, told
from exchange.test_workers import until
from metropool.core.errors import Conflict, Unavailable
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.evidence import Evidence
from metropool.exchange.memory import MemoryBroker
from metropool.exchange.ports import Delivery
from metropool.plan.compiled import Route
from metropool.runtime import lasting, relay
from metropool.runtime.evidence import sign_evidence
from metropool.runtime.workers import run_workers
from metropool.storage.suites import draw_secret, signing_key

MINUTE = timedelta(minutes=1)


class Disk:
    """Lets no unit of a node end while it is full, as SQLite says it."""

    def __init__(self, node, monkeypatch):
        self.is_full, self.refused = False, 0
        self._unit = node.database.unit
        monkeypatch.setattr(node.database, "unit", self._checked)

    @contextmanager
    def _checked(self):
        with self._unit() as connection:
            yield connection
            if self.is_full:
                self.refused += 1
                raise OperationalError("COMMIT", None, sqlite3.OperationalError("database or disk is full"))


def working(steps):
    """Listens, and has a worker that notes each of its steps."""

    def step(*, work):
        steps.append(work.now)
        work.context.connection.execute(insert(told).values(account=f"step {len(steps)}"))

    return Capability(
        name="listener",
        consumes=LISTENER.consumes,
        produces=SPEAKER.produces,
        tables=LISTENER.tables,
        workers=(Worker(name="notes", step=step, every=MINUTE),),
    )


def covered(node):
    with node.database.snapshot() as connection:
        book = Evidence(node.context(connection))
        root = book.last_root()
        return root is not None and root[0].last == book.head()[0] > 0


async def nap(seconds, *, unless=None):
    await asyncio.sleep(0.005)


def test_every_loop_outlasts_a_full_disk_and_goes_on_when_there_is_room(tmp_path, monkeypatch):
    for module in (lasting, relay):
        monkeypatch.setattr(module, "pause", nap)
    steps = []
    speaker, node = make_node(tmp_path, "marketing", SPEAKER), make_node(tmp_path, "metering", working(steps))
    ways = ALLOWED | {("metering", "payment_status", "bank")}
    broker, disk = MemoryBroker(allowed=ways, chance=SeededIds(1)), Disk(node, monkeypatch)
    node.routes = {
        "PaymentStatusTold": (Route(phrase="payment_status", receiver=SystemId("bank"), receiver_party=PartyId("bank")),)
    }
    exchange, key = broker.exchange(node.system), signing_key("ed25519-sha256", draw_secret("ed25519-sha256"))
    fetch = exchange.fetch

    async def fetched(**asked):
        await nap(0)
        return await fetch(**asked)

    exchange = SimpleNamespace(fetch=fetched, deliver=exchange.deliver)

    async def run():
        loops = [
            asyncio.create_task(loop)
            for loop in (
                relay.relay_out(node, exchange),
                relay.relay_in(node, exchange),
                sign_evidence(node, key),
                run_workers(node),
            )
        ]
        await until(lambda: len(steps) == 1)
        await node.write("listener", lambda work: work.tell(status_of("B"), key="b"))
        disk.is_full = True
        await speaker.write("speaker", lambda work: work.tell(status_of("A"), key="a"))
        for _, envelope in speaker.unsent(limit=9):
            await broker.exchange(speaker.system).deliver(envelope)
        node.clock.advance(MINUTE)
        await until(lambda: len(steps) > 1 and disk.refused > 8)
        assert [loop for loop in loops if loop.done()] == []
        disk.is_full = False
        node.clock.advance(MINUTE)
        await until(lambda: accounts(node) >= 3 and not node.unsent(limit=9) and covered(node))
        for loop in loops:
            loop.cancel()
        return await asyncio.gather(*loops, return_exceptions=True)

    assert all(isinstance(end, asyncio.CancelledError) for end in asyncio.run(run()))
    with node.database.snapshot() as connection:
        noted = connection.execute(select(told.c.account)).scalars().all()
    assert {"A", "step 1"} <= set(noted)
    for each in (speaker, node):
        each.close()


def test_a_loop_that_stumbles_over_something_else_ends(monkeypatch):
    monkeypatch.setattr(lasting, "pause", nap)
    faults = [Unavailable("full"), OSError("no"), MemoryError(), ExceptionGroup("", [Unavailable("a"), OSError("b")])]

    async def loop(last):
        if faults:
            raise faults.pop()
        raise last

    with pytest.raises(KeyError):
        asyncio.run(lasting.lasting(partial(loop, KeyError("x")), system="s", name="l"))
    with pytest.raises(ExceptionGroup):
        asyncio.run(lasting.lasting(partial(loop, ExceptionGroup("", [Unavailable("a"), Conflict("b")])), system="s", name="l"))
    assert faults == []


def test_what_cannot_even_be_parked_is_tried_later_and_what_came_after_it_is_taken_in(tmp_path, monkeypatch):
    node, put_off, taken = make_node(tmp_path, "metering", LISTENER), [], []

    async def stumble(delivery):
        if delivery.position == 1:
            raise ZeroDivisionError
        taken.append(delivery.position)

    async def later(seconds):
        put_off.append(seconds)

    async def done():
        return

    async def run():
        monkeypatch.setattr(node, "receive", stumble)
        for position in (1, 2):
            await relay._take_in_alone(node, Delivery(b"", "marketing", "p", position, attempt=2000, done=done, later=later))

    asyncio.run(run())
    assert (taken, put_off) == ([2], [60.0])
    node.close()


def test_a_statement_that_cannot_be_is_no_disk_that_is_full(tmp_path):
    node = make_node(tmp_path, "metering", LISTENER)
    with pytest.raises(OperationalError), node.database.unit() as connection:
        connection.exec_driver_sql("SELECT * FROM nothing_of_the_kind")
    with pytest.raises(Unavailable), node.database.unit() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")
        connection.exec_driver_sql("CREATE TABLE ballast (a BLOB)")
        connection.exec_driver_sql("INSERT INTO ballast VALUES (zeroblob(1000000))")
    node.close()
