"""The desk of tax invoices, over settlement: nothing is sent to anybody, it only says what was paid to whom.

A bill that a correction settled was not paid, and a correction below zero is a red-letter invoice of its company: neither is here.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from metropool.capabilities.settlement.ports import SettlementWork
from metropool.core.errors import NotFound
from metropool.core.money import Fen
from metropool.portal.desks.money.owed import STATES, open_fen
from metropool.portal.desks.words import SERVICES, Parties, name
from metropool.portal.schemas import invoices as schema
from metropool.portal.schemas.basics import Text

Row = Mapping[str, Any]


class InvoicesDesk:
    """What was paid to whom, in one unit of work."""

    def __init__(self, work: SettlementWork) -> None:
        self._work = work
        self._parties = Parties(work.registry)

    def basis(self, *, account: str, payment: str | None, bill: str | None) -> schema.InvoiceBasis:
        """What to quote for the invoices of one payment, of one combined bill, or of all that was paid.

        Raises:
            NotFound: The payment or the bill is not this account's.
        """
        dues = {row["bill_number"]: row for row in self._work.dues.dues(combined_account=account)}
        chosen = dues if bill is None else _dues_of_bill(dues, bill)
        orders = self._orders(account, payment)
        rows = [row for order in orders if order["paid_at"] for row in self._rows(order, dues, chosen)]
        not_yet = [] if payment else self._not_yet(dues, chosen)
        return schema.InvoiceBasis(
            account=account,
            as_of=self._work.now,
            payment=payment,
            bill=bill,
            rows=rows,
            not_yet=not_yet,
            reason=None if rows else _reason(orders[0] if payment else None, has_open=bool(not_yet), bill=bill),
        )

    def _orders(self, account: str, payment: str | None) -> list[Row]:
        wanted = {} if payment is None else {"id": payment}
        orders = self._work.dues.orders(combined_account=account, **wanted)
        if payment is not None and not orders:
            raise NotFound(f"no payment {payment} of this account")
        return sorted(orders, key=lambda order: order["paid_at"] or "", reverse=True)

    def _rows(self, order: Row, dues: Mapping[str, Row], chosen: Collection[str]) -> list[schema.InvoiceRow]:
        parts = [part for part in self._work.dues.parts_of(order["id"]) if part["bill_number"] in chosen]
        shares = _shares(parts, dues).items()
        return [_row(order, dues[number], *amounts, parties=self._parties) for number, amounts in shares if any(amounts)]

    def _not_yet(self, dues: Mapping[str, Row], chosen: Collection[str]) -> list[schema.NotYetInvoiced]:
        waiting = [{"bill_number": number, "amount_fen": open_fen(dues[number])} for number in chosen]
        return [
            schema.NotYetInvoiced(
                company_name=self._parties.name(dues[number]["company"]),
                service=dues[number]["service"],
                bill_number=number,
                month=dues[number]["period"],
                open_fen=sum(amounts),
            )
            for number, amounts in _shares(waiting, dues).items()
            if any(amounts)
        ]


def _dues_of_bill(dues: Mapping[str, Row], bill: str) -> list[str]:
    """What a combined bill lists, and late fees of its bills that no combined bill lists yet."""
    listed = {number for number, row in dues.items() if row["combined_bill"] == bill}
    if not listed:
        raise NotFound(f"no combined bill {bill} of this account")
    fees = [number for number, row in dues.items() if row["late_fee_of"] in listed and row["combined_bill"] is None]
    return [*listed, *fees]


def _shares(parts: Sequence[Row], dues: Mapping[str, Row]) -> dict[str, tuple[Fen, Fen]]:
    """Bill to (charges, late fees) of some parts, by service; what was refunded of a payment is in its parts with a minus."""
    shares: dict[str, tuple[Fen, Fen]] = {}
    for part in parts:
        fee_of = dues[part["bill_number"]]["late_fee_of"]
        number, amount_fen = fee_of or part["bill_number"], part["amount_fen"]
        charges, late_fee = shares.get(number, (0, 0))
        shares[number] = (charges, late_fee + amount_fen) if fee_of else (charges + amount_fen, late_fee)
    return dict(sorted(shares.items(), key=lambda share: (SERVICES.index(dues[share[0]]["service"]), share[0])))


def _row(order: Row, bill: Row, charges_fen: Fen, late_fee_fen: Fen, *, parties: Parties) -> schema.InvoiceRow:
    return schema.InvoiceRow(
        company_name=parties.name(bill["company"]),
        service=bill["service"],
        account_number=bill["account_number"],
        bill_number=bill["bill_number"],
        month=bill["period"],
        charges_fen=charges_fen,
        late_fee_fen=late_fee_fen,
        amount_fen=charges_fen + late_fee_fen,
        reference=order["id"],
        paid_at=datetime.fromisoformat(order["paid_at"]),
    )


def _reason(order: Row | None, *, has_open: bool, bill: str | None) -> Text:
    """Why nothing can be asked for."""
    if order is not None:
        state = STATES[order["state"]]
        return name("invoice_reasons", "no_bill" if state == "succeeded" else state)
    if bill is None:
        return name("invoice_reasons", "nothing_paid")
    return name("invoice_reasons", "unpaid" if has_open else "settled")
