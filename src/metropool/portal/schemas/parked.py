"""Letters that a system could not take in, and what people do with them."""

from typing import Literal

from pydantic import Field

from metropool.portal.schemas.basics import Instant, Model, Request, Text

ParkedState = Literal["parked", "replayed", "discarded"]
ParkedCause = Literal["unknown_version", "malformed", "oversize", "not_vouched", "nobody", "batch", "refused", "fault"]


class ParkedLetter(Model):
    """A letter that could not be taken in.

    Attributes:
        id: Its id, the same in the evidence of both ends; of bytes that are no letter, one made of where they came.
        bytes: Its size; null once it was replayed or discarded, when only its record and reason stay.
        cause: What kind of thing is wrong with it; ``reason`` is what was noted when it came, word for word.
    """

    id: str
    heard_at: Instant
    sender: str
    sender_name: Text
    phrase: str
    name: Text
    bytes: int | None
    cause: ParkedCause
    cause_text: Text
    reason: str
    state: ParkedState
    state_text: Text


class Replay(Request):
    """The letter that is to be taken in like one that just came."""

    letter: str = Field(min_length=1, max_length=300)


class Discard(Request):
    """The letter that is given up, and why."""

    letter: str = Field(min_length=1, max_length=300)
    reason: str = Field(min_length=4, max_length=300)
