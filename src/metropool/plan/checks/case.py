"""What every check looks at. Pure."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from metropool.plan.compiled import CapabilityFacts, RunningFacts
from metropool.plan.schema import Contract, Letter, Plan
from metropool.plan.source import Source

Said = Sequence[tuple[str, Letter]]


@dataclass(frozen=True)
class Case:
    """Everything a check looks at.

    Attributes:
        systems: What runs, with what the contract says of it.
        said: What may be said, by row.
    """

    plan: Plan
    contract: Contract
    plan_source: Source
    contract_source: Source
    capabilities: Mapping[str, CapabilityFacts]
    systems: Mapping[str, RunningFacts]
    said: Said

    def at_row(self, row: str) -> tuple[Source, tuple[str | int, ...]]:
        """Where the plan lists a row."""
        if row in self.plan.add:
            return self.plan_source, ("add", row)
        if row in self.plan.rows:
            return self.plan_source, ("rows", self.plan.rows.index(row))
        return self.plan_source, ("not_yet", "rows", self.plan.not_yet.rows.index(row))

    def at_system(self, name: str) -> tuple[str, ...]:
        """Where the plan file writes a system."""
        return ("systems", name) if name in self.plan.systems else ("not_yet", "systems", name)


def without_origin(said: Said, *, contract: Contract, systems: Set[str]) -> Iterable[tuple[str, Letter]]:
    """The rows whose sender was never given the message it passes on: it begins nowhere upstream of it among ``systems``."""
    for message in dict.fromkeys(letter.message for _, letter in said):
        has = set(contract.messages[message].begins) & systems
        ways = [(row, letter) for row, letter in said if letter.message == message]
        for _ in ways:
            has |= {letter.receiver for _, letter in ways if letter.sender in has}
        yield from ((row, letter) for row, letter in ways if letter.sender not in has)


def zone_joined(link: tuple[str, str], via: str | None, contract: Contract) -> str | None:
    """The outer zone that a link joins to the production zone without passing the access zone."""
    zones = {contract.systems[name].zone for name in link}
    outer = zones & {"public", "carrier"}
    return min(outer) if "production" in zones and outer and via != "access_zone" else None
