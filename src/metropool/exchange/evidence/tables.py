"""Tables of a system's book of evidence: its records, the roots that cover them, the keys that signed."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table

metadata = MetaData()
evidence = Table(
    "evidence",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("direction", String, nullable=False),
    Column("letter", String, nullable=False),
    Column("sender_party", String, nullable=False),
    Column("receiver_party", String, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("record", String, nullable=False),
    Column("salt", String, nullable=False),
    Column("leaf", String, nullable=False),
    Column("hash", String, nullable=False),
    Index("evidence_by_letter", "letter", "direction", unique=True),
    Index("evidence_by_time", "at_us"),
)
evidence_root = Table(
    "evidence_root",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("root", String, nullable=False),
    Column("signature", String, nullable=False),
)
# One row a term. ``id`` is the id of the key; in a further term of a key that was put back it is followed by ``#`` and the number
# of terms before it: books of every age have the same columns.
evidence_key = Table(
    "evidence_key",
    metadata,
    Column("id", String, primary_key=True),
    Column("suite", String, nullable=False),
    Column("public", String, nullable=False),
    Column("since", String, nullable=False),
    Column("until", String),
)
