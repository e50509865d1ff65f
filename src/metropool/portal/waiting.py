"""Waiting for a change, a bounded time: what a request asks for that would rather hear late than ask again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from metropool.portal.call import Call


@asynccontextmanager
async def changed_within(call: Call, topic: str, seconds: float) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """Listen from here on; what is given waits until the topic changed, the time is over or whoever asked is gone, and says whether it
    changed.

    So many requests may wait at one time; one more is answered at once.
    """
    if not seconds or call.portal.waits.locked():
        yield _no
        return
    async with call.portal.waits:
        heard, gone = asyncio.ensure_future(_hear(call, topic)), asyncio.ensure_future(_leave(call))
        try:
            await asyncio.wait({heard}, timeout=0)  # it listens before anybody looks

            async def changed() -> bool:
                await asyncio.wait({heard, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                return heard.done()

            yield changed
        finally:
            for task in (heard, gone):
                task.cancel()
            await asyncio.gather(heard, gone, return_exceptions=True)


async def _hear(call: Call, topic: str) -> None:
    async for change in call.host.changes():
        if change.partition(":")[0].partition("@")[0] == topic:
            return


async def _leave(call: Call) -> None:
    """Until the connection that asked is closed."""
    while (await call.request.receive())["type"] != "http.disconnect":
        pass


async def _no() -> bool:
    return False
