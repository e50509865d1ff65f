"""The generator: a process of its own that holds every byte beforehand and sends it over one TCP connection a concentrator."""

import asyncio
import time
from multiprocessing.connection import Connection

from bench.city import HOURS, POINTS_PER_TERMINAL, city_of
from bench.day import day_of, rounds_of

CONFIRMATION_BYTES = 20


def run(meters: int, pipe: Connection) -> None:
    """Make the bytes, say ``ready``, wait for the port, send; then say when the first byte left and that all was confirmed."""
    city = city_of(meters)
    rounds = rounds_of(city, day_of(city))
    size = sum(len(part) for parts in rounds for part in parts)
    pipe.send({"bytes": size, "frames": city.terminals + HOURS * city.volumes + 2 * city.electricity})
    pushes = _pushes_by_terminal(city.terminals, city.electricity)
    port = int(pipe.recv())
    pipe.send(asyncio.run(_send_all(port, rounds, pushes)))


def _pushes_by_terminal(terminals: int, electricity: int) -> list[int]:
    """Frames that are confirmed: the login, a freeze and a profile of each electricity meter."""
    full = POINTS_PER_TERMINAL
    return [1 + 2 * max(0, min(full, electricity - full * i)) for i in range(terminals)]


async def _send_all(port: int, rounds: list[list[bytes]], pushes: list[int]) -> dict[str, float]:
    links = [await asyncio.open_connection("127.0.0.1", port) for _ in pushes]
    began = time.perf_counter()
    confirmed = [
        asyncio.create_task(reader.readexactly(count * CONFIRMATION_BYTES))
        for (reader, _), count in zip(links, pushes, strict=True)
    ]
    for parts in rounds:
        for (_, writer), part in zip(links, parts, strict=True):
            writer.write(part)
        await asyncio.gather(*(writer.drain() for _, writer in links))
    sent = time.perf_counter()
    await asyncio.gather(*confirmed)
    confirmed_at = time.perf_counter()
    for _, writer in links:
        writer.close()
    return {"began": began, "sent": sent, "confirmed": confirmed_at}
