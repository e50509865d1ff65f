"""Tables of inquiries: nobody else's. Requests as asked and answered, and pages of answers until their use ends."""

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

inquiry = Table(
    "inquiry",
    metadata,
    Column("request", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("asked", String, nullable=False),
    Column("asked_at", String, nullable=False),
    Column("answered_by", String),
    Column("decided_at", String),
    Column("reason", String),
    Column("expires_at", String, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("came", Integer, nullable=False),
    Column("forgotten_at", String),
    Index("inquiry_by_time", "asked_at"),
    Index("inquiry_ending", "state", "expires_at"),
)
inquiry_page = Table(
    "inquiry_page",
    metadata,
    Column("request", String, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("rows", LargeBinary, nullable=False),
)
