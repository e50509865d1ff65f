"""Who is there: what a system knows of those it exchanges letters with, from their beats, and of those beyond them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec

LATE_S = 6.0
"""Who was not heard for so long is down [s of the machine]: within ten seconds it is seen."""
LONGEST_S = 1e7
"""No age is told beyond this [s of the machine]."""
Presence = Literal["up", "down", "unheard"]
Age = Annotated[float, msgspec.Meta(ge=0, le=LONGEST_S)]


class Software(msgspec.Struct, frozen=True, omit_defaults=True):
    """A system's own software, as its door knows it.

    Attributes:
        age_s: How long ago it last called [s of the machine]; that a connection of it is open proves nothing.
        is_silent: It waits for letters whenever it is at work, and has not been there for ``LATE_S``.
    """

    age_s: Age
    is_silent: bool = False


class Known(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one system that runs.

    Attributes:
        age_s: How long ago it was heard to be there [s of the machine]; None for never.
        software: Its own, where any has come to its door.
    """

    presence: Presence
    age_s: Age | None = None
    software: Software | None = None


class Beat(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a system tells with a beat: of its own software, and, to whoever draws the whole plan, of those it hears itself."""

    software: Software | None = None
    neighbours: Mapping[str, Known] = {}


@dataclass
class Neighbours:
    """Those that a system exchanges letters with.

    Attributes:
        since_s: Since when they can be heard; None while the broker cannot be reached. All times [s], monotonic.
        heard_s: When each was heard last.
        told: What each told then.
    """

    names: frozenset[str]
    since_s: float | None = None
    heard_s: dict[str, float] = field(default_factory=dict)
    told: dict[str, Beat] = field(default_factory=dict)

    def hear(self, name: str, beat: Beat, *, at_s: float) -> None:
        """A beat came."""
        if name in self.names:
            self.heard_s[name], self.told[name] = at_s, beat

    def presence(self, name: str, *, at_s: float) -> Presence:
        """Whether one is there; ``unheard`` where there was no time yet to hear it."""
        if self.since_s is None:
            return "unheard"
        age = self._age_s(name, at_s)
        if age is not None and age < LATE_S:
            return "up"
        return "down" if at_s - self.since_s >= LATE_S else "unheard"

    def known(self, name: str, *, at_s: float) -> Known:
        """What is known of one of them."""
        age = self._age_s(name, at_s)
        software = self.told[name].software if name in self.told else None
        return Known(self.presence(name, at_s=at_s), age, _older(software, by_s=age or 0.0))

    def beyond(self, name: str, *, at_s: float) -> list[Known]:
        """What those that are there tell of another one that they hear."""
        found = []
        for teller, beat in self.told.items():
            if (told := beat.neighbours.get(name)) and self.presence(teller, at_s=at_s) == "up":
                since = self._age_s(teller, at_s) or 0.0
                age = None if told.age_s is None else _longer(told.age_s, since)
                found.append(Known(told.presence, age, _older(told.software, by_s=since)))
        return found

    def all_known(self, *, at_s: float) -> dict[str, Known]:
        """What is known of each of them."""
        return {name: self.known(name, at_s=at_s) for name in sorted(self.names)}

    def _age_s(self, name: str, at_s: float) -> float | None:
        heard = self.heard_s.get(name)
        return None if heard is None else min(max(at_s - heard, 0.0), LONGEST_S)


def together(found: Iterable[Presence]) -> Presence | None:
    """Several who hear the same system, or several systems as one: the worst that is known; None where nobody can tell."""
    known = set(found)
    return next((state for state in ("down", "up", "unheard") if state in known), None)


def software_of(found: Iterable[Known]) -> Software | None:
    """Several systems as one: the software that has been silent for longest, else that which called last."""
    there = sorted((each.software for each in found if each.software), key=lambda one: one.age_s)
    silent = [one for one in there if one.is_silent]
    return silent[-1] if silent else next(iter(there), None)


def _older(software: Software | None, *, by_s: float) -> Software | None:
    return software and msgspec.structs.replace(software, age_s=_longer(software.age_s, by_s))


def _longer(age_s: float, by_s: float) -> float:
    return min(age_s + by_s, LONGEST_S)
