"""The carrier's own door for trouble: one JSON object a line over TCP, one line back."""

import asyncio
import json
from contextlib import suppress

from cityinabox.carrier.relay import Relay
from cityinabox.carrier.trouble import Order


async def open_door(relay: Relay, host: str, port: int) -> tuple[asyncio.Server, int]:
    """Listen for ``{"do": "alter", "direction": "up", "count": 3}`` , ``calm`` to forget what waits, ``counts``; gives the port too."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError):
            while line := await reader.readline():
                writer.write((json.dumps(_answer(relay, line)) + "\n").encode())
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, host, port)
    return server, int(server.sockets[0].getsockname()[1])


async def ask(host: str, port: int, wish: dict[str, object]) -> dict[str, object]:
    """Ask a running carrier for trouble or counts.

    Raises:
        OSError: It does not answer.
        ValueError: It does not do that.
    """
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write((json.dumps(wish) + "\n").encode())
        told: dict[str, object] = json.loads(await reader.readline() or b"{}")
    finally:
        writer.close()
    if "error" in told:
        raise ValueError(str(told["error"]))
    return told


def _answer(relay: Relay, line: bytes) -> dict[str, object]:
    try:
        wish = json.loads(line)
        if wish["do"] == "calm":
            relay.trouble.orders.clear()
        elif wish["do"] != "counts":
            relay.trouble.order(Order(**wish))
    except (ValueError, TypeError, KeyError) as wrong:
        return {"error": str(wrong)}
    waiting = sum(order.count for order in relay.trouble.orders)
    return {"passed": dict(relay.counts), "done": dict(relay.trouble.done), "waiting": waiting, "kept": relay.store.kept}
