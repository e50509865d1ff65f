"""The connection of one broker user: it stays, wherever the broker comes up again."""

import asyncio
import re
from collections.abc import Callable

from nats.aio.client import Client
from nats.errors import Error as NatsError

from metropool.core.errors import Unavailable

_VIOLATION = re.compile(r'permissions violation for publish to "([^"]+)"', re.IGNORECASE)


async def connect(
    url: str,
    *,
    user: str,
    seed: str,
    refused: Callable[[str], None] | None = None,
    where: Callable[[], str] | None = None,
) -> Client:
    """Log in as one broker user with its nkey; reconnects for ever, buffering nothing.

    Args:
        url: Address of the broker.
        user: Broker user.
        seed: Its nkey seed.
        refused: Told of each subject (lower case) that the broker refused to publish to.
        where: Tells where the broker is now, asked after each failed attempt to reach it again; an empty text says nothing.

    Raises:
        Unavailable: The server does not answer or refuses the key.
    """
    client = Client()

    async def note(error: Exception) -> None:
        if client.is_closed:
            raise asyncio.CancelledError  # a try that failed just as it was cancelled has swallowed that: it would go on for ever
        found = _VIOLATION.search(str(error))
        if found and refused:
            refused(found.group(1))
        if where:
            _follow(client, where())

    try:
        await client.connect(
            url,
            name=user,
            nkeys_seed_str=seed,
            inbox_prefix=f"reply.{user}".encode(),
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,  # type: ignore[arg-type]  # seconds; the client takes parts of one
            pending_size=0,
            error_cb=note,
            connect_timeout=5,
        )
        return client
    except (NatsError, OSError, TimeoutError) as cause:
        raise Unavailable(f"the broker at {url} refused {user}: {cause or type(cause).__name__}") from cause


def _follow(client: Client, url: str) -> None:
    """Look for the broker at another address from now on."""
    if url and [url] != [server.geturl() for server in client.servers]:
        client.set_server_pool([url])
