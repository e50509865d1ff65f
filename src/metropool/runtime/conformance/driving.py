"""Drives what a plan lists in a running town, all of it side by side, and says what became of each message."""

import asyncio
from collections.abc import Callable, Iterable

from metropool.core.errors import MetropoolError
from metropool.runtime.conformance.checks.table import CHECKS
from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.report import Finding
from metropool.runtime.conformance.town.people import Refusal
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way, Words

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
        seen = await check(town, way)
    except Failed as reason:
        return Finding(way, "failed", why=reason.words)
    except (Refusal, MetropoolError) as reason:
        return Finding(way, "failed", why=Words.of("fault", reason=reason))
    return Finding(way, "works", delay_ms=round(max(0.0, seen.delay_s) * 1000), evidence=seen.evidence)


def stood(town: Town, found: Finding) -> Finding:
    """A finding at the end of the run: who has stopped since carries nothing any more."""
    stopped = town.processes.stopped([found.way.sender, found.way.receiver])
    if found.status != "works" or stopped is None:
        return found
    return Finding(found.way, "failed", why=Words.of("stopped", system=stopped))
