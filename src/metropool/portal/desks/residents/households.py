"""The desk of combined bills, dues and payments, over settlement."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from metropool.capabilities.settlement import credit, mandates, operations, payments
from metropool.capabilities.settlement.ports import Channel, SettlementWork
from metropool.capabilities.settlement.refunds import GIVEN
from metropool.core.errors import Forbidden, Invalid, NotFound
from metropool.core.periods import business_date
from metropool.facts.registry.tables import party, place, usage_point
from metropool.portal.desks.money import automatic, combined, owed
from metropool.portal.desks.money.owed import open_fen
from metropool.portal.desks.paging import page_of
from metropool.portal.desks.words import Parties, name
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import bills as schema
from metropool.portal.schemas import paying, resident
from metropool.portal.schemas.basics import Named, Page

Row = Mapping[str, Any]


class HouseholdsDesk:
    """Combined bills, dues and payments of combined accounts, in one unit of work."""

    def __init__(self, work: SettlementWork, channels: Mapping[str, Channel]) -> None:
        self._work = work
        self._channels = channels
        self._parties = Parties(work.registry)
        self._today = business_date(work.now)

    def households(self, *, accounts: Sequence[str]) -> list[resident.Household]:
        """The homes behind some combined accounts."""
        return [self._household(account) for account in accounts]

    def due_now(self, *, account: str) -> resident.DueNow:
        """What is owed now."""
        dues = [row for row in self._work.dues.dues(combined_account=account) if row["combined_bill"] or row["late_fee_of"]]
        open_dues = [row for row in dues if open_fen(row)]
        if not open_dues:
            return resident.DueNow(payable_fen=0 if dues else None, due_date=None, overdue=False, open_bill=None)
        due_date = min(date.fromisoformat(row["due_date"]) for row in open_dues)
        return resident.DueNow(
            payable_fen=sum(open_fen(row) for row in open_dues),
            due_date=due_date,
            overdue=self._today > due_date,
            open_bill=next((row["combined_bill"] for row in reversed(open_dues) if row["combined_bill"]), None),
        )

    def bills(self, *, account: str, state: schema.BillState | None, asked: Asked) -> Page[schema.BillSummary]:
        """Combined bills, newest first."""
        dues = self._dues_by_number(account)
        rows = [
            combined.summary(row, dues, today=self._today) for row in self._work.dues.combined_bills(combined_account=account)
        ]
        return page_of([row for row in rows if state in (None, row.state)], asked, as_of=self._work.now)

    def bill(self, *, account: str, number: str) -> schema.CombinedBill:
        """One combined bill; ``latest`` is the newest."""
        rows = self._work.dues.combined_bills(combined_account=account)
        row = next((row for row in rows if number in ("latest", row["number"])), None)
        if row is None:
            raise NotFound(f"no combined bill {number} of this account")
        content, dues = json.loads(row["content"]), self._dues_by_number(account)
        by_month = {one["period"]: one for one in reversed(rows) if one["supplement"] == 0}
        last_month, last_year = (by_month.get(_months_before(row["period"], back)) for back in (1, 12))
        home = self._household(account)
        return schema.CombinedBill(
            **combined.base(row, content, dues, today=self._today),
            account=account,
            name=home.name,
            address=home.address,
            as_of=self._work.now,
            parts=[combined.part_of(part, dues[part["bill_number"]], self._parties) for part in content["parts"]],
            late_fees=[combined.late_fee_of(line, dues, self._parties) for line in content["late_fees"]],
            last_month=combined.month_compared(last_month),
            last_year=combined.month_compared(last_year),
            history=combined.history(by_month, row["period"]),
            why=combined.why_changed(row, last_month),
            questions=[_question(one) for one in self._work.dues.questions(combined_account=account)],
        )

    def dues(self, *, account: str) -> paying.Dues:
        """All that is owed, by company and bill."""
        dues = self._dues_by_number(account)
        companies = owed.companies_owed(dues, self._parties, today=self._today)
        waiting = self._work.dues.orders(combined_account=account, state=("created", "pending"))
        return paying.Dues(
            account=account,
            as_of=self._work.now,
            payable_fen=sum(company.payable_fen for company in companies),
            credit_fen=self._work.dues.credit(account),
            due_date=min((bill.due_date for company in companies for bill in company.bills), default=None),
            companies=companies,
            channels=[Named(id=channel, name=name("channels", channel)) for channel in self._channels],
            open_payment=self._payment(waiting[0]) if waiting else None,
            mandate=automatic.newest(self._work, account),
        )

    def payments(self, *, account: str, asked: Asked) -> Page[paying.Payment]:
        """Payments, newest first."""
        rows = [self._payment(order) for order in self._work.dues.orders(combined_account=account)]
        return page_of(rows, asked, as_of=self._work.now)

    def payment(self, *, account: str, reference: str) -> paying.Payment:
        """One payment of an account."""
        orders = self._work.dues.orders(combined_account=account, id=reference)
        if not orders:
            raise NotFound(f"no payment {reference} of this account")
        return self._payment(orders[0])

    def ask_about_bill(self, *, account: str, number: str, question: schema.AskAboutBill, by: str) -> schema.BillQuestion:  # noqa: ARG002
        """Operation: keep a resident's question."""
        row = operations.ask_about_bill(
            work=self._work,
            question=self._work.ids.fresh_id(),
            combined_account=account,
            bill_number=question.bill_number,
            line=question.line,
            text=question.text,
        )
        return _question(row)

    def pay(self, *, account: str, wanted: paying.NewPayment, by: str, return_url: str) -> paying.Payment:  # noqa: ARG002
        """Operation: pay out of the credit balance, or open a payment order; the channel is told of it after the commit."""
        order = self._fresh_order()
        given = {"work": self._work, "order": order, "combined_account": account, "bill_numbers": wanted.bill_numbers}
        if wanted.channel == credit.BALANCE:
            credit.pay_from_credit(**given, most_fen=wanted.amount_fen)  # type: ignore[arg-type]
        else:
            self._check_channel(wanted.channel)
            payments.open_payment(**given, amount_fen=wanted.amount_fen, channel=wanted.channel)  # type: ignore[arg-type]
        return self.payment(account=account, reference=order)

    def top_up(self, *, account: str, wanted: paying.NewTopUp) -> paying.Payment:
        """Operation: open a payment order for the credit balance; the channel is told of it after the commit."""
        self._check_channel(wanted.channel)
        order = self._fresh_order()
        credit.open_top_up(
            work=self._work, order=order, combined_account=account, amount_fen=wanted.amount_fen, channel=wanted.channel
        )
        return self.payment(account=account, reference=order)

    def alerts(self, *, account: str) -> list[resident.Alert]:
        """What a resident has to know of payments ahead."""
        return automatic.alerts(self._work, account)

    def mandate(self, *, account: str, mandate: str) -> paying.Mandate:
        """One mandate of an account."""
        rows = self._work.dues.mandates(combined_account=account, id=mandate)
        if not rows:
            raise NotFound(f"no mandate {mandate} of this account")
        return automatic.mandate(self._work, rows[0])

    def open_mandate(self, *, account: str, wanted: paying.NewMandate) -> paying.Mandate:
        """Operation: make a mandate to be signed; the channel is told of it after the commit."""
        self._check_channel(wanted.channel)
        known = f"M{self._work.ids.fresh_id()[:12]}"
        given = {"work": self._work, "mandate": known, "combined_account": account}
        mandates.open_mandate(**given, limit_fen=wanted.limit_fen, channel=wanted.channel)  # type: ignore[arg-type]
        return self.mandate(account=account, mandate=known)

    def revoke_mandate(self, *, account: str, mandate: str) -> paying.Mandate:
        """Operation: end a mandate here and now."""
        mandates.revoke_mandate(work=self._work, mandate=mandate, combined_account=account)
        return self.mandate(account=account, mandate=mandate)

    def hear_mandate_notice(self, *, channel: str, path: str, timestamp: str, signature: str, body: bytes) -> paying.NoticeAnswer:
        """Operation: take a channel's notice about a mandate in, once in effect."""
        known = self._known_channel(channel)
        try:
            notice = known.read_mandate_notice(path=path, timestamp=timestamp, signature=signature, body=body)
            mandates.receive_mandate_notice(work=self._work, notice=notice)
        except (Invalid, NotFound) as reason:
            raise Forbidden(f"the notice was refused: {reason}") from reason
        return paying.NoticeAnswer(result="success")

    def hear_notice(self, *, channel: str, path: str, timestamp: str, signature: str, body: bytes) -> paying.NoticeAnswer:
        """Operation: take a channel's notice in, once in effect."""
        known = self._known_channel(channel)
        try:
            notice = known.read_notice(path=path, timestamp=timestamp, signature=signature, body=body)
            payments.receive_notice(work=self._work, notice=notice)
        except (Invalid, NotFound) as reason:
            raise Forbidden(f"the notice was refused: {reason}") from reason
        return paying.NoticeAnswer(result="success")

    def _fresh_order(self) -> str:
        return f"P{self._today:%Y%m%d}-{self._work.ids.fresh_id()[:12]}"

    def _known_channel(self, channel: str) -> Channel:
        if channel not in self._channels:
            raise NotFound(f"there is no payment channel {channel}")
        return self._channels[channel]

    def _check_channel(self, channel: str) -> None:
        if channel not in self._channels:
            raise Invalid(f"there is no payment channel {channel}")

    def _household(self, account: str) -> resident.Household:
        agreements = self._work.registry.agreements_of(combined_account=account)
        if not agreements:
            raise NotFound(f"no combined account {account}")
        points = {row["id"]: row for row in self._work.registry.rows(usage_point, id=[a["usage_point"] for a in agreements])}
        home = self._work.registry.one(place, id=points[agreements[0]["usage_point"]]["place"])
        person = self._work.registry.one(party, id=agreements[0]["party"])
        meters = {row["service"]: row["meter_number"] for row in self._work.dues.dues(combined_account=account)}
        services = [
            self._service_account(agreement, points[agreement["usage_point"]]["service"], meters) for agreement in agreements
        ]
        return resident.Household(
            account=account, name=person["name_zh"], address=home["address_zh"] or home["name_zh"], accounts=services
        )

    def _service_account(self, agreement: Row, service: Any, meters: Mapping[str, str]) -> resident.ServiceAccount:
        return resident.ServiceAccount(
            service=service,
            company=agreement["supplier"],
            company_name=self._parties.name(agreement["supplier"]),
            account_number=agreement["account_number"],
            meter_number=meters.get(service),
            phone=None,
        )

    def _dues_by_number(self, account: str) -> dict[str, Row]:
        return {row["bill_number"]: row for row in self._work.dues.dues(combined_account=account)}

    def _payment(self, order: Row) -> paying.Payment:
        return owed.payment(
            order,
            parts=self._work.dues.parts_of(order["id"]),
            refunds=self._work.dues.refunds(payment_order=order["id"], state=GIVEN),
            dues=self._dues_by_number(order["combined_account"]),
            parties=self._parties,
        )


def _question(row: Row) -> schema.BillQuestion:
    names = ("id", "bill_number", "line", "text", "state", "answer", "asked_at", "expected_by")
    return schema.BillQuestion.model_validate({key: row[key] for key in names})


def _months_before(month: str, back: int) -> str:
    count = int(month[:4]) * 12 + int(month[5:]) - 1 - back
    return f"{count // 12:04d}-{count % 12 + 1:02d}"
