"""What an exchange costs beside the small ones: messages of many rows, a decision of who may what, a plan compiled."""

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.evidence import HEARER, PHRASE, TELLER, open_exchange, open_node, tell
from bench.peer import Columns, Peer
from bench.processes import cost_of
from bench.report import Measured, Result
from metropool.access.rights import Grant, Rights, account_scope
from metropool.exchange.messages import ROWS, PaymentStatusTold
from metropool.plan.broker import plan_broker
from metropool.plan.schema import Letter
from metropool.runtime.broker import BrokerServer
from metropool.runtime.ports import free_port
from metropool.runtime.relay import relay_in, relay_out
from metropool.runtime.systems import compile_named

MARK_ROWS_S, MARK_DECISION_US, MARK_COMPILE_MS = 1_000_000, 50.0, 1_000.0
BATCH_ROWS, BATCHES = 250_000, 8
GRANTS, ASKED = 1_000, 20_000
PLANS = ("one", "two", "transition")
NOW = datetime(2026, 7, 1, tzinfo=UTC)
_PATIENCE_S = 120


def measure(*, meters: int, repeat: int, peer: Peer) -> Result:  # noqa: ARG001
    """The same ``repeat`` times; the size of the city has no part in it."""
    batches, compiled = [batches_told(BATCHES) for _ in range(repeat)], [_compile_ms() for _ in range(repeat)]
    rows = BATCH_ROWS * BATCHES
    return Result(
        name="exchange",
        size=f"{BATCHES} messages of {BATCH_ROWS:,} rows; {GRANTS:,} grants; {len(PLANS)} plans",
        measured=[
            Measured(
                what="rows of batch messages/s per core, told, carried, taken in, recorded at both ends",
                unit="1/s",
                ours=[rows / sum(run["cpu_s"].values()) for run in batches],
                peer=[rows / _load_s(peer, rows) for _ in range(repeat)],
                mark=MARK_ROWS_S,
            ),
            Measured(what="the same by the clock", unit="1/s", ours=[rows / run["seconds"] for run in batches]),
            Measured(
                what="one decision of who may what",
                unit="us",
                ours=[_decision_us() for _ in range(repeat)],
                mark=MARK_DECISION_US,
                less_is_better=True,
            ),
            Measured(
                what="the slowest plan read, checked and compiled",
                unit="ms",
                ours=compiled,
                mark=MARK_COMPILE_MS,
                less_is_better=True,
            ),
        ],
        details={"runs": batches},
    )


def batches_told(count: int) -> dict[str, Any]:
    """What so many batches cost: seconds by the clock, processor seconds of both ends and of the broker."""
    with tempfile.TemporaryDirectory(prefix="bench-exchange-") as folder:
        return asyncio.run(_exchange(Path(folder), count))


def rows_of_batch() -> pa.Table:
    """Accounts, how they stand and where they lie: five columns, an account a row, fifty to a building and six of these to a community."""
    columns = {
        "account_number": pa.array(np.arange(BATCH_ROWS) + 1_000_000_000).cast(pa.string()),
        "status": pa.array(["paid"] * BATCH_ROWS),
        "as_of": pa.array([NOW] * BATCH_ROWS),
        "community": pa.array([f"community-{number // 300}" for number in range(BATCH_ROWS)]),
        "building": pa.array([f"building-{number // 300}-{number // 50 % 6}" for number in range(BATCH_ROWS)]),
    }
    schema = ROWS[PaymentStatusTold]
    return pa.table({name: columns[name].cast(schema.field(name).type) for name in schema.names}, schema=schema)


async def _exchange(home: Path, count: int) -> dict[str, Any]:
    heard, total, loop, over = [0], BATCH_ROWS * count, asyncio.get_running_loop(), asyncio.Event()

    def take(*, work: Any, message: PaymentStatusTold) -> None:  # noqa: ARG001
        heard[0] += message.rows.num_rows
        if heard[0] >= total:
            loop.call_soon_threadsafe(over.set)

    broker = plan_broker(nodes={TELLER: None, HEARER: None}, letters=[Letter(TELLER, PHRASE, HEARER)])
    message = PaymentStatusTold(rows=rows_of_batch())
    async with BrokerServer(home=home, broker=broker, port=free_port()) as server:
        nodes = [open_node(home, system, take) for system in (TELLER, HEARER)]
        exchanges = [await open_exchange(home, server.url, node) for node in nodes]
        pid = server.pid or "self"
        began, ours, brokers = time.perf_counter(), cost_of("nodes"), cost_of("broker", pid)
        async with asyncio.TaskGroup() as group:
            running = [
                group.create_task(task)
                for node, exchange in zip(nodes, exchanges, strict=True)
                for task in (relay_out(node, exchange), relay_in(node, exchange))
            ]
            for batch in range(count):
                await nodes[0].write("teller", partial(tell, message, f"{batch}"))
            await asyncio.wait_for(over.wait(), _PATIENCE_S)
            for task in running:
                task.cancel()
        seconds = time.perf_counter() - began
        cpu_s = {"nodes": cost_of("nodes").since(ours).cpu_s, "broker": cost_of("broker", pid).since(brokers).cpu_s}
        assert heard[0] == total, "a row came twice"
        for exchange, node in zip(exchanges, nodes, strict=True):
            await exchange.close()
            node.close()
    return {"seconds": round(seconds, 3), "cpu_s": cpu_s}


def _load_s(peer: Peer, rows: int) -> float:
    """Seconds the peer takes to have as many rows, of integers, in one table, committed: without a second party or a proof."""
    numbers = np.arange(rows, dtype=np.int64)
    status, as_of = (numbers % 3).astype(np.int32), numbers * 0 + 1_782_864_000
    columns: Columns = {"account_number": numbers, "status": status, "as_of": as_of}
    peer.create("told", columns)
    encoded = peer.encode(columns)
    began = time.perf_counter()
    peer.load("told", encoded)
    return time.perf_counter() - began


def _decision_us() -> float:
    """Microseconds of one check of a person who holds many grants, half of them granted."""
    rights = Rights(Grant(("home.see", "bills.see"), account_scope(f"{number}"), "living there") for number in range(GRANTS))
    scopes = [account_scope(f"{number}") for number in range(2 * GRANTS)]
    began = time.process_time()
    granted = sum(rights.may("bills.see", scopes[asked % len(scopes)], now=NOW) for asked in range(ASKED))
    elapsed = time.process_time() - began
    assert granted == ASKED // 2, "a decision was wrong"
    return elapsed / ASKED * 1e6


def _compile_ms() -> float:
    """Milliseconds for the slowest of the plans that come with us, from the file on."""
    slowest = 0.0
    for plan in PLANS:
        began = time.process_time()
        compile_named(plan).require_sound()
        slowest = max(slowest, time.process_time() - began)
    return slowest * 1e3
