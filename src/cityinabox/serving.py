"""What every server of the city does: say that it is ready, and end cleanly when it is told to."""

import asyncio
import json
import signal
from collections.abc import Callable, Coroutine
from typing import Any


def say_ready(**facts: Any) -> None:
    """One line of JSON on standard output."""
    print(json.dumps({"ready": True} | facts), flush=True)


def until_terminated(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run ``work`` until it ends or a SIGTERM or SIGINT arrives."""

    async def guarded() -> None:
        task = asyncio.create_task(work())
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    asyncio.run(guarded())
