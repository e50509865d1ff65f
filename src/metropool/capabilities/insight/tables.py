"""Tables of insight: what things cost, as bills said."""

from sqlalchemy import BigInteger, Column, MetaData, String, Table

metadata = MetaData()

price_paid = Table(
    "price_paid",
    metadata,
    Column("usage_point", String, primary_key=True),
    Column("period_end", String, nullable=False),
    Column("quantity", String, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("lines", String, nullable=False),
)
