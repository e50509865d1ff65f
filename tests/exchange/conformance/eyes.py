"""What a check of conformance looks at, kept; and the same looks shown what another town said: a constant.

Every sight of a check is a question to a client of a door, letters read at a door, what a gateway shows in its home, or a file of
a device. While a town is driven all of them are kept. Then a check runs once more, and the one client that sees its message is
shown, whatever it asks, what the other town's showed: what things are called stays (a look must find something to look at), all
that is told of them is constant.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, NamedTuple

import pytest

from metropool.plan.gateways import HOME, of_kind
from metropool.runtime.conformance.checks import asking, at_home, indoors, months, paying, sealed
from metropool.runtime.conformance.checks import field as in_field
from metropool.runtime.conformance.town import records
from metropool.runtime.conformance.town.people import Client
from metropool.runtime.conformance.town.town import DOOR, Town
from metropool.runtime.conformance.ways import Way

Question = tuple[str, ...]
NAMES = frozenset(
    {
        "account_number",
        "bill_number",
        "id",
        "item",
        "message",
        "notice",
        "number",
        "office",
        "order_id",
        "phrase",
        "place",
        "point",
    }
    | {"purpose", "receiver", "reference", "sender", "usage_point"}
)
"""What things are called, in any answer."""
TOLD = {"customer_profiles": frozenset({"account_number"}), "payment_status": frozenset({"account_number"})}
"""Of these messages a name is just what they tell."""
STAFF, RESIDENT, LETTERS, GATEWAY, FILE = "staff", "resident", "letters", "gateway", "file"
AT_DOORS = (STAFF, RESIDENT, LETTERS)
KEPT_BY_DEVICES = ("told_by_devices", "switched_off", "written_in_archive", "order_at_channel", "carried")
READERS = (in_field, paying, sealed, months, asking, at_home)
EVIDENCE = "evidence"


class Source(NamedTuple):
    """Where something is seen: the kind of client, and the system it is a client of."""

    kind: str
    of: str


@dataclass
class Look:
    """One thing that was looked for: where, and what was shown there in the end."""

    what: str
    sources: set[Source] = field(default_factory=set)
    shown: dict[tuple[Source, Question], Any] = field(default_factory=dict)


@dataclass
class Eyes:
    """Whoever looks.

    Attributes:
        memory: What is seen; of what is shown in place of it, what was seen before.
        other: What another town showed when ``what`` was found there; with ``constant`` the sources at which just that is shown.
        names: See ``NAMES``.
    """

    memory: "Memory"
    other: "Memory | None" = None
    what: str = ""
    constant: frozenset[Source] = frozenset()
    names: frozenset[str] = NAMES
    looks: list[Look] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)

    def see(self, source: Source, question: Question, shown: Any) -> Any:
        """What is seen of what is shown."""
        if self.looks:
            self.looks[-1].sources.add(source)
            self.looks[-1].shown[source, question] = shown
        if source in self.constant and self.other is not None:
            shown = self.memory.found[self.what, source].get(question, shown)
            return constant(shown, self.other.nearest(source, question, what=self.what), self.names)
        self.memory.shown[source][question] = shown
        return shown

    def found(self) -> None:
        """What was looked for last is there: keep what was shown then, where that was no constant."""
        look = self.looks[-1]
        for (source, question), shown in look.shown.items():
            if not self.constant:
                self.memory.found[look.what, source][question] = shown


@dataclass
class Memory:
    """What a town showed: by what was looked for and source when it was found, by source at last; each by question."""

    found: dict[tuple[str, Source], dict[Question, Any]] = field(default_factory=partial(defaultdict, dict))
    shown: dict[Source, dict[Question, Any]] = field(default_factory=partial(defaultdict, dict))

    def nearest(self, source: Source, question: Question, *, what: str) -> Any:
        """The answer to the question that is most like this one: when that was found, where it was asked then, else at last.

        Raises:
            LookupError: There was none like it.
        """
        for answers in (self.found[what, source], self.shown[source]):
            like = [asked for asked in answers if _form(asked) == _form(question)]
            if like:
                return answers[max(like, key=lambda asked: sum(map(str.__eq__, asked, question)))]
        raise LookupError(f"the other town was asked nothing like {source} {question}")


def _form(question: Question) -> tuple[str, int, int]:
    """Questions of one form begin with the same word and have as many parts and parameters."""
    return question[0], len(question), sum(part.startswith("?") for part in question)


EYES: ContextVar[Eyes | None] = ContextVar("EYES", default=None)


def constant(shown: Any, other: Any, names: frozenset[str]) -> Any:
    """What another town showed, of what is called as in this one.

    >>> constant([{"id": "b1", "fen": 5}, {"id": "b2", "fen": 6}], [{"id": "a1", "fen": 9}], NAMES)
    [{'id': 'b1', 'fen': 9}, {'id': 'b2', 'fen': 9}]
    """
    if isinstance(shown, Mapping) and isinstance(other, Mapping):
        kept = {name: shown[name] for name in shown.keys() & names if isinstance(shown[name], str | int)}
        return {**{name: constant(shown.get(name), value, names) for name, value in other.items()}, **kept}
    if isinstance(shown, list) and isinstance(other, list):
        return [constant(row, other[at % len(other)], names) for at, row in enumerate(shown)] if other else []
    return other


def see(source: Source, question: Question, shown: Any) -> Any:
    """What whoever looks just now sees of what is shown."""
    eyes = EYES.get()
    return shown if eyes is None else eyes.see(source, question, shown)


class Letters(Mapping[str, list[Any]]):
    """The letters of a reader, as they are seen."""

    def __init__(self, system: str, letters: Mapping[str, list[Any]]) -> None:
        self._source, self._letters = Source(LETTERS, system), letters

    def __getitem__(self, phrase: str) -> list[Any]:
        return see(self._source, (phrase,), list(self._letters[phrase]))

    def __iter__(self):
        return iter(self._letters)

    def __len__(self) -> int:
        return len(self._letters)


@dataclass
class Reading:
    """A reader at a door that is watched."""

    letters: Letters


class Watched(Town):
    """A town whose looks are kept; what was done in it once is shared by all who share ``doing`` and ``inside``."""

    inside: dict[Any, Eyes]
    again: frozenset[str] = frozenset()
    anew: dict[Any, "asyncio.Task[Any]"]

    @classmethod
    def of(cls, town: Town, *, inside: dict[Any, Eyes], again: frozenset[str] = frozenset(), **other: Any) -> "Watched":
        """The same town, watched; ``again``: what is to be done anew though it was done."""
        watched = cls(**{each.name: getattr(town, each.name) for each in fields(Town)} | other)
        watched.inside, watched.again, watched.anew = inside, again, {}
        return watched

    def once(self, what: Any, work: Callable[[], Any]) -> Any:
        eyes, name = EYES.get(), what[0] if isinstance(what, tuple) else what
        if eyes is not None:
            eyes.asked.append(what)
        if name in self.again:
            if what not in self.anew:
                self.anew[what] = asyncio.ensure_future(work())
            return self.anew[what]
        if what not in self._doing and eyes is not None:
            inside = self.inside[what] = Eyes(eyes.memory)

            async def watched() -> Any:
                EYES.set(inside)
                done = await work()
                return Reading(Letters(what[1], done.letters)) if name == DOOR else done

            return super().once(what, watched)
        return super().once(what, work)

    async def seen(self, look: Any, *, needs: Sequence[str], what: str) -> Any:
        if (eyes := EYES.get()) is not None:
            eyes.looks.append(Look(what))
        found = await super().seen(look, needs=needs, what=what)
        if eyes is not None:
            eyes.found()
        return found


def sight(eyes: Eyes, inside: Mapping[Any, Eyes], way: Way, town: Town, shared: frozenset[str]) -> Look:
    """The look at which a check sees its message, and the clients of it that are its receiver's.

    Args:
        shared: What is done once and holds the look.
    """
    held = [inside[what] for what in eyes.asked if isinstance(what, tuple) and what[0] in shared and what in inside]
    looks = [look for each in held or [eyes] for look in each.looks if look.what != EVIDENCE and look.sources]
    assert looks, f"{way} is looked for nowhere"
    kinds = _kinds(way, town)
    its = [({source for source in look.sources if source.kind in kinds}, look) for look in looks]
    own = [(sources, look) for sources, look in its if sources] or [(look.sources, look) for look in looks]
    at = [({source for source in sources if source.of == way.receiver}, look) for sources, look in own]
    sources, look = ([each for each in at if each[0]] or own)[-1]
    return Look(look.what, sources)


def _kinds(way: Way, town: Town) -> tuple[str, ...]:
    """Where the receiver of a message looks: at doors, in the home, at its own file."""
    if way.receiver in town.ports or (way.sender in town.ports and town.compiled.systems[way.receiver].kind == "face"):
        return AT_DOORS
    gateways = of_kind(town.compiled.broker.gateways, HOME)
    is_home = gateways is not None and gateways.account in (way.sender, way.receiver)
    return (GATEWAY,) if is_home else (FILE,)


@contextmanager
def watched():
    """Let every look go through whoever's eyes are set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "get", _get)
        patch.setattr(indoors.Indoors, "shown", _shown)
        for name in KEPT_BY_DEVICES:
            for module in READERS:
                if hasattr(module, name):
                    patch.setattr(module, name, _kept(name, getattr(records, name)))
        yield


async def _get(self: Client, path: str, **asked: Any) -> Any:
    shown = await self._ask("GET", path, params=asked)
    kind = RESIDENT if path.startswith("/households/") else STAFF
    question = (*path.strip("/").split("/"), *(f"?{name}={value}" for name, value in sorted(asked.items())))
    return see(Source(kind, self.system), question, shown)


async def _shown(self: indoors.Indoors, path: str) -> Any:
    return see(Source(GATEWAY, ""), (path,), (await self.http.get(path)).raise_for_status().json())


def _kept(name: str, read: Callable[..., Any]) -> Callable[..., Any]:
    def kept(home: Any, *asked: Any) -> Any:
        shown = read(home, *asked)
        shown = list(shown) if name == "told_by_devices" else shown
        return see(Source(FILE, name), (name, *map(str, asked)), shown)

    return kept
