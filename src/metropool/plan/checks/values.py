"""Values that name something: what a capability is hosted for, whom a face serves, what a row says of its messages. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Set

from metropool.access.rights import roles
from metropool.exchange.described import KINDS
from metropool.exchange.messages import ROWS
from metropool.plan.checks.case import Case
from metropool.plan.gateways import RECEIPTS
from metropool.plan.reserved import is_reserved
from metropool.plan.schema import Contract, Row
from metropool.plan.source import PathInFile, PlanFault, Source


def hosted_for(case: Case) -> Iterator[PlanFault]:
    """What a capability is hosted for is something it can be hosted for, each once; one that is hosted by parts says for which."""
    for name, running in case.plan.all_systems().items():
        for capability, rows in running.hosts.items():
            known, path = _known_rows(case, name, capability), (*case.at_system(name), "hosts", capability)
            for place, row in enumerate(rows):
                values = {"capability": capability, "row": row, "known": _listed(known)}
                if known is not None and row not in known:
                    yield case.plan_source.fault("hosted_for_unknown", *path, place, **values)
                if row in rows[:place]:
                    first = case.plan_source.line(*path, rows.index(row))
                    yield case.plan_source.fault("duplicate", *path, place, name=row, first=first)
            if known and not rows and not _is_door(case, capability):
                yield case.plan_source.fault("hosted_for_nothing", *path, capability=capability, known=_listed(known))


def faces(case: Case) -> Iterator[PlanFault]:
    """A face serves people of a role that there is, and is nothing else besides."""
    for name, running in case.plan.all_systems().items():
        path = (*case.at_system(name), "face")
        if running.face is not None and running.face not in roles():
            yield case.plan_source.fault("unknown_role", *path, name=running.face, known=_listed(roles()))
        if running.face is not None and running.stands_for is not None:
            yield case.plan_source.fault("face_and_other", *path, name=name, other=running.stands_for)


def unbuilt_known(case: Case) -> Iterator[PlanFault]:
    """What is not built are capabilities that the contract gives this plan and messages it knows, each once."""
    plan, contract, source = case.plan, case.contract, case.plan_source
    given, rows = [entry for entry, by_plan in contract.hosting.items() if plan.plan in by_plan], plan.all_rows(contract)
    for key, names in (("capabilities", plan.not_yet.capabilities), ("messages", plan.not_yet.messages)):
        for place, name in enumerate(names):
            path = ("not_yet", key, place)
            if key == "capabilities" and name not in given:
                yield source.fault("capability_not_given", *path, name=name, plan=plan.plan)
            if key == "messages" and name not in contract.messages:
                yield source.fault("unknown_message", *path, name=name)
            if name in names[:place]:
                yield source.fault("duplicate", *path, name=name, first=source.line("not_yet", key, names.index(name)))
    for row, messages in plan.not_yet.letters.items():
        if row not in rows:
            yield source.fault("row_not_listed", "not_yet", "letters", row, name=row, plan=plan.plan)
            continue
        entered = {letter.message for letter in rows[row].letters()}
        for place, message in enumerate(messages):
            if message not in entered:
                yield source.fault("message_not_in_row", "not_yet", "letters", row, place, row=row, name=message)


def added_rows(case: Case) -> Iterator[PlanFault]:
    """What a city's own rows say is known, and they are rows of this plan, not of the paper."""
    plan, source = case.plan, case.plan_source
    for row, entry in plan.add.items():
        path = ("add", row)
        yield from row_values(case, row, entry, source, path)
        if entry.plans and plan.plan not in entry.plans:
            yield source.fault("added_for_others", *path, "plans", row=row, plans=_listed(entry.plans), plan=plan.plan)
        for key in ("also", "either"):
            if getattr(entry, key) is not None:
                yield source.fault("not_of_the_paper", *path, key, row=row, name=getattr(entry, key), term=key)


def contract_values(case: Case) -> Iterator[PlanFault]:
    """What the contract says of its rows and its systems is known in it."""
    contract, source = case.contract, case.contract_source
    sections = [entry.either for entry in contract.rows.values() if entry.either]
    for row, entry in contract.rows.items():
        path = ("rows", row)
        yield from row_values(case, row, entry, source, path)
        if entry.also is not None and entry.also in contract.rows:
            yield source.fault("duplicate", *path, "also", name=entry.also, first=source.line("rows", entry.also))
        if entry.either is not None and (sections.count(entry.either) < 2 or not row.startswith(entry.either)):
            yield source.fault("either_alone", *path, "either", row=row, name=entry.either)
    for message, told in contract.messages.items():
        at_message = ("add_messages", message) if message in case.plan.add_messages else ("messages", message)
        owner = case.plan_source if message in case.plan.add_messages else source
        yield from _where_known(case, told.where, {told.carried_by}, owner, at_message)
    for name in contract.systems:
        if is_reserved(name):
            yield source.fault("name_reserved", "systems", name, name=name)
    if RECEIPTS in contract.messages:
        yield source.fault("name_reserved", "messages", RECEIPTS, name=RECEIPTS)
    yield from _plans_known(contract, source)
    yield from _parties_known(case, contract, source)


