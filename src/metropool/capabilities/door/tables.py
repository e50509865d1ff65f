"""Tables of a door: nobody else's. Letters as they came, how far they were read, what was said under which key."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

door_letter = Table(
    "door_letter",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("phrase", String, nullable=False),
    Column("sender", String, nullable=False),
    Column("speaker", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("heard_at", String, nullable=False),
    Column("acknowledged_at", String),
    Column("envelope", LargeBinary, nullable=False),
    Index("door_letter_by_acknowledgement", "acknowledged_at"),
    sqlite_autoincrement=True,
)
door_mark = Table(
    "door_mark",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("acknowledged", BigInteger, nullable=False),
    Column("unread", BigInteger, nullable=False),
    Column("unread_bytes", BigInteger, nullable=False),
)
door_part = Table(
    "door_part",
    metadata,
    Column("phrase", String, primary_key=True),
    Column("batch", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("of", Integer, nullable=False),
    Column("whole", String, nullable=False),
    Column("request", String, nullable=False),
    Column("body", String, nullable=False),
)
door_said = Table(
    "door_said",
    metadata,
    Column("phrase", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("sha256", String, nullable=False),
    Column("letters", String, nullable=False),
    Column("said_by", String, nullable=False),
    Column("said_at", String, nullable=False),
)
door_view = Table(
    "door_view",
    metadata,
    Column("asker", String, primary_key=True),
    Column("request", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("asked", String, nullable=False),
    Column("heard_from", String, nullable=False),
    Column("heard_at", String, nullable=False),
    Column("expires_at", String, nullable=False),
    Column("decided_by", String),
    Column("approved_by", String, nullable=False),
    Column("decided_at", String),
    Column("reason", String),
    Column("pages", Integer, nullable=False),
    Index("door_view_by_time", "heard_at"),
    Index("door_view_ending", "state", "expires_at"),
)
