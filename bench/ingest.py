"""Readings a second from socket to durable and queryable: a city-day in 376.1 frames through the product's own path."""

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import numpy as np

from bench import front, head_end, sender
from bench.city import DAY_S, FREEZE_ITEMS, MIDNIGHT_S, QUARTERS, RECEIVED_AT, City, city_of
from bench.day import CityDay, day_of
from bench.peer import Columns, Peer
from bench.processes import Cost, cost_of
from bench.report import Measured, Result
from metropool.plan.broker import plan_broker
from metropool.runtime.broker import BrokerServer
from metropool.runtime.ports import free_port

MARK_READINGS_S = 500_000
MARK_MEMORY_BYTES = 2 << 30
PEER_COMMIT_ROWS = 1 << 20
_PATIENCE_S = 900
_spawn = multiprocessing.get_context("spawn")


def measure(*, meters: int, repeat: int, peer: Peer) -> Result:
    """The city-day ``repeat`` times through product and peer."""
    city, day = city_of(meters), day_of(city_of(meters))
    ours = [_once(city, day) for _ in range(repeat)]
    theirs = [_peer_once(peer, city, day) for _ in range(repeat)]
    return Result(
        name="ingest",
        size=f"{meters:,} meters, {city.values_a_day:,} values",
        measured=[
            Measured(
                what="readings/s, socket to durable and queryable",
                unit="1/s",
                ours=[city.values_a_day / run["seconds"] for run in ours],
                peer=[city.values_a_day / run["index_kept"] for run in theirs],
                mark=MARK_READINGS_S,
            ),
            Measured(
                what="the same, the peer making its index after the load",
                unit="1/s",
                ours=[city.values_a_day / run["seconds"] for run in ours],
                peer=[city.values_a_day / run["index_after"] for run in theirs],
            ),
            Measured(
                what="the same, one value a water or gas answer",
                unit="1/s",
                ours=[city.main_values_a_day / run["seconds"] for run in ours],
                mark=MARK_READINGS_S,
            ),
            Measured(
                what="peak memory, product's processes together",
                unit="B",
                ours=[sum(cost.peak_bytes for cost in run["costs"]) for run in ours],
                mark=MARK_MEMORY_BYTES,
                less_is_better=True,
            ),
        ],
        details={"runs": [_detail(run) for run in ours], "peer_seconds": theirs},
    )


def _detail(run: dict[str, Any]) -> dict[str, Any]:
    costs = {cost.name: {"peak_bytes": cost.peak_bytes, "cpu_s": round(cost.cpu_s, 2)} for cost in run["costs"]}
    return {**{name: value for name, value in run.items() if name != "costs"}, "processes": costs}


def _once(city: City, day: CityDay) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as folder:
        return asyncio.run(_through_the_product(city, day, Path(folder)))


async def _through_the_product(city: City, day: CityDay, home: Path) -> dict[str, Any]:
    meters = city.electricity + city.volumes
    async with BrokerServer(
        home=home, broker=plan_broker(nodes={"metering": "frontend"}, letters=[]), port=free_port()
    ) as broker:
        processes = Processes()
        try:
            generator = processes.start(sender.run, meters)
            told = await processes.hear(generator)
            door = processes.start(front.run, str(home), broker.url, meters)
            store = processes.start(head_end.run, str(home), broker.url, meters)
            port, _ = await processes.hear(door), await processes.hear(store)
            broker_before = cost_of("broker", broker.pid or "self")
            generator.send(port)
            stored, sent = await processes.hear(store), await processes.hear(generator)
            door.send("done")
            fronted = await processes.hear(door)
            costs = [fronted.pop("cost"), stored.pop("cost"), cost_of("broker", broker.pid or "self").since(broker_before)]
        finally:
            processes.stop()
    _check(city, day, stored)
    return _figures(told, sent, stored, fronted, costs)


def _figures(
    told: dict[str, int], sent: dict[str, float], stored: dict[str, Any], fronted: dict[str, int], costs: list[Cost]
) -> dict[str, Any]:
    began = sent["began"]
    return {
        "seconds": round(stored["queryable_at"] - began, 3),
        "sent_after_s": round(sent["sent"] - began, 3),
        "confirmed_after_s": round(sent["confirmed"] - began, 3),
        "frames": told["frames"],
        "wire_bytes": told["bytes"],
        "log_bytes": fronted["log_bytes"],
        "log_batches": fronted["batches"],
        "units": stored["units"],
        "lake_bytes": stored["lake_bytes"],
        "costs": costs,
    }


