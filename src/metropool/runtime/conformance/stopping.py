"""What stopping one system takes down, by stopping it: a town of its own each time, in which all is driven while one stands still."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from metropool.core.clock import monotonic_s
from metropool.plan.compare import Stop, alive_without
from metropool.plan.compiled import Compiled
from metropool.plan.schema import Letter
from metropool.runtime.conformance.driving import finding_of
from metropool.runtime.conformance.report import Finding
from metropool.runtime.conformance.running import Run, named
from metropool.runtime.conformance.town.city import City
from metropool.runtime.conformance.town.opening import idle_doors, open_town
from metropool.runtime.conformance.town.rest import Rest, effort_s
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way, Words, ways_of
from metropool.runtime.systems import compile_named

LOOK_S = 0.5
REST_S = 22.0
"""What has not come when the town has rested for so long will not come [s of the machine]: whoever looks by himself, looks twice in it."""
SHORT_REST_S = 6.0
"""The same where the rows say of nothing that is still missing that it comes."""
MOST_S = 240.0
EVERY = "all"


@dataclass(frozen=True)
class Standstill:
    """What was seen while one system stood still.

    Attributes:
        found: What became of everything that runs.
        alive: What comes without it by the rows.
    """

    system: str
    found: tuple[Finding, ...]
    alive: frozenset[Letter] = frozenset()

    @property
    def silenced(self) -> frozenset[Letter]:
        """The messages on links that did not come."""
        works = {found.way.letter for found in self.found if found.status == "works"}
        return frozenset(found.way.letter for found in self.found) - works

    @property
    def stop(self) -> Stop:
        """The same in the terms of a comparison: messages on links that did not come, and who heard nothing."""
        letters = {found.way.letter for found in self.found}
        works = letters - self.silenced
        deaf = {letter.receiver for letter in letters} - {letter.receiver for letter in works} - {self.system}
        return Stop(system=self.system, lost=tuple(sorted(self.silenced)), cut_off=tuple(sorted(deaf)))


def stoppable(compiled: Compiled, asked: Sequence[str]) -> list[str]:
    """The systems that are asked for (``all``: every one that has a process of ours, and something to say or to hear).

    Raises:
        NotFound: One is no such system.
    """
    compiled.require_nodes(name for name in asked if name != EVERY)
    known = [str(name) for name in compiled.nodes()]
    idle = idle_doors(compiled)
    return [name for name in known if name in asked or (EVERY in asked and name not in idle)]


async def stop_each(run: Run, systems: Sequence[str], folder: Path) -> dict[str, list[Standstill]]:
    """For each plan of a run, what was seen while each system stood still.

    Args:
        run: Plans and seed.
        systems: See ``stoppable``.
        folder: An empty one, for the homes.

    Raises:
        NotFound, Invalid: A plan or system is none, or a plan is faulty.
        Unavailable: A town could not be set up.
    """
    compiled = {plan: compile_named(plan) for plan in run.plans}
    chosen = {plan: stoppable(each, systems) for plan, each in compiled.items()}
    city = await run.city(folder)
    return {
        plan: [await _without(run, folder, plan, each, city, system) for system in chosen[plan]]
        for plan, each in compiled.items()
    }


async def all_that_comes(town: Town, ways: Sequence[Way], *, alive: Collection[Letter], rest: Rest) -> list[Finding]:
    """What became of each way by when the town came to rest, in their order.

    Args:
        alive: What should come: while some of it is missing, a rest must last longer to be believed.
    """
    looking = [asyncio.ensure_future(finding_of(town, way)) for way in ways]
    began = monotonic_s()
    while pending := [task for task in looking if not task.done()]:
        await asyncio.wait(pending, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        missing = any(way.letter in alive for way, task in zip(ways, looking, strict=True) if not task.done())
        rests = rest.lasts_s(came=sum(task.done() for task in looking)) > (REST_S if missing else SHORT_REST_S)
        if rests or monotonic_s() - began > MOST_S:
            break
    took = f"{monotonic_s() - began:.0f}"
    for task in pending:
        task.cancel()
    await asyncio.gather(*looking, return_exceptions=True)
    return [_never(way, took) if task.cancelled() else task.result() for way, task in zip(ways, looking, strict=True)]


def _never(way: Way, after_s: str) -> Finding:
    return Finding(way, "failed", why=Words.of("never_seen", what=way.message, after_s=after_s, last=""))


async def _without(run: Run, folder: Path, plan: str, compiled: Compiled, city: City, system: str) -> Standstill:
    """Drive everything in a town of which one system stands still from when all of it was ready."""
    home = folder / named(plan, compiled) / f"without-{system}"
    town = open_town(home, plan=plan, compiled=compiled, city=city, served=run.served)
    try:
        await town.start()
        for name in town.ends(system):
            town.processes.halt(name)
        run.say("stands_still", plan=named(plan, compiled), system=system)
        runs = [way for way in ways_of(compiled) if not way.unbuilt]
        alive, rest = frozenset(alive_without(compiled.running, system)), Rest(lambda: effort_s(town.processes.pids))
        found = Standstill(system, tuple(await all_that_comes(town, runs, alive=alive, rest=rest)), alive)
    finally:
        await town.stop()
    run.say("stood_still", system=system, silenced=found.stop.silenced, letters=len({way.letter for way in runs}))
    return found
