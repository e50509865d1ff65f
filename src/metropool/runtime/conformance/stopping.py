"""What stopping one system takes down, by stopping it: a town of its own each time, in which all is driven while one stands still."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from metropool.core.errors import NotFound
from metropool.plan.compare import Stop
from metropool.plan.compiled import Compiled
from metropool.runtime.conformance.driving import finding_of
from metropool.runtime.conformance.report import Finding
from metropool.runtime.conformance.running import Run, named
from metropool.runtime.conformance.town.city import City
from metropool.runtime.conformance.town.making import make_city
from metropool.runtime.conformance.town.opening import open_town
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way, Words, ways_of
from metropool.runtime.systems import compile_named

PATIENCE_S = 60.0
"""So long may everything take while one system stands still [s of the machine]; with all at work, all comes sooner."""
EVERY = "all"


@dataclass(frozen=True)
class Standstill:
    """What was seen while one system stood still.

    Attributes:
        found: What became of everything that runs.
    """

    system: str
    found: tuple[Finding, ...]

    @property
    def stop(self) -> Stop:
        """The same in the terms of a comparison: messages on links that did not come, and who heard nothing."""
        works = {found.way.letter for found in self.found if found.status == "works"}
        letters = {found.way.letter for found in self.found}
        deaf = {letter.receiver for letter in letters} - {letter.receiver for letter in works} - {self.system}
        return Stop(system=self.system, silenced=len(letters - works), cut_off=tuple(sorted(deaf)))


def stoppable(compiled: Compiled, asked: Sequence[str]) -> list[str]:
    """The systems that are asked for (``all``: every one that has a process of ours).

    Raises:
        NotFound: One is no such system.
    """
    known = [str(name) for name in compiled.nodes()]
    unknown = [name for name in asked if name not in known and name != EVERY]
    if unknown:
        raise NotFound(f"the plan {compiled.plan} runs no {', '.join(unknown)} that could be stopped; it runs {', '.join(known)}")
    return known if EVERY in asked else [name for name in known if name in asked]


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
    run.say("city_made", seed=run.seed, homes=run.homes)
    city = await make_city(folder, seed=run.seed, homes=run.homes)
    return {
        plan: [await _without(run, folder, plan, each, city, system) for system in chosen[plan]]
        for plan, each in compiled.items()
    }


async def _in_time(town: Town, way: Way) -> Finding:
    try:
        return await asyncio.wait_for(finding_of(town, way), PATIENCE_S)
    except TimeoutError:
        return Finding(way, "failed", why=Words.of("never_seen", what=way.message, after_s=f"{PATIENCE_S:.0f}", last=""))


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
        found = Standstill(system, tuple(await asyncio.gather(*(_in_time(town, way) for way in runs))))
    finally:
        await town.stop()
    run.say("stood_still", system=system, silenced=found.stop.silenced, letters=len({way.letter for way in runs}))
    return found