def _check(city: City, day: CityDay, stored: dict[str, Any]) -> None:
    """What was sent is what is stored: count, sums by reading type, one curve point by point, every slot marked collected."""
    assert stored["rows"] == city.values_a_day, f"{stored['rows']} values stored of {city.values_a_day}"
    assert stored["curve"] == (day.profile[city.electricity // 2] * 100).tolist(), "a curve differs from what was sent"
    wrong = {
        item: (total, stored["sums"].get(item)) for item, total in day.sums(city).items() if stored["sums"].get(item) != total
    }
    assert not wrong, f"sums differ from what was sent: {wrong}"
    planned = {item: counts for item, counts in stored["collected"].items() if counts[0] != counts[1]}
    assert not planned, f"slots not marked collected: {planned}"


class Processes:
    """Child processes with a pipe each; one that ends early is an error at once."""

    def __init__(self) -> None:
        self._running: list[tuple[SpawnProcess, Connection]] = []

    def start(self, run: Callable[..., None], *arguments: Any) -> Connection:
        """Start ``run(*arguments, pipe)``; our end of its pipe."""
        ours, theirs = _spawn.Pipe()
        process = _spawn.Process(target=run, args=(*arguments, theirs), daemon=True)
        process.start()
        theirs.close()
        self._running.append((process, ours))
        return ours

    async def hear(self, pipe: Connection) -> Any:
        """What a process says next."""
        return await asyncio.to_thread(_receive, pipe)

    def stop(self) -> None:
        """End those that have not ended."""
        for process, pipe in self._running:
            process.join(1)
            if process.is_alive():
                process.terminate()
                process.join(5)
            pipe.close()


def _receive(pipe: Connection) -> Any:
    if not pipe.poll(_PATIENCE_S):
        raise TimeoutError(f"no word from a process of the bench for {_PATIENCE_S} s")
    try:
        return pipe.recv()
    except EOFError as cause:
        raise RuntimeError("a process of the bench ended early; its reason is above") from cause


def _peer_once(peer: Peer, city: City, day: CityDay) -> dict[str, float]:
    """Seconds to bring the decoded columns in and ask one curve: with the index there all along, and made after the load."""
    parts = [peer.encode(part) for part in _commits(_decoded_columns(city, day))]
    return {"index_kept": _load(peer, parts, city, index_first=True), "index_after": _load(peer, parts, city, index_first=False)}


def _load(peer: Peer, parts: list[Any], city: City, *, index_first: bool) -> float:
    peer.create("reading", {name: column[:0] for name, column in _decoded_columns(city_of(2), day_of(city_of(2))).items()})
    index = "CREATE INDEX reading_by_device ON reading (device, item, at)"
    began = time.perf_counter()
    if index_first:
        peer.run(index)
    for part in parts:
        peer.load("reading", part)
    if not index_first:
        peer.run(index)
    found = peer.rows(f"SELECT value FROM reading WHERE device = {city.electricity // 2} AND item = 10 ORDER BY at")
    seconds = time.perf_counter() - began
    assert len(found) == QUARTERS
    return round(seconds, 3)


def _commits(columns: Columns) -> list[Columns]:
    rows = len(columns["device"])
    return [
        {name: column[start : start + PEER_COMMIT_ROWS] for name, column in columns.items()}
        for start in range(0, rows, PEER_COMMIT_ROWS)
    ]


def _decoded_columns(city: City, day: CityDay) -> Columns:
    """The day as the decoder gives it, in the order it arrives, a number a meter: hours of water and gas, freezes, profiles."""
    volumes, hours = day.volume.shape
    item = np.where(np.arange(volumes) < city.water, 30, 40)
    hourly = np.stack(
        [day.volume.T, np.broadcast_to(day.settled, (hours, volumes)), np.zeros((hours, volumes), np.int64)], axis=2
    )
    parts = [
        (
            np.broadcast_to((city.electricity + np.arange(volumes))[None, :, None], hourly.shape),
            np.broadcast_to((item[:, None] + np.arange(3))[None], hourly.shape),
            np.broadcast_to((MIDNIGHT_S + 300 + np.arange(hours) * 3600)[:, None, None], hourly.shape),
            hourly * 10,
        ),
        _of_meters(city, np.array(FREEZE_ITEMS), np.full(5, MIDNIGHT_S + DAY_S), day.freeze * 100),
        _of_meters(city, np.full(QUARTERS, 10), MIDNIGHT_S + np.arange(900, DAY_S + 900, 900), day.profile * 100),
    ]
    device, items, at, value = (np.concatenate([part[n].reshape(-1) for part in parts]) for n in range(4))
    return {
        "device": device.astype(np.int64),
        "item": items.astype(np.int32),
        "at": at.astype(np.int64),
        "value": value,
        "quality": np.zeros(len(value), np.int16),
        "received_at": np.full(len(value), int(RECEIVED_AT.timestamp()) * 1000, np.int64),
    }


def _of_meters(city: City, items: Any, at: Any, value: Any) -> tuple[Any, Any, Any, Any]:
    device = np.arange(city.electricity)[:, None]
    return tuple(np.broadcast_to(column, value.shape) for column in (device, items, at, value))  # type: ignore[return-value]
