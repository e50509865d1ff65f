"""What can be wrong with a plan: one function per question, each giving every fault it finds with its line. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from metropool.plan.compiled import CapabilityFacts, RunningFacts
from metropool.plan.load import Loaded
from metropool.plan.schema import Contract, Letter, Plan, Row
from metropool.plan.source import PlanFault, Source

Said = Sequence[tuple[str, Letter]]


@dataclass(frozen=True)
class Case:
    """Everything a check looks at."""

    plan: Plan
    contract: Contract
    plan_source: Source
    contract_source: Source
    capabilities: Mapping[str, CapabilityFacts]
    systems: Mapping[str, RunningFacts]
    said: Said

    def at_row(self, row: str) -> tuple[Source, tuple[str | int, ...]]:
        """Where the running plan lists a row."""
        if row in self.plan.add:
            return self.plan_source, ("add", row)
        return self.plan_source, ("rows", self.plan.rows.index(row))


def check_everything(
    *,
    plan: Loaded[Plan],
    contract: Loaded[Contract],
    capabilities: Mapping[str, CapabilityFacts],
    systems: Mapping[str, RunningFacts],
    said: Said,
) -> list[PlanFault]:
    """Every fault and note, by file and line."""
    case = Case(plan.content, contract.content, plan.source, contract.source, capabilities, systems, said)
    found = [fault for check in CHECKS for fault in check(case)]
    return sorted(found, key=lambda fault: (fault.is_note, fault.file, fault.line, fault.key))


def contract_names(case: Case) -> Iterator[PlanFault]:
    """Everything the contract refers to exists in it."""
    contract, source = case.contract, case.contract_source
    for name, system in contract.systems.items():
        if system.party not in contract.parties:
            yield source.fault("unknown_party", "systems", name, "party", name=system.party)
    for name, message in contract.messages.items():
        for place, system_name in enumerate(message.begins):
            if system_name not in contract.systems:
                yield source.fault("unknown_system", "messages", name, "from", place, name=system_name)
    for row, entry in contract.rows.items():
        yield from _row_names(entry, contract, source, ("rows", row))


def plan_names(case: Case) -> Iterator[PlanFault]:
    """Systems, rows, messages and parties a plan names are the contract's."""
    plan, contract, source = case.plan, case.contract, case.plan_source
    for name in plan.systems:
        if name not in contract.systems:
            yield source.fault("unknown_system", "systems", name, name=name)
        elif contract.systems[name].plans and plan.plan not in contract.systems[name].plans:
            yield source.fault("system_of_other_plan", "systems", name, name=name, plan=plan.plan)
    for party, operator in plan.operators.items():
        for wrong in {party, operator} - set(contract.parties):
            yield source.fault("unknown_party", "operators", party, name=wrong)
    for place, message in enumerate(plan.not_yet.messages):
        if message not in contract.messages:
            yield source.fault("unknown_message", "not_yet", "messages", place, name=message)
    for row, entry in plan.add.items():
        yield from _row_names(entry, contract, source, ("add", row))


def rows_listed(case: Case) -> Iterator[PlanFault]:
    """A plan lists each row that the contract gives it once: as running, or as not yet built."""
    plan, contract, source = case.plan, case.contract, case.plan_source
    listed = [("rows", place, row) for place, row in enumerate(plan.rows)]
    unbuilt = [("not_yet", "rows", place, row) for place, row in enumerate(plan.not_yet.rows)]
    seen: dict[str, int] = {}
    for *path, row in (*listed, *unbuilt):
        if row in seen:
            yield source.fault("duplicate", *path, name=row, first=seen[str(row)])
        elif row not in contract.rows:
            yield source.fault("unknown_row", *path, name=row)
        elif plan.plan not in contract.rows[str(row)].plans:
            yield source.fault("row_of_other_plan", *path, name=row, plan=plan.plan)
        seen.setdefault(str(row), source.line(*path))
    for row in plan.add:
        if row in contract.rows:
            yield source.fault("duplicate", "add", row, name=row, first=case.contract_source.line("rows", row))
    for row, entry in contract.rows.items():
        if plan.plan in entry.plans and row not in seen:
            yield source.fault("row_forgotten", "rows", name=row, plan=plan.plan)


def ends_running(case: Case) -> Iterator[PlanFault]:
    """Both ends of a running row, and whatever it passes on its way, run."""
    for row, entry in case.plan.running_rows(case.contract).items():
        source, path = case.at_row(row)
        for name in dict.fromkeys((*entry.link, *entry.path)):
            if name in case.contract.systems and name not in case.plan.systems:
                yield source.fault("system_not_running", *path, row=row, name=name)


def zones(case: Case) -> Iterator[PlanFault]:
    """Production meets the public side and the carrier only through the access zone."""
    for row, entry in case.plan.running_rows(case.contract).items():
        if any(name not in case.contract.systems for name in entry.link):
            continue
        left, right = (case.contract.systems[name].zone for name in entry.link)
        outer = {left, right} & {"public", "carrier"}
        if "production" in (left, right) and outer and entry.via != "access_zone":
            source, path = case.at_row(row)
            yield source.fault("zone_crossing", *path, row=row, left=entry.link[0], right=entry.link[1], zone=outer.pop())


