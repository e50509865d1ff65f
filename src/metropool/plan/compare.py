"""Plans side by side: how large, which borders are crossed, who sees what, what depends on whom; computed, where nobody measured."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from metropool.plan.compiled import Compiled, Outline
from metropool.plan.schema import Letter, Title

READING = "meter_data"
USAGE = frozenset({"BlocksSealed", "HouseholdUsageTold"})


@dataclass(frozen=True)
class Stop:
    """What ends when one system stands still.

    Attributes:
        system: The one that stands still.
        lost: Messages on links that can no longer come from where they begin, its own included.
        cut_off: Other systems that hear nothing any more.
    """

    system: str
    lost: tuple[Letter, ...]
    cut_off: tuple[str, ...]

    @property
    def silenced(self) -> int:
        """How many that are."""
        return len(self.lost)


@dataclass(frozen=True)
class Measures:
    """What can be counted of an outline.

    Attributes:
        rows: Those that carry something.
        links: Pairs of systems with something between them.
        messages: Message ids in use.
        letters: Messages on links, each direction for itself.
        crossings: Two zones (in order) to the links between them.
        ways: To each app of a resident, the systems a reading passes, the meter first; without an app no reading reaches.
        sees: Party to its systems that hear or say something personal.
        stops: For each system, the worst first.
    """

    systems: int
    rows: int
    links: int
    messages: int
    letters: int
    crossings: Mapping[tuple[str, str], int]
    ways: Mapping[str, tuple[str, ...]]
    sees: Mapping[str, tuple[str, ...]]
    stops: tuple[Stop, ...]


@dataclass(frozen=True)
class Sheet:
    """One plan, or one variant of it: everything it will be, and what of it runs.

    Attributes:
        measured: What was seen to end of what runs while one system stood still, where somebody stopped it.
    """

    plan: str
    variant: str | None
    title: Title
    outline: Outline
    whole: Measures
    running: Measures
    measured: tuple[Stop, ...] = ()


def compare(compiled: Compiled) -> Sheet:
    """Measure a plan."""
    return Sheet(
        plan=compiled.plan,
        variant=compiled.variant,
        title=compiled.title,
        outline=compiled.whole,
        whole=measure(compiled.whole),
        running=measure(compiled.running),
    )


def measure(outline: Outline) -> Measures:
    """Count what can be counted."""
    links = {frozenset((letter.sender, letter.receiver)) for letter in outline.letters}
    return Measures(
        systems=len(outline.systems),
        rows=len({row for row, _ in outline.said}),
        links=len(links),
        messages=len({letter.message for letter in outline.letters}),
        letters=len(outline.letters),
        crossings=_crossings(outline, links),
        ways=_ways(outline),
        sees=_sees(outline),
        stops=tuple(sorted(_stops(outline), key=lambda stop: (-stop.silenced, stop.system))),
    )


def _crossings(outline: Outline, links: Iterable[frozenset[str]]) -> dict[tuple[str, str], int]:
    borders: Counter[tuple[str, str]] = Counter()
    for link in links:
        first, second = sorted(outline.systems[name].zone for name in link)
        if first != second:
            borders[first, second] += 1
    return dict(sorted(borders.items()))


def _ways(outline: Outline) -> dict[str, tuple[str, ...]]:
    """Shortest way of a reading to each app of a resident, through every box on the way of a row."""
    begun = outline.messages[READING].begins if READING in outline.messages else ()
    ways: dict[str, tuple[str, ...]] = {name: (name,) for name in begun if name in outline.systems}
    waiting = deque(ways)
    steps = _usage_steps(outline)
    while waiting:
        here = waiting.popleft()
        for there, between in steps[here].items():
            if there not in ways:
                ways[there] = (*ways[here], *between, there)
                waiting.append(there)
    return {name: way for name, way in sorted(ways.items()) if outline.systems[name].face == "resident"}


def _usage_steps(outline: Outline) -> dict[str, dict[str, tuple[str, ...]]]:
    """From each system, whom it tells of usage, and the boxes between the two."""
    steps: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for row, letter in outline.said:
        if outline.messages[letter.message].carried_by in USAGE:
            path = outline.rows[row].path
            between = path[1:-1] if path[:1] == (letter.sender,) else path[-2:0:-1]
            steps[letter.sender].setdefault(letter.receiver, between)
    return steps


def _sees(outline: Outline) -> dict[str, tuple[str, ...]]:
    seen: dict[str, dict[str, None]] = defaultdict(dict)
    for letter in sorted(outline.letters):
        if outline.messages[letter.message].personal:
            for name in (letter.sender, letter.receiver):
                seen[outline.systems[name].party][name] = None
    return {party: tuple(sorted(names)) for party, names in sorted(seen.items())}


def alive_without(outline: Outline, name: str) -> set[Letter]:
    """What still comes by the rows, from where it begins, while one system stands still."""
    by_message: dict[str, list[Letter]] = defaultdict(list)
    for letter in sorted(outline.letters):
        by_message[letter.message].append(letter)
    alive: set[Letter] = set()
    for message, letters in by_message.items():
        alive |= _arriving(letters, begins=outline.messages[message].begins, without=name, outline=outline)
    return alive


def _stops(outline: Outline) -> Iterable[Stop]:
    heard = {letter.receiver for letter in outline.letters}
    for name in _on_the_way(outline):
        alive = alive_without(outline, name)
        deaf = heard - {letter.receiver for letter in alive} - {name}
        yield Stop(system=name, lost=tuple(sorted(set(outline.letters) - alive)), cut_off=tuple(sorted(deaf)))


def _on_the_way(outline: Outline) -> Iterable[str]:
    ends = {name for letter in outline.letters for name in (letter.sender, letter.receiver)}
    return sorted(ends | {name for row in outline.rows.values() for name in row.path if name in outline.systems})


def _arriving(letters: Iterable[Letter], *, begins: Iterable[str], without: str, outline: Outline) -> set[Letter]:
    """The letters of one message whose sender has it, from where it begins, while one system stands still."""
    passing = {(row.link, row.path) for row in outline.rows.values() if without in row.path}
    blocked = {pair for link, _ in passing for pair in (link, link[::-1])}
    open_ways = [
        letter
        for letter in letters
        if without not in (letter.sender, letter.receiver) and (letter.sender, letter.receiver) not in blocked
    ]
    has, grown = set(begins) - {without}, True
    while grown:
        gained = {letter.receiver for letter in open_ways if letter.sender in has} - has
        has, grown = has | gained, bool(gained)
    return {letter for letter in open_ways if letter.sender in has}
