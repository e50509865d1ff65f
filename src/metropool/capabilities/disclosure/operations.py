"""What an owner does with requests: take them in, approve, refuse, take an approval back. Each is one unit of work."""

from datetime import datetime
from typing import Any

import msgspec

from metropool.access import looking
from metropool.access.logins import normal
from metropool.access.rights import need_second_person
from metropool.capabilities.disclosure.answering import Answer, answer_of
from metropool.capabilities.disclosure.computing import Prepared
from metropool.capabilities.disclosure.model import OPEN, STANDING, Known, State
from metropool.capabilities.disclosure.ports import DisclosureWork
from metropool.core.errors import Conflict, Forbidden, Invalid, NotFound
from metropool.core.texts import texts_of
from metropool.exchange.messages import ROWS, AnswerState, ViewAnswered, ViewRequested
from metropool.exchange.notices import text_faults
from metropool.exchange.views import LONGEST_REASON, QUESTIONS, check_request, is_news

ROOM = "metropool.capabilities.disclosure"


def take_request(*, work: DisclosureWork, message: ViewRequested) -> None:
    """Take a request in for a person to decide on; what cannot be granted at all is refused at once, with the reason.

    What was decided stays decided when whoever asked takes the request back; an approval ends with it.

    Raises:
        Invalid: Nobody could decide on it as it is, or it is not what was asked before.
    """
    if message.holder not in work.rows:
        return
    check_request(message)
    known = work.disclosures.one(asker=message.asker, request=message.request)
    if not is_news(message, known.asked if known else None):
        return
    if known is None:
        known = Known(asked=message, state="waiting", heard_from=work.sender, heard_at=work.now, expires_at=message.expires_at)
        why = _never(work, message)
        if message.state == "asked" and why:
            _keep(work, _decided(work, known, "refused", by=work.system, reason=_both(why)))
            return
    state: State = "withdrawn" if message.state == "withdrawn" and known.state in STANDING else known.state
    _keep(work, msgspec.structs.replace(known, asked=message, state=state))


def approve(
    *, work: DisclosureWork, asker: str, request: str, prepared: Prepared, reason: str, until: datetime | None, by: str
) -> Known:
    """Approve: answer at once, or, where single households are told of, after a second person approved as well.

    Args:
        work: The unit of work.
        asker, request: Which.
        prepared: What the books say (``computing.prepare``).
        reason: Why, for people.
        until: An earlier end of the use than was asked for.
        by: Login.

    Raises:
        NotFound: There is none.
        Conflict: It was decided, withdrawn, or its time is over; it may not be granted any more; the books were looked up for another.
        Forbidden: Both approvals are of one person, or one is of who asked.
        Invalid: No reason, or an end that is past or later than was asked for.
    """
    known = _open(work, asker, request)
    _need_reason(reason)
    _need_grantable(work, known, prepared, by=by)
    ends = until or known.expires_at
    if not work.now < ends <= known.asked.expires_at:
        raise Invalid(f"{ends} is no end of the use of {request}", key="disclosure.wrong_end")
    if QUESTIONS[known.asked.what].is_personal:
        if known.first_by is None:
            first = msgspec.structs.replace(
                known, state="half_approved", first_by=by, first_at=work.now, expires_at=ends, reason=reason.strip()
            )
            return _keep(work, first)
        need_second_person(maker=known.first_by, checker=by)
        ends = min(ends, known.expires_at)
    answer = answer_of(work=work, asked=known.asked, prepared=prepared)
    shape = {"pages": len(answer.pages), "rows": answer.rows, "suppressed": answer.suppressed, "expires_at": ends}
    approved = msgspec.structs.replace(
        known, state="approved", decided_by=by, decided_at=work.now, reason=reason.strip(), **shape
    )
    _keep(work, approved)
    _tell_pages(work, approved, answer)
    return approved


def refuse(*, work: DisclosureWork, asker: str, request: str, reason: str, by: str) -> Known:
    """Refuse, with the reason.

    Raises:
        NotFound: There is none.
        Conflict: It was decided, withdrawn, or its time is over.
        Invalid: No reason.
    """
    known = _open(work, asker, request)
    _need_reason(reason)
    return _keep(work, _decided(work, known, "refused", by=by, reason=reason))


