"""Outbox and inbox: what was said and what was heard, in the same commit as what it changed.

The relay picks what is not yet sent (never "number above the last") and keeps each row until the receiver gave a receipt.
"""

from collections.abc import Mapping
from datetime import datetime

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

from metropool.exchange.envelope import Envelope, digest, from_bytes, to_bytes
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
    Index("outbox_unsent", "sent_at", "number"),
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
_MARK = (
    update(outbox)
    .where(outbox.c.number == bindparam("of"), outbox.c.sent_at.is_(None))
    .values(sent_at=bindparam("at"), receipt=bindparam("place"))
    .returning(outbox.c.bytes)
)


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
        return _insert_new(self._connection, outbox, row)

    def unsent(self, *, limit: int = 500) -> list[tuple[int, Envelope]]:
        """Numbers and envelopes not yet delivered, oldest first."""
        query = select(outbox.c.number, outbox.c.bytes).where(*_WAITING).order_by(outbox.c.number).limit(limit)
        return [(number, from_bytes(data)) for number, data in self._connection.execute(query)]

    def mark_sent(self, number: int, *, receipt: int, now: datetime) -> bytes | None:
        """Note a receipt, the position in the receiver's stream, and return the bytes that travelled; None if it was noted before."""
        given = {"of": number, "at": now.isoformat(), "place": receipt}
        return self._connection.execute(_MARK, given).scalar()

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

    def first_time(self, envelope: Envelope, data: bytes, *, now: datetime) -> bool:
        """Note an envelope, which came as ``data``, as done in this unit; False when it was noted before."""
        return _insert_new(self._connection, inbox, _inbox_row(envelope, data, now, outcome="done"))

    def park(self, envelope: Envelope, data: bytes, *, reason: str, now: datetime) -> bool:
        """Keep an envelope that cannot be understood, with the reason, so that it can be replayed; False when it was noted before."""
        row = _inbox_row(envelope, data, now, outcome="parked") | {"reason": reason, "bytes": to_bytes(envelope)}
        return _insert_new(self._connection, inbox, row)


def _inbox_row(envelope: Envelope, data: bytes, now: datetime, *, outcome: str) -> dict[str, object]:
    return {
        "id": envelope.id,
        "phrase": envelope.phrase,
        "sender": envelope.sender,
        "sha256": digest(data),
        "heard_at": now.isoformat(),
        "outcome": outcome,
    }


def _insert_new(connection: Connection, table: Table, row: Mapping[str, object]) -> bool:
    statement = insert_into(connection, table).on_conflict_do_nothing().returning(table.c.id)
    return connection.execute(statement, row).first() is not None
