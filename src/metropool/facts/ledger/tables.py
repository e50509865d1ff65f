"""The table of postings and the head of its chain."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table

metadata = MetaData()

posting = Table(
    "posting",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("key", String, nullable=False),
    Column("leg", Integer, nullable=False),
    Column("account", String, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("posted_at", String, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("posting_by_key", "key", "leg", unique=True),
    Index("posting_by_account", "account", "number"),
)
ledger_head = Table(
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("stopped", String),
)