def revoke(*, work: DisclosureWork, asker: str, request: str, reason: str, by: str) -> Known:
    """Take an approval back: what is on its way stops, what came may not be used any more.

    Raises:
        NotFound: There is none.
        Conflict: It is not approved.
        Invalid: No reason.
    """
    known = _known(work, asker, request)
    if known.state != "approved":
        raise Conflict(f"{request} is {known.state}", key=f"disclosure.{known.state}")
    _need_reason(reason)
    return _keep(work, _decided(work, known, "revoked", by=by, reason=reason))


def lapse(*, work: DisclosureWork) -> None:
    """End requests that nobody decided on in their time."""
    for known in work.disclosures.lapsing(work.now):
        _keep(work, _decided(work, known, "lapsed", by=work.system, reason=_both("lapsed")))


def _known(work: DisclosureWork, asker: str, request: str) -> Known:
    known = work.disclosures.one(asker=asker, request=request)
    if known is None:
        raise NotFound(f"no request {request} of {asker}")
    return known


def _open(work: DisclosureWork, asker: str, request: str) -> Known:
    known = _known(work, asker, request)
    if known.state not in OPEN:
        raise Conflict(f"{request} is {known.state}", key=f"disclosure.{known.state}")
    if work.now >= known.expires_at:
        raise Conflict(f"the time of {request} is over", key="disclosure.lapsed")
    return known


def _need_grantable(work: DisclosureWork, known: Known, prepared: Prepared, *, by: str) -> None:
    """Hold each approval to what holds now, and to what was asked by somebody else.

    Logins are compared whatever organisations they are of: whether two of one name are one person is not known here.
    """
    asked = known.asked
    if normal(asked.requested_by) == normal(by):
        raise Forbidden(f"{by} asked for {asked.request}", key="disclosure.own_request")
    if prepared.asked != asked:
        raise Conflict(f"something else than {asked.request} was looked up", key="disclosure.other_request")
    if why := _never(work, asked):
        raise Conflict(f"{asked.request} cannot be granted: {why}", key=f"disclosure.{why}")


def _need_reason(reason: str) -> None:
    if faults := text_faults("reason", reason, longest=LONGEST_REASON, lines=True):
        raise Invalid("a decision has a reason", key="portal.invalid", faults=faults)


def _never(work: DisclosureWork, asked: ViewRequested) -> str:
    """Why a request cannot be granted whoever decides; empty when it can."""
    if why := looking.why_never(asked, now=work.now):
        return why
    return "unknown_places" if work.registry.unknown_places(asked.area.places) else ""


def _decided(work: DisclosureWork, known: Known, state: State, *, by: str, reason: str) -> Known:
    """A decision that discloses nothing, told to who asked."""
    told: AnswerState = "withdrawn" if state == "revoked" else "refused"
    decided = msgspec.structs.replace(known, state=state, decided_by=by, decided_at=work.now, reason=reason.strip())
    nothing = ROWS[ViewAnswered].empty_table()
    _tell(work, decided, told, page=0, pages=0, rows=nothing, expires_at=None)
    return decided


def _tell_pages(work: DisclosureWork, known: Known, answer: Answer) -> None:
    for number, rows in enumerate(answer.pages, start=1):
        _tell(work, known, "approved", page=number, pages=len(answer.pages), rows=rows, expires_at=known.expires_at)


def _tell(work: DisclosureWork, known: Known, state: AnswerState, **rest: Any) -> None:
    asked = known.asked
    same = {name: getattr(asked, name) for name in ("request", "asker", "holder", "service", "what")}
    answer = ViewAnswered(**same, state=state, reason=known.reason or "", decided_at=known.decided_at or work.now, **rest)
    work.tell(answer, key=f"{asked.asker}/{asked.request}/{state}/{answer.page}", to=known.heard_from)


def _keep(work: DisclosureWork, known: Known) -> Known:
    work.disclosures.put(known)
    work.changed("disclosures")
    return known


def _both(key: str) -> str:
    text = texts_of(ROOM)[key]
    return f"{text['zh']} {text['en']}"
