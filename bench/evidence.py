"""Small exchanges a second with evidence: told, carried by the broker, taken in, recorded at both ends, under signed roots, verified."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.peer import Peer
from bench.processes import cost_of
from bench.report import Measured, Result
from metropool.access.tables import metadata as access_tables
from metropool.core.clock import SystemClock
from metropool.core.identifiers import PartyId, RandomIds, SystemId
from metropool.exchange.capability import Capability
from metropool.exchange.evidence import Evidence, Listing
from metropool.exchange.evidence.export import Chosen, choose, section_lines
from metropool.exchange.evidence.objects import Asked
from metropool.exchange.evidence.verify import verify
from metropool.exchange.jetstream import JetStreamExchange
from metropool.exchange.messages import ROWS, PaymentStatusTold
from metropool.plan.broker import plan_broker
from metropool.plan.compiled import Route
from metropool.plan.schema import Letter
from metropool.runtime.broker import BrokerServer, seed_of
from metropool.runtime.evidence import sign_evidence
from metropool.runtime.node import Hosted, Node
from metropool.runtime.ports import free_port
from metropool.runtime.relay import relay_in, relay_out
from metropool.runtime.work import Work
from metropool.storage.database import open_database
from metropool.storage.lake import Lake
from metropool.storage.suites import ED25519, SigningKey, draw_secret, signing_key

MARK_EXCHANGES_S = 500
LETTERS = 3_000
TELLER, HEARER, PHRASE = SystemId("teller"), SystemId("hearer"), "payment_status"
_PATIENCE_S = 300
_ROW = {"account_number": "1000000001", "status": "paid", "as_of": datetime(2026, 7, 1, tzinfo=UTC)}
STATUS = PaymentStatusTold(rows=pa.Table.from_pylist([_ROW], schema=ROWS[PaymentStatusTold]))


def measure(*, meters: int, repeat: int, peer: Peer) -> Result:  # noqa: ARG001
    """The same letters ``repeat`` times; the size of the city has no part in it, and the peer signs nothing."""
    runs = [once(LETTERS) for _ in range(repeat)]
    return Result(
        name="evidence",
        size=f"{LETTERS:,} letters of one row, each told in a unit of its own, then carried",
        measured=[
            Measured(
                what="small exchanges/s per core, recorded at both ends and signed",
                unit="1/s",
                ours=[LETTERS / sum(run["cpu_s"].values()) for run in runs],
                mark=MARK_EXCHANGES_S,
            ),
            Measured(
                what="the same by the clock, two systems in one process",
                unit="1/s",
                ours=[LETTERS / run["seconds"] for run in runs],
            ),
            Measured(what="records verified/s", unit="1/s", ours=[2 * LETTERS / run["verified_s"] for run in runs]),
        ],
        details={"runs": runs},
    )


def once(letters: int) -> dict[str, Any]:
    """What so many letters cost: seconds by the clock, processor seconds of both ends and of the broker, seconds to verify."""
    with tempfile.TemporaryDirectory(prefix="bench-evidence-") as folder:
        return asyncio.run(_exchange(Path(folder), letters))


async def _exchange(home: Path, count: int) -> dict[str, Any]:
    letters = [Letter(TELLER, PHRASE, HEARER)]
    async with BrokerServer(
        home=home, broker=plan_broker(nodes={TELLER: None, HEARER: None}, letters=letters), port=free_port()
    ) as broker:
        nodes = [open_node(home, system, _take) for system in (TELLER, HEARER)]
        keys = {node.system: signing_key(ED25519, draw_secret(ED25519)) for node in nodes}
        exchanges = [await open_exchange(home, broker.url, node) for node in nodes]
        pid = broker.pid or "self"
        began, ours, brokers = time.perf_counter(), cost_of("nodes"), cost_of("broker", pid)
        for letter in range(count):
            await nodes[0].write("teller", partial(tell, STATUS, f"{letter}"))
        async with asyncio.TaskGroup() as group:
            running = [
                group.create_task(task)
                for node, exchange in zip(nodes, exchanges, strict=True)
                for task in (relay_out(node, exchange), relay_in(node, exchange), sign_evidence(node, keys[node.system]))
            ]
            await asyncio.to_thread(_wait, nodes, count)
            for task in running:
                task.cancel()
        seconds = time.perf_counter() - began
        cpu_s = {"nodes": cost_of("nodes").since(ours).cpu_s, "broker": cost_of("broker", pid).since(brokers).cpu_s}
        for exchange in exchanges:
            await exchange.close()
        verified_s = _verified(nodes, keys, count)
        for node in nodes:
            node.close()
    return {"seconds": round(seconds, 3), "cpu_s": cpu_s, "verified_s": round(verified_s, 3)}


def _wait(nodes: list[Node], count: int) -> None:
    """Return when every letter has its record at both ends, under a root."""
    until = time.monotonic() + _PATIENCE_S
    while not all(_is_signed(node, count) for node in nodes):
        if time.monotonic() > until:
            raise TimeoutError(f"letters without signed evidence after {_PATIENCE_S} s")
        time.sleep(0.05)


def _verified(nodes: list[Node], keys: dict[SystemId, SigningKey], count: int) -> float:
    """Seconds to verify the file of both systems, which must be whole."""
    contents: dict[str, Chosen] = {node.system: _content(node) for node in nodes}
    lines = [line for node in nodes for line in _lines(node, keys[node.system], contents)]
    began = time.perf_counter()
    report = verify(lines)
    seconds = time.perf_counter() - began
    assert report.fault is None, f"the evidence is not what was signed: {report.fault}"
    assert [found.shown for found in report.sections] == [count] * 2, "a letter has no evidence, or has it twice"
    return seconds


def _content(node: Node) -> Chosen:
    with node.database.snapshot() as connection:
        chosen = choose(connection, Asked())
    assert chosen is not None, f"{node.system} signed nothing"
    return chosen


def _lines(node: Node, key: SigningKey, contents: Mapping[str, Chosen]) -> Iterator[bytes]:
    with node.database.snapshot() as connection:
        yield from section_lines(node.context(connection), key=key, asked=Asked(), contents=contents)


def _is_signed(node: Node, count: int) -> bool:
    with node.database.snapshot() as connection:
        root = Evidence(node.context(connection)).last_root()
    return root is not None and root[0].last == count


def open_node(home: Path, system: SystemId, take: Callable[..., None]) -> Node:
    """The node that tells or the one that hears, which takes what comes."""
    capability = Capability(name=str(system), consumes={PaymentStatusTold: take} if system == HEARER else {})
    return Node(
        system=system,
        party=PartyId(system),
        database=open_database(f"sqlite:///{home / system}", schema=system),
        lake=Lake(root=home / system / "lake"),
        clock=SystemClock(),
        ids=RandomIds(),
        hosted={capability.name: Hosted(capability=capability, rows=())},
        routes={"PaymentStatusTold": (Route(phrase=PHRASE, receiver=HEARER, receiver_party=PartyId(HEARER)),)},
        books={},
        tables=(access_tables,),
        listing=Listing(plan="bench", parties={TELLER: "teller", HEARER: "hearer"}),
    )


async def open_exchange(home: Path, url: str, node: Node) -> JetStreamExchange:
    """Connect a node."""
    return await JetStreamExchange.open(url, system=node.system, seed=seed_of(home, account=node.system, user=node.system))


def tell(message: PaymentStatusTold, key: str, work: Work) -> None:
    """Tell a message under a key."""
    work.tell(message, key=key)


def _take(*, work: Any, message: PaymentStatusTold) -> None:
    """Nothing follows from it here: the exchange is what is measured."""
