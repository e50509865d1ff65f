"""What the last conformance run of a plan found: each message of each row, and what was refused."""

from typing import Literal

from metropool.portal.schemas.basics import Instant, Model, Text

FlowStatus = Literal["works", "not built", "failed"]
FlowSource = Literal["paper", "inferred", "product"]


class ConformanceFlow(Model):
    """One message of one row, in its direction.

    Attributes:
        delay_ms: From the act to when the receiver's own client saw it.
        evidence: ``system:number`` in an evidence book, or where the one who was told keeps it.
        why: Why it is not built or failed.
        src: Where the message stands: printed in the paper, needed by it, or needed by a real city.
    """

    row: str
    direction: Literal["up", "down"]
    message: str
    name: Text
    sender: str
    sender_name: Text
    receiver: str
    receiver_name: Text
    status: FlowStatus
    delay_ms: int | None
    evidence: str | None
    why: Text | None
    src: FlowSource


class FlowCounts(Model):
    """How many of each status."""

    works: int
    not_built: int
    failed: int


class DoorTried(Model):
    """One door: what was tried there that is not listed, and how much of it was refused."""

    door: str
    tried: int
    refused: int


class Conformance(Model):
    """The last run of a plan; ``at`` is the machine's time, not that of the city.

    Attributes:
        paper: Of messages that the paper prints; ``others``, of those it or a city needs.
        tried, refused: Of what is not listed.
        controls, let_through: Of what is listed, tried beside it.
    """

    plan: str
    at: Instant
    took_s: float
    is_sound: bool
    paper: FlowCounts
    others: FlowCounts
    tried: int
    refused: int
    controls: int
    let_through: int
    doors: list[DoorTried]
    flows: list[ConformanceFlow]
