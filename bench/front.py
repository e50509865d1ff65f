"""The front end's process: sockets, the product's decoder, the product's log. Confirmations go out when the log has fsynced.

Only the socket loop is the bench's own; bytes become frames, values and confirmations in ``metering.frontend.chunks``.
"""

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from bench.city import DAY_S, MIDNIGHT_S
from bench.processes import cost_of
from metropool.capabilities.metering.frontend.chunks import (
    NOT_ASKED,
    Decoder,
    Frames,
    Standing,
    batch_bytes,
    measured_batch,
)
from metropool.exchange.jetstream import JetStreamLog, connect
from metropool.runtime.broker import seed_of

RECEIVED_MS = (MIDNIGHT_S + DAY_S + 600) * 1000
CHUNK_BYTES = 4 << 20
HELD_BYTES_MAX = 16 << 20
ROWS_PER_BATCH = 1 << 17
_LOGIN, _FORWARDING, _SCHEDULED = 0x02, 0x10, 1


class Link(asyncio.Protocol):
    """One concentrator's connection: bytes not yet decoded, and who logged in."""

    def __init__(self, door: "Door") -> None:
        self.door = door
        self.pending = bytearray()
        self.terminal = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.door.links.append(self)

    def data_received(self, data: bytes) -> None:
        self.pending += data
        self.door.took(len(data))


class Door:
    """All links; stops reading while too much is held."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.held = 0
        self.filled = asyncio.Event()

    def took(self, size: int) -> None:
        self.held += size
        self.filled.set()
        if self.held > HELD_BYTES_MAX:
            for link in self.links:
                link.transport.pause_reading()

    def take(self) -> tuple[list[Link], list[bytes]]:
        """Up to a chunk of bytes of some links, oldest link first; those taken go to the end of the line."""
        chosen: list[Link] = []
        size = 0
        for link in self.links:
            if link.pending and size < CHUNK_BYTES:
                chosen.append(link)
                size += len(link.pending)
        taken = set(map(id, chosen))
        self.links = [link for link in self.links if id(link) not in taken] + chosen
        return chosen, [bytes(link.pending) for link in chosen]

    def treated(self, links: list[Link], consumed: list[int]) -> None:
        """Forget the bytes that were frames."""
        for link, count in zip(links, consumed, strict=True):
            del link.pending[:count]
        self.held -= sum(consumed)
        if self.held < HELD_BYTES_MAX // 2:
            for link in self.links:
                link.transport.resume_reading()


def run(home: str, broker_url: str, expected: int, pipe: Connection) -> None:
    """Serve until ``expected`` values are in the log; then say what it cost."""
    pipe.send(asyncio.run(_serve(Path(home), broker_url, expected, pipe)))


async def _serve(home: Path, broker_url: str, expected: int, pipe: Connection) -> dict[str, object]:
    user = "metering-frontend"
    client = await connect(broker_url, user=user, seed=seed_of(home, account="metering", user=user))
    log = JetStreamLog(client, stream="log_metering", subject="log.metering")
    decoder, door = Decoder(), Door()
    decoder.decode(decoder.scan([b"\x68"]), standing=_standing([]), received_at=RECEIVED_MS)
    server = await asyncio.get_running_loop().create_server(lambda: Link(door), "127.0.0.1", 0, backlog=2048)
    before = cost_of("front end")
    pipe.send(server.sockets[0].getsockname()[1])
    counts: dict[str, int] = {"values": 0, "batches": 0, "log_bytes": 0}
    while counts["values"] < expected:
        await door.filled.wait()
        door.filled.clear()
        await _drain(door, decoder, log, counts)
    await asyncio.to_thread(pipe.recv)
    server.close()
    await client.close()
    return {"cost": cost_of("front end").since(before), **counts}


async def _drain(door: Door, decoder: Decoder, log: JetStreamLog, counts: dict[str, int]) -> None:
    """Treat what is held, chunk by chunk, until only beginnings of frames are left."""
    while True:
        links, segments = door.take()
        if not links:
            return
        frames = await asyncio.to_thread(decoder.scan, segments)
        _note_logins(frames, links)
        batches, confirms, values = await asyncio.to_thread(_decode, decoder, frames, _standing(links))
        door.treated(links, frames.consumed.tolist())
        await asyncio.gather(*(log.append(batch, part="main") for batch in batches))
        for link, confirm in zip(links, confirms, strict=True):
            if confirm:
                link.transport.write(confirm)
        counts["values"] += values
        counts["batches"] += len(batches)
        counts["log_bytes"] += sum(map(len, batches))
        if not frames.consumed.any():
            return


def _decode(decoder: Decoder, frames: Frames, standing: Standing) -> tuple[list[bytes], list[bytes], int]:
    decoded = decoder.decode(frames, standing=standing, received_at=RECEIVED_MS)
    whole = measured_batch(decoded.columns)
    batches = [batch_bytes(whole.slice(start, ROWS_PER_BATCH)) for start in range(0, whole.num_rows, ROWS_PER_BATCH)]
    return batches, decoded.confirms, whole.num_rows


def _note_logins(frames: Frames, links: list[Link]) -> None:
    for i in np.flatnonzero(frames.table.afn == _LOGIN):
        links[int(frames.link[i])].terminal = int(frames.table.terminal[i])


def _standing(links: list[Link]) -> Standing:
    """Each concentrator is logged in and has a request for pass-through open, as a round of polling leaves it."""
    return Standing(
        terminal=np.array([link.terminal for link in links], np.uint32),
        afn=np.full(len(links), _FORWARDING if links else NOT_ASKED, np.uint8),
        seq=np.zeros(len(links), np.uint8),
        origin=np.full(len(links), _SCHEDULED, np.uint8),
    )
