"""Names a plan gives: systems, the hands they are in, who vouches for people, brokers and networks. Pure."""

from collections.abc import Iterator

from metropool.plan.checks.case import Case
from metropool.plan.checks.contract import begins_known, row_names
from metropool.plan.schema import OWN, REST, letters_of
from metropool.plan.source import PlanFault

INWARD = ("production", "management")
"""Zones that nobody dials from further out, the innermost first."""

RESIDENTS = "settlement"
"""The capability at whose host residents come in."""


def plan_names(case: Case) -> Iterator[PlanFault]:
    """Systems, rows, messages and parties a plan names are the contract's."""
    plan, contract, source = case.plan, case.contract, case.plan_source
    for name in plan.all_systems():
        if name not in contract.systems:
            yield source.fault("unknown_system", *case.at_system(name), name=name)
        elif contract.systems[name].plans and plan.plan not in contract.systems[name].plans:
            yield source.fault("system_of_other_plan", *case.at_system(name), name=name, plan=plan.plan)
    for name in plan.not_yet.systems:
        if name in plan.systems:
            path = ("not_yet", "systems", name)
            yield source.fault("duplicate", *path, name=name, first=source.line("systems", name))
    for party, operator in plan.operators.items():
        for wrong in {party, operator} - set(contract.parties):
            yield source.fault("unknown_party", "operators", party, name=wrong)
    for row, entry in plan.add.items():
        yield from row_names(entry, contract, source, ("add", row))


def added_messages(case: Case) -> Iterator[PlanFault]:
    """A city's own messages begin somewhere, are in a row, and take no name that is there."""
    plan, source = case.plan, case.plan_source
    used = {letter.message for _, letter in letters_of(plan.add)}
    for name, entry in plan.add_messages.items():
        path = ("add_messages", name)
        yield from begins_known(entry, case.contract, source, path)
        if name not in used:
            yield source.fault("message_unused", *path, name=name)
        if case.contract_source.has("messages", name):
            yield source.fault("duplicate", *path, name=name, first=case.contract_source.line("messages", name))


def hands(case: Case) -> Iterator[PlanFault]:
    """The systems of a plan are in the hands the contract says, variant by variant."""
    plan, contract, source = case.plan, case.contract, case.plan_source
    for variant, entry in plan.variants.items():
        for name, party in entry.operated_by.items():
            path = ("variants", variant, "operated_by", name)
            if name not in contract.systems:
                yield source.fault("unknown_system", *path, name=name)
            elif party not in contract.parties:
                yield source.fault("unknown_party", *path, name=party)
            elif contract.systems[name].operated_by.get(f"{plan.plan}_{variant}") != party:
                yield source.fault("operated_otherwise", *path, name=name, party=party, variant=variant)
    for name, system in contract.systems.items():
        for way in system.operated_by:
            of_plan, _, variant = way.partition("_")
            if of_plan == plan.plan and name not in (plan.variants[variant].operated_by if variant in plan.variants else ()):
                yield source.fault("variant_forgotten", "variants", variant, name=name, variant=variant)


def operators(case: Case) -> Iterator[PlanFault]:
    """Who does the work of a party that the contract leaves to each plan is said, and of no other."""
    contract = case.contract
    for party in case.plan.operators:
        if party in contract.parties and not contract.parties[party].named_by_plan:
            yield case.plan_source.fault("operator_not_asked", "operators", party, name=party)
    for name in case.plan.systems:
        party = contract.systems[name].party if name in contract.systems else ""
        if party in contract.parties and contract.parties[party].named_by_plan and party not in case.plan.operators:
            yield case.plan_source.fault("operator_unnamed", "systems", name, name=name, party=party)


def unsaid(case: Case) -> Iterator[PlanFault]:
    """A plan says on which networks its rows travel, and had better say who vouches for people and who is on which broker."""
    source = case.plan_source
    if not case.plan.networks:
        yield source.fault("networks_unsaid")
    if not case.plan.brokers:
        yield source.note("brokers_unsaid")
    if not case.plan.identity:
        yield source.note("identity_unsaid")


