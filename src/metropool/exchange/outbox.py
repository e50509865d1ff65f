"""Outbox and inbox: what was said and what was heard, in the same commit as what it changed.

The relay picks what is not yet sent (never "number above the last") and keeps each row until the receiver gave a receipt.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, LargeBinary, MetaData, String, Table, func, select, update

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
        query = select(outbox.c.number, outbox.c.bytes).where(outbox.c.sent_at.is_(None)).order_by(outbox.c.number).limit(limit)
        return [(number, from_bytes(data)) for number, data in self._connection.execute(query)]

    def mark_sent(self, receipts: Sequence[tuple[int, int]], *, now: datetime) -> None:
        """Note the receipts (number, position in the receiver's stream)."""
        for number, receipt in receipts:
            change = update(outbox).where(outbox.c.number == number).values(sent_at=now.isoformat(), receipt=receipt)
            self._connection.execute(change)

    def waiting(self) -> int:
        """How many envelopes are not yet delivered."""
        query = select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))
        return int(self._connection.execute(query).scalar_one())


class Inbox:
    """What this system heard, each once in effect."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def first_time(self, envelope: Envelope, *, now: datetime) -> bool:
        """Note an envelope as done in this unit; False when it was noted before."""
        return _insert_new(self._connection, inbox, _inbox_row(envelope, now, outcome="done"))

    def park(self, envelope: Envelope, *, reason: str, now: datetime) -> None:
        """Keep an envelope that cannot be understood, with the reason, so that it can be replayed."""
        row = _inbox_row(envelope, now, outcome="parked") | {"reason": reason, "bytes": to_bytes(envelope)}
        _insert_new(self._connection, inbox, row)


def _inbox_row(envelope: Envelope, now: datetime, *, outcome: str) -> dict[str, object]:
    return {
        "id": envelope.id,
        "phrase": envelope.phrase,
        "sender": envelope.sender,
        "sha256": digest(to_bytes(envelope)),
        "heard_at": now.isoformat(),
        "outcome": outcome,
    }


def _insert_new(connection: Connection, table: Table, row: Mapping[str, object]) -> bool:
    statement = insert_into(connection, table).values(row).on_conflict_do_nothing().returning(table.c.id)
    return connection.execute(statement).first() is not None
