"""Waiting for a change, a bounded time: what a request asks for that would rather hear late than ask again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from metropool.portal.call import Call


@asynccontextmanager
async def changed_within(call: Call, topic: str, seconds: float) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """Listen from here on; what is given waits until the topic changed or the time is over, and says whether it changed.

    So many requests may wait at one time; one more is answered at once.
    """
    if not seconds or call.portal.waits.locked():
        yield _no
        return
    async with call.portal.waits:
        heard = asyncio.ensure_future(_hear(call, topic))
        try:
            await asyncio.wait({heard}, timeout=0)  # it listens before anybody looks

            async def changed() -> bool:
                done, _ = await asyncio.wait({heard}, timeout=seconds)
                return bool(done)

            yield changed
        finally:
            heard.cancel()
            with suppress(asyncio.CancelledError):
                await heard


async def _hear(call: Call, topic: str) -> None:
    async for change in call.host.changes():
        if change.partition(":")[0].partition("@")[0] == topic:
            return


async def _no() -> bool:
    return False
