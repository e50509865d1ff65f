"""``metropool conformance``: each plan in a town of its own, one after the other."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from metropool.core.clock import SystemClock, monotonic_s
from metropool.core.identifiers import RandomIds
from metropool.plan.compiled import Compiled
from metropool.runtime.conformance.driving import drive
from metropool.runtime.conformance.report import Finding, Report
from metropool.runtime.conformance.town.city import City
from metropool.runtime.conformance.town.making import make_city
from metropool.runtime.conformance.town.town import open_town
from metropool.runtime.conformance.ways import ways_of
from metropool.runtime.systems import compile_named

HOMES = 2
PLANS = ("one", "two", "transition")
Say = Callable[..., None]


@dataclass(frozen=True)
class Run:
    """How plans are run.

    Attributes:
        plans: Names or files.
        seed: What the city is made from.
        say: Told keys of texts with their values, as things go on.
        served: See ``Processes``.
        folder: Where homes are made; removed at the end where None.
    """

    plans: Sequence[str]
    seed: int
    say: Say
    homes: int = HOMES
    served: Mapping[str, Sequence[str]] = field(default_factory=dict)

    async def all(self, folder: Path) -> list[Report]:
        """A report for each plan.

        Raises:
            NotFound, Invalid: A plan is none, or faulty.
            Unavailable: The town could not be set up.
        """
        compiled = {plan: compile_named(plan) for plan in self.plans}
        city = await make_city(folder / "city", seed=self.seed, homes=self.homes)
        return [await self._one(folder, plan, each, city) for plan, each in compiled.items()]

    async def _one(self, folder: Path, plan: str, compiled: Compiled, city: City) -> Report:
        began = monotonic_s()
        self.say("plan_starts", plan=compiled.plan, systems=len(compiled.nodes()))
        town = open_town(
            folder / plan.replace(":", "-").replace("/", "-"), plan=plan, compiled=compiled, city=city, served=dict(self.served)
        )
        try:
            await town.start()
            self.say("town_stands", seconds=f"{monotonic_s() - began:.1f}")
            findings = await drive(town, ways_of(compiled), heard=self._heard)
        finally:
            await town.stop()
        took_s = monotonic_s() - began
        return Report(plan=_named(compiled), seed=self.seed, at=SystemClock().now(), took_s=took_s, findings=findings)

    def _heard(self, found: Finding) -> None:
        if found.status != "not built":
            way = found.way
            self.say(f"heard_{found.status}", row=way.row, direction=way.direction, message=way.message, ms=found.delay_ms)


def _named(compiled: Compiled) -> str:
    return f"{compiled.plan}:{compiled.variant}" if compiled.variant not in (None, "direct") else compiled.plan


if __name__ == "__main__":

    def say(key: str, **values: object) -> None:
        sys.stderr.write(f"{monotonic_s():.1f} {key} {values}\n")

    with TemporaryDirectory() as folder:
        for report in asyncio.run(
            Run(sys.argv[1:] or PLANS, seed=int(RandomIds().fresh_id()[:4], 16), say=say).all(Path(folder))
        ):
            for found in report.findings:
                if found.status != "not built":
                    print(
                        found.status,
                        found.way.row,
                        found.way.direction,
                        found.way.message,
                        found.delay_ms,
                        found.evidence,
                        found.why,
                    )
            print(report.counts(), report.took_s)
