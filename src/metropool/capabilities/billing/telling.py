"""What a company tells and asks of metering: its customers, who has paid, rows it lacks, supply it wants cut or restored."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import pyarrow as pa

from metropool.core.errors import Invalid, NotFound
from metropool.core.identifiers import PartyId, derived_id
from metropool.core.periods import business_date
from metropool.exchange.messages import ROWS, CustomersTold, Message, PaymentStatusTold, RowsRequested, SwitchSupply
from metropool.exchange.ways import PLACES
from metropool.facts.registry import Registry
from metropool.facts.registry.tables import supply_agreement, usage_point

CUSTOMERS_AT_ONCE = 5_000
SWITCH_WITHIN = timedelta(hours=24)


class TellingWork(Protocol):
    """One unit of work of billing, as far as telling needs it."""

    @property
    def now(self) -> datetime: ...
    @property
    def party(self) -> PartyId: ...
    @property
    def bills(self) -> Any: ...
    @property
    def registry(self) -> Registry: ...
    def tell(self, message: Message, *, key: str, to: str | None = None) -> None: ...


def tell_customers(*, work: TellingWork) -> int:
    """Tell all agreements of this company, as copies for readers; the same registry is told once. Returns how many."""
    rows = sorted(work.registry.rows(supply_agreement, supplier=work.party), key=lambda row: str(row["account_number"]))
    version = derived_id(*(f"{row['account_number']}/{row['usage_point']}/{row['valid_to']}" for row in rows))
    for start in range(0, len(rows), CUSTOMERS_AT_ONCE):
        told = [_customer(row) for row in rows[start : start + CUSTOMERS_AT_ONCE]]
        work.tell(CustomersTold(rows=_table(told, CustomersTold)), key=f"customers/{work.party}/{version}/{start}")
    return len(rows)


def _customer(row: Any) -> dict[str, object]:
    copied = {name: row[name] for name in ("usage_point", "account_number", "category", "combined_account")}
    ends = row["valid_to"]
    dates = {"valid_from": date.fromisoformat(row["valid_from"]), "valid_to": date.fromisoformat(ends) if ends else None}
    return {**copied, **dates, "place": None, "name": None}


def tell_payment_status(*, work: TellingWork, accounts: Collection[str]) -> None:
    """Tell whether accounts are paid, due or overdue; no amounts."""
    today = business_date(work.now)
    lies_in = work.registry.surroundings(accounts, kinds=PLACES, combined=False)
    rows = [
        {"account_number": account, "status": _status(work, account, today), "as_of": work.now, **lies_in.get(account, {})}
        for account in sorted(accounts)
    ]
    if rows:
        told = _table(rows, PaymentStatusTold)
        work.tell(PaymentStatusTold(rows=told), key=f"payment-status/{work.party}/{work.now.isoformat()}/{len(rows)}")


def _status(work: TellingWork, account: str, today: date) -> str:
    open_bills = work.bills.open_bills(account)
    if not open_bills:
        return "paid"
    return "overdue" if any(bill.due_date < today for bill in open_bills) else "due"


def request_rows(
    *, work: TellingWork, request: str, service: str, first_day: date, last_day: date, usage_points: Sequence[str]
) -> None:
    """Ask for meter data of our usage points again (供水/供气相关数据要求).

    Raises:
        Invalid: The days are the wrong way round, or no usage point is named.
        NotFound: A usage point is not ours.
    """
    if last_day < first_day or not usage_points:
        raise Invalid("a request needs a first day, a last day not before it, and usage points")
    known = {row["id"] for row in work.registry.rows(usage_point, id=list(usage_points), service=service)}
    if unknown := sorted(set(usage_points) - known):
        raise NotFound(f"{unknown[0]} is no {service} usage point of {work.party}")
    rows = _table([{"usage_point": point} for point in sorted(known)], RowsRequested)
    days = {"first_day": first_day.isoformat(), "last_day": last_day.isoformat()}
    work.tell(RowsRequested(request=request, service=service, **days, rows=rows), key=f"rows/{request}")


def request_switch(*, work: TellingWork, request: str, usage_point_id: str, close: bool, reason: str, by: str) -> None:
    """Ask metering to cut (``close=False``) or restore supply (停复电申请); metering re-authorises it.

    Raises:
        NotFound: Not our usage point.
        Invalid: No reason given.
    """
    if not reason.strip():
        raise Invalid("a switch request needs a reason")
    work.registry.one(usage_point, id=usage_point_id)
    order = SwitchSupply(
        request=request,
        usage_point=usage_point_id,
        close=close,
        reason=reason,
        requested_by=f"{work.party}:{by}",
        expires_at=work.now + SWITCH_WITHIN,
    )
    work.tell(order, key=f"switch/{request}")


def _table(rows: Sequence[dict[str, object]], kind: type[Message]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=ROWS[kind])
