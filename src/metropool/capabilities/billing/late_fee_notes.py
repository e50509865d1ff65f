"""Late fees as the company asks for them: a note for each day a bill has cost more, numbered after the bill.

A note is posted, told like a bill and paid like one; it is never changed. When it turns out that money came in earlier than it was
heard of, a note of less than nothing takes back what the days since have cost.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from metropool.capabilities.billing.late_fees import Payments, late_fee_through, rule_of
from metropool.capabilities.billing.ports import BillingWork, Row
from metropool.core.money import Fen, to_cny
from metropool.core.periods import business_date
from metropool.exchange.messages import LATE_FEE, ROWS, BillsIssued
from metropool.facts.ledger import Entry

_OF_BILL = ("service", "account_number", "combined_account", "usage_point", "meter_number", "multiplier", "unit", "tariff")


def post_late_fees(*, work: BillingWork) -> datetime | None:
    """Look through some bills for what a day of lateness has cost; each bill once a business day.

    Returns:
        Now when there are more bills to look through, None when this day is done.
    """
    today = business_date(work.now)
    after = work.late_fees.cursor(today)
    if after is None:
        return None
    bills, last = work.late_fees.overdue(today=today, after=after)
    known, payments = _known(work, [bill["number"] for bill in bills])
    notes = [_note(work, bill, known.get(bill["number"], []), payments.get(bill["number"], []), last_day=today) for bill in bills]
    _issue(work, [note for note in notes if note and note["amount_fen"] > 0])
    work.late_fees.advance(today, last)
    return work.now if last is not None else None


def take_back_late_fees(*, work: BillingWork, bill_numbers: Collection[str]) -> None:
    """After payments were heard of: take back what was asked for days on which these bills had been paid already."""
    known, payments = _known(work, bill_numbers)
    bills = work.bills.bills(number=sorted(known)) if known else []
    notes = [
        _note(work, bill, known[bill["number"]], payments.get(bill["number"], []), last_day=_last_day(known[bill["number"]]))
        for bill in bills
    ]
    _issue(work, [note for note in notes if note and note["amount_fen"] < 0])


def late_fee_of_bill(*, work: BillingWork, number: str) -> Fen:
    """What has been asked for the lateness of a bill so far [fen]."""
    return sum(note["amount_fen"] for note in work.late_fees.notes_of([number]))


def _known(work: BillingWork, numbers: Collection[str]) -> tuple[dict[str, list[Row]], Mapping[str, Payments]]:
    """Notes, oldest first, and payments of some bills, by number of the bill."""
    notes: dict[str, list[Row]] = {}
    for note in work.late_fees.notes_of(numbers):
        notes.setdefault(note["bill_number"], []).append(note)
    return notes, work.late_fees.payments_of(numbers)


def _last_day(notes: Sequence[Row]) -> date:
    return max(date.fromisoformat(note["business_date"]) for note in notes)


def _note(work: BillingWork, bill: Row, notes: Sequence[Row], payments: Payments, *, last_day: date) -> dict[str, Any] | None:
    """What a bill has cost by a day beyond what was asked for already; None when that is nothing."""
    rule = rule_of(bill["tariff"], work.tariffs.book)
    if rule is None:
        return None
    due_date = date.fromisoformat(bill["due_date"])
    so_far = sum(note["amount_fen"] for note in notes)
    cost = late_fee_through(amount_fen=bill["amount_fen"], due_date=due_date, payments=payments, last_day=last_day, rule=rule)
    if cost == so_far:
        return None
    return {
        **{name: bill[name] for name in (*_OF_BILL, "period_start", "period_end")},
        "number": f"{bill['number']}-F{len(notes) + 1}",
        "bill_number": bill["number"],
        "version": len(notes) + 1,
        "business_date": last_day.isoformat(),
        "amount_fen": cost - so_far,
        "rule": rule.id,
        "issued_at": work.now.isoformat(),
    }


def _issue(work: BillingWork, notes: Sequence[dict[str, Any]]) -> None:
    """Keep notes, post what is owed, tell them like bills; one message a service."""
    if not notes:
        return
    work.late_fees.add(notes)
    work.ledger.post_many([Entry(f"late-fee/{note['number']}", _legs(note)) for note in notes])
    for service in sorted({note["service"] for note in notes}):
        rows = [_told(note, today=business_date(work.now)) for note in notes if note["service"] == service]
        told = pa.Table.from_pylist(rows, schema=ROWS[BillsIssued])
        key = f"late-fees/{rows[0]['bill_number']}/{rows[-1]['bill_number']}"
        work.tell(BillsIssued(service=service, company=work.party, rows=told), key=key)
    work.changed("bills")


def _legs(note: Row) -> list[tuple[str, Fen]]:
    amount_fen: Fen = note["amount_fen"]
    return [(f"receivable/{note['account_number']}", amount_fen), (f"late_fee/{note['service']}", -amount_fen)]


def _told(note: Row, *, today: date) -> dict[str, Any]:
    """A note as a row of bills: no quantity, one line, which names the bill it is for."""
    amount = str(to_cny(note["amount_fen"]))
    days = {name: date.fromisoformat(note[name]) for name in ("period_start", "period_end")}
    return {
        **{name: note[name] for name in _OF_BILL},
        **days,
        "bill_number": note["number"],
        "register_start": None,
        "register_end": None,
        "quantity": "0",
        "is_estimated": False,
        "lines": json.dumps([[LATE_FEE, "1", amount, amount, note["bill_number"]]], separators=(",", ":")),
        "amount_fen": note["amount_fen"],
        "due_date": today,
        "version": note["version"],
    }
