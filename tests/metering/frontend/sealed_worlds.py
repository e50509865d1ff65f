"""A front end that takes sealed links only, terminals that speak them, and a carrier between that a test gives orders to."""

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

from cityinabox.carrier.relay import Relay, Route, Store
from cityinabox.carrier.trouble import Order, Trouble
from cityinabox.codec.sealed import LinkKey
from cityinabox.journal import Record
from cityinabox.refused import Refusals
from cityinabox.wires import SealedWire, agree
from metering.frontend.worlds import NOW, HandTerminal, MemoryLog, World, device
from metropool.capabilities.metering.frontend.hub import Limits
from metropool.capabilities.metering.frontend.sealed.key_file import TerminalKeyFile
from metropool.capabilities.metering.frontend.sealed.links import Sealing
from metropool.capabilities.metering.frontend.server import serve
from metropool.capabilities.metering.frontend.tasks import AddressBook, Terminal
from metropool.core.clock import VirtualClock

MASTER = bytes(range(32))


@dataclass
class SealedWorld(World):
    """A world whose terminals have keys, reached through a carrier."""

    folder: object
    keys: TerminalKeyFile
    given: dict[int, LinkKey]
    relay: Relay
    port: int
    refused: dict[int, Refusals] = field(default_factory=dict)

    async def sealed(self, number: int = 1, *, key: LinkKey | None = None, login: bool = True, direct: bool = False):
        port = self.server.port if direct else self.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        refusals = self.refused.setdefault(number, Refusals(f"t{number}", Record(self.folder / "record.jsonl")))
        wire = await agree(reader, writer, key or self.given[number], refusals=refusals, shows=NOW.timestamp)
        terminal = SealedTerminal(number, wire, writer)
        if login:
            assert await terminal.says(terminal.link(1)) == 0
        return terminal

    def order(self, do: str, direction: str = "up", count: int = 1, seconds: float = 0.2) -> None:
        self.relay.trouble.order(Order(do, direction, count, seconds))

    def kept(self) -> bytes:
        return b"\0".join(path.read_bytes() for path in sorted((self.folder / "carrier").iterdir()))

    async def refusals(self, by: str = "front_end") -> list[tuple[int, str, int, int]]:
        """What was told of refusals by one side: terminal, reason, counter, count."""
        await self.server.hub.tell_refusals()
        told = [event for event in self.events.events if event.code == "sealed_refused" and event.detail["by"] == by]
        return [(event.device, event.detail["reason"], event.detail["counter"], event.detail["count"]) for event in told]

    def count(self, name: str) -> int:
        return self.server.hub.counts[name]


class WireReader:
    """A terminal's wire as a reader of what the front end said."""

    def __init__(self, wire: SealedWire) -> None:
        self.wire = wire

    async def read(self, _limit: int) -> bytes:
        return await self.wire.read()


class SealedTerminal(HandTerminal):
    """A terminal whose every byte the test decides, sealed."""

    def __init__(self, number: int, wire: SealedWire, writer) -> None:
        super().__init__(number, WireReader(wire), writer)
        self.wire = wire

    def send(self, data: bytes) -> None:
        self.wire.write(data)


@asynccontextmanager
async def sealed_world(folder, *, terminals: int = 3, book: list[Terminal] | None = None, **limits: float):
    keys = TerminalKeyFile(folder / "terminals.keys", master=MASTER, random=os.urandom)
    numbers = range(1, terminals + 1)
    drawn = keys.draw([device(number) for number in numbers], at="2026-07-01")
    given = {number: LinkKey(key.name, key.number, key.key) for number, key in zip(numbers, drawn, strict=True)}
    clock, log, events = VirtualClock(NOW), MemoryLog(), MemoryLog()
    limited = Limits(**{"flush_s": 0.005, **limits})
    sealing = Sealing(keys, os.urandom)
    server = await serve(host="127.0.0.1", port=0, clock=clock, log=log, event_log=events, limits=limited, sealing=sealing)
    await server.introduce(AddressBook(terminals=book or [Terminal(address=device(n)) for n in numbers]))
    relay = Relay(Store(folder / "carrier"), Trouble(Random(7)))
    port = await relay.open("127.0.0.1", Route(0, "127.0.0.1", server.port))
    try:
        yield SealedWorld(server, log, events, clock, folder, keys, given, relay, port)
    finally:
        await relay.close()
        await server.close()
