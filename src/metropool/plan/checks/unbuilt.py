"""What is listed as not built and could run with what is hosted, and what is listed as running and carries nothing: notes. Pure."""

from collections.abc import Iterator, Mapping, Sequence, Set

from metropool.plan.carriers import is_carried, medium_of
from metropool.plan.checks.case import Case
from metropool.plan.compiled import CapabilityFacts
from metropool.plan.schema import Letter, RunningSystem, letters_of
from metropool.plan.source import PlanFault

Said = frozenset[tuple[str, Letter]]


def silent_rows(case: Case) -> Iterator[PlanFault]:
    """Rows that run by the plan, while nothing of what they carry does."""
    carrying = {row for row, _ in case.said}
    for row in case.plan.running_rows(case.contract):
        if row not in carrying:
            source, path = case.at_row(row)
            yield source.note("row_carries_nothing", *path, row=row)


def could_run(case: Case) -> Iterator[PlanFault]:
    """What the plan lists as not built, though somebody hosted says it and somebody hears it; unless the plan says why it is withheld."""
    plan, source = case.plan, case.plan_source
    listed: list[tuple[str, tuple[str | int, ...], bool]] = []
    nodes = _built_systems(case)
    listed += [(name, ("not_yet", "systems", name), name in nodes) for name in plan.not_yet.systems]
    entries = enumerate(plan.not_yet.capabilities)
    listed += [(name, ("not_yet", "capabilities", place), _is_built(case, name)) for place, name in entries]
    unbuilt, every = plan.not_yet.systems, letters_of(plan.all_rows(case.contract))
    systems = {**plan.systems, **{name: unbuilt[name] for name in nodes if name in unbuilt}}
    said = {message: _runs(case, message, systems, every) for message in case.contract.messages}
    rows = {row for message, kept in said.items() if message not in plan.not_yet.messages for row, _ in kept}
    listed += [(row, ("not_yet", "rows", place), row in rows) for place, row in enumerate(plan.not_yet.rows)]
    listed += [(name, ("not_yet", "messages", at), bool(said.get(name))) for at, name in enumerate(plan.not_yet.messages)]
    for row, messages in plan.not_yet.letters.items():
        could = any(row == each for message in messages for each, _ in said.get(message, ()))
        listed.append((row, ("not_yet", "letters", row), could))
    for name, path, could in listed:
        if could and name not in plan.not_yet.withheld:
            yield source.note("could_run", *path, name=name)
    names, contract = {name for name, _, _ in listed}, case.contract
    known = {*contract.systems, *contract.hosting, *contract.rows, *contract.messages, *plan.add}
    for name in plan.not_yet.withheld:
        if name not in names:
            say = source.note if name in known else source.fault
            yield say("withheld_unlisted", "not_yet", "withheld", name, name=name)


def _built_systems(case: Case) -> Set[str]:
    """Nodes that do not run yet, though all they will host is built."""
    unbuilt = case.plan.not_yet.systems.items()
    return {name for name, running in unbuilt if running.hosts and all(each in case.capabilities for each in running.hosts)}


def _is_built(case: Case, entry: str) -> bool:
    """Whether a capability, or ``capability[row]``, can be hosted as it is."""
    name, _, row = entry.rstrip("]").partition("[")
    facts = case.capabilities.get(name)
    return facts is not None and (not row or facts.rows is None or row in facts.rows)


def _runs(case: Case, message: str, systems: Mapping[str, RunningSystem], every: Sequence[tuple[str, Letter]]) -> Said:
    """The letters of a message, of every one there is, that would be said and heard if nothing of it were held back."""
    entry = case.contract.messages[message]
    ways = [(row, way) for row, way in every if way.message == message and {way.sender, way.receiver} <= set(systems)]
    ways = [(row, way) for row, way in ways if is_carried(entry, medium_of(systems[way.sender], systems[way.receiver]))]
    kept = list[tuple[str, Letter]]()
    while kept != ways:
        kept = ways
        told, onward = {(way.receiver, way.sender) for _, way in kept}, {(way.sender, way.receiver) for _, way in kept}
        ways = [
            (row, way)
            for row, way in kept
            if (
                any(has == way.sender and giver != way.receiver for has, giver in told)
                or (way.sender in entry.begins and _says(case, systems, way))
            )
            and (any(gives == way.receiver and taker != way.sender for gives, taker in onward) or _hears(case, systems, way))
        ]
    between = any("node" in (systems[way.sender].kind, systems[way.receiver].kind) for _, way in kept)
    return frozenset(kept) if between else frozenset()


def _says(case: Case, systems: Mapping[str, RunningSystem], way: Letter) -> bool:
    """Whoever is no node begins what is its own; a node says a class that something there says, and shows what something there can show."""
    sender, receiver, entry = systems[way.sender], systems[way.receiver], case.contract.messages[way.message]
    if sender.kind != "node" or sender.software:
        return True
    medium = medium_of(sender, receiver)
    if medium in ("letter", "mqtt"):
        told = [facts.produces | facts.consumes if medium == "mqtt" else facts.produces for facts in _working(case, sender)]
        return any(entry.carried_by in kinds for kinds in told)
    return is_carried(entry, medium) and (sender.front_end is not None if medium == "frames" else bool(_working(case, sender)))


def _hears(case: Case, systems: Mapping[str, RunningSystem], way: Letter) -> bool:
    """A node hears a class that something there hears, a door included where letters go; what comes otherwise, by what it comes."""
    sender, receiver, entry = systems[way.sender], systems[way.receiver], case.contract.messages[way.message]
    if receiver.kind != "node":
        return True
    medium = medium_of(sender, receiver)
    if medium in ("letter", "mqtt"):
        hosted = _working(case, receiver) if medium == "mqtt" else _hosted(case, receiver)
        return any(entry.carried_by in facts.consumes for facts in hosted)
    return is_carried(entry, medium) and (
        receiver.front_end is not None if medium == "frames" else bool(_working(case, receiver))
    )


def _hosted(case: Case, running: RunningSystem) -> list[CapabilityFacts]:
    return [case.capabilities[name] for name in running.hosts if name in case.capabilities]


def _working(case: Case, running: RunningSystem) -> list[CapabilityFacts]:
    """What does work of its own there: a door says and hears what other software wants."""
    return [facts for facts in _hosted(case, running) if not facts.is_door]
