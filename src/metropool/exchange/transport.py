"""How a broker's client reaches it: with TLS from the first byte on, where there is TLS at all.

The library's own way to TLS begins in the clear: a server, or whoever plays one, could talk it out of it. And where a greeting
fails it waits for ever for a connection that is no more (seen with nats-py 2.16), so a node would not come back.
"""

import asyncio
import ssl
from contextlib import suppress
from typing import Any
from urllib.parse import ParseResult

from nats.aio.client import Client
from nats.aio.transport import TcpTransport

GOODBYE_S = 1.0


class OwnTransport(TcpTransport):
    """TCP, with TLS inside or without.

    Args:
        context: Our certificate and whom we trust; None on one machine.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
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
        secure: dict[str, Any] = {"ssl": self._context, "ssl_shutdown_timeout": GOODBYE_S} if self._context else {}
        async with asyncio.timeout(connect_timeout):
            reader, writer = await asyncio.open_connection(uri.hostname, uri.port, limit=buffer_size, **secure)
        self._bare_io_reader = self._io_reader = reader
        self._bare_io_writer = self._io_writer = writer

    async def connect_tls(self, *_given: Any, **_named: Any) -> None:
        """Nothing is left to do."""

    def write(self, payload: bytes) -> None:
        """Send.

        Raises:
            ConnectionResetError: It broke. TLS of Python 3.11 raises what the client takes for a fault of its own, and it would never
                come back.
        """
        self._must_be_open()
        super().write(payload)  # type: ignore[no-untyped-call]

    def writelines(self, payload: list[bytes]) -> None:
        """Send more than one.

        Raises:
            ConnectionResetError: As with ``write``.
        """
        self._must_be_open()
        super().writelines(payload)  # type: ignore[no-untyped-call]

    def _must_be_open(self) -> None:
        if self._io_writer is not None and self._io_writer.is_closing():
            raise ConnectionResetError("the connection is no more")

    async def wait_closed(self) -> None:
        """Return when the connection is no more, however it ended."""
        with suppress(OSError):
            await super().wait_closed()  # type: ignore[no-untyped-call]


def client_with(tls: ssl.SSLContext | None) -> Client:
    """A client that is not connected yet; what it speaks with TLS is given to its ``connect`` too, by ``secured``."""
    client = Client()
    client._transport = OwnTransport(tls)
    return client


def secured(tls: ssl.SSLContext | None) -> dict[str, Any]:
    """Options of ``connect`` for such a client."""
    return {"tls": tls, "tls_handshake_first": True} if tls else {}
