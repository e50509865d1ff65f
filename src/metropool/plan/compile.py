"""Hold a plan to the contract and to the capabilities at hand, and derive from it everything that runs. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from metropool.core.identifiers import PartyId, SystemId
from metropool.exchange.ways import Way
from metropool.plan.broker import BrokerPlan, plan_broker
from metropool.plan.checks.every import check_everything
from metropool.plan.compiled import CapabilityFacts, Compiled, Outline, Route, RunningFacts
from metropool.plan.drawing.picture import draw_up
from metropool.plan.gateways import gateways_of, with_gateways
from metropool.plan.load import Loaded
from metropool.plan.passing import Passing, passing_of
from metropool.plan.schema import REST, Contract, Letter, Plan, Row, Title, letters_of


def compile_plan(
    plan: Loaded[Plan],
    contract: Loaded[Contract],
    capabilities: Mapping[str, CapabilityFacts],
    *,
    variant: str | None = None,
    outside: Sequence[str] = (),
) -> Compiled:
    """Compile a plan.

    Args:
        plan: What is to run.
        contract: What it is held to.
        capabilities: What is built, by name.
        variant: Which way of running it; the first where None.
        outside: Systems whose work software does that is not ours.

    Returns:
        Everything derived, with all faults and notes; what names nobody knows is left out of the rest.

    Raises:
        NotFound: The plan has no such variant, or runs no such system.
    """
    if outside:
        door = next(name for name, facts in capabilities.items() if facts.is_door)
        plan = replace(plan, content=plan.content.run_outside(outside, door=door))
    contract = replace(contract, content=contract.content.with_messages(plan.content.add_messages))
    variant = plan.content.variant(variant)
    title = _title(plan.content, variant)
    every = _systems(plan.content, contract.content, variant)
    systems = {name: facts for name, facts in every.items() if name in plan.content.systems}
    rows = plan.content.running_rows(contract.content)
    whole = _outline(plan.content, contract.content, every)
    said = [(row, letter) for row, letter in plan.content.letters(rows) if _is_known(letter, systems, contract.content)]
    allowed = frozenset(letter for _, letter in said)
    letters = frozenset(letter for letter in allowed if _by_broker(letter, systems))
    passing = passing_of(letters, contract=contract.content, systems=systems, capabilities=capabilities)
    ways = _ways(said, passing, rows=rows, contract=contract.content)
    routes = _all_routes(ways, rows=rows, systems=systems, contract=contract.content, capabilities=capabilities)
    found = check_everything(plan=plan, contract=contract, capabilities=capabilities, systems=systems, said=said)
    return Compiled(
        plan=plan.content.plan,
        variant=variant,
        title=title,
        faults=tuple(fault for fault in found if not fault.is_note),
        notes=tuple(fault for fault in found if fault.is_note),
        allowed=allowed,
        letters=letters,
        rows=tuple(rows),
        routes=_routes(routes, systems),
        passes=_passes(routes),
        ways={name: tuple(way for way in ways if name in (way.sender, way.receiver)) for name in systems},
        systems=systems,
        broker=_broker(systems, allowed, letters, contract.content),
        picture=draw_up(plan=plan.content, title=title, contract=contract.content, systems=systems, said=said),
        whole=whole,
        whole_picture=draw_up(plan=plan.content, title=title, contract=contract.content, systems=every, said=whole.said),
        identity=plan.content.identity,
        brokers=_brokers(plan.content),
        consents=_consents(contract.content),
    )


def _broker(
    systems: Mapping[str, RunningFacts], allowed: frozenset[Letter], letters: frozenset[Letter], contract: Contract
) -> BrokerPlan:
    kinds = {message: entry.carried_by for message, entry in contract.messages.items()}
    gateways = gateways_of(systems=systems, letters=allowed, kinds=kinds)
    nodes: dict[str, str | None] = {facts.id: facts.front_end for facts in systems.values() if facts.kind == "node"}
    return with_gateways(plan_broker(nodes=nodes, letters=letters), gateways)


def _consents(contract: Contract) -> tuple[tuple[PartyId, str], ...]:
    """Who may have what only of households that agree."""
    asked = [
        (PartyId(contract.systems[letter.receiver].party), letter.message)
        for row in contract.rows.values()
        for letter in row.letters()
        if letter.message in row.consent and letter.receiver in contract.systems
    ]
    return tuple(dict.fromkeys(asked))


def _title(plan: Plan, variant: str | None) -> Title:
    if variant is None:
        return plan.title
    way = plan.variants[variant].title
    return Title(zh=f"{plan.title.zh}（{way.zh}）", en=f"{plan.title.en} ({way.en})")


def _systems(plan: Plan, contract: Contract, variant: str | None) -> dict[str, RunningFacts]:
    """The systems that run, and those that will, in the hands of this variant."""
    operated = plan.variants[variant].operated_by if variant else {}
    return {
        name: RunningFacts(
            id=SystemId(name),
            kind=running.kind,
            party=PartyId(operated.get(name) or plan.operators.get(contract.systems[name].party, contract.systems[name].party)),
            zone=contract.systems[name].zone,
            title=contract.systems[name],
            hosts=running.hosts,
            front_end=running.front_end,
            face=running.face,
            per=running.per,
            software=running.software,
            way_in=running.way_in,
        )
        for name, running in plan.all_systems().items()
        if name in contract.systems
    }


def _outline(plan: Plan, contract: Contract, systems: Mapping[str, RunningFacts]) -> Outline:
    rows = plan.all_rows(contract)
    said = tuple((row, letter) for row, letter in letters_of(rows) if _is_known(letter, systems, contract))
    return Outline(systems=systems, said=said, rows=rows, messages=contract.messages, parties=contract.parties)


def _brokers(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Who is on which broker; the rest are the nodes that no other broker names."""
    named = {name for names in plan.brokers.values() if names != REST for name in names}
    rest = tuple(name for name, running in plan.all_systems().items() if running.kind == "node" and name not in named)
    return {broker: rest if names == REST else tuple(names) for broker, names in plan.brokers.items()}


