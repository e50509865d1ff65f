"""Waiting for the machine, not for business: between tries of a transport."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any


async def pause(seconds: float, *, unless: asyncio.Event | None = None) -> None:
    """Wait some seconds of the event loop, or until an event is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await (unless or asyncio.Event()).wait()


async def done_before(event: asyncio.Event, work: Coroutine[Any, Any, Any]) -> bool:
    """Run work to its end, or until an event is set: whether it came to its end. What it raises is raised."""
    working, waiting = asyncio.ensure_future(work), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
        return working.done()
    finally:
        for task in (working, waiting):
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
