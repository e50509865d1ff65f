"""What has been sealed, up to which snapshot, and what validation found on the way."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table

metadata = MetaData()

sealed_day = Table(
    "sealed_day",
    metadata,
    Column("business_date", String, primary_key=True),
    Column("snapshot", BigInteger, nullable=False),
    Column("registry_version", BigInteger, nullable=False),
    Column("holes", Integer, nullable=False),
    Column("is_estimated", Boolean, nullable=False),
    Column("sealed_at", String, nullable=False),
)
"""``holes``: intervals without a measured value, estimated ones too; -1 while the day is not closed."""

validation_flag = Table(
    "validation_flag",
    metadata,
    Column("business_date", String, nullable=False),
    Column("channel", Integer, nullable=False),
    Column("code", Integer, nullable=False),
    Column("from_at", BigInteger, nullable=False),
    Column("to_at", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("amount", BigInteger),
    Index("validation_flag_by_day", "business_date", "channel"),
)
