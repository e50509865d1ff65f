"""Who passes on what it did not begin: a system that is told a message and has rows that carry the same message onward. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from metropool.plan.compiled import CapabilityFacts, RunningFacts
from metropool.plan.schema import Contract, Letter

Relay = tuple[str, str]
"""A system and the message it passes on."""


@dataclass(frozen=True)
class Passing:
    """What is passed on in a plan.

    Attributes:
        letters: What nodes may say to one another.
        relays: Who passes what on as it came. Where something hosted there both hears and says the class, that decides what goes
            on, and what it tells it begins.
    """

    letters: frozenset[Letter]
    relays: frozenset[Relay]

    def speakers(self, system: str, message: str) -> frozenset[str]:
        """Where a message that this system says may have begun: with itself, or with those it has it from."""
        found: set[str] = set()
        asked, seen = [system], {system}
        while asked:
            one = asked.pop()
            if (one, message) not in self.relays:
                found.add(one)
                continue
            before = self._tellers.get((message, one), set()) - seen
            seen |= before
            asked.extend(sorted(before))
        return frozenset(found)

    @cached_property
    def _tellers(self) -> Mapping[tuple[str, str], set[str]]:
        """Who says a message to a system."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for letter in self.letters:
            found[letter.message, letter.receiver].add(letter.sender)
        return dict(found)

    def circles(self) -> Iterable[Relay]:
        """Relays that what they pass on comes back to."""
        for system, message in sorted(self.relays):
            if system in self._after(system, message):
                yield system, message

    def _after(self, system: str, message: str) -> Set[str]:
        """Relays that are reached from a relay."""
        reached: set[str] = set()
        asked = [system]
        while asked:
            one = asked.pop()
            onward = {way.receiver for way in self.letters if (way.sender, way.message) == (one, message)}
            new = {other for other in onward if (other, message) in self.relays} - reached
            reached |= new
            asked.extend(new)
        return reached


def passing_of(
    letters: Collection[Letter],
    *,
    contract: Contract,
    systems: Mapping[str, RunningFacts],
    capabilities: Mapping[str, CapabilityFacts],
) -> Passing:
    """Find the relays among the nodes of a plan; ``letters`` are those between nodes."""
    told = {(letter.receiver, letter.message) for letter in letters}
    onward = {(letter.sender, letter.message) for letter in letters}
    relays = frozenset(
        (system, message)
        for system, message in told & onward
        if systems[system].listed_as not in contract.messages[message].begins
        and not _decides(systems[system], contract.messages[message].carried_by, capabilities)
    )
    return Passing(letters=frozenset(letters), relays=relays)


def _decides(system: RunningFacts, kind: str, capabilities: Mapping[str, CapabilityFacts]) -> bool:
    hosted = [capabilities[name] for name in system.hosts if name in capabilities]
    return any(kind in facts.consumes and kind in facts.produces for facts in hosted)
