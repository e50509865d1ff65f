"""The real broker on loopback, running the shipped transition plan; connections as any of its users."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeout

from exchange.plan.cases import transition
from metropool.plan.broker import provisioner_of
from metropool.plan.compiled import Compiled
from metropool.runtime.broker import BrokerServer, seed_of
from metropool.runtime.ports import free_port

_REFUSED = re.compile(r'permissions violation for (publish|subscription) to "([^"]*)"')  # the client passes it on in lower case


@dataclass
class Probe:
    """A connection that remembers what the broker refused it."""

    user: str
    client: Client = field(default_factory=Client)
    refused: list[tuple[str, str]] = field(default_factory=list)

    async def note(self, error: Exception) -> None:
        if match := _REFUSED.search(str(error)):
            self.refused.append((match[1], match[2]))

    async def settle(self) -> None:
        """Return when the broker has answered everything sent so far (the client's PING may overtake what waits: so twice)."""
        await self.client.flush()
        await self.client.flush()

    async def try_publish(self, subject: str, data: bytes = b"probe", reply: str = "") -> bool:
        """Publish; True when the broker refused it."""
        before = len(self.refused)
        await self.client.publish(subject, data, reply=reply)
        await self.settle()
        return ("publish", subject.lower()) in self.refused[before:]

    async def try_subscribe(self, subject: str) -> bool:
        """Subscribe; True when the broker refused it."""
        before = len(self.refused)
        await self.client.subscribe(subject)
        await self.settle()
        return ("subscription", subject.lower()) in self.refused[before:]

    async def say(self, subject: str, data: bytes = b"control", *, within_s: float = 5) -> dict[str, Any]:
        """Publish and wait for the receipt of the receiver's inbox stream."""
        answer = await self.client.request(subject, data, timeout=within_s)
        return dict(json.loads(answer.data))

    async def hear(self, stream: str, *, limit: int) -> list[tuple[str, bytes]]:
        """Pull and acknowledge up to ``limit`` messages of a stream of one's own: subjects and bytes."""
        inbox = self.client.new_inbox()
        subscription = await self.client.subscribe(inbox)
        wish = {"batch": limit, "expires": 2_000_000_000, "no_wait": True}
        await self.client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.main", json.dumps(wish).encode(), reply=inbox)
        heard = []
        while len(heard) < limit:
            try:
                message = await subscription.next_msg(timeout=2)
            except NatsTimeout:
                break
            if message.headers and "Status" in message.headers:
                break
            heard.append((message.subject, message.data))
            await message.ack_sync(timeout=5)
        await self.settle()
        await subscription.unsubscribe()
        return heard


@dataclass
class City:
    """The broker of a plan, and who may log in to it."""

    home: Path
    compiled: Compiled
    server: BrokerServer
    open: list[Probe] = field(default_factory=list)

    async def probe(self, user: str, *, account: str | None = None) -> Probe:
        """Log in as a user of the plan."""
        found = Probe(user)
        seed = seed_of(self.home, account=account or user, user=user)
        found.client = await nats.connect(
            self.server.url,
            nkeys_seed_str=seed,
            inbox_prefix=f"reply.{user}".encode(),
            error_cb=found.note,
            reconnect_time_wait=0.1,
            max_reconnect_attempts=-1,
        )
        self.open.append(found)
        return found

    async def stored(self, system: str, stream: str = "inbox") -> int:
        """How many messages a system's stream holds, as its provisioning user sees it."""
        user = provisioner_of(system)
        probe = await self.probe(user, account=system)
        answer = await probe.client.request(f"$JS.API.STREAM.INFO.{stream}_{system}", b"", timeout=5)
        return int(json.loads(answer.data)["state"]["messages"])


@asynccontextmanager
async def running_city(home: Path) -> AsyncIterator[City]:
    """The transition plan's broker, started and provisioned."""
    compiled = transition()
    compiled.require_sound()
    async with BrokerServer(home=home, broker=compiled.broker, port=free_port()) as server:
        city = City(home=home, compiled=compiled, server=server)
        try:
            yield city
        finally:
            await asyncio.gather(*(probe.client.close() for probe in city.open))


__all__ = ["City", "NoRespondersError", "Probe", "free_port", "running_city"]
