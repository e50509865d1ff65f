"""The table of what happened. An event is written once; the same event told again changes nothing."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, MetaData, String, Table

metadata = MetaData()

end_device_event = Table(
    "end_device_event",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("device", String, nullable=False),
    Column("code", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("detail", JSON, nullable=False),
    Index("end_device_event_by_device", "device", "at"),
    Index("end_device_event_by_time", "at"),
)
