"""The desk of one company's bills, over billing."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, cast

from metropool.capabilities.billing import queries
from metropool.capabilities.billing.ports import BillingWork
from metropool.core.periods import business_date, day_period
from metropool.facts.ledger import SqlLedger
from metropool.facts.registry import Registry
from metropool.facts.registry.tables import party, place, supply_agreement, usage_point
from metropool.portal.desks.adapters.bill_rows import SORTABLE, BillRows
from metropool.portal.desks.money.combined import lines_of, meters_of, state_of
from metropool.portal.desks.operator.light_pages import light_rows
from metropool.portal.desks.words import Parties, tariff_name
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import bills as schema
from metropool.portal.schemas.basics import Page, Service
from metropool.storage.units import UnitContext

Row = Mapping[str, Any]
NOT_KEPT = "—"
MANY = 500
"""More accounts than this are found by reading all of them."""


class CompanyWork(BillingWork, Protocol):
    """The unit of work of billing."""

    @property
    def context(self) -> UnitContext: ...
    @property
    def rows(self) -> tuple[str, ...]: ...
    @property
    def registry(self) -> Registry: ...


class BillingDesk:
    """One company's bills, in one unit of work."""

    def __init__(self, work: CompanyWork) -> None:
        self._work = work
        self._rows = BillRows(work.context.connection)
        self._today = business_date(work.now)

    def overview(self, *, month: str | None) -> schema.CompanyOverview:
        """A billing month in a few numbers; the newest unless one is asked for."""
        known = self._rows.months()
        months = list(dict.fromkeys(each for each, _ in known))
        chosen = month or (months[0] if months else f"{self._today:%Y-%m}")
        rows = self._rows.rows(month=chosen)
        owed = [(row, row["amount_fen"] - row["paid_fen"]) for row in rows]
        return schema.CompanyOverview(
            as_of=self._work.now,
            month=chosen,
            months=months,
            service=self._service(known),
            bills=sum(not row["is_replaced"] for row in rows),
            amount_fen=sum(row["amount_fen"] for row in rows),
            paid_fen=sum(row["paid_fen"] for row in rows),
            overdue_fen=sum(max(0, open_fen) for row, open_fen in owed if self._today > date.fromisoformat(row["due_date"])),
            estimated_bills=sum(row["is_estimated"] and not row["is_replaced"] for row in rows),
            blocked=self._rows.stopped(month=chosen),
            previous_amount_fen=self._rows.amount_fen(month=_month_before(chosen)),
            ledger_sum_fen=sum(SqlLedger(self._work.context).balances_by_kind().values()),
        )

    def bills(
        self, *, month: str | None, state: str | None, q: str | None, estimated: bool | None, asked: Asked
    ) -> Page[schema.CompanyBillRow]:
        """The bills, newest first; what only people's names or payments tell is looked for among all of them."""
        wanted = (q or "").strip().lower()
        if not wanted and state is None and all(sort.column in SORTABLE for sort in asked.sort):
            sort = [(one.column, one.descending) for one in asked.sort]
            some, total = self._rows.page(month=month, estimated=estimated, sort=sort, offset=asked.offset, limit=asked.size)
            names = self._names_of([row["account_number"] for row in some])
        else:
            names = self._names_of(None)
            some, total = light_rows(self._chosen(month, state, wanted, estimated, names), asked, keys=self._keys(names))
        page = [self._row(row, names) for row in some]
        return Page[schema.CompanyBillRow](rows=page, page=asked.page, size=asked.size, total=total, as_of=self._work.now)

    def bill(self, *, bill_number: str) -> schema.CompanyBill:
        """One bill with how it was worked out."""
        bill = queries.bill_detail(work=self._work, number=bill_number)
        starts, ends = date.fromisoformat(bill["period_start"]), date.fromisoformat(bill["period_end"])
        multiplier = Decimal(bill["multiplier"])
        row = {**bill, "is_replaced": self._rows.is_replaced(number=bill_number)}
        return schema.CompanyBill.model_validate(
            self._row(row, self._names_of([bill["account_number"]])).model_dump()
            | {
                "address": self._address(bill["usage_point"]),
                "tariff": tariff_name(bill["tariff"]),
                "register_start": _decimal(bill["register_start"]),
                "register_end": _decimal(bill["register_end"]),
                "register_start_at": day_period(starts).start if bill["register_start"] else None,
                "register_end_at": day_period(ends).start if bill["register_end"] else None,
                "meters": meters_of(json.loads(bill["registers"] or "[]"), multiplier=multiplier, first_day=starts),
                "multiplier": multiplier,
                "lines": lines_of(bill["lines"], bill["amount_fen"], bill["unit"]),
                "payments": self._payments(bill_number),
                "provenance": _provenance(bill),
                "service": bill["service"],
                "company_name": Parties(self._work.registry).name(self._work.party),
                "issued_at": datetime.fromisoformat(bill["issued_at"]),
                "late_fee_fen": bill["late_fee_fen"],
            }
        )

    def _chosen(
        self, month: str | None, state: str | None, wanted: str, estimated: bool | None, names: Mapping[str, str]
    ) -> list[Row]:
        return [
            row
            for row in self._rows.rows(month=month)
            if estimated in (None, bool(row["is_estimated"]))
            and state in (None, self._state(row))
            and wanted in _text(row, names)
        ]

    def _row(self, row: Row, names: Mapping[str, str]) -> schema.CompanyBillRow:
        plain = ("version", "account_number", "meter_number", "unit", "is_estimated", "amount_fen", "paid_fen")
        return schema.CompanyBillRow(
            **{key: row[key] for key in plain},
            bill_number=row["number"],
            name=names.get(row["account_number"], ""),
            month=row["period_start"][:7],
            period_start=date.fromisoformat(row["period_start"]),
            period_end=date.fromisoformat(row["period_end"]),
            quantity=Decimal(row["quantity"]),
            due_date=date.fromisoformat(row["due_date"]),
            state=self._state(row),
        )

    def _state(self, row: Row) -> schema.BillState:
        """A bill that a later version took the place of is replaced; what it came to stays owed, the later one adds to it."""
        if row["is_replaced"]:
            return "replaced"
        due_date = date.fromisoformat(row["due_date"])
        return state_of(total_fen=row["amount_fen"], paid_fen=row["paid_fen"], due_date=due_date, today=self._today)

    def _keys(self, names: Mapping[str, str]) -> dict[str, Any]:
        said = ("version", "account_number", "meter_number", "period_start", "period_end", "unit")
        plain = (*said, "is_estimated", "amount_fen", "paid_fen", "due_date")
        keys: dict[str, Any] = {name: lambda row, name=name: row[name] for name in plain}
        return keys | {
            "bill_number": lambda row: row["number"],
            "month": lambda row: row["period_start"][:7],
            "quantity": lambda row: Decimal(row["quantity"]),
            "name": lambda row: names.get(row["account_number"]),
            "state": self._state,
        }

    def _service(self, known: list[tuple[str, str]]) -> Service:
        """What the company bills: as the plan gives it, else what it billed last."""
        billed = [service for _, service in known]
        return cast(Service, [*self._work.rows, *billed, "electricity"][0])

    def _names_of(self, accounts: Sequence[str] | None) -> dict[str, str]:
        """Whose each account is; of all accounts when None."""
        registry = self._work.registry
        if accounts is None or len(accounts) > MANY:
            agreements, people = registry.rows(supply_agreement), registry.rows(party)
        else:
            agreements = registry.rows(supply_agreement, account_number=accounts)
            people = registry.rows(party, id=[row["party"] for row in agreements])
        names = {row["id"]: row["name_zh"] for row in people}
        return {row["account_number"]: names.get(row["party"], "") for row in agreements}

    def _address(self, usage_point_id: str) -> str:
        points = self._work.registry.rows(usage_point, id=usage_point_id)
        found = self._work.registry.rows(place, id=points[0]["place"]) if points else []
        return (found[0]["address_zh"] or found[0]["name_zh"]) if found else ""

    def _payments(self, number: str) -> list[schema.PaymentOfBill]:
        return [
            schema.PaymentOfBill(
                reference=row["reference"], amount_fen=row["amount_fen"], paid_at=datetime.fromisoformat(row["paid_at"])
            )
            for row in self._rows.payments(number=number)
        ]


def _provenance(bill: Row) -> schema.Provenance:
    """The run that froze the readings, and the tariff version that priced them.

    Billing is told blocks without the version of their installations, so that is not kept with a bill.
    """
    return schema.Provenance(readings_snapshot=bill["run"], installation_version=NOT_KEPT, rules_version=bill["tariff"])


def _text(row: Row, names: Mapping[str, str]) -> str:
    return f"{row['number']} {row['account_number']} {row['meter_number']} {names.get(row['account_number'], '')}".lower()


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _month_before(month: str) -> str:
    count = int(month[:4]) * 12 + int(month[5:]) - 2
    return f"{count // 12:04d}-{count % 12 + 1:02d}"
