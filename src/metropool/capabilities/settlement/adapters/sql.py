"""Settlement's own tables in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, func, insert, select, update

from metropool.capabilities.settlement import tables as t
from metropool.core.errors import Conflict
from metropool.storage.matching import matching
from metropool.storage.units import UnitContext
from metropool.storage.upsert import upsert

Row = Mapping[str, Any]


class SqlDues:
    """Dues, combined bills, orders, notices, parts, refunds and questions in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def add_due(self, row: Row) -> bool:
        """Keep a company's bill; False when its number is known.

        Raises:
            Conflict: It is known as that of another company's bill.
        """
        if known := self._rows(t.due, bill_number=row["bill_number"]):
            if known[0]["company"] != row["company"]:
                told: dict[str, object] = {"number": row["bill_number"], "company": known[0]["company"]}
                raise Conflict(
                    f"{row['bill_number']} is a bill of {known[0]['company']}", key="settlement.number_taken", values=told
                )
            return False
        self._add(t.due, row)
        return True

    def dues(self, **equal: object) -> list[Row]:
        """Dues whose columns equal the given values, oldest due date first."""
        return sorted(self._rows(t.due, **equal), key=lambda row: (row["due_date"], row["bill_number"]))

    def pay_due(self, bill_number: str, amount_fen: int) -> None:
        """Note (part of) a payment on a due; negative takes back."""
        change = update(t.due).where(t.due.c.bill_number == bill_number).values(paid_fen=t.due.c.paid_fen + amount_fen)
        self._connection.execute(change)

    def waiting_periods(self) -> list[Row]:
        """Accounts and periods with bills that are in no combined bill yet; late fees wait for the next."""
        c = t.due.c
        query = (
            select(c.combined_account, c.period)
            .distinct()
            .where(c.combined_bill.is_(None), c.late_fee_of.is_(None))
            .order_by(c.period, c.combined_account)
        )
        return [{"combined_account": account, "period": period} for account, period in self._connection.execute(query)]

    def next_number(self, period: str) -> str:
        """The next number of combined bills of a period, without gaps: ``CB202607-000001``."""
        prefix = f"CB{period.replace('-', '')}-"
        query = select(func.count()).select_from(t.combined_bill).where(t.combined_bill.c.number.like(f"{prefix}%"))
        return f"{prefix}{self._connection.execute(query).scalar_one() + 1:06d}"

    def issue(self, row: Row, bill_numbers: Sequence[str]) -> None:
        """Keep a combined bill and mark the dues it is made of."""
        self._add(t.combined_bill, row)
        change = update(t.due).where(t.due.c.bill_number.in_(bill_numbers)).values(combined_bill=row["number"])
        self._connection.execute(change)

    def combined_bills(self, **equal: object) -> list[Row]:
        """Combined bills, newest period first."""
        found = self._rows(t.combined_bill, **equal)
        return sorted(found, key=lambda row: (row["period"], row["supplement"]), reverse=True)

    def add_order(self, row: Row) -> None:
        """Keep a payment order."""
        self._add(t.payment_order, row)

    def orders(self, **equal: object) -> list[Row]:
        """Payment orders, newest first."""
        return sorted(self._rows(t.payment_order, **equal), key=lambda row: (row["created_at"], row["id"]), reverse=True)

    def young_orders(self, *, since: datetime, state: Sequence[str]) -> list[Row]:
        """Payment orders in some states, made since a moment, oldest first."""
        c = t.payment_order.c
        query = select(t.payment_order).where(c.state.in_(state), c.created_at >= since.isoformat())
        return [dict(row) for row in self._connection.execute(query.order_by(c.created_at, c.id)).mappings()]

    def change_order(self, order: str, **values: object) -> None:
        """Change the state of an order."""
        self._connection.execute(update(t.payment_order).where(t.payment_order.c.id == order).values(**values))

    def note_notice(self, *, channel: str, reference: str, order: str, outcome: str, now: datetime) -> bool:
        """Count a notice; True the first time this reference comes with this outcome."""
        c = t.payment_notice.c
        found = self._rows(t.payment_notice, channel=channel, reference=reference)
        if not found:
            at = now.isoformat()
            row = {"channel": channel, "reference": reference, "payment_order": order, "outcome": outcome}
            self._add(t.payment_notice, {**row, "times": 1, "first_at": at, "last_at": at})
            return True
        change = update(t.payment_notice).where(c.channel == channel, c.reference == reference)
        became_paid = found[0]["outcome"] != "paid" and outcome == "paid"
        kept = "paid" if became_paid else found[0]["outcome"]
        self._connection.execute(change.values(times=c.times + 1, last_at=now.isoformat(), outcome=kept))
        return became_paid

    def add_parts(self, rows: Sequence[Row]) -> None:
        """Keep what a payment or refund gave to bills."""
        if rows:
            self._connection.execute(insert(t.payment_part), [dict(row) for row in rows])

    def parts_of(self, order: str) -> list[Row]:
        """Parts of an order's payment and of its refunds."""
        return self._rows(t.payment_part, payment_order=order)

    def credit(self, combined_account: str) -> int:
        """The credit balance of an account [fen]."""
        rows = self._rows(t.account_credit, combined_account=combined_account)
        return int(rows[0]["amount_fen"]) if rows else 0

    def add_credit(self, combined_account: str, amount_fen: int) -> None:
        """Change a credit balance; negative uses it."""
        c = t.account_credit.c
        if not amount_fen:
            return
        if not self._rows(t.account_credit, combined_account=combined_account):
            self._add(t.account_credit, {"combined_account": combined_account, "amount_fen": 0})
        change = update(t.account_credit).where(c.combined_account == combined_account)
        self._connection.execute(change.values(amount_fen=c.amount_fen + amount_fen))

    def accounts_with_credit_due(self, *, day: date, limit: int) -> list[str]:
        """Accounts with a credit balance and something open that is due by a day."""
        due, credit = t.due.c, t.account_credit.c
        is_open = (
            due.combined_account == credit.combined_account,
            due.due_date <= day.isoformat(),
            due.paid_fen < due.amount_fen,
        )
        query = select(credit.combined_account).where(credit.amount_fen > 0, select(due.bill_number).where(*is_open).exists())
        return list(self._connection.execute(query.order_by(credit.combined_account).limit(limit)).scalars())

    def add_mandate(self, row: Row) -> None:
        """Keep a mandate."""
        self._add(t.mandate, row)

    def mandates(self, **equal: object) -> list[Row]:
        """Mandates, newest first."""
        return sorted(self._rows(t.mandate, **equal), key=lambda row: (row["created_at"], row["id"]), reverse=True)

    def mandates_due(self, *, today: date, until: date, limit: int) -> list[Row]:
        """Signed mandates not looked at today whose account has something open that is due by a day."""
        m, due = t.mandate.c, t.due.c
        is_open = (due.combined_account == m.combined_account, due.due_date <= until.isoformat(), due.paid_fen < due.amount_fen)
        not_yet = m.looked_on.is_(None) | (m.looked_on < today.isoformat())
        query = select(t.mandate).where(m.state == "signed", not_yet, select(due.bill_number).where(*is_open).exists())
        return [dict(row) for row in self._connection.execute(query.order_by(m.id).limit(limit)).mappings()]

    def change_mandate(self, mandate: str, **values: object) -> None:
        """Change the state of a mandate."""
        self._connection.execute(update(t.mandate).where(t.mandate.c.id == mandate).values(**values))

    def add_refund(self, row: Row) -> None:
        """Keep a refund."""
        self._add(t.refund, row)

    def refunds(self, **equal: object) -> list[Row]:
        """Refunds with the ``combined_account``, ``channel`` and ``paid_fen`` of their payment, newest first."""
        order = t.payment_order.c
        query = (
            select(t.refund, order.combined_account, order.channel, order.amount_fen.label("paid_fen"))
            .join(t.payment_order, order.id == t.refund.c.payment_order)
            .order_by(t.refund.c.asked_at.desc(), t.refund.c.id.desc())
        )
        return [dict(row) for row in self._connection.execute(query.where(*matching(t.refund, equal))).mappings()]

    def change_refund(self, refund: str, **values: object) -> None:
        """Change what became of a refund."""
        self._connection.execute(update(t.refund).where(t.refund.c.id == refund).values(**values))

    def standings(self, accounts: Collection[str]) -> dict[str, str]:
        """How combined accounts stood when it was told last."""
        return {row["combined_account"]: row["status"] for row in self._rows(t.standing, combined_account=sorted(accounts))}

    def note_standings(self, standings: Mapping[str, str], *, now: datetime) -> None:
        """Note what was told."""
        rows = [{"combined_account": account, "status": status} for account, status in standings.items()]
        upsert(self._connection, t.standing, [{**row, "told_at": now.isoformat()} for row in rows])

    def newly_overdue(self, *, today: date, limit: int) -> list[str]:
        """Accounts with something open that was due before today, which was not told as such."""
        due, known = t.due.c, t.standing.c
        told = select(known.combined_account).where(known.combined_account == due.combined_account, known.status == "overdue")
        is_late = (due.due_date < today.isoformat(), due.paid_fen < due.amount_fen, ~told.exists())
        return list(self._connection.execute(select(due.combined_account).distinct().where(*is_late).limit(limit)).scalars())

    def add_question(self, row: Row) -> None:
        """Keep a question about a bill."""
        self._add(t.bill_question, row)

    def questions(self, **equal: object) -> list[Row]:
        """Questions about bills."""
        return self._rows(t.bill_question, **equal)

    def _add(self, table: Table, row: Row) -> None:
        self._connection.execute(insert(table).values({name: row[name] for name in table.c.keys() if name in row}))  # noqa: SIM118

    def _rows(self, table: Table, **equal: object) -> list[Row]:
        return [dict(row) for row in self._connection.execute(select(table).where(*matching(table, equal))).mappings()]
