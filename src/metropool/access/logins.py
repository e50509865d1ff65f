"""Logins and grants: who exists at the door, and what each may do to which, for what purpose, until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from metropool.access.audit import Audit
from metropool.access.lockout import Lockout
from metropool.access.rights import FOREVER, Grant, Rights, role_called, roles
from metropool.access.tables import grant, login
from metropool.core.clock import Instant
from metropool.core.errors import Conflict, NotFound


@dataclass(frozen=True)
class User:
    """A login as administrators see it."""

    login: str
    name: str
    faces: tuple[str, ...]
    system: str | None
    locked_until: Instant | None
    last_sign_in_at: Instant | None


class Logins:
    """The logins and grants of one system, in one unit of work.

    Args:
        connection: The open transaction.
        audit: Where changes are noted.
        lockout: Who is locked.
        now_s: The instant of the unit, Unix seconds.
    """

    def __init__(self, connection: Connection, audit: Audit, lockout: Lockout, now_s: int) -> None:
        self._connection = connection
        self._lockout = lockout
        self._now_s = now_s
        self.audit = audit

    def add_login(
        self,
        *,
        login_name: str,
        name: str,
        password_hash: str,
        by: str,
        system: str | None = None,
        language: str = "zh",
        must_change_password: bool = False,
    ) -> bool:
        """Make a login; False when there is one of that name already, which is left as it is."""
        key = normal(login_name)
        if self.row(key) is not None:
            return False
        row: dict[str, Any] = {"login": key, "name": name, "password_hash": password_hash, "system": system, "language": language}
        row |= {"must_change_password": must_change_password, "made_at": self._now_s}
        self._connection.execute(insert(login).values(row))
        self.audit.note(actor=by, action="login.make", on=key, outcome="done")
        return True

    def give_role(self, *, login_name: str, role: str, scope: str, purpose: str, by: str, until: Instant | None = None) -> None:
        """Grant a role on a scope (``account:…``, ``system:…`` or ``*``), once.

        Raises:
            NotFound: No such login or role.
            Conflict: The person holds another role that must stay apart from this one.
        """
        wanted = role_called(role)
        held = {row["role"] for row in self.grants(normal(login_name)) if row["role"]}
        clash = [other for other in held if other != role and wanted.apart and roles()[other].apart == wanted.apart]
        if clash:
            raise Conflict(f"{login_name} is {clash[0]} and cannot be {role} as well", key="access.roles_apart")
        self._give(login_name, {"role": role, "action": None, "scope": scope, "purpose": purpose}, by, until)

    def give_action(
        self, *, login_name: str, action: str, scope: str, purpose: str, by: str, until: Instant | None = None
    ) -> None:
        """Grant one action on a scope, once.

        Raises:
            NotFound: No such login.
        """
        self._give(login_name, {"role": None, "action": action, "scope": scope, "purpose": purpose}, by, until)

    def take_back(self, *, number: int, by: str) -> None:
        """Revoke a grant; what it allowed ends with this commit.

        Raises:
            NotFound: No such grant, or it was revoked before.
        """
        change = update(grant).where(grant.c.number == number, grant.c.revoked_at.is_(None)).values(revoked_at=self._now_s)
        if self._connection.execute(change).rowcount != 1:
            raise NotFound(f"no grant {number} is in force")
        self.audit.note(actor=by, action="grant.revoke", on=str(number), outcome="done")

    def rights_of(self, login_name: str) -> Rights:
        """What a person may do now."""
        return Rights(as_grant(row) for row in self.grants(normal(login_name)))

    def users(self) -> list[User]:
        """All logins, by name."""
        return [self._user(row) for row in self._connection.execute(select(login).order_by(login.c.login)).mappings()]

    def unlock(self, *, login_name: str, by: str) -> User:
        """Let a locked login try again.

        Raises:
            NotFound: No such login.
        """
        row = self._known(login_name)
        self._lockout.clear(login=row["login"])
        self.audit.note(actor=by, action="login.unlock", on=row["login"], outcome="done")
        return self._user(row)

    def grants(self, key: str) -> Sequence[Any]:
        """Rows of the grants in force of a login."""
        live = (grant.c.revoked_at.is_(None)) & ((grant.c.valid_until.is_(None)) | (grant.c.valid_until > self._now_s))
        return self._connection.execute(select(grant).where(grant.c.login == key, live)).mappings().all()

    def row(self, key: str) -> Any:
        """The row of a login, or None."""
        return self._connection.execute(select(login).where(login.c.login == key)).mappings().first()

    def _give(self, login_name: str, what: dict[str, str | None], by: str, until: Instant | None) -> None:
        key = self._known(login_name)["login"]
        if any(all(row[name] == value for name, value in what.items()) for row in self.grants(key)):
            return
        row: dict[str, Any] = {**what, "login": key, "granted_by": by, "granted_at": self._now_s}
        self._connection.execute(insert(grant).values({**row, "valid_until": int(until.timestamp()) if until else None}))
        self.audit.note(actor=by, action="grant.give", on=key, outcome="done", details=what)

    def _known(self, login_name: str) -> Any:
        row = self.row(normal(login_name))
        if row is None:
            raise NotFound(f"no login {login_name}")
        return row

    def _user(self, row: Any) -> User:
        locked = self._lockout.locked_until(login=row["login"], source="")
        return User(
            login=row["login"],
            name=row["name"],
            faces=faces_of(self.grants(row["login"])),
            system=row["system"],
            locked_until=datetime.fromtimestamp(locked, UTC) if locked else None,
            last_sign_in_at=datetime.fromtimestamp(row["last_sign_in_at"], UTC) if row["last_sign_in_at"] else None,
        )


def normal(login_name: str) -> str:
    """A login as it is kept: case and outer blanks do not matter."""
    return login_name.strip().casefold()


def faces_of(grants: Sequence[Any]) -> tuple[str, ...]:
    """What the pages call the roles among some grants."""
    return tuple(dict.fromkeys(roles()[row["role"]].face for row in grants if row["role"]))


def as_grant(row: Any) -> Grant:
    """A row of the table as the index wants it."""
    actions = roles()[row["role"]].actions if row["role"] else (row["action"],)
    until = row["valid_until"]
    return Grant(actions=actions, scope=row["scope"], purpose=row["purpose"], until_s=FOREVER if until is None else until)
