"""``metropool serve metering:frontend``: the front end as a process of its own, in the access zone.

It logs in to the broker as its own user: it may append to the log and do what the core asks, and nothing else.
"""

import asyncio
import secrets
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from metropool.capabilities.metering.frontend import tasks
from metropool.capabilities.metering.frontend.sealed.links import Sealing
from metropool.capabilities.metering.frontend.sealed.untold import UntoldFile
from metropool.capabilities.metering.frontend.server import FrontEndServer, serve
from metropool.exchange.connection import connect
from metropool.exchange.jetstream import JetStreamLog
from metropool.plan.compiled import Compiled
from metropool.runtime.broker import seed_of
from metropool.runtime.broker_place import broker_tls, broker_url, noted_by
from metropool.runtime.cli.words import word
from metropool.runtime.pause import pause
from metropool.runtime.settings import Settings
from metropool.runtime.terminal_keys import open_terminal_keys

log = structlog.get_logger()
ASK_S = 2.0
REFRESH_S = 5.0


@dataclass(frozen=True)
class PartOfLog:
    """One part of the log, as the front end appends to it."""

    log: JetStreamLog
    part: str

    async def append(self, batch: bytes) -> int:
        """Keep a batch; its sequence once it survives power loss."""
        return await self.log.append(batch, part=self.part)


async def serve_frontend(system: str, process: str, *, settings: Settings, compiled: Compiled) -> None:
    """Listen to terminals until cancelled."""
    user = f"{system}-{process}"
    async with AsyncExitStack() as stack:
        url = await broker_url(stack, settings=settings, compiled=compiled, with_broker=False, system=system)
        seed = seed_of(settings.home, account=system, user=user)
        client = await connect(url, user=user, seed=seed, where=noted_by(settings), tls=broker_tls(settings))
        stack.push_async_callback(client.close)
        whole = JetStreamLog(client, stream=f"log_{system}", subject=f"log.{system}")
        server = await serve(
            host=settings.host,
            port=settings.field_port,
            clock=settings.the_clock,
            log=PartOfLog(whole, "readings"),
            event_log=PartOfLog(whole, "events"),
            sealing=Sealing(open_terminal_keys(settings, system), secrets.token_bytes),
            untold=UntoldFile(settings.folder(system) / "refusals.untold"),
        )
        stack.push_async_callback(server.close)
        sys.stderr.write(word("listening", where=f"{settings.host}:{settings.field_port}", broker=url) + "\n")
        await _obey(client, server, system)
        await _keep_in_touch(client, server, system)


async def _obey(client: Client, server: FrontEndServer, system: str) -> None:
    """Do what the core asks, many tasks at a time."""
    running: set[asyncio.Task[None]] = set()

    async def do(message: Msg) -> None:
        task = asyncio.create_task(_answer(message, server))
        running.add(task)
        task.add_done_callback(running.discard)

    await client.subscribe(f"frontend.{system}.do.>", cb=do)


async def _answer(message: Msg, server: FrontEndServer) -> None:
    answer = await server.carry_out(tasks.decode_task(message.data))
    await message.respond(tasks.encode(answer))


async def _keep_in_touch(client: Client, server: FrontEndServer, system: str) -> None:
    """Learn who exists and tell how they stand, for ever; the core may come and go."""
    whole = True
    while True:
        try:
            book = await client.request(f"frontend.{system}.ask.book", b"", timeout=ASK_S)
            await server.introduce(tasks.decode_book(book.data))
            contacts = server.contacts(whole=whole)
            if contacts:
                await client.request(f"frontend.{system}.ask.contacts", tasks.encode(contacts), timeout=ASK_S)
            whole = False
        except (NatsError, TimeoutError, OSError) as reason:
            log.warning("the core does not answer", reason=str(reason) or type(reason).__name__)
            whole = True
        await pause(REFRESH_S if not whole else 0.5)
