"""What a person asks, and what becomes of it. Each is one unit of work."""

import msgspec
import pyarrow as pa

from metropool.capabilities.inquiries.model import Inquiry, Wish
from metropool.capabilities.inquiries.ports import InquiriesWork
from metropool.core.errors import Conflict, Fault, Invalid, NotFound
from metropool.exchange.messages import ViewAnswered, ViewRequested
from metropool.exchange.views import PREMISES, check_request, holder_of
from metropool.facts.registry.tables import place


def ask(*, work: InquiriesWork, wish: Wish, by: str) -> Inquiry:
    """Ask to look into somebody's books.

    Raises:
        Invalid: It cannot be asked so; every fault is told.
    """
    fields = {name: getattr(wish, name) for name in Wish.__struct_fields__}
    holder = holder_of(wish.what, wish.service)
    asked = ViewRequested(
        request=f"GR{work.now:%Y%m%d}-{work.ids.fresh_id()[:12]}",
        edition=1,
        state="asked",
        asker=work.system,
        party=work.party,
        holder=holder,
        community=wish.area.places[0] if holder == PREMISES and len(wish.area.places) == 1 else "",
        requested_by=by,
        requested_at=work.now,
        **fields,
    )
    check_request(asked)
    unknown = work.registry.unknown_places(wish.area.places)
    if unknown:
        faults = [Fault(f"area.places.{place}", "fault.area_unknown") for place in unknown]
        raise Invalid("the area names unknown places", key="portal.invalid", faults=faults)
    if asked.community and not work.registry.rows(place, id=[asked.community], kind=["community"]):
        fault = Fault(f"area.places.{asked.community}", "fault.one_community")
        raise Invalid(f"{asked.community} is no community", key="portal.invalid", faults=[fault])
    return _tell(work, Inquiry(asked=asked, state="asked", asked_at=work.now, expires_at=asked.expires_at))


def withdraw(*, work: InquiriesWork, request: str) -> Inquiry:
    """Take a request back; what came of an answer is deleted.

    Raises:
        NotFound: There is none.
        Conflict: It is over already.
    """
    known = one(work=work, request=request)
    if known.state not in ("asked", "approved"):
        raise Conflict(f"{request} is {known.state}", key=f"inquiries.{known.state}")
    work.inquiries.forget(request)
    asked = msgspec.structs.replace(known.asked, edition=known.asked.edition + 1, state="withdrawn")
    return _tell(work, msgspec.structs.replace(known, asked=asked, state="withdrawn", forgotten_at=work.now))


def take_answer(*, work: InquiriesWork, message: ViewAnswered) -> None:
    """Take an answer in; of a request that is over only the decision is heard, its content is not kept.

    Raises:
        NotFound: Nothing of the kind was asked.
        Invalid: It is the answer to something else.
    """
    known = work.inquiries.one(message.request)
    if known is None or message.asker != work.system:
        raise NotFound(f"{message.request} was never asked here")
    if (message.what, message.service, message.holder) != (known.asked.what, known.asked.service, known.asked.holder):
        raise Invalid(f"{message.request} asked something else")
    if known.state in ("withdrawn", "revoked", "refused", "expired"):
        return
    decided = msgspec.structs.replace(known, decided_at=message.decided_at, reason=message.reason, answered_by=work.sender)
    if message.state == "approved":
        _keep(work, _with_page(work, decided, message))
        return
    work.inquiries.forget(message.request)
    state = "revoked" if message.state == "withdrawn" else "refused"
    _keep(work, msgspec.structs.replace(decided, state=state, forgotten_at=work.now))


def forget_expired(*, work: InquiriesWork) -> None:
    """Delete the content of answers whose use is over, and end requests that were never answered."""
    for known in work.inquiries.over(work.now):
        work.inquiries.forget(known.request)
        _keep(work, msgspec.structs.replace(known, state="expired", forgotten_at=work.now))


def one(*, work: InquiriesWork, request: str) -> Inquiry:
    """A request.

    Raises:
        NotFound: There is none.
    """
    known = work.inquiries.one(request)
    if known is None:
        raise NotFound(f"no request {request}")
    return known


def content(*, work: InquiriesWork, request: str) -> list[pa.Table]:
    """What was answered, page by page, while it may be read.

    Raises:
        NotFound: There is no such request.
        Conflict: It is not answered, or its use is over.
    """
    known = one(work=work, request=request)
    if not known.is_readable(work.now):
        state = "expired" if known.state == "approved" else known.state
        raise Conflict(f"the content of {request} cannot be read: {state}", key=f"inquiries.{state}")
    return work.inquiries.pages(request)


def _with_page(work: InquiriesWork, known: Inquiry, message: ViewAnswered) -> Inquiry:
    ends = min(known.expires_at, message.expires_at or known.expires_at)
    if not 1 <= message.page <= message.pages or (known.pages and known.pages != message.pages):
        raise Invalid(f"{message.request} has no page {message.page} of {message.pages}")
    is_new = ends > work.now and work.inquiries.add_page(message.request, message.page, message.rows)
    return msgspec.structs.replace(known, state="approved", expires_at=ends, pages=message.pages, came=known.came + is_new)


def _tell(work: InquiriesWork, known: Inquiry) -> Inquiry:
    work.tell(known.asked, key=f"{known.request}/{known.asked.edition}")
    return _keep(work, known)


def _keep(work: InquiriesWork, known: Inquiry) -> Inquiry:
    work.inquiries.put(known)
    work.changed("inquiries")
    return known