def _is_known(letter: Letter, systems: Mapping[str, RunningFacts], contract: Contract) -> bool:
    return letter.sender in systems and letter.receiver in systems and letter.message in contract.messages


def _by_broker(letter: Letter, systems: Mapping[str, RunningFacts]) -> bool:
    return systems[letter.sender].kind == "node" and systems[letter.receiver].kind == "node"


def _ways(said: Sequence[tuple[str, Letter]], passing: Passing, *, rows: Mapping[str, Row], contract: Contract) -> list[Way]:
    """Everything that nodes may say to one another, with the rows that list it, in the order of the plan."""
    listed: dict[Letter, list[str]] = defaultdict(list)
    for row, letter in said:
        if letter in passing.letters:
            listed[letter].append(row)
    return [_way(letter, given, passing, rows, contract) for letter, given in listed.items()]


def _way(letter: Letter, listed: Sequence[str], passing: Passing, rows: Mapping[str, Row], contract: Contract) -> Way:
    entry, wheres = contract.messages[letter.message], list[Mapping[str, str]]()
    for row in listed:
        where = {**entry.where, **rows[row].where}
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


def _all_routes(
    ways: Sequence[Way],
    *,
    rows: Mapping[str, Row],
    systems: Mapping[str, RunningFacts],
    contract: Contract,
    capabilities: Mapping[str, CapabilityFacts],
) -> list[tuple[Way, Route]]:
    """Each way with where it leads: once for what each of its rows lets be spoken of."""
    found: list[tuple[Way, Route]] = []
    for way in ways:
        receiver, entry = systems[way.receiver], contract.messages[way.phrase]
        for row in way.rows:
            route = Route(
                phrase=way.phrase,
                receiver=receiver.id,
                receiver_party=receiver.party,
                where={**entry.where, **rows[row].where},
                needs_consent=way.phrase in rows[row].consent,
                rows=_taking(receiver, way.kind, capabilities),
            )
            if (way, route) not in found:
                found.append((way, route))
    return found


def _routes(routes: Sequence[tuple[Way, Route]], systems: Mapping[str, RunningFacts]) -> dict[str, dict[str, tuple[Route, ...]]]:
    """Message class to where it may go, for every node; what it only passes on is not among it."""
    found: dict[str, dict[str, list[Route]]] = defaultdict(lambda: defaultdict(list))
    for way, route in routes:
        if not way.is_passed_on:
            found[way.sender][way.kind].append(route)
    nodes = [name for name, facts in systems.items() if facts.kind == "node"]
    return {name: {kind: tuple(ways) for kind, ways in found[name].items()} for name in nodes}


def _passes(routes: Sequence[tuple[Way, Route]]) -> dict[str, dict[str, tuple[Route, ...]]]:
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
