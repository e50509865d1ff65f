"""The tables of what exists. Everything that can change is dated; rows are closed, never overwritten."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, UniqueConstraint

metadata = MetaData()

party = Table(
    "party",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("name_zh", String, nullable=False),
    Column("name_en", String, nullable=False),
)
place = Table(
    "place",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("parent", String),
    Column("name_zh", String, nullable=False),
    Column("name_en", String, nullable=False),
    Column("lon", Float),
    Column("lat", Float),
    Column("outline", JSON),
    Column("address_zh", String),
    Column("address_en", String),
    Index("place_by_parent", "parent"),
)
usage_point = Table(
    "usage_point",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("service", String, nullable=False),
    Column("role", String, nullable=False),
    Column("place", String, nullable=False),
    Column("network_node", String),
    Index("usage_point_by_place", "place"),
)
supply_agreement = Table(
    "supply_agreement",
    metadata,
    Column("account_number", String, primary_key=True),
    Column("party", String, nullable=False),
    Column("usage_point", String, nullable=False),
    Column("supplier", String, nullable=False),
    Column("tariff", String, nullable=False),
    Column("category", String, nullable=False),
    Column("options", JSON, nullable=False, default=dict),
    Column("combined_account", String),
    Column("valid_from", String, nullable=False),
    Column("valid_to", String),
    Index("supply_agreement_by_point", "usage_point"),
    Index("supply_agreement_by_combined", "combined_account"),
)
end_device = Table(
    "end_device",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("model", String, nullable=False),
    Column("serial", String, nullable=False),
    Column("protocol", String, nullable=False),
    Column("address", String, nullable=False),
    Column("parent", String),
    Column("point", Integer, nullable=False, default=0),
    Column("place", String),
    Column("network_node", String),
    Column("settings", JSON, nullable=False, default=dict),
    Index("end_device_by_parent", "parent"),
    Index("end_device_by_address", "protocol", "address"),
)
channel = Table(
    "channel",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("device", String, nullable=False),
    Column("reading_type", Integer, nullable=False),
    Column("address", BigInteger, nullable=False),
    Column("point", Integer, nullable=False),
    Column("digits", Integer),
    Column("interval_s", Integer),
    Column("writable", Boolean, nullable=False, default=False),
    UniqueConstraint("address", "point", "reading_type"),
    Index("channel_by_device", "device"),
)
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", Integer, nullable=False),
    Column("usage_point", Integer, nullable=False),
    Column("multiplier", String, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_to", BigInteger),
    Column("recorded_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("replaced_by", Integer),
    Index("installation_by_point", "usage_point"),
    Index("installation_by_channel", "channel"),
)
link = Table(
    "link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("from_node", String, nullable=False),
    Column("to_node", String, nullable=False),
    Column("valid_from", String, nullable=False),
    Column("valid_to", String),
)
