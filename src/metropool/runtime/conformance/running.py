"""``metropool conformance``: each plan in a town of its own, one after the other."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from metropool.capabilities.metering.loops import compile_loops
from metropool.capabilities.metering.validation.kernels import is_compiled
from metropool.core.clock import SystemClock, monotonic_s
from metropool.plan.compiled import Compiled
from metropool.plan.load import outside_of
from metropool.runtime.conformance.driving import drive
from metropool.runtime.conformance.losing import VOTERS, Losses, all_in_step, look_at_letters, lose_servers
from metropool.runtime.conformance.probes.all import probe, table_of
from metropool.runtime.conformance.report import Finding, Report, together
from metropool.runtime.conformance.town.city import City
from metropool.runtime.conformance.town.making import make_city
from metropool.runtime.conformance.town.opening import open_town
from metropool.runtime.conformance.town.starting import need_software
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import ways_of
from metropool.runtime.instances import instances_of, write_instances
from metropool.runtime.systems import compile_named

HOMES = 5
"""So many that what is abnormal in all of them can be told without telling of single homes."""
PLANS = ("one", "two", "transition")
ARROWS = {"up": "↑", "down": "↓"}


@dataclass(frozen=True)
class Run:
    """How plans are run.

    Attributes:
        plans: Names or files.
        seed: What the city is made from.
        say: Told the key of a text with its values as things go on.
        finished: Told each report as it is there.
        served: See ``Processes``.
        servers: See ``open_town``; of three and more one is killed meanwhile.
    """

    plans: Sequence[str]
    seed: int
    say: Callable[..., None]
    finished: Callable[[Report], None]
    homes: int = HOMES
    served: Mapping[str, Sequence[str]] = field(default_factory=dict)
    servers: int = 0

    async def all(self, folder: Path) -> list[Report]:
        """A report for each plan.

        Args:
            folder: An empty one, for the homes.

        Raises:
            NotFound, Invalid: A plan is none, or faulty.
            Unavailable: The town could not be set up.
        """
        compiled = {plan: compile_named(plan) for plan in self.plans}
        for plan, each in compiled.items():
            need_software(each, outside_of(plan))
        city = await self.city(folder)
        return [await self._one(folder / named(plan, each), plan, each, city) for plan, each in compiled.items()]

    async def city(self, folder: Path) -> City:
        """The city of all towns, and the loops over readings made ready: no town has to wait for them."""
        self.say("city_made", seed=self.seed, homes=self.homes)
        if not is_compiled():
            self.say("compiles")
        await asyncio.to_thread(compile_loops)
        return await make_city(folder, seed=self.seed, homes=self.homes)

    async def _one(self, home: Path, plan: str, one_of_each: Compiled, city: City) -> Report:
        began = monotonic_s()
        write_instances(home, instances_of(one_of_each, city.rows))
        compiled = compile_named(plan, home=home)
        town = open_town(home, plan=plan, compiled=compiled, city=city, served=self.served, servers=self.servers)
        said = {"systems": len(town.ports), "processes": len(set(map(town.served_by, town.ports)))}
        self.say("plan_starts", plan=named(plan, compiled), **said)
        try:
            report = await self._look(town, began)
        finally:
            self.say("stopping")
            await town.stop()
        self.finished(report)
        return report

    async def _look(self, town: Town, began: float) -> Report:
        await town.start()
        self.say("town_stands", seconds=f"{monotonic_s() - began:.1f}")
        findings, losses = await self._drive(town)
        self.say("probing")
        doors, table = await probe(town), table_of(town)
        return Report(
            plan=named(town.plan, town.compiled),
            seed=self.seed,
            at=SystemClock().now(),
            took_s=monotonic_s() - began,
            compiled=town.compiled,
            findings=together(findings, town.compiled),
            doors=doors,
            table={"combinations": table.combinations, "listed": table.listed, "wrong": len(table.wrong)},
            losses=losses,
        )

    async def _drive(self, town: Town) -> tuple[list[Finding], Losses | None]:
        """Drive everything; where the brokers can do without a server, without one now and then."""
        ways, seen = ways_of(town.compiled), list[Finding]()

        def heard(found: Finding) -> None:
            self._heard(found)
            seen.extend([] if found.way.unbuilt else [found])

        if self.servers < VOTERS:
            return await drive(town, ways, heard=heard), None
        await all_in_step(town)
        driving = asyncio.ensure_future(drive(town, ways, heard=heard))
        try:
            killed = await lose_servers(town, seen=lambda: len(seen), of=sum(not way.unbuilt for way in ways), say=self.say)
            findings = await driving
        finally:
            driving.cancel()
        every = sum(map(len, town.brokers.servers.values()))
        return findings, Losses(servers=every, killed=tuple(killed), letters=await look_at_letters(town))

    def _heard(self, found: Finding) -> None:
        if found.status != "not built":
            way = found.way
            told = {"row": way.row, "arrow": ARROWS[way.direction], "message": way.message}
            self.say(f"heard_{found.status}", **told, ms=found.delay_ms, why=found.why)


def named(asked: str, compiled: Compiled) -> str:
    """A plan by its own name, with the variant that was asked for and what runs from outside: ``one``, ``one:indirect+gas_system``."""
    plan = f"{compiled.plan}:{compiled.variant}" if ":" in asked and compiled.variant else compiled.plan
    return "+".join((plan, *outside_of(asked)))
