"""Drives what a plan lists in a running town, all of it side by side, and says what became of each message."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from metropool.runtime.conformance.checks.table import CHECKS
from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.report import Finding
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way, Words

T = TypeVar("T")
LOOK_S = 0.5
Heard = Callable[[Finding], None]


async def drive(town: Town, ways: Iterable[Way], *, heard: Heard) -> list[Finding]:
    """What became of each way, in their order.

    Args:
        heard: Told each finding as it comes.
    """

    async def one(way: Way) -> Finding:
        found = await finding_of(town, way)
        heard(found)
        return found

    return [stood(town, found) for found in await asyncio.gather(*map(one, ways))]


async def finding_of(town: Town, way: Way) -> Finding:
    """Cause one message and look for it."""
    if way.unbuilt:
        return Finding(way, "not built", why=way.unbuilt)
    check = CHECKS.get(way.message)
    if check is None:
        return Finding(way, "failed", why=Words.of("no_check", message=way.message))
    try:
        seen = await while_running(town, check(town, way), who=town.ends(way.sender, way.receiver))
    except Failed as reason:
        return Finding(way, "failed", why=reason.words)
    except Exception as reason:  # whatever an answer was that nobody expected: it fails this message alone
        return Finding(way, "failed", why=Words.of("fault", reason=reason or type(reason).__name__))
    return Finding(way, "works", delay_ms=round(max(0.0, seen.delay_s) * 1000), evidence=seen.evidence)


async def while_running(town: Town, work: Coroutine[Any, Any, T], *, who: Sequence[str]) -> T:
    """What some work gives, as long as those it is about are at work.

    Raises:
        Failed: One of them stands still.
    """
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            town.must_run(who)
            await asyncio.wait({task}, timeout=LOOK_S)
        return task.result()
    finally:
        task.cancel()


def stood(town: Town, found: Finding) -> Finding:
    """A finding at the end of the run: who has stopped since carries nothing any more."""
    if found.status != "works":
        return found
    stopped = town.processes.stopped(town.ends(found.way.sender, found.way.receiver))
    return Finding(found.way, "failed", why=Words.of("stopped", system=stopped)) if stopped else found
