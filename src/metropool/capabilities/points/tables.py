"""Tables of points: what they are, how they stand, what they said lately, and what is on its way to their gateway. Nobody else's."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

point = Table(
    "point",
    metadata,
    Column("place", String, primary_key=True),
    Column("point", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("name_zh", String, nullable=False),
    Column("name_en", String, nullable=False),
    Column("sets", String),
    Column("number", Integer, nullable=False),
)
point_state = Table(
    "point_state",
    metadata,
    Column("place", String, primary_key=True),
    Column("point", String, primary_key=True),
    Column("item", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("quality", Integer, nullable=False),
    Column("heard_at", BigInteger, nullable=False),
)
point_value = Table(
    "point_value",
    metadata,
    Column("place", String, primary_key=True),
    Column("point", String, primary_key=True),
    Column("item", String, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("value", BigInteger, nullable=False),
    Column("quality", Integer, nullable=False),
    Index("point_value_by_time", "at"),
)
point_of_events = Table(
    "point_of_events",
    metadata,
    Column("place", String, primary_key=True),
    Column("point", String, primary_key=True),
)
"""Points at which something happened; what happened is in the book of events."""
usage_waiting = Table(
    "usage_waiting",
    metadata,
    Column("place", String, primary_key=True),
    Column("usage_point", String, primary_key=True),
    Column("reading_type", Integer, primary_key=True),
    Column("business_date", String, primary_key=True),
    Column("id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("told", LargeBinary, nullable=False),
    Column("said_at", BigInteger),
    Column("received_at", BigInteger),
    Index("usage_waiting_by_id", "place", "id"),
)
_WAITS = usage_waiting.c.said_at.is_(None) & usage_waiting.c.received_at.is_(None)
Index("usage_waiting_unsaid", usage_waiting.c.business_date, sqlite_where=_WAITS, postgresql_where=_WAITS)
listener = Table(
    "listener",
    metadata,
    Column("place", String, primary_key=True),
    Column("heard_at", BigInteger, nullable=False),
)
"""Places whose gateway has said that it is there: only for them is anything kept."""
