"""The terms of the keys that sign a system's evidence: which signed when. A key that is put back has a term for each time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from metropool.core.clock import Instant
from metropool.exchange.evidence.objects import PublicKey
from metropool.exchange.evidence.tables import evidence_key
from metropool.storage.suites import SigningKey
from metropool.storage.units import UnitContext


def keys_in(context: UnitContext) -> list[PublicKey]:
    """Public keys of a system, one a term, the newest last."""
    c = evidence_key.c
    rows = context.connection.execute(select(evidence_key).order_by(c.since, c.until.is_(None), c.id)).mappings()
    return [_key(row, context) for row in rows]


def signs_now(context: UnitContext) -> str:
    """Id of the key whose term has not ended; empty before the first."""
    c = evidence_key.c
    return _id_in(context.connection.execute(select(c.id).where(c.until.is_(None))).scalar() or "")


def announce(context: UnitContext, key: SigningKey, since: Instant) -> None:
    """Note a key that signs from now on, in whole seconds as it is published; the term of the one before ends."""
    if signs_now(context) == key.id:
        return
    c, began = evidence_key.c, since.replace(microsecond=0)
    ends = update(evidence_key).where(c.until.is_(None)).values(until=(began + timedelta(seconds=1)).isoformat())
    context.connection.execute(ends)
    known = context.connection.execute(select(c.id)).scalars().all()
    name = f"{key.id}#{len(known)}" if key.id in known else key.id
    row = {"id": name, "suite": key.suite, "public": key.public, "since": began.isoformat()}
    context.connection.execute(insert(evidence_key).values(row))


def _id_in(name: str) -> str:
    """The id of a key in the name of its row (see ``tables``)."""
    return name.partition("#")[0]


def _key(row: Mapping[Any, Any], context: UnitContext) -> PublicKey:
    return PublicKey(
        system=context.system,
        party=context.party,
        id=_id_in(row["id"]),
        suite=row["suite"],
        public=row["public"],
        since=datetime.fromisoformat(row["since"]),
        until=datetime.fromisoformat(row["until"]) if row["until"] else None,
    )
