"""Looking into others' books: what is asked for, what the owner decides, what comes back, and the records of what was given."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from metropool.exchange.messages import Purpose, Question
from metropool.portal.schemas.basics import Exact, Instant, InstantGiven, Model, Request, Text
from metropool.portal.schemas.commands import Reason
from metropool.portal.schemas.notices import AreaGiven, NoticeArea

InquiryState = Literal["asked", "approved", "refused", "revoked", "withdrawn", "expired"]
DisclosureState = Literal["waiting", "half_approved", "approved", "refused", "withdrawn", "revoked", "lapsed"]
ViewService = Literal["electricity", "water", "gas", "heat", "community"]
"""What a request is about: a medium, or a community's premises."""
Basis = Annotated[str, Field(max_length=600)]


class Asked(Model):
    """What was asked for; ``last_day`` is included. ``is_personal``: it tells of single households."""

    what: Question
    what_text: Text
    service: ViewService
    purpose: Purpose
    purpose_text: Text
    first_day: date
    last_day: date
    is_personal: bool


class InquiryRow(Asked):
    """A request in the list of who asked."""

    id: str
    state: InquiryState
    state_text: Text
    asked_by: str
    asked_at: Instant
    decided_at: Instant | None
    expires_at: Instant


class Inquiry(InquiryRow):
    """A request (调阅申请) with all it says and what was decided; ``is_readable``: its content may be read now."""

    area: NoticeArea
    reason: str
    legal_basis: str
    decision_reason: str | None
    pages: int
    came: int
    is_readable: bool
    forgotten_at: Instant | None
    as_of: Instant


class AnswerRow(Model):
    """One row of an answer; ``value`` null is unknown or, where ``is_suppressed``, of too small a group to be told."""

    period: date
    measure: str
    measure_text: Text
    category: str | None
    category_text: Text | None
    subject: str | None
    value: Exact | None
    unit: str
    subjects: int | None
    is_suppressed: bool


class PurposeNamed(Model):
    """A purpose one may ask for."""

    id: Purpose
    name: Text


class InquiryQuestion(Model):
    """A question one may ask: of which media (or a community's premises) and, by the rule of today, what for."""

    what: Question
    name: Text
    services: list[ViewService]
    purposes: list[PurposeNamed]
    is_personal: bool


class InquiryQuestions(Model):
    """All questions, in the order in which a form offers them."""

    questions: list[InquiryQuestion]


class NewInquiry(Request):
    """What a person asks for."""

    what: Question
    service: ViewService
    area: AreaGiven
    first_day: date
    last_day: date
    reason: Reason
    legal_basis: Basis = ""
    purpose: Purpose
    expires_at: InstantGiven


class DisclosureRow(Asked):
    """A request in the list of whoever keeps the books."""

    id: str
    asker: str
    party: str
    party_name: Text
    state: DisclosureState
    state_text: Text
    requested_by: str
    heard_at: Instant
    decided_by: str | None
    decided_at: Instant | None
    expires_at: Instant


class Disclosure(DisclosureRow):
    """A request with what it would tell of.

    Attributes:
        points: Usage points in the area: what an approval would tell of.
        first_by: Who approved first, where two persons must.
        as_of: When this was so.
    """

    area: NoticeArea
    reason: str
    legal_basis: str
    decision_reason: str | None
    first_by: str | None
    first_at: Instant | None
    points: int
    pages: int
    rows: int
    suppressed: int
    as_of: Instant


class DisclosureDecision(Request):
    """The owner's word, with the password again; ``until``: an earlier end of the use than was asked for."""

    decision: Literal["approve", "refuse"]
    reason: Reason
    until: InstantGiven | None = None
    password: str = Field(min_length=1, max_length=256)


class DisclosureRevocation(Request):
    """Take an approval back, and why."""

    reason: Reason


class ProvisionRow(Model):
    """One letter with rows that went to somebody else (提供记录).

    Attributes:
        fields: What was given of each, as codes; ``fields_text`` in words.
        withheld_at: It was held back before it was sent.
    """

    id: str
    given_at: Instant
    party_name: Text
    receiver: str
    giver: str
    what: str
    what_text: Text
    fields: str
    fields_text: Text
    rows: int
    subjects: int
    agreement: str
    purpose: str
    purpose_text: Text
    legal_basis: str
    allowed_by: str
    ends_at: Instant | None
    withheld_at: Instant | None
