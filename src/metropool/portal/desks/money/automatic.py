"""Automatic payment as the resident sees it: the mandate, what it takes next, and what has to be known of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from metropool.capabilities.settlement import mandates
from metropool.capabilities.settlement.ports import SettlementWork
from metropool.core.money import show_cny
from metropool.portal.desks.words import name
from metropool.portal.schemas import paying, resident
from metropool.portal.schemas.basics import Severity

Row = Mapping[str, Any]
_STATES: Mapping[str, paying.MandateState] = {
    "created": "pending",
    "pending": "pending",
    "signed": "signed",
    "declined": "declined",
    "revoking": "revoked",
    "revoked": "revoked",
}


def newest(work: SettlementWork, account: str) -> paying.Mandate | None:
    """The mandate an account has or asked for last; none when it never did."""
    rows = work.dues.mandates(combined_account=account)
    return mandate(work, rows[0]) if rows else None


def mandate(work: SettlementWork, row: Row) -> paying.Mandate:
    """A mandate, with what it takes next when it is signed."""
    _, next_fen, next_day = mandates.next_payment(work=work, mandate=row) if row["state"] == "signed" else ([], 0, None)
    return paying.Mandate(
        id=row["id"],
        account=row["combined_account"],
        state=_STATES[row["state"]],
        limit_fen=row["limit_fen"],
        channel=row["channel"],
        channel_name=name("channels", row["channel"]),
        redirect_url=row["redirect_url"],
        decided_at=datetime.fromisoformat(row["decided_at"]) if row["decided_at"] else None,
        next_day=next_day,
        next_fen=next_fen if next_day else None,
    )


def alerts(work: SettlementWork, account: str) -> list[resident.Alert]:
    """What will be taken and when, or why it will not be; nothing without a signed mandate or anything open."""
    signed = work.dues.mandates(combined_account=account, state="signed")
    if not signed:
        return []
    known = mandate(work, signed[0])
    if not known.next_day or not known.next_fen:
        return []
    values = {"amount": show_cny(known.next_fen), "day": known.next_day.isoformat(), "limit": show_cny(known.limit_fen)}
    if known.next_fen > known.limit_fen:
        return [_alert(work, known, "automatic_above_limit", "warning", values)]
    if _was_refused(work, known):
        return [_alert(work, known, "automatic_failed", "warning", values)]
    return [_alert(work, known, "automatic_next", "info", values)]


def _was_refused(work: SettlementWork, known: paying.Mandate) -> bool:
    """Whether the channel refused the newest automatic payment; not one that somebody overtook."""
    orders = work.dues.orders(mandate=known.id)
    return bool(orders) and orders[0]["state"] == "failed" and orders[0]["reason"] not in (mandates.OVERTAKEN, mandates.REVOKED)


def _alert(
    work: SettlementWork, known: paying.Mandate, key: str, severity: Severity, values: Mapping[str, str]
) -> resident.Alert:
    return resident.Alert(
        id=f"{key}-{known.id}",
        severity=severity,
        service=None,
        title=name("notes", key),
        detail=name("notes", f"{key}_detail", **values),
        at=work.now,
    )
