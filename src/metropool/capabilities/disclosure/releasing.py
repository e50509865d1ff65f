"""What of an answer may leave: asked when it is told, and again before each page is sent."""

from typing import Any

from metropool.access.provisions import Provision
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
    asked, of = known.asked, [one for one in message.rows["subject"].unique().to_pylist() if one]
    given = Provision(
        id=key,
        giver=work.system,
        receiver=asked.asker,
        receiver_party=asked.party,
        what=asked.what,
        fields=" ".join(sorted(set(message.rows["measure"].to_pylist()))),
        rows=message.rows.num_rows,
        subjects=len(of) or max(filter(None, message.rows["subjects"].to_pylist()), default=0),
        agreement=asked.request,
        purpose=asked.purpose,
        legal_basis=asked.legal_basis,
        allowed_by=" ".join(filter(None, (known.first_by, known.decided_by))),
        expires_at=int(known.expires_at.timestamp()),
    )
    work.provisions.note(given, of=of)


def withheld(*, work: DisclosureWork, message: Any, way: Way, key: str) -> None:
    """A page was held back before it was sent."""
    work.provisions.withhold(key)


RELEASE = Release(may_leave=may_leave, told=told, withheld=withheld)
