"""What falls due is done when it is due, whatever else takes long."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from metropool.core.clock import VirtualClock
from metropool.core.errors import Conflict
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.exchange.capability import Capability, Worker
from metropool.runtime.node import Hosted, Node
from metropool.runtime.workers import run_workers
from metropool.storage.database import open_database
from metropool.storage.lake import Lake

NOW = datetime(2026, 7, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def node_with(folder: Path, *workers: Worker) -> Node:
    hosted = {"some": Hosted(capability=Capability(name="some", workers=workers), rows=())}
    return Node(
        system=SystemId("metering"),
        party=PartyId("grid"),
        database=open_database(f"sqlite:///{folder}", schema="metering"),
        lake=Lake(root=folder / "lake"),
        clock=VirtualClock(NOW),
        ids=SeededIds(1),
        hosted=hosted,
        routes={},
        books={},
    )


async def until(question) -> None:
    for _ in range(1000):
        if question():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true within 10 s")


def test_one_that_prepares_long_holds_up_no_other(tmp_path: Path) -> None:
    begun, go_on, done = threading.Event(), threading.Event(), []

    def prepare(*, work) -> str:
        begun.set()
        assert go_on.wait(20)
        return "a month"

    slow = Worker(name="slow", step=lambda *, work, prepared: done.append(prepared), every=60 * MINUTE, prepare=prepare)
    quick = Worker(name="quick", step=lambda *, work: done.append(work.now), every=MINUTE)
    node = node_with(tmp_path, slow, quick)

    async def run() -> None:
        running = asyncio.create_task(run_workers(node))
        try:
            await until(begun.is_set)
            for steps in range(1, 4):
                await until(lambda steps=steps: len(done) == steps)
                node.clock.advance(MINUTE)
            go_on.set()
            await until(lambda: "a month" in done)
        finally:
            go_on.set()
            running.cancel()

    asyncio.run(run())
    node.close()


@pytest.mark.parametrize("fails_first", [Conflict("somebody else was first"), KeyError("a fault of ours"), None])
def test_each_keeps_its_own_time_and_a_fault_stops_nobody(tmp_path: Path, fails_first: Exception | None) -> None:
    steps = {"faulty": 0, "other": 0}

    def step(name: str):
        def take(*, work) -> None:
            steps[name] += 1
            if name == "faulty" and fails_first is not None and steps[name] == 1:
                raise fails_first

        return take

    node = node_with(tmp_path, *(Worker(name=name, step=step(name), every=10 * MINUTE) for name in steps))

    async def run() -> None:
        running = asyncio.create_task(run_workers(node))
        await until(lambda: steps == {"faulty": 1, "other": 1})
        await asyncio.sleep(0.1)
        node.clock.advance(MINUTE)
        wanted = {"faulty": 2 if fails_first else 1, "other": 1}
        await until(lambda: steps == wanted)
        await asyncio.sleep(0.1)
        assert steps == wanted
        running.cancel()

    asyncio.run(run())
    node.close()