def row_values(case: Case, row: str, entry: Row, source: Source, path: tuple[str, ...]) -> Iterator[PlanFault]:
    """A row joins two systems, carries something, and speaks of messages it carries and of what these tell."""
    letters = tuple(entry.letters())
    messages = {letter.message for letter in letters}
    for place, message in enumerate(entry.consent):
        if message not in messages:
            yield source.fault("message_not_in_row", *path, "consent", place, row=row, name=message)
    if not letters:
        yield source.fault("row_silent", *path, row=row)
    if entry.link[0] == entry.link[1]:
        yield source.fault("row_to_itself", *path, "link", row=row, name=entry.link[0])
    if entry.path and {entry.path[0], entry.path[-1]} != set(entry.link):
        yield source.fault("path_elsewhere", *path, "path", row=row, left=entry.link[0], right=entry.link[1])
    kinds = {case.contract.messages[name].carried_by for name in messages if name in case.contract.messages}
    yield from _where_known(case, entry.where, kinds, source, path)


def _where_known(
    case: Case, where: Mapping[str, str], kinds: Set[str], source: Source, path: tuple[str, ...]
) -> Iterator[PlanFault]:
    """What is asked of a table is a column or field of a class that travels there; a medium is one of those there are."""
    classes = [KINDS[kind] for kind in kinds if kind in KINDS]
    told = {name for kind in classes for name in (*kind.__struct_fields__, *(ROWS[kind].names if kind in ROWS else ()))}
    media = {row for facts in case.capabilities.values() for row in facts.rows or ()}
    for name, value in where.items():
        if classes and name not in told:
            yield source.fault("where_unknown", *path, "where", name, name=name)
        elif name == "service" and media and value not in media:
            yield source.fault("service_unknown", *path, "where", name, name=value)


def _plans_known(contract: Contract, source: Source) -> Iterator[PlanFault]:
    """Plans that rows and systems speak of are some that capabilities are placed for."""
    plans = {plan for by_plan in contract.hosting.values() for plan in by_plan}
    named: list[tuple[PathInFile, str]] = [
        (("rows", row, "plans", place), plan) for row, entry in contract.rows.items() for place, plan in enumerate(entry.plans)
    ]
    for name, system in contract.systems.items():
        named += [(("systems", name, "plans", place), plan) for place, plan in enumerate(system.plans)]
        named += [(("systems", name, "operated_by", way), way.partition("_")[0]) for way in system.operated_by]
    for path, plan in named:
        if plan not in plans:
            yield source.fault("unknown_plan", *path, name=plan)


def _parties_known(case: Case, contract: Contract, source: Source) -> Iterator[PlanFault]:
    """Parties that own, operate or have a part, and systems that host, are the contract's."""
    for name, party in contract.parties.items():
        if party.part_of is not None and party.part_of not in contract.parties:
            yield source.fault("unknown_party", "parties", name, "part_of", name=party.part_of)
    for name, system in contract.systems.items():
        for key, hands in (("asset_owner", system.asset_owner), ("operated_by", system.operated_by)):
            for of, party_name in hands.items():
                if party_name not in contract.parties:
                    yield source.fault("unknown_party", "systems", name, key, of, name=party_name)
        media = {row for facts in case.capabilities.values() for row in facts.rows or ()}
        for of in system.asset_owner:
            if media and of not in media:
                yield source.fault("service_unknown", "systems", name, "asset_owner", of, name=of)
    for entry, by_plan in contract.hosting.items():
        for plan, hosts in by_plan.items():
            for host in (hosts,) if isinstance(hosts, str) else hosts:
                if host not in contract.systems:
                    yield source.fault("unknown_system", "hosting", entry, plan, name=host)


def _known_rows(case: Case, system: str, capability: str) -> tuple[str, ...] | None:
    """What a capability can be hosted for; where it is not built yet, also what the contract places it for; None for anything."""
    facts = case.capabilities.get(capability)
    if facts is None:
        return None
    if facts.is_door:
        return tuple(dict.fromkeys(row for other in case.capabilities.values() for row in other.rows or ())) or None
    if facts.rows is None or system in case.plan.systems:
        return facts.rows
    placed = (entry.partition("[") for entry in case.contract.hosting)
    return (*facts.rows, *(row.rstrip("]") for name, _, row in placed if name == capability and row))


def _is_door(case: Case, capability: str) -> bool:
    return capability in case.capabilities and case.capabilities[capability].is_door


def _listed(names: Iterable[str] | None) -> str:
    return ", ".join(names or ()) or "–"
