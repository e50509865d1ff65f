"""What of an answer may leave: asked when it is told, and again before each page is sent."""

from typing import Any

from metropool.access.looking import provision_of_answer, subjects_of
from metropool.capabilities.disclosure.ports import DisclosureWork
from metropool.exchange.capability import Release, Way
from metropool.exchange.messages import ViewAnswered


def may_leave(*, work: DisclosureWork, message: ViewAnswered, way: Way) -> ViewAnswered | None:
    """A page while its approval stands and its time is not over; decisions without content, and what others answer, always."""
    if message.state != "approved" or message.holder not in work.rows:
        return message
    known = work.disclosures.one(asker=message.asker, request=message.request)
    return message if known is not None and known.state == "approved" and work.now < known.expires_at else None


def told(*, work: DisclosureWork, message: ViewAnswered, way: Way, key: str) -> None:
    """Record what was put on its way."""
    known = work.disclosures.one(asker=message.asker, request=message.request)
    if message.state != "approved" or known is None:
        return
    of, by = subjects_of(message), " ".join(filter(None, (known.first_by, known.decided_by)))
    given = provision_of_answer(
        message, id=key, giver=work.system, asked=known.asked, of=of, allowed_by=by, expires_at=known.expires_at
    )
    work.provisions.note(given, of=of)


def withheld(*, work: DisclosureWork, message: Any, way: Way, key: str) -> None:
    """A page was held back before it was sent."""
    work.provisions.withhold(key)


RELEASE = Release(may_leave=may_leave, told=told, withheld=withheld)
