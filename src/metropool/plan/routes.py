"""From letters to ways and routes: who may say what to whom, with which rows, and where what is heard goes on. Pure."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence

from metropool.exchange.ways import Way
from metropool.plan.compiled import CapabilityFacts, Route, RunningFacts
from metropool.plan.passing import Passing, Relay
from metropool.plan.schema import Contract, Letter, MessageEntry, Row

NOWHERE = "\0"
"""No place of a registry is called this."""


def ways_of(
    said: Sequence[tuple[str, Letter]],
    passing: Passing,
    *,
    rows: Mapping[str, Row],
    systems: Mapping[str, RunningFacts],
    contract: Contract,
) -> list[Way]:
    """Everything that nodes may say to one another, with the rows that list it, in the order of the plan."""
    listed: dict[Letter, list[str]] = defaultdict(list)
    for row, letter in said:
        if letter in passing.letters:
            listed[letter].append(row)
    return [_way(letter, given, passing, rows, systems[letter.receiver], contract) for letter, given in listed.items()]


def _way(
    letter: Letter, listed: Sequence[str], passing: Passing, rows: Mapping[str, Row], receiver: RunningFacts, contract: Contract
) -> Way:
    entry, wheres = contract.messages[letter.message], list[Mapping[str, str]]()
    for row in listed:
        where = _where(entry, rows[row], receiver)
        if where not in wheres:
            wheres.append(where)
    return Way(
        phrase=letter.message,
        kind=entry.carried_by,
        sender=letter.sender,
        receiver=letter.receiver,
        rows=tuple(listed),
        wheres=tuple(wheres),
        speakers=passing.speakers(letter.sender, letter.message),
        name_zh=entry.zh,
        name_en=entry.en,
        personal=entry.personal,
    )


def _where(entry: MessageEntry, row: Row, receiver: RunningFacts) -> dict[str, str]:
    """What may be spoken of to a receiver; of people, to the instance for a place, of those who live there: of nobody, had it no place."""
    lives = {receiver.per: receiver.place or NOWHERE} if entry.personal and receiver.per and receiver.instance_of else {}
    return {**entry.where, **row.where, **lives}


def by_system(ways: Sequence[Way], systems: Iterable[str]) -> dict[str, tuple[Way, ...]]:
    """Each system's own ways, to it and from it."""
    found: dict[str, list[Way]] = {name: [] for name in systems}
    for way in ways:
        for end in dict.fromkeys((way.sender, way.receiver)):
            found[end].append(way)
    return {name: tuple(own) for name, own in found.items()}


def routes_of(
    ways: Sequence[Way],
    *,
    rows: Mapping[str, Row],
    systems: Mapping[str, RunningFacts],
    contract: Contract,
    capabilities: Mapping[str, CapabilityFacts],
    relays: Container[Relay] = (),
) -> list[tuple[Way, Route]]:
    """Each way with where it leads: once for what each of its rows lets be spoken of; whoever passes it on takes all of it."""
    found: list[tuple[Way, Route]] = []
    for way in ways:
        receiver, entry = systems[way.receiver], contract.messages[way.phrase]
        is_relay = (way.receiver, way.phrase) in relays
        routes: list[Route] = []
        for row in way.rows:
            route = Route(
                phrase=way.phrase,
                receiver=receiver.id,
                receiver_party=receiver.party,
                where=_where(entry, rows[row], receiver),
                needs_consent=way.phrase in rows[row].consent,
                rows=None if is_relay else _taking(receiver, way.kind, capabilities),
            )
            if route not in routes:
                routes.append(route)
        found += [(way, route) for route in routes]
    return found


def begun(routes: Sequence[tuple[Way, Route]], systems: Mapping[str, RunningFacts]) -> dict[str, dict[str, tuple[Route, ...]]]:
    """Message class to where it may go, for every node; what it only passes on is not among it."""
    found: dict[str, dict[str, list[Route]]] = defaultdict(lambda: defaultdict(list))
    for way, route in routes:
        if not way.is_passed_on:
            found[way.sender][way.kind].append(route)
    nodes = [name for name, facts in systems.items() if facts.kind == "node"]
    return {name: {kind: tuple(ways) for kind, ways in found[name].items()} for name in nodes}


def passed(routes: Sequence[tuple[Way, Route]]) -> dict[str, dict[str, tuple[Route, ...]]]:
    """Message to where it goes on, for every node that passes something on."""
    found: dict[str, dict[str, list[Route]]] = defaultdict(lambda: defaultdict(list))
    for way, route in routes:
        if way.is_passed_on:
            found[way.sender][way.phrase].append(route)
    return {name: {phrase: tuple(ways) for phrase, ways in by_phrase.items()} for name, by_phrase in found.items()}


def _taking(system: RunningFacts, kind: str, capabilities: Mapping[str, CapabilityFacts]) -> tuple[str, ...] | None:
    """Rows for which capabilities that take a message class are hosted; None where one of them is hosted without such a division."""
    taking = [rows for name, rows in system.hosts.items() if name in capabilities and kind in capabilities[name].consumes]
    return tuple(row for rows in taking for row in rows) if taking and all(taking) else None
