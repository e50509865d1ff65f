"""Work that goes on together: what ends one part ends all."""

import asyncio
from collections.abc import Coroutine


async def until_one_ends(*parts: Coroutine[object, object, None]) -> None:
    """Run all parts until the first one ends, then end the rest and wait for them.

    Raises:
        Exception: What ended the first one.
    """
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
