"""Tables of disclosure: nobody else's. Requests as heard and decided, and which groups were told of already."""

from sqlalchemy import Column, Date, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

disclosure_request = Table(
    "disclosure_request",
    metadata,
    Column("asker", String, primary_key=True),
    Column("request", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("asked", String, nullable=False),
    Column("heard_from", String, nullable=False),
    Column("heard_at", String, nullable=False),
    Column("first_by", String),
    Column("first_at", String),
    Column("decided_by", String),
    Column("decided_at", String),
    Column("reason", String),
    Column("expires_at", String, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("suppressed", Integer, nullable=False),
    Index("disclosure_request_open", "state", "expires_at"),
    Index("disclosure_request_by_time", "heard_at"),
)
disclosed_group = Table(
    "disclosed_group",
    metadata,
    Column("what", String, primary_key=True),
    Column("service", String, primary_key=True),
    Column("category", String, primary_key=True),
    Column("period", Date, primary_key=True),
    Column("atoms", LargeBinary, nullable=False),
)
"""Which atom each usage point lies in, by its local number: points of one atom were only ever told of together."""
