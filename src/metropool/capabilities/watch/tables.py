"""Tables of watch: nobody else's."""

from sqlalchemy import Column, Index, Integer, MetaData, String, Table

metadata = MetaData()

watched = Table(
    "watched",
    metadata,
    Column("id", String, primary_key=True),
    Column("edition", Integer, nullable=False),
    Column("what", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("service", String, nullable=False),
    Column("area", String, nullable=False),
    Column("began_at", String, nullable=False),
    Column("told", String, nullable=False),
    Column("heard_at", String, nullable=False),
    Column("acknowledged_by", String),
    Column("acknowledged_at", String),
    Index("watched_by_time", "what", "began_at"),
)
"""Alarms and anomalies as heard, the newest edition of each; ``told`` is the message as JSON."""
