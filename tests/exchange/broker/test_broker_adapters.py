"""The exchange and the log of the product work within exactly the permissions a plan gives, and no wider."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from exchange.broker.harness import City, running_city
from metropool.core.identifiers import SystemId
from metropool.exchange.connection import connect
from metropool.exchange.envelope import Envelope, from_bytes, seal
from metropool.exchange.jetstream import JetStreamExchange, JetStreamLog
from metropool.exchange.messages import SwitchSupply
from metropool.exchange.ports import LogEntry
from metropool.runtime.broker import seed_of

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def order(key: str) -> Envelope:
    message = SwitchSupply(
        expires_at=NOW, request=key, usage_point="UP1", close=False, reason="overdue", requested_by="marketing"
    )
    return seal(
        message=message,
        key=key,
        phrase="switch_requests",
        sender=SystemId("marketing"),
        receiver=SystemId("metering"),
        at=NOW,
    )


@asynccontextmanager
async def exchange_pair(city: City) -> AsyncIterator[tuple[JetStreamExchange, JetStreamExchange]]:
    """The exchanges of marketing and of metering."""
    users = ("marketing", "metering")
    seeds = [seed_of(city.home, account=user, user=user) for user in users]
    clients = [await connect(city.server.url, user=user, seed=seed) for user, seed in zip(users, seeds, strict=True)]
    sender, receiver = (JetStreamExchange(client, system=user) for user, client in zip(users, clients, strict=True))
    try:
        yield sender, receiver
    finally:
        await asyncio.gather(sender.close(), receiver.close())


def test_an_envelope_travels_with_the_sender_the_broker_vouches_for(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city, exchange_pair(city) as (sender, receiver):
            envelope = order("R1")
            position = await sender.deliver(envelope)
            (delivery,) = await receiver.fetch(limit=10, wait_s=2)
            assert (delivery.sender, delivery.phrase, delivery.attempt) == ("marketing", "switch_requests", 1)
            assert delivery.position == position
            assert from_bytes(delivery.data) == envelope
            await delivery.done()
            assert await receiver.fetch(limit=10, wait_s=0.2) == []

    asyncio.run(run())


def test_what_is_put_off_comes_again(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city, exchange_pair(city) as (sender, receiver):
            await sender.deliver(order("R1"))
            (first,) = await receiver.fetch(limit=10, wait_s=2)
            await first.later(0.05)
            (second,) = await receiver.fetch(limit=10, wait_s=2)
            assert (second.position, second.attempt) == (first.position, 2)

    asyncio.run(run())


def test_the_log_keeps_batches_in_order_until_they_are_done(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city:
            front = await city.probe("metering-frontend", account="metering")
            core = await city.probe("metering")
            written = JetStreamLog(front.client, stream="log_metering", subject="log.metering")
            read = JetStreamLog(core.client, stream="log_metering", subject="log.metering")
            assert (await read.end()).sequence == 0
            sequences = [await written.append(b"batch %d" % number, part="0") for number in range(3)]
            assert sequences == [1, 2, 3]
            assert await read.read(limit=10, wait_s=2) == [LogEntry(n + 1, "0", b"batch %d" % n) for n in range(3)]
            await read.done(2)
            while await city.stored("metering", "log") > 1:
                await core.settle()
            assert await city.stored("metering", "log") == 1
            assert (await read.end()).sequence == 3
            assert front.refused == core.refused == []

    asyncio.run(run())


def test_an_acknowledgement_that_the_broker_does_not_hear_ends_nobody(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city, exchange_pair(city) as (sender, receiver):
            for key in ("R1", "R2"):
                await sender.deliver(order(key))
            first, second = await receiver.fetch(limit=2, wait_s=2)
            front = await city.probe("metering-frontend", account="metering")
            core = await city.probe("metering")
            await front.say("log.metering.0")
            log = JetStreamLog(core.client, stream="log_metering", subject="log.metering")
            (entry,) = await log.read(limit=1, wait_s=2)
            os.kill(city.server.pid, signal.SIGKILL)
            async with asyncio.timeout(5):
                while receiver.client.is_connected or core.client.is_connected:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await first.done()
            await second.later(1.0)
            await log.done(entry.sequence)
            while not (receiver.client.is_connected and core.client.is_connected):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    asyncio.run(run())
