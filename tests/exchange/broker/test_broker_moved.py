"""A broker whose port was taken while it was down comes up on another; who was connected finds it there."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from exchange.plan.cases import transition
from metropool.exchange.connection import connect
from metropool.runtime.broker import seed_of
from metropool.runtime.broker_place import broker_url
from metropool.runtime.frontend import serve_frontend
from metropool.runtime.ports import free_port
from metropool.runtime.settings import Settings

WITHIN_S = 45.0


async def hear_front_end(settings: Settings, url: str, front: asyncio.Task[None]) -> None:
    """Be the core: log in and wait until the front end asks who exists."""
    asked = asyncio.Event()
    client = await connect(url, user="metering", seed=seed_of(settings.home, account="metering", user="metering"))

    async def note(_message: object) -> None:
        asked.set()

    await client.subscribe("frontend.metering.ask.>", cb=note)
    heard = asyncio.create_task(asked.wait())
    await asyncio.wait({heard, front}, timeout=WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
    await client.close()
    assert heard.done(), front


async def taken(port: int) -> asyncio.Server:
    """Something else on a port, which speaks no word of the broker's."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port)


def test_the_front_end_finds_a_broker_that_moved(tmp_path: Path) -> None:
    settings, compiled = Settings(home=tmp_path, field_port=free_port()), transition()

    async def run() -> None:
        async with AsyncExitStack() as stack:
            async with AsyncExitStack() as first:
                before = await broker_url(first, settings=settings, compiled=compiled, with_broker=True)
                front = asyncio.create_task(serve_frontend("metering", "frontend", settings=settings, compiled=compiled))
                stack.callback(front.cancel)
                await hear_front_end(settings, before, front)
            other = await taken(int(before.rpartition(":")[2]))
            stack.callback(other.close)
            after = await broker_url(stack, settings=settings, compiled=compiled, with_broker=True)
            assert after != before
            await hear_front_end(settings, after, front)

    asyncio.run(run())
