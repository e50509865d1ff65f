"""What the outboxes and inboxes of one process say of the letters between systems."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, exists, func, select

from metropool.core.clock import Instant
from metropool.exchange.outbox import inbox, outbox, withheld
from metropool.runtime.node import Node

RECENT = timedelta(hours=1)
LOOKED_AT = 2000
"""So many of the last letters of a sender tell how long letters took."""


@dataclass(frozen=True)
class Traffic:
    """What one sender's outbox says of one phrase to one receiver.

    Attributes:
        delivered: Letters with a receipt.
        waiting: Letters without one that may still leave.
        waits_since: When the oldest of them was told.
        last_at: The last receipt.
        per_minute: Letters a minute of the last hour.
        delay_s: The longest wait for a receipt of the last hour [s of the business clock]; None where there was no letter.
    """

    delivered: int
    waiting: int
    waits_since: Instant | None
    last_at: Instant | None
    per_minute: float
    delay_s: float | None


def parked(node: Node) -> int:
    """How many messages a node could not take in and keeps with their reasons."""
    return sum(parked_by(node).values())


def parked_by(node: Node) -> dict[tuple[str, str], int]:
    """The same by sender and phrase."""
    query = select(inbox.c.sender, inbox.c.phrase, func.count()).where(inbox.c.outcome == "parked")
    with node.database.snapshot() as connection:
        rows = connection.execute(query.group_by(inbox.c.sender, inbox.c.phrase)).all()
    return {(sender, phrase): count for sender, phrase, count in rows}


def traffic_of(node: Node, now: Instant) -> dict[tuple[str, str], Traffic]:
    """What a node said, by phrase and receiver."""
    since, c = (now - RECENT).isoformat(), outbox.c
    recent = func.sum(case((c.told_at >= since, 1), else_=0))
    oldest = func.min(case((c.sent_at.is_(None), c.told_at)))
    query = (
        select(c.phrase, c.receiver, func.count(), func.count(c.sent_at), func.max(c.sent_at), recent, oldest)
        .where(~exists().where(withheld.c.number == c.number))
        .group_by(c.phrase, c.receiver)
    )
    last = (
        select(c.phrase, c.receiver, c.told_at, c.sent_at)
        .where(c.told_at >= since, c.sent_at.is_not(None))
        .order_by(c.number.desc())
        .limit(LOOKED_AT)
    )
    with node.database.snapshot() as connection:
        counted, looked_at = connection.execute(query).all(), connection.execute(last).all()
    delays: dict[tuple[str, str], float] = {}
    for phrase, receiver, told_at, sent_at in looked_at:
        took = (datetime.fromisoformat(sent_at) - datetime.fromisoformat(told_at)).total_seconds()
        delays[phrase, receiver] = max(took, delays.get((phrase, receiver), 0.0))
    return {
        (phrase, receiver): Traffic(
            delivered=sent,
            waiting=told - sent,
            waits_since=_instant(waits_since),
            last_at=_instant(last_at),
            per_minute=float(lately or 0) / 60,
            delay_s=delays.get((phrase, receiver)),
        )
        for phrase, receiver, told, sent, last_at, lately, waits_since in counted
    }


def heard_by(node: Node, now: Instant) -> dict[tuple[str, str], Traffic]:
    """What a node heard, by sender and phrase: all that is known here of a sender elsewhere."""
    c = inbox.c
    recent = func.sum(case((c.heard_at >= (now - RECENT).isoformat(), 1), else_=0))
    query = select(c.sender, c.phrase, func.count(), func.max(c.heard_at), recent).group_by(c.sender, c.phrase)
    with node.database.snapshot() as connection:
        rows = connection.execute(query).all()
    return {
        (sender, phrase): Traffic(
            delivered=count,
            waiting=0,
            waits_since=None,
            last_at=_instant(last_at),
            per_minute=float(lately or 0) / 60,
            delay_s=None,
        )
        for sender, phrase, count, last_at, lately in rows
    }


def _instant(told: str | None) -> Instant | None:
    return datetime.fromisoformat(told) if told else None


def merged(every: Sequence[Traffic]) -> Traffic | None:
    """Several phrases, or several ways, as one; None where there is none."""
    if not every:
        return None
    return Traffic(
        delivered=sum(part.delivered for part in every),
        waiting=sum(part.waiting for part in every),
        waits_since=min((part.waits_since for part in every if part.waits_since), default=None),
        last_at=max((part.last_at for part in every if part.last_at), default=None),
        per_minute=sum(part.per_minute for part in every),
        delay_s=max((part.delay_s for part in every if part.delay_s is not None), default=None),
    )
