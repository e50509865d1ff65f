"""The front end's process: the product's own server on the product's own log, and a count of what it made durable."""

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from bench.city import RECEIVED_AT, City, city_of, terminal_word
from bench.processes import cost_of
from metropool.capabilities.metering.frontend.server import serve
from metropool.capabilities.metering.frontend.tasks import AddressBook, Terminal
from metropool.core.clock import VirtualClock
from metropool.exchange.connection import connect
from metropool.exchange.jetstream import JetStreamLog
from metropool.runtime.broker import seed_of
from metropool.runtime.frontend import PartOfLog

USER = "metering-frontend"


class CountingLog:
    """The log, counting what was appended to it."""

    def __init__(self, log: PartOfLog) -> None:
        self._log = log
        self.batches = self.bytes = 0

    async def append(self, batch: bytes) -> int:
        """See ``ports.Log``."""
        self.batches, self.bytes = self.batches + 1, self.bytes + len(batch)
        return await self._log.append(batch)


def run(home: str, broker_url: str, meters: int, pipe: Connection) -> None:
    """Tell the port; serve until a word comes; then say what it cost."""
    pipe.send(asyncio.run(_serve(Path(home), broker_url, city_of(meters), pipe)))


async def _serve(home: Path, broker_url: str, city: City, pipe: Connection) -> dict[str, object]:
    client = await connect(broker_url, user=USER, seed=seed_of(home, account="metering", user=USER))
    whole = JetStreamLog(client, stream="log_metering", subject="log.metering")
    log = CountingLog(PartOfLog(whole, "readings"))
    server = await serve(host="127.0.0.1", port=0, clock=VirtualClock(RECEIVED_AT), log=log, event_log=PartOfLog(whole, "events"))
    terminals = (1 << 60) | (terminal_word(np.arange(city.terminals)) << 16)
    await server.introduce(AddressBook(terminals=[Terminal(address=address, link="plain") for address in terminals.tolist()]))
    before = cost_of("front end")
    pipe.send(server.port)
    await asyncio.to_thread(pipe.recv)
    cost, counts = cost_of("front end").since(before), dict(server.hub.counts)
    await server.close()
    await client.close()
    return {"cost": cost, "batches": log.batches, "log_bytes": log.bytes, "counts": counts}