def origins(case: Case) -> Iterator[PlanFault]:
    """Whoever passes a message on was given it: it begins somewhere in the running plan."""
    for message in dict.fromkeys(letter.message for _, letter in case.said):
        has = set(case.contract.messages[message].begins) & set(case.systems)
        ways = [(row, letter) for row, letter in case.said if letter.message == message]
        for _ in ways:
            has |= {letter.receiver for _, letter in ways if letter.sender in has}
        for row, letter in ways:
            if letter.sender not in has:
                source, path = case.at_row(row)
                yield source.fault("orphan", *path, row=row, message=message, system=letter.sender)


def capabilities_known(case: Case) -> Iterator[PlanFault]:
    """What a system hosts is built; only nodes of ours host; a node hosts something and is one instance."""
    for name, running in case.plan.systems.items():
        for capability in running.hosts:
            if capability not in case.capabilities:
                yield case.plan_source.fault("missing_capability", "systems", name, "hosts", capability, name=capability)
            elif running.kind != "node":
                yield case.plan_source.fault("hosts_nothing", "systems", name, "hosts", name=name)
        if running.kind == "node" and not running.hosts:
            yield case.plan_source.fault("node_without_work", "systems", name, name=name)
        if running.kind == "node" and running.per:
            yield case.plan_source.fault("many_instances", "systems", name, "per", name=name)


def hosting(case: Case) -> Iterator[PlanFault]:
    """A capability is hosted where the contract puts it in this plan, or is listed as not yet built.

    One the contract puts nowhere in any plan (an office: each company's own desk) stands where the plan says.
    """
    plan, source = case.plan, case.plan_source
    given = {entry: _as_tuple(by_plan[plan.plan]) for entry, by_plan in case.contract.hosting.items() if plan.plan in by_plan}
    placed = {entry.partition("[")[0] for entry in case.contract.hosting}
    places: dict[str, set[str]] = defaultdict(set)
    for entry, hosts in given.items():
        places[entry.partition("[")[0]] |= set(hosts)
    for name, running in plan.systems.items():
        for capability in running.hosts:
            if given and capability in placed and name not in places[capability]:
                yield source.fault("hosted_elsewhere", "systems", name, "hosts", capability, name=capability, system=name)
    for entry in given:
        capability = entry.partition("[")[0]
        hosted = any(capability in running.hosts for running in plan.systems.values())
        if not hosted and entry not in plan.not_yet.capabilities:
            yield source.fault("capability_forgotten", "systems", name=entry, plan=plan.plan)


def said_and_heard(case: Case) -> Iterator[PlanFault]:
    """Between nodes of ours, somebody at the sender says each message and somebody at the receiver hears it."""
    for row, letter in case.said:
        if any(case.systems[end].kind != "node" for end in (letter.sender, letter.receiver)):
            continue
        kind = case.contract.messages[letter.message].carried_by
        values = {"row": row, "message": letter.message, "kind": kind}
        source, path = case.at_row(row)
        if not any(facts is None or kind in facts.produces for facts in _hosted(case, letter.sender)):
            yield source.fault("nobody_produces", *path, system=letter.sender, **values)
        if not any(facts is None or kind in facts.consumes for facts in _hosted(case, letter.receiver)):
            yield source.fault("nobody_consumes", *path, system=letter.receiver, **values)


def single_points(case: Case) -> Iterator[PlanFault]:
    """Systems without which others cannot reach one another (a note: their letters wait in the outbox)."""
    links = {frozenset((letter.sender, letter.receiver)) for _, letter in case.said}
    whole = _components(set().union(*links) if links else set(), links)
    for name, facts in case.systems.items():
        if facts.kind not in ("node", "carrier"):
            continue
        rest = {other for link in links for other in link if other != name}
        pieces = _components(rest, {link for link in links if name not in link})
        if len(pieces) > len(whole):
            cut = sorted(other for piece in sorted(pieces, key=len)[:-1] for other in piece)
            yield case.plan_source.note("single_point", "systems", name, name=name, others=", ".join(cut))


CHECKS: tuple[Callable[[Case], Iterable[PlanFault]], ...] = (
    contract_names,
    plan_names,
    rows_listed,
    ends_running,
    zones,
    origins,
    capabilities_known,
    hosting,
    said_and_heard,
    single_points,
)


def _row_names(entry: Row, contract: Contract, source: Source, path: tuple[str, ...]) -> Iterator[PlanFault]:
    for name in dict.fromkeys((*entry.link, *entry.path)):
        if name not in contract.systems:
            yield source.fault("unknown_system", *path, name=name)
    for letter, count in Counter(entry.letters()).items():
        if letter.message not in contract.messages:
            yield source.fault("unknown_message", *path, name=letter.message)
        if count > 1:
            yield source.fault("duplicate", *path, name=letter.message, first=source.line(*path))


def _as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _hosted(case: Case, system: str) -> list[CapabilityFacts | None]:
    """What a system hosts; None for a capability that is not built, which is a fault of its own."""
    return [case.capabilities.get(name) for name in case.systems[system].hosts]


def _components(names: set[str], links: set[frozenset[str]]) -> list[set[str]]:
    """The groups of names that links hold together."""
    pieces: list[set[str]] = []
    for name in sorted(names):
        touching = [piece for piece in pieces if any(frozenset((name, other)) in links for other in piece)]
        pieces = [piece for piece in pieces if piece not in touching]
        pieces.append({name}.union(*touching))
    return pieces
