"""The desk of refunds, over settlement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from metropool.capabilities.settlement import refunds
from metropool.capabilities.settlement.ports import SettlementWork
from metropool.core.errors import NotFound
from metropool.core.periods import business_date
from metropool.portal.desks.paging import page_of
from metropool.portal.desks.words import name
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import refunds as schema
from metropool.portal.schemas.basics import Page


class RefundsDesk:
    """Refunds asked for, decided on and done, in one unit of work."""

    def __init__(self, work: SettlementWork) -> None:
        self._work = work

    def refunds(self, *, state: schema.RefundState | None, asked: Asked) -> Page[schema.Refund]:
        """The refunds, newest first unless asked otherwise."""
        wanted = {} if state is None else {"state": state}
        return page_of([_refund(row) for row in self._work.dues.refunds(**wanted)], asked, as_of=self._work.now)

    def refund(self, *, refund: str) -> schema.Refund:
        """One refund.

        Raises:
            NotFound: There is none.
        """
        rows = self._work.dues.refunds(id=refund)
        if not rows:
            raise NotFound(f"no refund {refund}")
        return _refund(rows[0])

    def ask(self, *, wanted: schema.NewRefund, by: str) -> schema.Refund:
        """Operation: ask for (part of) a payment to be given back."""
        row = refunds.ask_refund(
            work=self._work,
            refund=f"RF{business_date(self._work.now):%Y%m%d}-{self._work.ids.fresh_id()[:12]}",
            order=wanted.payment,
            amount_fen=wanted.amount_fen,
            reason=wanted.reason,
            by=by,
        )
        return _refund(row)

    def decide(self, *, refund: str, approve: bool, reason: str, by: str) -> schema.Refund:
        """Operation: the second person's word; the channel is told after the commit."""
        decide = refunds.approve_refund if approve else refunds.reject_refund
        decide(work=self._work, refund=refund, reason=reason, by=by)
        return self.refund(refund=refund)


def _refund(row: Mapping[str, Any]) -> schema.Refund:
    same = ("id", "state", "amount_fen", "reason", "asked_by", "approved_by", "rejected_by", "decision_reason", "channel")
    return schema.Refund(
        **{key: row[key] for key in same},
        payment=row["payment_order"],
        account=row["combined_account"],
        payment_fen=row["paid_fen"],
        asked_at=datetime.fromisoformat(row["asked_at"]),
        decided_at=datetime.fromisoformat(row["decided_at"]) if row["decided_at"] else None,
        channel_name=name("channels", row["channel"]),
    )
