"""The table of places: points that can be set. Nobody else's."""

from sqlalchemy import BigInteger, Column, MetaData, String, Table

metadata = MetaData()

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
