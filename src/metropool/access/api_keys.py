"""Keys of software (API keys): a system's own outside software shows one with every request. Only a hash of each is kept."""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update

from metropool.access.audit import Audit
from metropool.access.errors import Unauthenticated
from metropool.access.rights import Grant, Principal, Rights, role_called, system_scope
from metropool.access.sessions import hashed
from metropool.access.tables import api_key
from metropool.core.clock import Instant
from metropool.core.errors import Conflict, Fault, Invalid, NotFound
from metropool.storage.units import UnitContext

PREFIX = "mpk"
SOFTWARE = "software"
USED_EVERY_S = 60
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_END = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ApiKey:
    """A key as people see it: never its secret."""

    id: str
    name: str
    role: str
    made_at: Instant
    made_by: str
    revoked_at: Instant | None
    used_at: Instant | None


class ApiKeys:
    """The keys of one system, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection
        self._context = context
        self._now_s = int(context.now.timestamp())
        self._audit = Audit(context.connection, self._now_s)

    def make(self, *, name: str, by: str) -> str:
        """Draw a key and return it; it is shown this once.

        Raises:
            Invalid: The name is none.
            Conflict: A key of that name is in force.
        """
        if not _NAME.fullmatch(name):
            raise Invalid("a key has a name", key="access.key_name", faults=[Fault("name", "access.key_name_form")])
        if self._live(name) is not None:
            raise Conflict(f"a key {name} is in force; revoke it first", key="access.key_known", values={"name": name})
        fresh = self._context.ids.fresh_id
        number, secret = fresh()[:16], fresh() + fresh()
        row = {"id": number, "name": name, "role": SOFTWARE, "secret_hash": hashed(secret)}
        self._connection.execute(insert(api_key).values(**row, made_at=self._now_s, made_by=by))
        self._audit.note(actor=by, action="key.make", on=name, outcome="done", details={"id": number})
        return f"{PREFIX}_{number}_{secret}"

    def revoke(self, *, name: str, by: str) -> None:
        """End a key; the next request that shows it is refused.

        Raises:
            NotFound: No key of that name is in force.
        """
        row = self._live(name)
        if row is None:
            raise NotFound(f"no key {name} is in force")
        values = {"revoked_at": self._now_s, "revoked_by": by}
        self._connection.execute(update(api_key).where(api_key.c.id == row["id"]).values(**values))
        self._audit.note(actor=by, action="key.revoke", on=name, outcome="done", details={"id": row["id"]})

    def all(self) -> list[ApiKey]:
        """Every key there was, the newest first."""
        rows = self._connection.execute(select(api_key).order_by(api_key.c.made_at.desc(), api_key.c.id)).mappings()
        return [_seen(row) for row in rows]

    def is_any_in_force(self) -> bool:
        """Whether any software could come."""
        return self._connection.execute(select(api_key.c.id).where(api_key.c.revoked_at.is_(None)).limit(1)).first() is not None

    def principal(self, shown: str) -> Principal:
        """Who shows a key.

        Raises:
            Unauthenticated: It is none, or was revoked.
        """
        prefix, _, rest = shown.partition("_")
        number, _, secret = rest.partition("_")
        query = select(api_key).where(api_key.c.id == number, api_key.c.revoked_at.is_(None))
        row = self._connection.execute(query).mappings().first() if prefix == PREFIX else None
        if not hmac.compare_digest(hashed(secret), row["secret_hash"] if row else "") or row is None:
            raise Unauthenticated("no such key, or it was revoked", key="access.no_key")
        scope = system_scope(self._context.system)
        grant = Grant(actions=role_called(row["role"]).actions, scope=scope, purpose=SOFTWARE)
        return Principal(
            login=f"key:{row['name']}",
            name=row["name"],
            faces=(SOFTWARE,),
            system=self._context.system,
            language="en",
            must_change_password=False,
            expires_at=_END,
            session=row["id"],
            csrf_hash="",
            stale=self._now_s - (row["used_at"] or 0) >= USED_EVERY_S,
            rights=Rights([grant]),
        )

    def used(self, who: Principal) -> None:
        """Note that a key is in use."""
        self._connection.execute(update(api_key).where(api_key.c.id == who.session).values(used_at=self._now_s))

    def _live(self, name: str) -> Any:
        query = select(api_key).where(api_key.c.name == name, api_key.c.revoked_at.is_(None))
        return self._connection.execute(query).mappings().first()


def _seen(row: Any) -> ApiKey:
    return ApiKey(
        id=row["id"],
        name=row["name"],
        role=row["role"],
        made_at=datetime.fromtimestamp(row["made_at"], UTC),
        made_by=row["made_by"],
        revoked_at=_at(row["revoked_at"]),
        used_at=_at(row["used_at"]),
    )


def _at(second: int | None) -> Instant | None:
    return None if second is None else datetime.fromtimestamp(second, UTC)
