"""The tables of collection. Whatever there is one of per channel is a sheet: 4096 channels side by side in one value."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

log_position = Table(
    "log_position",
    metadata,
    Column("stream", String, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)
log_identity = Table(
    "log_identity",
    metadata,
    Column("stream", String, primary_key=True),
    Column("made", String, nullable=False),
    Column("epoch", Integer, nullable=False),
)
"""Which log the positions are of: when it was made, and how many before it were given up."""

schedule = Table(
    "collection_schedule",
    metadata,
    Column("item", Integer, primary_key=True),
    Column("interval_s", Integer, nullable=False),
    Column("every_s", Integer, nullable=False),
    Column("delay_s", Integer, nullable=False),
    Column("holds_days", Integer, nullable=False),
    Column("first_day", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("enabled", Boolean, nullable=False),
)
sheet = Table(
    "collection_sheet",
    metadata,
    Column("kind", String, primary_key=True),
    Column("item", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("bits", LargeBinary, nullable=False),
)
planned_day = Table(
    "collection_day",
    metadata,
    Column("item", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("planned", BigInteger, nullable=False),
    Column("collected", BigInteger, nullable=False),
    Column("late", BigInteger, nullable=False),
    Column("channels", String, nullable=False),
)
recollection = Table(
    "recollection",
    metadata,
    Column("item", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("terminal", BigInteger, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("last_slot", Integer, nullable=False),
    Column("asked_at", BigInteger),
    Column("outcome", String),
    Column("answered_at", BigInteger),
)
latest = Table(
    "latest_sheet",
    metadata,
    Column("chunk", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
unknown_device = Table(
    "unknown_device",
    metadata,
    Column("device", BigInteger, primary_key=True),
    Column("point", Integer, primary_key=True),
    Column("item", Integer, primary_key=True),
    Column("rows", BigInteger, nullable=False),
    Column("first_received_at", BigInteger, nullable=False),
    Column("last_received_at", BigInteger, nullable=False),
)
contact = Table(
    "terminal_contact",
    metadata,
    Column("terminal", BigInteger, primary_key=True),
    Column("state", String, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("last_heard_at", BigInteger, nullable=False),
    Column("detail", String, nullable=False),
    Index("terminal_contact_by_time", "last_heard_at"),
)
