"""Gaps that wait although nobody was asked: after a restart, and when a terminal comes back."""

from collections.abc import Mapping, Sequence
from typing import Any

from metropool.capabilities.metering.frontend.tasks import Contact
from metropool.capabilities.metering.ports import CollectionWork

SOON_S = 60
"""A storm of terminals that come back is answered with one look a minute."""


def resume(*, work: CollectionWork) -> int:
    """Ask again soon for what a killed node had asked for; returns how many askings nobody will answer."""
    now_s = int(work.now.timestamp())
    dropped = work.collection.drop_unanswered(now_s=now_s)
    if dropped:
        _look_soon(work, now_s)
    return dropped


def welcome(*, work: CollectionWork, contacts: Sequence[Contact]) -> int:
    """Ask terminals that have just come online for their gaps, whatever patience had grown to; returns how many days of items.

    Call it before the contacts are noted: who was online since the same moment has not come.
    """
    online = [contact for contact in contacts if contact.state == "online"]
    before = work.collection.contacts() if online else {}
    came = [contact.terminal for contact in online if not _was_there(before.get(contact.terminal), contact)]
    now_s = int(work.now.timestamp())
    moved = work.collection.hasten(terminals=came, now_s=now_s)
    if moved:
        _look_soon(work, now_s)
    return moved


def _was_there(row: Mapping[str, Any] | None, contact: Contact) -> bool:
    return row is not None and row["state"] == "online" and row["since"] == contact.since


def _look_soon(work: CollectionWork, now_s: int) -> None:
    later = [schedule for schedule in work.collection.schedules().values() if schedule.due_at > now_s + SOON_S]
    work.collection.set_schedules([schedule.due_from(now_s + SOON_S) for schedule in later])
