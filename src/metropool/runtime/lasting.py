"""Loops that outlast what they depend on: a full disk, or books that do not answer, end none of them."""

from collections.abc import Awaitable, Callable

import structlog

from metropool.core.errors import Unavailable
from metropool.runtime.pause import pause

log = structlog.get_logger()
MISSING = (Unavailable, OSError, MemoryError)
"""What is raised where disk, memory or books are not there: it may pass."""
AGAIN_S = 1.0


async def lasting(loop: Callable[[], Awaitable[None]], *, system: str, name: str) -> None:
    """Run a loop that can begin anew; again in a while, loudly, each time something it depends on is missing.

    Raises:
        Exception: Whatever else it raised.
    """
    while True:
        try:
            await loop()
            return
        except Exception as fault:
            reason = _missing(fault)
            if reason is None:
                raise
            log.error("goes on in a while", system=system, loop=name, reason=str(reason) or type(reason).__name__)
        await pause(AGAIN_S)


def _missing(fault: BaseException) -> BaseException | None:
    """What was missing; None where something else is wrong, too."""
    if not isinstance(fault, BaseExceptionGroup):
        return fault if isinstance(fault, MISSING) else None
    found = [_missing(each) for each in fault.exceptions]
    return found[0] if None not in found else None
