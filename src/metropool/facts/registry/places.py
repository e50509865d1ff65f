"""Where things are: places, what lies in them, and the homes and accounts there; a part of the registry book."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Select, func, or_, select

from metropool.facts.registry.rows import Row, Rows, columns
from metropool.facts.registry.tables import place, supply_agreement, usage_point
from metropool.storage.bulk import columns_of

DEEPEST = 16
"""Places in one another, at most: whatever a registry says, its path ends."""


class Places(Rows):
    """Places (地点) and what lies in them, in one unit of work."""

    def usage_points_by_area(self, *, kinds: Sequence[str]) -> pa.Table:
        """Consuming usage points by the places of some kinds that they lie in: ``usage_point`` (local number), ``service``, ``area``.

        One that lies in several (its community, its district) comes once for each.
        """
        inside = select(place.c.id.label("area"), place.c.id).where(place.c.kind.in_(kinds)).cte("inside", recursive=True)
        below, point = place.alias("below"), usage_point.c
        inside = inside.union_all(select(inside.c.area, below.c.id).join(inside, below.c.parent == inside.c.id))
        query = select(point.number, point.service, inside.c.area).join(inside, inside.c.id == point.place)
        rows = self._connection.execute(query.where(point.role == "consumption").order_by(point.number)).all()
        return columns(rows, {"usage_point": pa.int32(), "service": pa.string(), "area": pa.string()})

    def places(self, *, kinds: Sequence[str]) -> list[Row]:
        """The places of some kinds."""
        return self.rows(place, kind=list(kinds))

    def agreements_of(self, *, combined_account: str) -> list[Row]:
        """The agreements (户号) joined to one combined-bill account."""
        return self.rows(supply_agreement, combined_account=combined_account)

    def surroundings(self, accounts: Collection[str], *, kinds: Sequence[str], combined: bool) -> dict[str, dict[str, str]]:
        """Account to the places of some kinds that it lies in, by kind; an account that is in no such place is left out.

        Args:
            accounts: Their numbers at their companies, or, with ``combined``, those of combined bills.
        """
        number = supply_agreement.c.combined_account if combined else supply_agreement.c.account_number
        above = place.alias("above")
        path = (
            select(number.label("account"), place.c.id, place.c.kind, place.c.parent)
            .join(usage_point, usage_point.c.id == supply_agreement.c.usage_point)
            .join(place, place.c.id == usage_point.c.place)
            .where(number.in_(sorted(accounts)))
            .cte("path", recursive=True)
        )
        path = path.union(
            select(path.c.account, above.c.id, above.c.kind, above.c.parent).join(path, above.c.id == path.c.parent)
        )
        found: dict[str, dict[str, str]] = {}
        for row in self._connection.execute(select(path).where(path.c.kind.in_(kinds)).order_by(path.c.id.desc())):
            found.setdefault(row.account, {})[row.kind] = row.id
        return found

    def around(self, places: pa.Array, *, kinds: Sequence[str]) -> dict[str, pa.Array]:
        """For each of some places the place of each kind that it is, or lies in; null where it is in none."""
        c = place.c
        known = columns(
            self._connection.execute(select(c.id, c.kind, c.parent)).all(), dict.fromkeys(("id", "kind", "parent"), pa.string())
        )
        nothing = pa.scalar(None, pa.string())
        found = {kind: pa.nulls(len(places), pa.string()) for kind in kinds}
        at = pc.index_in(places, value_set=known["id"])
        for _ in range(DEEPEST):
            here = {name: known[name].combine_chunks().take(at) for name in known.column_names}
            for kind in kinds:
                of_kind = pc.fill_null(pc.equal(here["kind"], kind), False)
                found[kind] = pc.coalesce(found[kind], pc.if_else(of_kind, here["id"], nothing))
            at = pc.index_in(here["parent"], value_set=known["id"])
        return found

    def homes(self, *, service: str | None, on: date, within: Sequence[str] | None = None) -> pa.Table:
        """Homes with an agreement on a day, as columns ``combined_account``, ``lon``, ``lat``; a home comes once an agreement.

        A home without a position of its own has that of what it lies in (its building); unknown is null.

        Args:
            service: Only agreements about this; None for any.
            on: The business day.
            within: Only homes that are, or lie in, one of these places; None for anywhere.
        """
        agreement, point, above = supply_agreement.c, usage_point.c, place.alias("above")
        lon, lat = (func.coalesce(place.c[name], above.c[name]) for name in ("lon", "lat"))
        query = (
            select(agreement.combined_account, lon, lat)
            .join(usage_point, point.id == agreement.usage_point)
            .join(place, place.c.id == point.place)
            .outerjoin(above, above.c.id == place.c.parent)
            .where(agreement.combined_account.is_not(None), agreement.valid_from <= on.isoformat())
            .where(or_(agreement.valid_to.is_(None), agreement.valid_to > on.isoformat()))
        )
        if service is not None:
            query = query.where(point.service == service)
        if within is not None:
            query = query.where(place.c.id.in_(lying_in(within)))
        kinds = {"combined_account": pa.string(), "lon": pa.float64(), "lat": pa.float64()}
        columns = columns_of(self._connection.execute(query)) or [()] * len(kinds)
        return pa.table({name: pa.array(values, type=kinds[name]) for name, values in zip(kinds, columns, strict=True)})

    def unknown_places(self, places: Sequence[str]) -> list[str]:
        """Those of some place ids that are none, in their order."""
        known = self.place_kinds(places)
        return [one for one in places if one not in known]

    def place_kinds(self, places: Sequence[str]) -> dict[str, str]:
        """Place to its kind; ids that are no place are left out."""
        found = self._connection.execute(select(place.c.id, place.c.kind).where(place.c.id.in_(places)))
        return {row.id: row.kind for row in found}

    def path_of(self, place_id: str) -> list[Row]:
        """A place and the places it lies in, innermost first."""
        path: list[Row] = []
        current: str | None = place_id
        while current is not None and len(path) < DEEPEST:
            row = self.one(place, id=current)
            path.append(row)
            current = row["parent"]
        return path


def lying_in(places: Sequence[str]) -> Select[Any]:
    """Ids of some places and of all that lie in them."""
    inside = select(place.c.id).where(place.c.id.in_(places)).cte("inside", recursive=True)
    below = place.alias("below")
    inside = inside.union(select(below.c.id).join(inside, below.c.parent == inside.c.id))
    return select(inside.c.id)
