"""Tables of places: gateways with the hashes of their secrets, and points that can be set. Nobody else's."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table

metadata = MetaData()

gateway = Table(
    "gateway",
    metadata,
    Column("place", String, primary_key=True),
    Column("household", String, nullable=False),
    Column("salt", String),
    Column("secret_hash", String),
    Column("issued", Integer, nullable=False),
    Column("issued_at", String),
    Column("issued_by", String),
    Column("revoked_at", String),
    Column("dropped", Integer, nullable=False),
    Column("came_in_at", String),
    Index("gateway_by_household", "household"),
)
Index(
    "gateway_undropped",
    gateway.c.place,
    sqlite_where=gateway.c.dropped < gateway.c.issued,
    postgresql_where=gateway.c.dropped < gateway.c.issued,
)
"""``issued`` counts credentials and revocations; ``dropped`` is the last of them after which open connections were ended."""

setting = Table(
    "setting",
    metadata,
    Column("place", String, primary_key=True),
    Column("point", String, primary_key=True),
    Column("item", String, nullable=False),
    Column("value", BigInteger),
    Column("at", BigInteger),
)
"""Points that can be set, and how they were read back last (``at`` Unix s, by the gateway's clock)."""
