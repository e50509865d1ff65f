"""Hold a plan to the contract and to the capabilities at hand, and derive from it everything that runs. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from metropool.core.identifiers import PartyId, SystemId
from metropool.plan.broker import plan_broker
from metropool.plan.checks import check_everything
from metropool.plan.compiled import CapabilityFacts, Compiled, Route, RunningFacts
from metropool.plan.load import Loaded
from metropool.plan.picture import draw_up
from metropool.plan.schema import Contract, Letter, Plan, Row


def compile_plan(plan: Loaded[Plan], contract: Loaded[Contract], capabilities: Mapping[str, CapabilityFacts]) -> Compiled:
    """Compile a plan.

    Args:
        plan: What is to run.
        contract: What it is held to.
        capabilities: What is built, by name.

    Returns:
        Everything derived, with all faults and notes; what names nobody knows is left out of the rest.
    """
    systems = _systems(plan.content, contract.content)
    rows = plan.content.running_rows(contract.content)
    said = [(row, letter) for row, letter in plan.content.letters(rows) if _is_known(letter, systems, contract.content)]
    allowed = frozenset(letter for _, letter in said)
    letters = frozenset(letter for letter in allowed if _by_broker(letter, systems))
    found = check_everything(plan=plan, contract=contract, capabilities=capabilities, systems=systems, said=said)
    return Compiled(
        plan=plan.content.plan,
        title=plan.content.title,
        faults=tuple(fault for fault in found if not fault.is_note),
        notes=tuple(fault for fault in found if fault.is_note),
        allowed=allowed,
        letters=letters,
        routes=_routes(said, letters, rows=rows, systems=systems, contract=contract.content),
        systems=systems,
        broker=plan_broker(nodes={f.id: f.front_end for f in systems.values() if f.kind == "node"}, letters=letters),
        picture=draw_up(plan=plan.content, contract=contract.content, systems=systems, said=said),
        identity=plan.content.identity,
    )


def _systems(plan: Plan, contract: Contract) -> dict[str, RunningFacts]:
    return {
        name: RunningFacts(
            id=SystemId(name),
            kind=running.kind,
            party=PartyId(plan.operators.get(contract.systems[name].party, contract.systems[name].party)),
            zone=contract.systems[name].zone,
            title=contract.systems[name],
            hosts=running.hosts,
            front_end=running.front_end,
            face=running.face,
            per=running.per,
        )
        for name, running in plan.systems.items()
        if name in contract.systems
    }


def _is_known(letter: Letter, systems: Mapping[str, RunningFacts], contract: Contract) -> bool:
    return letter.sender in systems and letter.receiver in systems and letter.message in contract.messages


def _by_broker(letter: Letter, systems: Mapping[str, RunningFacts]) -> bool:
    return systems[letter.sender].kind == "node" and systems[letter.receiver].kind == "node"


def _routes(
    said: Sequence[tuple[str, Letter]],
    letters: frozenset[Letter],
    *,
    rows: Mapping[str, Row],
    systems: Mapping[str, RunningFacts],
    contract: Contract,
) -> dict[str, dict[str, tuple[Route, ...]]]:
    """Message class to where it may go, for every node."""
    routes: dict[str, dict[str, list[Route]]] = defaultdict(lambda: defaultdict(list))
    for row, letter in said:
        if letter not in letters:
            continue
        entry = contract.messages[letter.message]
        receiver = systems[letter.receiver]
        where = {**entry.where, **rows[row].where}
        route = Route(phrase=letter.message, receiver=receiver.id, receiver_party=receiver.party, where=where)
        if route not in routes[letter.sender][entry.carried_by]:
            routes[letter.sender][entry.carried_by].append(route)
    nodes = [name for name, facts in systems.items() if facts.kind == "node"]
    return {name: {kind: tuple(ways) for kind, ways in routes[name].items()} for name in nodes}
