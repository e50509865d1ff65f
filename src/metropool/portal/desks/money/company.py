"""The desk of a company's back office, over billing."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from metropool.capabilities.billing.asking import ask_rows
from metropool.core.errors import NotFound
from metropool.core.quantities import reading_types_by_id
from metropool.facts.registry.tables import party, place, supply_agreement, usage_point
from metropool.portal.desks.paging import page_of
from metropool.portal.desks.words import name, tariff_name
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import company as schema
from metropool.portal.schemas.basics import Page, Text


class CompanyDesk:
    """What a company knows of its customers, in one unit of work."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def customers(self, *, q: str | None, asked: Asked) -> Page[schema.CustomerRow]:
        """Our agreements, by account number; ``q`` is found in account number or usage point."""
        registry, wanted = self._work.registry, (q or "").strip()
        found = sorted(registry.rows(supply_agreement, supplier=self._work.party), key=lambda row: str(row["account_number"]))
        found = [row for row in found if wanted in row["account_number"] or wanted in row["usage_point"]]
        names = {row["id"]: row["name_zh"] for row in registry.rows(party)}
        homes = {row["id"]: row["place"] for row in registry.rows(usage_point)}
        places = {row["id"]: row["address_zh"] or row["name_zh"] for row in registry.rows(place)}
        rows = [_customer(row, names, places.get(homes.get(row["usage_point"], ""), "")) for row in found]
        return page_of(rows, asked, as_of=self._work.now)

    def readings(self, *, usage_point: str, asked: Asked) -> Page[schema.CustomerReading]:
        """What one of our usage points showed, the newest day first.

        Raises:
            NotFound: It is not ours.
        """
        if not self._work.registry.rows(supply_agreement, supplier=self._work.party, usage_point=usage_point):
            raise NotFound(f"{usage_point} is no usage point of {self._work.party}")
        found, total = self._work.asked.readings(usage_points=[usage_point], limit=asked.size, offset=asked.offset)
        rows = [_reading(row) for row in found]
        return Page[schema.CustomerReading](rows=rows, page=asked.page, size=asked.size, total=total, as_of=self._work.now)

    def data_requests(self, *, asked: Asked) -> Page[schema.DataRequest]:
        """What we asked for, the newest first."""
        return page_of([self._request(row) for row in self._work.asked.all()], asked, as_of=self._work.now)

    def ask_rows(self, *, given: schema.NewDataRequest, by: str) -> schema.DataRequest:
        """Operation: ask for meter data again."""
        days = {"first_day": given.first_day, "last_day": given.last_day}
        service = self._work.rows[0]
        row = ask_rows(work=self._work, service=service, usage_points=given.usage_points, reason=given.reason, by=by, **days)
        return self._request(row)

    def _request(self, row: Mapping[str, Any]) -> schema.DataRequest:
        where = {key: row[key] for key in ("usage_points", "first_day", "last_day")}
        first, last = (date.fromisoformat(row[key]) for key in ("first_day", "last_day"))
        wanted, held = ((last - first).days + 1) * len(row["usage_points"]), self._work.asked.days_held(**where)
        state = "complete" if held >= wanted else "partly" if held else "waiting"
        return schema.DataRequest.model_validate(
            {
                **{key: row[key] for key in ("service", "reason", "held_before", "asked_by")},
                "id": row["request"],
                "state": state,
                "state_text": name("data_request_states", state),
                "first_day": first,
                "last_day": last,
                "usage_points": len(row["usage_points"]),
                "wanted": wanted,
                "held": held,
                "asked_at": datetime.fromisoformat(row["asked_at"]),
            }
        )


def _customer(row: Mapping[str, Any], names: Mapping[str, str], address: str) -> schema.CustomerRow:
    return schema.CustomerRow(
        account_number=row["account_number"],
        name=names.get(row["party"], ""),
        address=address,
        category=row["category"],
        category_text=name("categories", row["category"]),
        tariff=tariff_name(row["tariff"]),
        usage_point=row["usage_point"],
        account=row["combined_account"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
    )


def _reading(row: Mapping[str, Any]) -> schema.CustomerReading:
    kind = reading_types_by_id()[row["reading_type"]]
    exact = {
        key: None if row[key] is None else Decimal(row[key]).scaleb(kind.scale) for key in ("register_start", "register_end")
    }
    return schema.CustomerReading(
        **exact,
        day=date.fromisoformat(row["business_date"]),
        usage_point=row["usage_point"],
        meter_number=row["device_number"],
        kind_name=Text(zh=kind.zh, en=kind.en),
        quantity=None if row["total"] is None else Decimal(row["total"]).scaleb(kind.scale),
        unit=kind.unit,
        is_estimated=bool(row["is_estimated"]),
        version=row["version"],
    )
