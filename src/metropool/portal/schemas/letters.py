"""Letters at a system's door for its own software: what came, what may be said and heard, what became of what was said."""

from typing import Any, Literal

from pydantic import Field

from metropool.portal.schemas.basics import Instant, Model, Request, Text
from metropool.portal.schemas.views import Asked, ProvisionRow

LetterForm = Literal["rows", "columns"]
ViewState = Literal["waiting", "approved", "refused", "withdrawn", "revoked", "lapsed"]


class LetterPart(Model):
    """Which part of a batch a letter is; it takes effect without the others all the same.

    Attributes:
        batch: What its parts have in common.
        part, parts: The number of this one, from 1, and of all.
        whole: SHA-256 over the SHA-256 of the bodies of all parts in their order, as they travel; null where it does not say.
        is_less: Something of it was held back after the batch was told; ``whole`` is not of what came.
    """

    batch: str
    part: int
    parts: int
    whole: str | None
    is_less: bool


class LetterTold(Model):
    """One letter as it came.

    Attributes:
        number: Its place at this door; grows, and is never used again.
        id: The same at its sender, and in the evidence of both.
        speaker: The system it began with; ``sender`` handed it over, and is another where the plan has it passed on.
        part: Which part of a batch it is; null where it is none.
        row_count: Rows of its table; 0 where its class has none.
        message: The message itself; its ``rows`` as objects, or as one list a column.
    """

    number: int
    id: str
    phrase: str
    name: Text
    kind: str
    version: int
    sender: str
    speaker: str
    said_at: Instant
    heard_at: Instant
    part: LetterPart | None
    row_count: int
    message: dict[str, Any]


class Letters(Model):
    """Letters after a number, in order; ``last`` is the number to ask after next, ``unread`` counts what is not acknowledged."""

    as_of: Instant
    letters: list[LetterTold]
    last: int
    acknowledged: int
    unread: int


class PartGiven(Model):
    """Which part of a batch a request says, of the software's own cutting; ``whole`` is of the bodies of its requests."""

    batch: str
    part: int
    parts: int
    whole: str


class SayGiven(Model):
    """What comes with something to say.

    Attributes:
        key: The software's own, of a repeat.
        by: Name of the API key that it showed.
        approved_by: People who approved an answer, between commas.
        request: SHA-256 of the body that brought it.
    """

    key: str
    by: str
    approved_by: str
    part: PartGiven | None
    request: str


class Through(Request):
    """The last letter that was kept, with all before it."""

    through: int = Field(ge=0)


class Acknowledged(Model):
    """How far letters were read."""

    acknowledged: int
    unread: int


class ViewTold(Asked):
    """A request to look into what this system's software keeps, as it came to its door, and what became of it (access history).

    Attributes:
        community: Whose premises are meant; empty where it is about books.
        expires_at: End of the use: as asked, or as the software shortened it.
        decided_by: Key of the software, or the system itself where it could never be granted.
        approved_by: The people who approved it, by the software's word, between commas.
        given: Every letter of an answer that was put on its way: when, how much, until when.
    """

    id: str
    asker: str
    party: str
    party_name: Text
    requested_by: str
    reason: str
    legal_basis: str
    community: str
    state: ViewState
    heard_at: Instant
    decided_by: str | None
    approved_by: str
    decided_at: Instant | None
    decision_reason: str | None
    expires_at: Instant
    given: list[ProvisionRow]


class Views(Model):
    """Requests of authorities at a door, the newest first."""

    as_of: Instant
    views: list[ViewTold]


class PhraseTold(Model):
    """One phrase: what it is called, between whom, under which rows of the plan, and what it looks like.

    Attributes:
        partners: Who hears it, or who says it to this system.
        only: What it may speak of, such as ``{"service": "water"}``; empty where there is no limit.
        json_schema: JSON Schema of the message.
    """

    phrase: str
    name: Text
    kind: str
    version: int
    partners: list[str]
    rows: list[str]
    only: list[dict[str, str]]
    personal: bool
    json_schema: dict[str, Any]
    example: dict[str, Any]


class Phrases(Model):
    """What the running plan lets a system say and hear."""

    system: str
    party: str
    says: list[PhraseTold]
    hears: list[PhraseTold]


class SaidLetter(Model):
    """A letter that something said became; ``sent_at`` and ``position`` are its receiver's receipt."""

    id: str
    receiver: str
    sent_at: Instant | None
    position: int | None


class Said(Model):
    """What was said under a business key."""

    phrase: str
    key: str
    is_repeat: bool
    letters: list[SaidLetter]
