"""A task that fetches ends when it is asked to, also when the client forgets that it was."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from metropool.exchange.jetstream import JetStreamLog


class Forgetful:
    """A client that takes a cancellation for the end of the request, as ``wait_for`` does when both come at once."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    def new_inbox(self) -> str:
        return "inbox"

    async def subscribe(self, _: str) -> "Forgetful":
        return self

    async def publish(self, *_: Any, **__: Any) -> None:
        self.asked.set()

    async def unsubscribe(self) -> None:
        return

    async def next_msg(self, timeout: float) -> SimpleNamespace:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(timeout)
        return SimpleNamespace(headers={"Status": "404"})


def test_a_cancellation_the_client_forgot_ends_the_task():
    async def run() -> None:
        client: Any = Forgetful()
        log = JetStreamLog(client, stream="log_metering", subject="log.metering")
        reading = asyncio.create_task(log.read(limit=10, wait_s=60))
        await client.asked.wait()
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(reading), 5)

    asyncio.run(run())
