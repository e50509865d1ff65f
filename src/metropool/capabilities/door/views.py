"""Requests to look into what a system's own software keeps: noted as they come, and its answers held to them."""

from typing import Any

import msgspec

from metropool.access.groups import OTHER, groups_on, sum_faults
from metropool.access.looking import why_never
from metropool.capabilities.door.model import HeardView, ViewState
from metropool.capabilities.door.ports import DoorWork
from metropool.core.errors import Conflict, Fault, Invalid, NotFound
from metropool.core.periods import business_date
from metropool.core.texts import texts_of
from metropool.exchange.messages import ROWS, ViewAnswered, ViewRequested
from metropool.exchange.views import PREMISES, QUESTIONS, check_request, is_news

ROOM = "metropool.capabilities.door"
AT_MOST = 1000
BOTH = 2


def take_request(*, work: DoorWork, message: ViewRequested) -> None:
    """Note a request for the software to decide on; what can never be granted is refused at once, with the reason.

    Raises:
        Invalid: Nobody could decide on it as it is, or it is not what was asked before.
    """
    if message.holder not in work.rows:
        return
    check_request(message)
    known = work.views.one(asker=message.asker, request=message.request)
    if not is_news(message, known.asked if known else None):
        return
    if known is None:
        known = HeardView(
            asked=message, state="waiting", heard_from=work.sender, heard_at=work.now, expires_at=message.expires_at
        )
        why = why_never(message, now=work.now)
        if message.state == "asked" and why:
            _refuse(work, known, why, state="refused")
            return
    is_over = message.state == "withdrawn" and known.state in ("waiting", "approved")
    work.views.put(msgspec.structs.replace(known, asked=message, state="withdrawn" if is_over else known.state))


def decide(*, work: DoorWork, message: ViewAnswered, by: str, approved_by: str = "") -> None:
    """Note what the software answers, before it is told; ``approved_by``: the people who approved it, between commas.

    Raises:
        NotFound: Nothing of the kind was asked here.
        Conflict: It was decided otherwise or is over, or cannot be granted at all.
        Invalid: It answers something else, has no such page, would be used for too long, shows more than it may, or lacks a second
            person where anybody in particular is told of.
    """
    known = work.views.one(asker=message.asker, request=message.request)
    if known is None:
        raise NotFound(f"no request {message.request[:64]} came here", key="door.no_request")
    asked = known.asked
    if (message.what, message.service, message.holder) != (asked.what, asked.service, asked.holder):
        raise Invalid(f"{asked.request} asked something else", key="door.other_request")
    if known.state not in BEFORE[message.state]:
        raise Conflict(f"{asked.request} is {known.state}", key=f"door.view_{known.state}")
    decided: dict[str, Any] = {"decided_by": by, "decided_at": work.now, "reason": message.reason, "pages": message.pages}
    if message.state == "approved":
        _need_grantable(work, known, message)
        decided |= {"expires_at": message.expires_at, "approved_by": ", ".join(_approvers(message, approved_by))}
    elif message.rows.num_rows:
        raise Invalid(f"{asked.request} is {message.state} with content", key="door.refused_with_rows")
    work.views.put(msgspec.structs.replace(known, state=AFTER[message.state], **decided))


def lapse(*, work: DoorWork) -> None:
    """End requests that nobody decided on in their time."""
    for known in work.views.lapsing(work.now, limit=AT_MOST):
        _refuse(work, known, "lapsed", state="lapsed")


BEFORE = {"approved": ("waiting", "approved"), "refused": ("waiting",), "withdrawn": ("approved",)}
"""State of an answer to those that its request may be in."""
AFTER: dict[str, ViewState] = {"approved": "approved", "refused": "refused", "withdrawn": "revoked"}


def _need_grantable(work: DoorWork, known: HeardView, message: ViewAnswered) -> None:
    if why := why_never(known.asked, now=work.now):
        raise Conflict(f"{message.request} cannot be granted: {why}", key=f"door.{why}")
    ends = message.expires_at
    if ends is None or not work.now < ends <= known.asked.expires_at:
        raise Invalid(
            f"{ends} is no end of the use of {message.request}",
            faults=[Fault("expires_at", "door.wrong_end")],
            key="door.wrong_end",
        )
    if not 1 <= message.page <= message.pages or (known.state == "approved" and known.pages != message.pages):
        raise Invalid(f"{message.request} has no page {message.page} of {message.pages}", key="door.no_page")
    if known.state == "approved" and known.expires_at != ends:
        raise Conflict(f"{message.request} ends at {known.expires_at}", key="door.view_approved")
    if not QUESTIONS[message.what].is_personal:
        _need_many(work, message)
    if QUESTIONS[message.what].holder == PREMISES and message.rows["subject"].null_count:
        raise Invalid(f"{message.request}: a view has a reference", faults=[Fault("rows.subject", "door.no_reference")])


def _need_many(work: DoorWork, message: ViewAnswered) -> None:
    """Sums are of nobody in particular, and of enough of them: what the software itself says of them is held to the rule."""
    rule = groups_on(business_date(work.now))
    if faults := sum_faults(message.rows, rule, otherwise=OTHER):
        raise Invalid(f"{message.request}: some sums may not be told", faults=faults, key="door.small_groups")


def _approvers(message: ViewAnswered, approved_by: str) -> list[str]:
    """Their names, each once."""
    names = list(dict.fromkeys(filter(None, (name.strip() for name in approved_by.split(",")))))
    if QUESTIONS[message.what].is_personal and len(names) < BOTH:
        raise Invalid(
            f"{message.request} is approved by two people, not by {approved_by!r}",
            faults=[Fault("approved_by", "door.two_approvers")],
            key="door.two_approvers",
        )
    return names


def _refuse(work: DoorWork, known: HeardView, why: str, *, state: ViewState) -> None:
    text, asked = texts_of(ROOM)[why], known.asked
    reason = f"{text['zh']} {text['en']}"
    work.views.put(msgspec.structs.replace(known, state=state, decided_by=work.system, decided_at=work.now, reason=reason))
    answer = ViewAnswered(
        **{name: getattr(asked, name) for name in ("request", "asker", "holder", "service", "what")},
        state="refused",
        page=0,
        pages=0,
        reason=reason,
        decided_at=work.now,
        expires_at=None,
        rows=ROWS[ViewAnswered].empty_table(),
    )
    work.tell(answer, key=f"{asked.asker}/{asked.request}/refused/0", to=known.heard_from)
