"""Whether combined accounts are paid, due or overdue (缴费情况), told when it changes and to whom the plan lists; no amounts."""

from collections.abc import Collection
from datetime import date

import pyarrow as pa

from metropool.capabilities.settlement.ports import SettlementWork
from metropool.core.periods import business_date
from metropool.exchange.messages import ROWS, PaymentStatusTold
from metropool.exchange.ways import PLACES

AT_ONCE = 5_000


def tell_standing(*, work: SettlementWork, accounts: Collection[str]) -> None:
    """Tell of these combined accounts how they stand, as far as it is not what was told last."""
    today, told = business_date(work.now), work.dues.standings(accounts)
    now = {account: _standing(work, account, today) for account in sorted(accounts)}
    changed = {account: status for account, status in now.items() if told.get(account) != status}
    if not changed:
        return
    lies_in = work.registry.surroundings(changed, kinds=PLACES, combined=True)
    rows = [
        {"account_number": account, "status": status, "as_of": work.now, **lies_in.get(account, {})}
        for account, status in changed.items()
    ]
    message = PaymentStatusTold(rows=pa.Table.from_pylist(rows, schema=ROWS[PaymentStatusTold]))
    work.tell(message, key=f"standing/{work.now.isoformat()}/{min(changed)}/{changed[min(changed)]}/{len(changed)}")
    work.dues.note_standings(changed, now=work.now)


def tell_overdue(*, work: SettlementWork) -> None:
    """Tell of the accounts that became overdue since it was told."""
    accounts = work.dues.newly_overdue(today=business_date(work.now), limit=AT_ONCE)
    tell_standing(work=work, accounts=accounts)


def _standing(work: SettlementWork, account: str, today: date) -> str:
    open_dues = [row for row in work.dues.dues(combined_account=account) if row["amount_fen"] > row["paid_fen"]]
    if not open_dues:
        return "paid"
    return "overdue" if any(row["due_date"] < today.isoformat() for row in open_dues) else "due"
