"""Outbox and inbox: what was said and what was heard, in the same commit as what it changed.

The relay picks what is not yet sent (never "number above the last") and keeps each row until the receiver gave a receipt.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    exists,
    func,
    insert,
    select,
    update,
)

from metropool.exchange.envelope import OF, Envelope, digest, from_bytes, to_bytes
from metropool.storage.upsert import insert_into

metadata = MetaData()
outbox = Table(
    "outbox",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("phrase", String, nullable=False),
    Column("receiver", String, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("sha256", String, nullable=False),
    Column("told_at", String, nullable=False),
    Column("sent_at", String),
    Column("receipt", BigInteger),
    Index("outbox_waiting", "sent_at", "receiver", "number"),
)
withheld = Table(
    "outbox_withheld",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
)
"""Letters that were told and may not leave any more: never sent."""
inbox = Table(
    "inbox",
    metadata,
    Column("id", String, primary_key=True),
    Column("phrase", String, nullable=False),
    Column("sender", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("heard_at", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("reason", String),
    Column("bytes", LargeBinary),
)


_WAITING = (outbox.c.sent_at.is_(None), ~exists().where(withheld.c.number == outbox.c.number))
# Made once: putting a statement together costs as much as running it.
_UNSENT = select(outbox.c.number, outbox.c.bytes).where(*_WAITING).order_by(outbox.c.number).limit(bindparam("most"))
_UNSENT_TO = _UNSENT.where(outbox.c.receiver == bindparam("to"))
_RECEIVERS = select(outbox.c.receiver).where(*_WAITING).distinct()
_SENT = (
    select(outbox.c.number, outbox.c.bytes)
    .where(*_WAITING, outbox.c.number.in_(bindparam("of", expanding=True)))
    .order_by(outbox.c.number)
)
_MARK = update(outbox).where(outbox.c.number == bindparam("of")).values(sent_at=bindparam("at"), receipt=bindparam("place"))
_INSERTS: dict[tuple[str, str], Any] = {}


PARKED = "parked"
Named = tuple[str, str]
"""Sender and id of a letter."""


class Outbox:
    """What this system said."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, envelope: Envelope) -> bool:
        """Keep an envelope until it is delivered; False when the same business key was told before."""
        data = to_bytes(envelope)
        row = {
            "id": envelope.id,
            "phrase": envelope.phrase,
            "receiver": envelope.receiver,
            "bytes": data,
            "sha256": digest(data),
            "told_at": envelope.at.isoformat(),
        }
        return self._connection.execute(_insert_new_into(self._connection, outbox), row).first() is not None

    def unsent(self, *, limit: int = 500, receiver: str = "") -> list[tuple[int, Envelope]]:
        """Numbers and envelopes not yet delivered, oldest first; of one receiver when it is named."""
        given = {"most": limit, "to": receiver} if receiver else {"most": limit}
        found = self._connection.execute(_UNSENT_TO if receiver else _UNSENT, given)
        return [(number, from_bytes(data)) for number, data in found]

    def receivers(self) -> list[str]:
        """Who has something to come."""
        return list(self._connection.execute(_RECEIVERS).scalars())

    def mark_sent(self, receipts: Mapping[int, int], *, now: datetime) -> list[tuple[bytes, int]]:
        """Note receipts, number to position in the receiver's stream, and return the bytes that travelled with each in the order
        of the numbers; what was noted before is left out."""
        found = self._connection.execute(_SENT, {"of": list(receipts)}).all()
        if found:
            at = now.isoformat()
            self._connection.execute(_MARK, [{"of": number, "at": at, "place": receipts[number]} for number, _ in found])
        return [(data, receipts[number]) for number, data in found]

    def waiting(self) -> int:
        """How many envelopes are not yet delivered."""
        query = select(func.count()).select_from(outbox).where(*_WAITING)
        return int(self._connection.execute(query).scalar_one())

    def withhold(self, number: int, *, now: datetime) -> None:
        """Never send a letter; what it said is forgotten."""
        self._connection.execute(insert(withheld).values(number=number, at=now.isoformat()))
        self._connection.execute(update(outbox).where(outbox.c.number == number).values(bytes=b""))

    def lessen(self, number: int, envelope: Envelope) -> None:
        """Send less than was told: the envelope of the same id in place of the one that waits."""
        data = to_bytes(envelope)
        self._connection.execute(update(outbox).where(outbox.c.number == number).values(bytes=data, sha256=digest(data)))


class Inbox:
    """What this system heard, each once in effect."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def first_times(self, letters: Iterable[tuple[Envelope, bytes]], *, now: datetime) -> dict[Named, str]:
        """Note envelopes, and the bytes each came as, as done in this unit: those of (sender, id) that were not noted before, with
        what each is called here."""
        return self._note([_inbox_row(envelope, data, now, outcome="done") for envelope, data in letters])

    def park(self, envelope: Envelope, data: bytes, *, reason: str, now: datetime) -> str | None:
        """Keep an envelope that cannot be understood, with the reason, so that it can be replayed: what it is called here; None
        when it was noted before."""
        row = _inbox_row(envelope, data, now, outcome=PARKED) | {"reason": reason, "bytes": to_bytes(envelope)}
        return self._note([row]).get((envelope.sender, envelope.id))

    def _note(self, rows: list[dict[str, Any]]) -> dict[Named, str]:
        """Ids are chosen by who sends: a letter whose id another's has here is called by its sender too, and is none the less new."""
        noted = {(sender, name): name for name, sender in self._insert(rows)}
        others = [row for row in rows if (row["sender"], row["id"]) not in noted]
        if others:
            query = select(inbox.c.id, inbox.c.sender).where(inbox.c.id.in_([row["id"] for row in others]))
            owners = {row.id: row.sender for row in self._connection.execute(query)}
            named = {f"{row['id']}{OF}{row['sender']}": row for row in others if owners[row["id"]] != row["sender"]}
            new = {name for name, _ in self._insert([row | {"id": name} for name, row in named.items()])}
            noted |= {(row["sender"], row["id"]): name for name, row in named.items() if name in new}
        return noted

    def _insert(self, rows: list[dict[str, Any]]) -> list[Any]:
        return list(self._connection.execute(_insert_new_into(self._connection, inbox), rows)) if rows else []

    def parked(self, letter: str) -> bytes | None:
        """The bytes of a parked envelope; None when none of this id is parked."""
        query = select(inbox.c.bytes).where(inbox.c.id == letter, inbox.c.outcome == PARKED)
        return self._connection.execute(query).scalar_one_or_none()

    def settle(self, letter: str, *, outcome: str) -> None:
        """Note what became of a parked envelope; its reason stays, its bytes go."""
        change = update(inbox).where(inbox.c.id == letter).values(outcome=outcome, bytes=None)
        self._connection.execute(change)


def _inbox_row(envelope: Envelope, data: bytes, now: datetime, *, outcome: str) -> dict[str, Any]:
    return {
        "id": envelope.id,
        "phrase": envelope.phrase,
        "sender": envelope.sender,
        "sha256": digest(data),
        "heard_at": now.isoformat(),
        "outcome": outcome,
    }


def _insert_new_into(connection: Connection, table: Table) -> Any:
    """Insert rows that are not there yet, and tell the ids of those, and who sent them where it is an inbox."""
    key = (connection.dialect.name, table.name)
    if key not in _INSERTS:
        told = (inbox.c.id, inbox.c.sender) if table is inbox else (table.c.id,)
        _INSERTS[key] = insert_into(connection, table).on_conflict_do_nothing().returning(*told)
    return _INSERTS[key]
