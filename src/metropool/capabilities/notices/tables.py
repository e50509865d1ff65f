"""Tables of notices: nobody else's. Announcements as heard, and each household they reach."""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table

metadata = MetaData()

notice = Table(
    "notice",
    metadata,
    Column("office", String, primary_key=True),
    Column("notice", String, primary_key=True),
    Column("edition", Integer, nullable=False),
    Column("shown_edition", Integer, nullable=False),
    Column("publisher", String, nullable=False),
    Column("service", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("title_zh", String, nullable=False),
    Column("title_en", String, nullable=False),
    Column("text_zh", String, nullable=False),
    Column("text_en", String, nullable=False),
    Column("starts_at", String, nullable=False),
    Column("ends_at", String),
    Column("area", String, nullable=False),
    Column("published_at", String, nullable=False),
    Column("heard_at", String, nullable=False),
    Index("notice_by_time", "published_at"),
)
notice_reach = Table(
    "notice_reach",
    metadata,
    Column("combined_account", String, primary_key=True),
    Column("office", String, primary_key=True),
    Column("notice", String, primary_key=True),
    Column("is_affected", Boolean, nullable=False),
    Column("delivered_edition", Integer, nullable=False, default=0),
    Column("delivered_at", String),
    Column("read_edition", Integer, nullable=False, default=0),
    Column("read_at", String),
    Index("notice_reach_by_notice", "office", "notice"),
)
