"""Tables of sharing: nobody else's. Requests that were passed on, so that answers find back."""

from sqlalchemy import Column, MetaData, String, Table

metadata = MetaData()

passed_request = Table(
    "passed_request",
    metadata,
    Column("asker", String, primary_key=True),
    Column("request", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("asked", String, nullable=False),
    Column("heard_at", String, nullable=False),
)
