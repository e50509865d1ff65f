"""What of its software's answers a door lets go: asked when it is said, and again before it is sent; and the record of it."""

from typing import Any

from metropool.access.provisions import Provision
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
    asked, of = known.asked, [one for one in message.rows["subject"].unique().to_pylist() if one]
    given = Provision(
        id=key,
        giver=work.system,
        receiver=asked.asker,
        receiver_party=asked.party,
        what=asked.what,
        fields=" ".join(sorted(set(filter(None, message.rows["measure"].to_pylist())))),
        rows=message.rows.num_rows,
        subjects=len(of) or max(filter(None, message.rows["subjects"].to_pylist()), default=0),
        agreement=asked.request,
        purpose=asked.purpose,
        legal_basis=asked.legal_basis,
        allowed_by=known.approved_by or known.decided_by or "",
        expires_at=int(known.expires_at.timestamp()),
    )
    work.provisions.note(given, of=of)


def withheld(*, work: DoorWork, message: Any, way: Way, key: str) -> None:
    """A page was held back before it was sent."""
    work.provisions.withhold(key)


RELEASE = Release(may_leave=may_leave, told=told, withheld=withheld)
