"""The table of admission: gateways with the hashes of their secrets."""

from sqlalchemy import Column, Index, Integer, MetaData, String, Table

metadata = MetaData()

admitted = Table(
    "admitted_gateway",
    metadata,
    Column("per", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("place", String, nullable=False),
    Column("household", String),
    Column("salt", String),
    Column("secret_hash", String),
    Column("issued", Integer, nullable=False),
    Column("issued_at", String),
    Column("issued_by", String),
    Column("revoked_at", String),
    Column("dropped", Integer, nullable=False),
    Column("came_in_at", String),
    Column("heard_at", String),
    Index("admitted_gateway_by_household", "household"),
)
Index(
    "admitted_gateway_undropped",
    admitted.c.name,
    sqlite_where=admitted.c.dropped < admitted.c.issued,
    postgresql_where=admitted.c.dropped < admitted.c.issued,
)
"""``issued`` counts credentials and revocations; ``dropped`` is the last of them after which open connections were ended."""
