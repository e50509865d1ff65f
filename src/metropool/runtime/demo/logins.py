"""Logins of a demo: one per role with a drawn password, one per home, the first administrators. Never a default secret."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metropool.access import Access
from metropool.access.first_start import first_secrets, make_first_logins
from metropool.access.passwords import Passwords
from metropool.access.rights import account_scope, system_scope
from metropool.core.errors import NotFound
from metropool.core.identifiers import RandomIds, SystemId
from metropool.exchange.ways import PLACES
from metropool.runtime.enrol import households, lying_in
from metropool.runtime.node import Node
from metropool.storage.disk import write_durably


@dataclass(frozen=True)
class Staff:
    """A member of staff, known at the residents' door and at the own system's (for when it runs alone).

    Attributes:
        capability, row: What the own system hosts (``billing`` for ``water``); an empty row where that makes no difference.
        also: Further roles.
        optional: A plan need not place that work; nobody has this login then.
    """

    login: str
    role: str
    capability: str
    row: str
    zh: str
    en: str
    also: tuple[str, ...] = ()
    optional: bool = False


STAFF = (
    Staff("operator", "operator", "metering", "", "计量运行", "Metering operator"),
    Staff("controller", "controller", "metering", "", "控制操作", "Control operator"),
    Staff("checker", "controller", "metering", "", "控制复核", "Second person for control"),
    Staff("marketing", "company_operator", "billing", "electricity", "供电公司营销", "Power company billing", ("data_steward",)),
    Staff("waterworks", "company_operator", "billing", "water", "供水公司", "Water company", ("data_steward",)),
    Staff("gasworks", "company_operator", "billing", "gas", "供气公司", "Gas company", ("data_steward",)),
    Staff("heatworks", "company_operator", "billing", "heat", "供热公司", "Heat company", ("data_steward",), optional=True),
    Staff("property", "property_manager", "office", "community", "小区物业", "Community property manager"),
    Staff("tower", "property_manager", "office", "building", "楼宇物业", "Building property manager"),
    Staff("cashier", "cashier", "settlement", "", "收费退款", "Cashier"),
    Staff("cashier2", "cashier", "settlement", "", "退款复核", "Second person for refunds"),
    Staff("official", "official", "inquiries", "desk", "政府调阅", "Government desk"),
    Staff("inspector", "official", "inquiries", "app", "政府移动端", "Government app"),
    Staff("steward", "data_steward", "disclosure", "readings", "计量数据管理", "Data steward of metering"),
    Staff("steward2", "data_steward", "disclosure", "readings", "计量数据复核", "Second data steward of metering"),
    Staff("archivist", "data_steward", "disclosure", "payments", "平台数据管理", "Data steward of the platform"),
)

FIRST_LOGIN = "home1"
"""The resident of the first combined account."""


def make_logins(
    nodes: Mapping[SystemId, Node],
    city: Mapping[str, Any],
    *,
    home: Path,
    passwords: Passwords,
    places: Mapping[str, str] | None = None,
) -> None:
    """Make every login of the demo and keep the drawn passwords where only the owner can read them.

    Args:
        places: The place that each system is for, where it is for one; its residents alone are known there.
    """
    ids = RandomIds()
    secrets = first_secrets(home=home, ids=ids)
    residents = _residents(city)
    held = posts(list(nodes), lambda name, capability: _rows(nodes[name], capability))
    words = {post.login: ids.fresh_id()[:12] for post in held}
    hashes = {login: passwords.hash(word) for login, word in words.items()}
    resident_word = ids.fresh_id()[:12]
    resident_hash = passwords.hash(resident_word)
    for name, node in nodes.items():
        is_door = "settlement" in node.hosts
        with node.database.unit() as connection:
            access = Access(node.context(connection))
            for post in held:
                if is_door or post.system == name:
                    _add_staff(access, post, password_hash=hashes[post.login])
            if is_door:
                make_first_logins(access, secrets=secrets, passwords=passwords)
            if is_door or "places" in node.hosts:
                own = _accounts_in(city, (places or {}).get(name, ""))
                for login, (account, person) in residents.items():
                    if account in own:
                        _add_resident(access, login, account, person, resident_hash)
    _write(home, residents, {post: words[post.login] for post in held}, resident_word, secrets)


@dataclass(frozen=True)
class Post:
    """A member of staff at the system they work with: of a kind of places one at each.

    Attributes:
        number: 1 for the first.
    """

    member: Staff
    system: SystemId
    number: int

    @property
    def login(self) -> str:
        """The name they sign in by."""
        return self.member.login if self.number == 1 else f"{self.member.login}{self.number}"

    def titled(self, title: str) -> str:
        """What they are called, told apart."""
        return title if self.number == 1 else f"{title} {self.number}"


def posts(systems: Sequence[SystemId], rows: Callable[[SystemId, str], Sequence[str] | None]) -> list[Post]:
    """Everyone at the system that hosts what they work with, or whose own software does that work.

    Args:
        systems: In their order.
        rows: The rows for which a system hosts a capability; None where it does not.

    Raises:
        NotFound: It is placed nowhere.
    """
    return [post for member in STAFF for post in _posts(member, systems, rows)]


def _posts(member: Staff, systems: Sequence[SystemId], rows: Callable[[SystemId, str], Sequence[str] | None]) -> Iterator[Post]:
    for capability in (member.capability, "door"):
        found = [name for name in systems if _does(member, rows(name, capability), capability)]
        if found:
            here = found if member.row in PLACES else found[:1]
            yield from (Post(member, name, number) for number, name in enumerate(here, start=1))
            return
    if not member.optional:
        raise NotFound(f"the plan places {member.capability} nowhere for {member.row or member.login}")


def _does(member: Staff, hosted: Sequence[str] | None, capability: str) -> bool:
    return hosted is not None and (member.row in hosted or not (member.row or capability == "door"))


def _rows(node: Node, capability: str) -> Sequence[str] | None:
    hosted = node.hosted.get(capability)
    return None if hosted is None else hosted.rows


def _add_staff(access: Access, post: Post, *, password_hash: str) -> None:
    login, scope = post.login, system_scope(post.system)
    access.logins.add_login(
        login_name=login, name=post.titled(post.member.zh), password_hash=password_hash, by="demo", system=post.system
    )
    for role in (post.member.role, *post.member.also):
        access.logins.give_role(login_name=login, role=role, scope=scope, purpose="demo", by="demo")


def _add_resident(access: Access, login: str, account: str, person: str, password_hash: str) -> None:
    access.logins.add_login(login_name=login, name=person, password_hash=password_hash, by="demo")
    scope = account_scope(account)
    access.logins.give_role(login_name=login, role="resident", scope=scope, purpose="demo", by="demo")


def _residents(city: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Login of each home's resident to its combined account and name."""
    names = {row["id"]: row["name"]["zh"] for row in city["parties"]}
    homes = {row["combined_account"]: row["party"] for row in city["agreements"] if row["combined_account"]}
    return {f"home{number}": (account, names[party]) for number, (account, party) in enumerate(sorted(homes.items()), start=1)}


def _accounts_in(city: Mapping[str, Any], place: str) -> set[str]:
    """The combined accounts of the homes in a place; all of them where none is named."""
    homes, within = households(city), lying_in(city, place)
    return {account for home, account in homes.items() if home in within}


def _write(
    home: Path,
    residents: Mapping[str, tuple[str, str]],
    words: Mapping[Post, str],
    resident_word: str,
    secrets: Mapping[str, str],
) -> None:
    told = [_told("居民", "Resident", next(iter(residents)), resident_word)]
    told += [_told(post.titled(post.member.zh), post.titled(post.member.en), post.login, word) for post, word in words.items()]
    told += [
        _told("系统管理员", "System administrator", "admin", secrets["admin"]),
        _told("安全管理员", "Security administrator", "security", secrets["security"]),
        _told("审计员", "Auditor", "auditor", secrets["auditor"]),
    ]
    write_durably(home / "logins.json", json.dumps(told, ensure_ascii=False))
    payers = [{"login": login, "password": resident_word, "account": account} for login, (account, _) in residents.items()]
    write_durably(home / "residents.json", json.dumps(payers))


def _told(zh: str, en: str, login: str, password: str) -> dict[str, str]:
    return {"role_zh": zh, "role_en": en, "login": login, "password": password}
