"""Hold a plan to the contract and to the capabilities at hand, and derive from it everything that runs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from metropool.core.identifiers import PartyId, SystemId
from metropool.plan.broker import BrokerPlan, plan_broker
from metropool.plan.checks.every import check_everything
from metropool.plan.compiled import CapabilityFacts, Compiled, Many, Outline, RunningFacts
from metropool.plan.drawing.picture import draw_up
from metropool.plan.gateway_users import with_gateways
from metropool.plan.gateways import gateways_of
from metropool.plan.instances import FILE, NONE, Instances, spread, title_of
from metropool.plan.load import Loaded
from metropool.plan.outside import run_outside
from metropool.plan.passing import passing_of
from metropool.plan.routes import begun, by_system, passed, routes_of, ways_of
from metropool.plan.schema import REST, Contract, Letter, Plan, Title, letters_of
from metropool.plan.source import Source

NO_INSTANCES = Loaded(NONE, Source(FILE))


def compile_plan(
    plan: Loaded[Plan],
    contract: Loaded[Contract],
    capabilities: Mapping[str, CapabilityFacts],
    *,
    variant: str | None = None,
    outside: Sequence[str] = (),
    instances: Loaded[Instances] = NO_INSTANCES,
) -> Compiled:
    """Compile a plan.

    Args:
        plan: What is to run.
        contract: What it is held to.
        capabilities: What is built, by name.
        variant: Which way of running it; the first where None.
        outside: Systems whose work software does that is not ours.
        instances: The communities and buildings of a city that have a system of their own.

    Returns:
        Everything derived, with all faults and notes; what names nobody knows is left out of the rest.

    Raises:
        NotFound: The plan has no such variant, or runs no such system.
        Invalid: The instances do not fit the plan.
    """
    if outside:
        door = next(name for name, facts in capabilities.items() if facts.is_door)
        plan = replace(plan, content=run_outside(plan.content, outside, door=door))
    contract = replace(contract, content=contract.content.with_messages(plan.content.add_messages))
    variant = plan.content.variant(variant)
    title = _title(plan.content, variant)
    every = _systems(plan.content, contract.content, variant)
    systems = {name: facts for name, facts in every.items() if name in plan.content.systems}
    rows = plan.content.running_rows(contract.content)
    whole = _outline(plan.content, contract.content, every)
    said = [(row, letter) for row, letter in plan.content.letters(rows) if _is_known(letter, systems, contract.content)]
    allowed = frozenset(letter for _, letter in said)
    running, many = spread(systems, instances.content, instances.source)
    between = [(row, each) for row, letter in said for each in many.letters(letter)]
    letters = frozenset(letter for _, letter in between if _by_broker(letter, running))
    passing = passing_of(letters, contract=contract.content, systems=running, capabilities=capabilities)
    ways = ways_of(between, passing, rows=rows, systems=running, contract=contract.content)
    routes = routes_of(
        ways, rows=rows, systems=running, contract=contract.content, capabilities=capabilities, relays=passing.relays
    )
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
        routes=begun(routes, running),
        passes=passed(routes),
        ways=by_system(ways, running),
        systems=running,
        instances=many,
        broker=_broker(running, frozenset(letter for _, letter in between), letters, contract.content),
        picture=draw_up(plan=plan.content, title=title, contract=contract.content, systems=systems, said=said),
        whole=whole,
        whole_picture=draw_up(plan=plan.content, title=title, contract=contract.content, systems=every, said=whole.said),
        identity={str(people): name for people, name in plan.content.identity.items()},
        brokers=_brokers(plan.content, many),
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
    return title_of(plan.title, plan.variants[variant].title)


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


def _brokers(plan: Plan, many: Many) -> dict[str, tuple[str, ...]]:
    """Who is on which broker; the rest are the nodes that no other broker names."""
    named = {name for names in plan.brokers.values() if names != REST for name in names}
    rest = tuple(name for name, running in plan.all_systems().items() if running.kind == "node" and name not in named)
    systems = {broker: rest if names == REST else tuple(names) for broker, names in plan.brokers.items()}
    return {broker: tuple(one for name in names for one in many.runs_as(name)) for broker, names in systems.items()}


def _is_known(letter: Letter, systems: Mapping[str, RunningFacts], contract: Contract) -> bool:
    return letter.sender in systems and letter.receiver in systems and letter.message in contract.messages


def _by_broker(letter: Letter, systems: Mapping[str, RunningFacts]) -> bool:
    return systems[letter.sender].kind == "node" and systems[letter.receiver].kind == "node"
