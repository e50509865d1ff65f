"""Tables of alarms: nobody else's."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table

metadata = MetaData()

area_day = Table(
    "area_day",
    metadata,
    Column("area", String, primary_key=True),
    Column("service", String, primary_key=True),
    Column("business_date", String, primary_key=True),
    Column("homes", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("unused", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Index("area_day_by_day", "business_date"),
)
"""What the homes of an area used on a day: how many have a meter, were read, used nothing; together [Wh or L]."""

area_day_looked = Table(
    "area_day_looked",
    metadata,
    Column("business_date", String, primary_key=True),
    Column("newest", BigInteger, nullable=False),
)
"""Up to which file of the lake each day is in ``area_day``: a day of which something was told since is looked at anew."""

anomaly = Table(
    "anomaly",
    metadata,
    Column("anomaly", String, primary_key=True),
    Column("edition", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("service", String, nullable=False),
    Column("area", String, nullable=False),
    Column("area_zh", String, nullable=False),
    Column("area_en", String, nullable=False),
    Column("first_day", String, nullable=False),
    Column("last_day", String, nullable=False),
    Column("homes", Integer, nullable=False),
    Column("affected", Integer, nullable=False),
    Column("observed", BigInteger),
    Column("usual", BigInteger),
    Column("found_at", String, nullable=False),
    Index("anomaly_by_state", "state"),
)
alarm = Table(
    "alarm",
    metadata,
    Column("place", String, primary_key=True),
    Column("point", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
)
"""How each point that can raise an alarm stands, and since when [Unix s]."""
