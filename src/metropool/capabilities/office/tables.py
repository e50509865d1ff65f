"""Tables of the office: nobody else's. An announcement as it stands, and every edition that was told."""

from sqlalchemy import Column, Index, Integer, MetaData, String, Table

metadata = MetaData()

office_notice = Table(
    "office_notice",
    metadata,
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content", String, nullable=False),
    Column("publish_at", String),
    Column("published_at", String),
    Column("made_at", String, nullable=False),
    Column("changed_at", String, nullable=False),
    Column("changed_by", String, nullable=False),
    Column("withdrawn_because", String),
    Index("office_notice_due", "state", "publish_at"),
)
office_edition = Table(
    "office_edition",
    metadata,
    Column("notice", String, primary_key=True),
    Column("edition", Integer, primary_key=True),
    Column("state", String, nullable=False),
    Column("content", String, nullable=False),
    Column("told_at", String, nullable=False),
    Column("told_by", String, nullable=False),
)
