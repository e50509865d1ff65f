"""The tables of what was ordered. ``command`` holds the present state, ``command_step`` how it came to it; all times Unix ms."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table

metadata = MetaData()

command = Table(
    "command",
    metadata,
    Column("id", String, primary_key=True),
    Column("device", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("item", Integer),
    Column("minutes", Integer),
    Column("reason", String, nullable=False),
    Column("requested_by", String, nullable=False),
    Column("approved_by", String),
    Column("on_site_by", String),
    Column("emergency", Boolean, nullable=False),
    Column("request", String),
    Column("body_hash", String, nullable=False),
    Column("state", String, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("approved_at", BigInteger),
    Column("sent_at", BigInteger),
    Column("answered_at", BigInteger),
    Column("held_at", BigInteger),
    Column("asked_at", BigInteger),
    Column("resolved_at", BigInteger),
    Column("read_back", JSON),
    Column("note", String, nullable=False),
    Index("command_by_state", "state", "created_at"),
    Index("command_by_device", "device", "created_at"),
)
command_step = Table(
    "command_step",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("command", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("note", String, nullable=False),
    Index("command_step_by_command", "command", "number"),
)
