"""Waiting for the machine, not for business: between tries of a transport."""

import asyncio
from contextlib import suppress


async def pause(seconds: float, *, unless: asyncio.Event | None = None) -> None:
    """Wait some seconds of the event loop, or until an event is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await (unless or asyncio.Event()).wait()
