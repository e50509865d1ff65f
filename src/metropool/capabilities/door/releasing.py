"""What of its software's answers a door lets go: asked when it is said, and again before it is sent; and the record of it."""

from typing import Any

from metropool.access.looking import provision_of_answer, subjects_of
from metropool.capabilities.door.ports import DoorWork
from metropool.exchange.capability import Release, Way
from metropool.exchange.messages import ViewAnswered


def may_leave(*, work: DoorWork, message: ViewAnswered, way: Way) -> ViewAnswered | None:
    """Content while its approval stands and its time is not over; decisions without content, and what others answer, always."""
    if message.state != "approved" or message.holder not in work.rows:
        return message
    known = work.views.one(asker=message.asker, request=message.request)
    return message if known is not None and known.state == "approved" and work.now < known.expires_at else None


def told(*, work: DoorWork, message: ViewAnswered, way: Way, key: str) -> None:
    """Record what was put on its way."""
    known = work.views.one(asker=message.asker, request=message.request)
    if message.state != "approved" or known is None:
        return
    of, by = subjects_of(message), known.approved_by or known.decided_by or ""
    given = provision_of_answer(
        message, id=key, giver=work.system, asked=known.asked, of=of, allowed_by=by, expires_at=known.expires_at
    )
    work.provisions.note(given, of=of)


def withheld(*, work: DoorWork, message: Any, way: Way, key: str) -> None:
    """A page was held back before it was sent."""
    work.provisions.withhold(key)


RELEASE = Release(may_leave=may_leave, told=told, withheld=withheld)
