"""What the nodes of one process know of who is there: they themselves, those they hear, and those of whom these tell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache

from metropool.core.clock import Instant, ScaledClock, monotonic_s
from metropool.plan.compiled import Compiled, RunningFacts
from metropool.runtime.node import Node
from metropool.runtime.presence import Known, Presence, Software, software_of, together

DOOR = "door"


class Whereabouts:
    """Who is there of the systems of one plan, at one moment.

    Args:
        compiled: The plan.
        nodes: Those of this process; none where it is another plan than runs.
        now: Business time.
    """

    def __init__(self, compiled: Compiled, nodes: Mapping[str, Node], now: Instant) -> None:
        self._compiled, self._nodes, self._now, self._at_s = compiled, nodes, now, monotonic_s()
        clock = next((node.clock for node in nodes.values()), None)
        self.speed = clock.speed if isinstance(clock, ScaledClock) else 1.0
        self._of = cache(self._look)

    def is_here(self, system: str) -> bool:
        """Whether this process runs it, or one of it."""
        return any(name in self._nodes for name in self._compiled.runs_as(system))

    def presence(self, system: str) -> Presence | None:
        """Whether a system is there, all instances of it: None where nobody can tell."""
        return together(known.presence for known in self._known(system))

    def is_silent(self, system: str) -> bool:
        """Whether the work of a system is its own software's, and that stays away from its door."""
        software = software_of(self._known(system))
        return bool(software and software.is_silent) and works_outside(self._compiled.systems.get(self._runs(system)))

    def last_seen(self, system: str) -> Instant | None:
        """When a system was last heard to be there, on the business clock."""
        ages = [known.age_s for known in self._known(system) if known.age_s is not None]
        return self._ago(min(ages)) if ages else None

    def software_seen(self, system: str) -> Instant | None:
        """When the software at a system's door last called, on the business clock; None where none has, or nobody can tell."""
        software: Software | None = software_of(self._known(system))
        return self._ago(software.age_s) if software else None

    def _ago(self, age_s: float) -> Instant:
        return self._now - timedelta(seconds=age_s * self.speed)

    def _runs(self, system: str) -> str:
        return next(iter(self._compiled.runs_as(system)), system)

    def _known(self, system: str) -> Iterator[Known]:
        for name in self._compiled.runs_as(system):
            yield from self._of(name)

    def _look(self, name: str) -> Sequence[Known]:
        """What is known of one that runs: at first hand where anybody here hears it."""
        if name in self._nodes:
            return [Known("up", 0.0, self._nodes[name].callers.software())]
        hearers: Iterable[Node] = self._nodes.values()
        heard = [node.neighbours.known(name, at_s=self._at_s) for node in hearers if name in node.neighbours.names]
        return heard or [known for node in hearers for known in node.neighbours.beyond(name, at_s=self._at_s)]


def works_outside(facts: RunningFacts | None) -> bool:
    """Whether a system's work is done by its own software alone: what it does not come for, nobody does."""
    return facts is not None and (facts.software == "outside" or set(facts.hosts) == {DOOR})
