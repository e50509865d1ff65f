"""A broker's client that speaks TLS from its first byte on.

The library's own way begins in the clear: a server, or whoever plays one, could talk it out of TLS. And where a greeting fails it
waits for ever for a connection that is no more (seen with nats-py 2.16), so a node would not come back.
"""

import asyncio
import ssl
from typing import Any
from urllib.parse import ParseResult

from nats.aio.client import Client
from nats.aio.transport import TcpTransport

GOODBYE_S = 1.0


class SecuredTransport(TcpTransport):
    """TCP with TLS inside.

    Args:
        context: Our certificate and whom we trust.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._context = context

    def __bool__(self) -> bool:
        """The client is to keep us from the beginning."""
        return True

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        """Connect and greet.

        Raises:
            OSError: Nobody is there, or the greeting failed (``ssl.SSLError``).
        """
        async with asyncio.timeout(connect_timeout):
            reader, writer = await asyncio.open_connection(
                uri.hostname, uri.port, limit=buffer_size, ssl=self._context, ssl_shutdown_timeout=GOODBYE_S
            )
        self._bare_io_reader = self._io_reader = reader
        self._bare_io_writer = self._io_writer = writer

    async def connect_tls(self, *_given: Any, **_named: Any) -> None:
        """Nothing is left to do."""


def client_with(tls: ssl.SSLContext | None) -> Client:
    """A client that is not connected yet; what it speaks with TLS, given to ``connect`` too by ``secured``."""
    client = Client()
    if tls:
        client._transport = SecuredTransport(tls)
    return client


def secured(tls: ssl.SSLContext | None) -> dict[str, Any]:
    """Options of ``connect`` for such a client."""
    return {"tls": tls, "tls_handshake_first": True} if tls else {}
