"""Signing in and staying in. Passwords are checked between two units, because the check is slow on purpose."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from metropool.access.audit import Outcome
from metropool.access.errors import Locked, Unauthenticated
from metropool.access.lockout import Lockout, LockoutRule
from metropool.access.logins import Logins, as_grant, faces_of, normal
from metropool.access.rights import Principal, Rights
from metropool.access.tables import login, session
from metropool.core.clock import Instant


@dataclass(frozen=True)
class SessionRule:
    """How long a session lasts, in business time.

    Attributes:
        idle: It ends after so long without a request.
        longest: It ends after so long in any case.
        lockout: When sign-in is locked.
    """

    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)
    lockout: LockoutRule = field(default_factory=LockoutRule)


@dataclass(frozen=True)
class Opened:
    """A new session: its secrets, told once, and its end."""

    token: str
    csrf: str
    expires_at: Instant


class Sessions:
    """The sessions of one system, in one unit of work.

    Args:
        connection: The open transaction.
        logins: Who exists.
        lockout: Who is locked.
        rule: How long sessions last.
        now_s: The instant of the unit, Unix seconds.
        fresh: Draws 128 random bits as text.
    """

    def __init__(
        self, connection: Connection, *, logins: Logins, lockout: Lockout, rule: SessionRule, now_s: int, fresh: Callable[[], str]
    ) -> None:
        self._connection = connection
        self._logins = logins
        self._audit = logins.audit
        self._lockout = lockout
        self._rule = rule
        self._now_s = now_s
        self._fresh = fresh

    def password_hash(self, *, login_name: str, source: str) -> str | None:
        """What a password is to be checked against; None for a login that does not exist or is disabled.

        Raises:
            Locked: Too many wrong sign-ins of this login or from this source.
        """
        key = normal(login_name)
        self._refuse_locked(self._lockout.locked_until(login=key, source=source))
        row = self._logins.row(key)
        return row["password_hash"] if row and row["disabled_at"] is None else None

    def sign_in(self, *, login_name: str, source: str, is_right: bool) -> Opened | None:
        """Open a session, or count a failure and return None.

        A right password is refused too when the login was locked while it was being checked.

        Raises:
            Locked: As said.
        """
        key = normal(login_name)
        self._refuse_locked(self._lockout.locked_until(login=key, source=source))
        if not is_right:
            self._lockout.failed(login=key, source=source)
            self._audit.note(actor=key[:64], action="session.open", on=source, outcome="refused")
            return None
        self._lockout.clear(login=key)
        self._connection.execute(update(login).where(login.c.login == key).values(last_sign_in_at=self._now_s))
        self._audit.note(actor=key, action="session.open", on=source, outcome="done")
        return self._open(key, source)

    def step_up(self, *, who: Principal, source: str, is_right: bool) -> bool:
        """Note that a person proved again who they are before a dangerous act; a failure counts towards lock-out."""
        self._refuse_locked(self._lockout.locked_until(login=who.login, source=source))
        if not is_right:
            self._lockout.failed(login=who.login, source=source)
        outcome: Outcome = "done" if is_right else "refused"
        self._audit.note(actor=who.login, action="session.step_up", on=source, outcome=outcome)
        return is_right

    def change_password(self, *, who: Principal, source: str, new_hash: str) -> Opened:
        """Keep a new password, end all sessions of the login and open a new one."""
        change = update(login).where(login.c.login == who.login)
        self._connection.execute(change.values(password_hash=new_hash, must_change_password=False))
        self._end(session.c.login == who.login)
        self._audit.note(actor=who.login, action="password.change", on=who.login, outcome="done")
        return self._open(who.login, source)

    def principal(self, token: str) -> Principal:
        """The person a session's token stands for.

        Raises:
            Unauthenticated: No such session, signed out, idle too long, or at its end.
        """
        query = select(session, login.c.name, login.c.system, login.c.language, login.c.must_change_password)
        query = query.join(login, login.c.login == session.c.login)
        alive = (session.c.revoked_at.is_(None)) & (session.c.expires_at > self._now_s) & (login.c.disabled_at.is_(None))
        found = self._connection.execute(query.where(session.c.token_hash == hashed(token), alive)).mappings().first()
        idle_s = self._rule.idle.total_seconds()
        if found is None or self._now_s - found["seen_at"] >= idle_s:
            raise Unauthenticated("no session, or it has ended", key="access.unauthenticated")
        grants = self._logins.grants(found["login"])
        return Principal(
            login=found["login"],
            name=found["name"],
            faces=faces_of(grants),
            system=found["system"],
            language=found["language"],
            must_change_password=found["must_change_password"],
            expires_at=datetime.fromtimestamp(found["expires_at"], UTC),
            session=found["token_hash"],
            csrf_hash=found["csrf_hash"],
            stale=self._now_s - found["seen_at"] > idle_s / 10,
            rights=Rights(as_grant(row) for row in grants),
        )

    def seen(self, who: Principal) -> None:
        """Note that a session is in use."""
        self._connection.execute(update(session).where(session.c.token_hash == who.session).values(seen_at=self._now_s))

    def sign_out(self, who: Principal) -> None:
        """End a session at once."""
        self._end(session.c.token_hash == who.session)
        self._audit.note(actor=who.login, action="session.close", on=who.login, outcome="done")

    def _open(self, key: str, source: str) -> Opened:
        ended = (session.c.expires_at <= self._now_s) | (session.c.revoked_at <= self._now_s)
        self._connection.execute(delete(session).where(session.c.login == key, ended))
        token, csrf = self._fresh() + self._fresh(), self._fresh()
        expires_s = self._now_s + int(self._rule.longest.total_seconds())
        row: dict[str, Any] = {"token_hash": hashed(token), "csrf_hash": hashed(csrf), "login": key, "source": source}
        row |= {"opened_at": self._now_s, "seen_at": self._now_s, "expires_at": expires_s}
        self._connection.execute(insert(session).values(row))
        return Opened(token=token, csrf=csrf, expires_at=datetime.fromtimestamp(expires_s, UTC))

    def _end(self, which: Any) -> None:
        self._connection.execute(update(session).where(which, session.c.revoked_at.is_(None)).values(revoked_at=self._now_s))

    def _refuse_locked(self, until: int) -> None:
        if until:
            raise Locked("too many wrong sign-ins", key="access.locked", retry_after_s=until - self._now_s)


def forget_ended(connection: Connection, *, now_s: int, limit: int) -> int:
    """Remove at most ``limit`` sessions that have ended, and return how many; the audit keeps that they were."""
    c = session.c
    ended = select(c.token_hash).where((c.expires_at <= now_s) | (c.revoked_at <= now_s)).limit(limit)
    return connection.execute(delete(session).where(c.token_hash.in_(ended))).rowcount


def hashed(secret: str) -> str:
    """What is stored of a random token."""
    return hashlib.sha256(secret.encode()).hexdigest()
