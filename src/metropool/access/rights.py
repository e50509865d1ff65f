"""Grants as an index in memory: who may do what to which, for what purpose, until when. Deny by default."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from metropool.core.clock import Instant
from metropool.core.errors import Forbidden, NotFound
from metropool.core.yaml_text import read_yaml

EVERYTHING = "*"
FOREVER = float("inf")


@dataclass(frozen=True)
class Role:
    """A named bundle of actions (角色).

    Attributes:
        face: What the pages call it: ``resident``, ``operator``, ``company``, ``cashier``, ``steward``, ``government``,
            ``property`` or ``admin``.
        scope: Kind of scope it is granted for: ``account`` or ``system``.
        apart: Group of roles of which one person holds at most one.
    """

    name: str
    face: str
    scope: str
    actions: tuple[str, ...]
    apart: str = ""


@cache
def roles() -> Mapping[str, Role]:
    """All roles by name, from ``roles.yaml``."""
    rows = read_yaml(files("metropool.access").joinpath("roles.yaml").read_text(encoding="utf-8"))
    return {name: Role(name=name, **{**row, "actions": tuple(row["actions"])}) for name, row in rows.items()}


def role_called(name: str) -> Role:
    """The role of that name.

    Raises:
        NotFound: There is none.
    """
    try:
        return roles()[name]
    except KeyError as cause:
        raise NotFound(f"no role is called {name!r}; there are {', '.join(roles())}") from cause


def account_scope(combined_account: str) -> str:
    """Scope of one combined account."""
    return f"account:{combined_account}"


def system_scope(system: str) -> str:
    """Scope of everything one system has."""
    return f"system:{system}"


@dataclass(frozen=True)
class Grant:
    """One grant as the index sees it.

    Attributes:
        actions: What may be done.
        scope: ``account:…``, ``system:…``, ``place:…``, ``point:…`` or ``*``.
        purpose: What for.
        until_s: Unix seconds at which it ends.
    """

    actions: tuple[str, ...]
    scope: str
    purpose: str
    until_s: float = FOREVER


class Rights:
    """What one person may do, indexed by action and scope; a check is two look-ups."""

    def __init__(self, grants: Iterable[Grant]) -> None:
        self._held: dict[str, dict[str, list[Grant]]] = {}
        for grant in grants:
            for action in grant.actions:
                self._held.setdefault(action, {}).setdefault(grant.scope, []).append(grant)

    def may(self, action: str, *scopes: str, now: Instant, purpose: str | None = None) -> bool:
        """Whether the action is granted on one of the scopes (a place and those it lies in, inner first) or on everything."""
        held = self._held.get(action)
        if held is None:
            return False
        now_s = now.timestamp()
        for scope in (*scopes, EVERYTHING):
            for grant in held.get(scope, ()):
                if now_s < grant.until_s and (purpose is None or purpose == grant.purpose):
                    return True
        return False

    def actions(self, *, now: Instant) -> list[str]:
        """Every action held on anything, sorted."""
        return sorted(action for action, held in self._held.items() if any(self._live(held, scope, now) for scope in held))

    def scopes(self, action: str, kind: str, *, now: Instant) -> list[str]:
        """Ids of the scopes of one kind on which the action is granted, sorted."""
        held = self._held.get(action, {})
        prefix = f"{kind}:"
        return sorted(s.removeprefix(prefix) for s in held if s.startswith(prefix) and self._live(held, s, now))

    @staticmethod
    def _live(held: Mapping[str, list[Grant]], scope: str, now: Instant) -> bool:
        return any(now.timestamp() < grant.until_s for grant in held[scope])


@dataclass(frozen=True)
class Principal:
    """The person behind a request, signed in.

    Attributes:
        faces: What the pages call the roles held.
        system: A staff member's own system, None for residents and administrators.
        session: Hash of the session's token; names the session without giving it away.
        csrf_hash: Hash of the token that unsafe requests must echo.
        stale: The session's last use should be noted again.
    """

    login: str
    name: str
    faces: tuple[str, ...]
    system: str | None
    language: str
    must_change_password: bool
    expires_at: Instant
    session: str
    csrf_hash: str
    stale: bool
    rights: Rights = field(repr=False, compare=False)

    def households(self, *, now: Instant) -> list[str]:
        """Combined accounts whose home the person may see."""
        return self.rights.scopes("home.read", "account", now=now)


def need_second_person(*, maker: str, checker: str) -> None:
    """Hold maker and checker apart (第二人确认).

    Raises:
        Forbidden: They are the same person.
    """
    if maker == checker:
        raise Forbidden(f"{checker} cannot approve what {maker} ordered", key="access.same_person")
