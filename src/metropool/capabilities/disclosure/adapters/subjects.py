"""Who lies in an area, and what this system's ledger says of them."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl
from sqlalchemy import and_, func, or_, select

from metropool.core.areas import Area, lies_in
from metropool.core.periods import DAY, business_date, day_period
from metropool.facts.ledger.tables import posting
from metropool.facts.registry.places import lying_in
from metropool.facts.registry.tables import place, supply_agreement, usage_point
from metropool.storage.bulk import frame_of, is_one_of
from metropool.storage.units import UnitContext

POINT = {
    "number": pl.Int64,
    "id": pl.String,
    "account": pl.String,
    "combined": pl.String,
    "category": pl.String,
    "supplier": pl.String,
    "lon": pl.Float64,
    "lat": pl.Float64,
}
SUPPLY = "supply"
"""Role of meters that measure what goes into an area: nobody's usage."""


class SqlSubjects:
    """Usage points and postings, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection
        self._today = business_date(context.now).isoformat()

    def points(self, *, service: str, area: Area) -> pl.DataFrame:
        """See ``ports.Subjects``."""
        p, a, above = usage_point.c, supply_agreement.c, place.alias("above")
        in_force = and_(a.usage_point == p.id, a.valid_from <= self._today, or_(a.valid_to.is_(None), a.valid_to > self._today))
        lon, lat = (func.coalesce(place.c[name], above.c[name]) for name in ("lon", "lat"))
        query = (
            select(p.number, p.id, a.account_number, a.combined_account, a.category, a.supplier, lon, lat)
            .join(place, place.c.id == p.place)
            .outerjoin(above, above.c.id == place.c.parent)
            .outerjoin(supply_agreement, in_force)
            .where(p.service == service, p.role != SUPPLY)
            .order_by(p.number)
        )
        if area.kind == "places":
            query = query.where(place.c.id.in_(lying_in(area.places)))
        found = frame_of(self._connection.execute(query), POINT).unique("number", keep="first", maintain_order=True)
        if area.kind == "outline":
            at = [found[name].to_numpy().astype(np.float64) for name in ("lon", "lat")]
            found = found.filter(pl.Series(lies_in(area.outline, at[0], at[1])))
        return found.drop("lon", "lat")

    def postings(self, *, names: Sequence[str], first: date, last: date, against: Sequence[str] | None = None) -> pl.DataFrame:
        """See ``ports.Subjects``."""
        c, other = posting.c, posting.alias("other").c
        begins, ends = (day_period(day).start.isoformat() for day in (first, last + DAY))
        owed = [f"receivable/{name}" for name in names]
        wanted = (is_one_of(self._connection, c.account, owed), c.posted_at >= begins, c.posted_at < ends)
        if against is None:
            query = select(c.account, c.key, c.amount_fen, c.posted_at).where(*wanted)
        else:
            of = select(c.account, c.key, c.posted_at).where(*wanted).distinct().subquery()
            collected = [f"uncollected/{company}" for company in against]
            query = select(of.c.account, of.c.key, other.amount_fen, of.c.posted_at).select_from(of)
            query = query.join(other.key.table, and_(other.key == of.c.key, other.account.in_(collected)))
        kinds = {"name": pl.String, "key": pl.String, "amount_fen": pl.Int64, "posted_at": pl.String}
        found = frame_of(self._connection.execute(query), kinds)
        month = (
            pl.col("posted_at").str.to_datetime(time_zone="UTC").dt.convert_time_zone("Asia/Shanghai").dt.date().dt.month_start()
        )
        return found.select(pl.col("name").str.strip_prefix("receivable/"), "key", "amount_fen", month.alias("month"))