def vouchers(case: Case) -> Iterator[PlanFault]:
    """Who vouches for people is a system of ours that runs, or each its own; for residents the one where they come in."""
    door = next((name for name, facts in case.systems.items() if RESIDENTS in facts.hosts), None)
    for people, name in case.plan.identity.items():
        if name != OWN and (name not in case.systems or case.systems[name].kind != "node"):
            yield case.plan_source.fault("cannot_vouch", "identity", people, people=people, name=name)
        elif people == "resident" and name not in (OWN, door):
            yield case.plan_source.fault("vouches_elsewhere", "identity", people, name=name, door=door, capability=RESIDENTS)


def brokers(case: Case) -> Iterator[PlanFault]:
    """Each system is on one broker, the inner zones share theirs with nobody, and dial those after them: nobody dials inward."""
    plan, source = case.plan, case.plan_source
    if not plan.brokers:
        return
    yield from _listed_once(case, "brokers", known=set(case.contract.systems), unknown="unknown_system")
    for broker, names in plan.brokers.items():
        zones = {case.contract.systems[name].zone for name in names if name in case.contract.systems} if names != REST else set()
        for place, name in enumerate(() if names == REST else names):
            running = plan.all_systems().get(name)
            if name in case.contract.systems and (running is None or running.kind != "node"):
                yield source.fault("broker_no_node", "brokers", broker, place, name=name)
        if len(zones) > 1:
            yield source.fault("broker_mixed", "brokers", broker, name=broker, zones=", ".join(sorted(zones)))
    yield from _dialled_inward(case)
    named = {name for names in plan.brokers.values() if names != REST for name in names}
    for name, running in plan.all_systems().items():
        zone = case.contract.systems[name].zone if name in case.contract.systems else ""
        if (
            running.kind == "node"
            and name not in named
            and (zone in ("production", "management") or REST not in plan.brokers.values())
        ):
            yield source.fault("broker_forgotten", *case.at_system(name), name=name)


def _dialled_inward(case: Case) -> Iterator[PlanFault]:
    """Of two brokers the one named first dials the other."""
    outermost = 0
    for broker, names in case.plan.brokers.items():
        zones = {case.contract.systems[name].zone for name in names if name in case.contract.systems} if names != REST else set()
        rank = min((INWARD.index(zone) for zone in zones if zone in INWARD), default=len(INWARD))
        if rank < outermost:
            yield case.plan_source.fault("broker_order", "brokers", broker, name=broker)
        outermost = max(outermost, rank)


def networks(case: Case) -> Iterator[PlanFault]:
    """Each row is on one network: the private one where the contract wants it, the local one indoors."""
    plan, contract = case.plan, case.contract
    if not plan.networks:
        return
    yield from _listed_once(case, "networks", known={*contract.rows, *plan.add}, unknown="unknown_row")
    for named, rows in plan.networks.items():
        for place, row in enumerate(() if rows == REST else rows):
            if row in contract.rows and row not in plan.all_rows(contract):
                yield case.plan_source.fault("row_not_listed", "networks", named, place, name=row, plan=plan.plan)
    for row, entry in plan.all_rows(contract).items():
        network = plan.network(row)
        wanted = "vpn" if "vpn" in entry.channel else "local" if entry.when == "indoors" else network
        where, path = case.at_row(row)
        if network is None:
            yield where.fault("network_forgotten", *path, row=row)
        elif network != wanted:
            yield where.fault("network_other", *path, row=row, network=network, wanted=wanted)


def _listed_once(case: Case, key: str, *, known: set[str], unknown: str) -> Iterator[PlanFault]:
    """Names under ``brokers`` or ``networks`` are known and each is there once; at most one entry takes the rest."""
    source, seen = case.plan_source, dict[str, int]()
    for group, names in getattr(case.plan, key).items():
        for place, name in enumerate((REST,) if names == REST else names):
            path = (key, group) if names == REST else (key, group, place)
            if name in seen:
                yield source.fault("duplicate", *path, name=name, first=seen[name])
            elif name != REST and name not in known:
                yield source.fault(unknown, *path, name=name)
            seen.setdefault(name, source.line(*path))
