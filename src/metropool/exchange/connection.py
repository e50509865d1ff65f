"""The connection of one broker user: it stays, wherever the broker comes up again."""

import asyncio
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError

from metropool.core.errors import Unavailable
from metropool.exchange.transport import client_with, secured

TRIES = 4
_REFUSALS = (NatsError, ssl.SSLError, ConnectionResetError)
_VIOLATION = re.compile(r'permissions violation for publish to "([^"]+)"', re.IGNORECASE)


async def connect(
    url: str,
    *,
    user: str,
    seed: str,
    refused: Callable[[str], None] | None = None,
    where: Callable[[], str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Client:
    """Log in as one broker user with its nkey; reconnects for ever, buffering nothing.

    A broker that cannot be reached is waited for, one that goes away while it lets us in is tried anew. One beyond this machine that
    answers and does not let us in, time and again, is not: it will not think better of it.

    Args:
        url: Address of the broker, or those of its servers, set apart by commas.
        user: Broker user.
        seed: Its nkey seed.
        refused: Told of each subject (lower case) that the broker refused to publish to.
        where: Tells where the broker is now, asked after each failed attempt to reach it again; an empty text says nothing.
        tls: Our certificate and whom we trust, where the broker is beyond this machine.

    Raises:
        Unavailable: The server refuses our certificate or key, or we its.
    """
    while (client := await _connected(url, user=user, seed=seed, refused=refused, where=where, tls=tls)) is None:
        url = (where() if where else "") or url
    return client


async def _connected(
    url: str,
    *,
    user: str,
    seed: str,
    refused: Callable[[str], None] | None,
    where: Callable[[], str] | None,
    tls: ssl.SSLContext | None,
) -> Client | None:
    """One client that has logged in; None where its own try ended as cancelled, though nobody asks us to end."""
    client = client_with(tls)
    errors = _Errors(client=client, refused=refused, where=where, refusal=asyncio.get_running_loop().create_future())
    connecting = asyncio.ensure_future(
        client.connect(
            url.split(","),
            name=user,
            nkeys_seed_str=seed,
            inbox_prefix=f"reply.{user}".encode(),
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,  # type: ignore[arg-type]  # seconds; the client takes parts of one
            pending_size=0,
            error_cb=errors.note,
            connect_timeout=5,
            **secured(tls),
        )
    )
    try:
        if await _ended(client, connecting, errors.refusal):
            return None if connecting.cancelled() else client
        refusal = errors.refusal.result()
        raise Unavailable(f"the broker at {url} did not let {user} in: {refusal or type(refusal).__name__}")
    except (NatsError, OSError, TimeoutError) as cause:
        raise Unavailable(f"the broker at {url} refused {user}: {cause or type(cause).__name__}") from cause
    finally:
        connecting.cancel()


async def _ended(client: Client, connecting: asyncio.Future[Any], refusal: asyncio.Future[Any]) -> bool:
    """Wait for the try or for what refuses it; whether the try itself ended. A refused client is closed.

    Raises:
        NatsError, OSError, TimeoutError: What ended the try.
    """
    await asyncio.wait({connecting, refusal}, return_when=asyncio.FIRST_COMPLETED)
    if connecting.done():
        if not connecting.cancelled():
            await connecting
        return True
    connecting.cancel()
    await asyncio.wait({connecting, asyncio.ensure_future(client.close())})
    return False


@dataclass
class _Errors:
    """What a client tells of its errors: who refuses time and again, what may not be published, where to look next."""

    client: Client
    refused: Callable[[str], None] | None
    where: Callable[[], str] | None
    refusal: asyncio.Future[Exception]
    refusals: int = 0

    async def note(self, error: Exception) -> None:
        if self.client.is_closed:
            raise asyncio.CancelledError  # a try that failed just as it was cancelled has swallowed that: it would go on for ever
        self.refusals += self.where is None and isinstance(error, _REFUSALS)
        if self.refusals >= TRIES and not self.refusal.done():
            self.refusal.set_result(error)
        found = _VIOLATION.search(str(error))
        if found and self.refused:
            self.refused(found.group(1))
        if self.where:
            _follow(self.client, self.where())


def _follow(client: Client, url: str) -> None:
    """Look for the broker at another address from now on."""
    if url and [url] != [server.geturl() for server in client.servers]:
        client.set_server_pool([url])
