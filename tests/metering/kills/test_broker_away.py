"""While the broker is away, whoever asks it again and again leaves the event loop time to reconnect."""

import asyncio

import pytest
from nats.errors import OutboundBufferLimitError

from metropool.exchange.jetstream import JetStreamExchange, JetStreamLog


class AwayClient:
    """A connection whose broker is gone: subscribing is remembered, nothing can be sent."""

    def new_inbox(self):
        return "reply.metering.1"

    async def subscribe(self, subject):
        return self

    async def unsubscribe(self):
        return None

    async def publish(self, subject, data, reply):
        raise OutboundBufferLimitError

    async def close(self):
        raise ConnectionResetError


class AwayMessage:
    """A message whose broker went away after it came."""

    async def ack(self):
        raise OutboundBufferLimitError


def test_what_cannot_be_marked_done_ends_nobody():
    log = JetStreamLog(AwayClient(), stream="log_metering", subject="log.metering")
    log._unconfirmed.append((7, AwayMessage()))
    asyncio.run(log.done(7))
    assert log._unconfirmed == []
    asyncio.run(JetStreamExchange(AwayClient(), system="metering").close())


@pytest.mark.parametrize("who", ["log", "inbox"])
def test_asking_a_broker_that_is_away_lets_others_run(who):
    log = JetStreamLog(AwayClient(), stream="log_metering", subject="log.metering")
    inbox = JetStreamExchange(AwayClient(), system="metering")

    async def ask_for_ever():
        while True:
            found = await (log.read(limit=1, wait_s=1.0) if who == "log" else inbox.fetch(limit=1, wait_s=1.0))
            assert not found
            asked.append(1)

    async def others_run():
        asking = asyncio.create_task(ask_for_ever())
        await asyncio.sleep(0.6)
        asking.cancel()

    asked = []
    asyncio.run(asyncio.wait_for(others_run(), 10))
    assert 1 <= len(asked) <= 4
