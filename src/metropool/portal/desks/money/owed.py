"""What is owed and what was paid, as the pay page shows it: a late fee stands with the bill it is for."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from metropool.core.money import Fen
from metropool.portal.desks.words import SERVICES, Parties, name
from metropool.portal.schemas import paying
from metropool.portal.schemas.basics import Text

Row = Mapping[str, Any]
NOT_PAID = Text(zh="支付渠道未收到款项", en="The channel received no money")
STATES: Mapping[str, paying.PaymentState] = {
    "created": "pending",
    "pending": "pending",
    "paid": "succeeded",
    "failed": "failed",
    "expired": "expired",
    "refunded": "refunded",
    "part_refunded": "part_refunded",
}


def open_fen(row: Row) -> Fen:
    """What of a due is still to be paid [fen]; nothing where more was paid than is owed."""
    left: Fen = row["amount_fen"] - row["paid_fen"]
    return max(0, left)


def companies_owed(dues: Mapping[str, Row], parties: Parties, *, today: date) -> list[paying.DuesOfCompany]:
    """What is owed to each company, in the order of services; ``dues`` are all of an account by number."""
    rows = sorted((row for row in dues.values() if open_fen(row)), key=lambda row: SERVICES.index(row["service"]))
    companies = dict.fromkeys(row["company"] for row in rows)
    return [_company([row for row in rows if row["company"] == company], dues, parties, today) for company in companies]


def _company(rows: Sequence[Row], dues: Mapping[str, Row], parties: Parties, today: date) -> paying.DuesOfCompany:
    bills = [_bill(dues[number], some, today) for number, some in _by_bill(rows).items()]
    return paying.DuesOfCompany(
        company=rows[0]["company"],
        company_name=parties.name(rows[0]["company"]),
        service=rows[0]["service"],
        account_number=rows[0]["account_number"],
        payable_fen=sum(bill.payable_fen for bill in bills),
        bills=sorted(bills, key=lambda bill: (bill.due_date, bill.bill_number)),
    )


def _by_bill(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Dues by the number of the bill they are, or are the late fee of."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["late_fee_of"] or row["bill_number"], []).append(row)
    return found


def _bill(bill: Row, rows: Sequence[Row], today: date) -> paying.DueBill:
    due_date = date.fromisoformat(bill["due_date"])
    return paying.DueBill(
        bill_number=bill["bill_number"],
        month=bill["period"],
        amount_fen=bill["amount_fen"],
        paid_fen=bill["paid_fen"],
        late_fee_fen=sum(open_fen(row) for row in rows if row["late_fee_of"]),
        payable_fen=sum(open_fen(row) for row in rows),
        due_date=due_date,
        overdue=today > due_date,
    )


def payment(
    order: Row, *, parts: Sequence[Row], refunds: Sequence[Row], dues: Mapping[str, Row], parties: Parties
) -> paying.Payment:
    """A payment with its split: as it was shared, or while it is open as it was asked for."""
    given = [part for part in parts if part["amount_fen"] > 0]
    asked = [{**dues[number], "amount_fen": open_fen(dues[number])} for number in order["bill_numbers"]]
    return paying.Payment(
        reference=order["id"],
        account=order["combined_account"],
        purpose=order["purpose"],
        state=STATES[order["state"]],
        amount_fen=order["amount_fen"],
        refunded_fen=sum(row["amount_fen"] for row in refunds),
        refunds=[_refund(row) for row in refunds],
        split=_split(given or asked, dues, parties),
        credit_fen=order["amount_fen"] - sum(part["amount_fen"] for part in given) if order["paid_at"] else 0,
        channel=order["channel"],
        channel_name=name("channels", order["channel"]),
        channel_reference=order["reference"],
        redirect_url=order["redirect_url"],
        created_at=datetime.fromisoformat(order["created_at"]),
        expires_at=datetime.fromisoformat(order["expires_at"]),
        paid_at=datetime.fromisoformat(order["paid_at"]) if order["paid_at"] else None,
        receipt_number=f"R-{order['id']}" if order["paid_at"] else None,
        reason=NOT_PAID if order["state"] == "failed" else None,
    )


def _split(parts: Sequence[Row], dues: Mapping[str, Row], parties: Parties) -> list[paying.SplitPart]:
    """A part for each bill and one for all the late fees of a bill."""
    sums: dict[tuple[int, str, bool], Fen] = {}
    for part in parts:
        fee_of = dues[part["bill_number"]]["late_fee_of"]
        key = (SERVICES.index(dues[part["bill_number"]]["service"]), fee_of or part["bill_number"], fee_of is not None)
        sums[key] = sums.get(key, 0) + part["amount_fen"]
    return [
        paying.SplitPart(
            company=dues[number]["company"],
            company_name=parties.name(dues[number]["company"]),
            service=dues[number]["service"],
            bill_number=number,
            is_late_fee=is_fee,
            amount_fen=fen,
        )
        for (_, number, is_fee), fen in sorted(sums.items())
    ]


def _refund(row: Row) -> paying.RefundOfPayment:
    return paying.RefundOfPayment(
        id=row["id"],
        amount_fen=row["amount_fen"],
        decided_at=datetime.fromisoformat(row["decided_at"]),
        done=row["state"] == "done",
    )
