"""What a node still waits for of batches, in words: how many parts came, of how many, and since when."""

from datetime import timedelta

from metropool.core.clock import Clock, Instant, ScaledClock
from metropool.core.periods import BUSINESS_ZONE
from metropool.core.texts import Sentence
from metropool.exchange.batches import Short
from metropool.portal.schemas import site as schema
from metropool.portal.schemas.basics import Text
from metropool.runtime.intake import short_in
from metropool.runtime.node import Node

ROOM = "metropool.runtime"
SHOWN = 5
PATIENCE_S = 60.0
"""So long the parts of a batch may be on their way [s of the machine]."""


def short_sentence(batch: Short) -> Sentence:
    """What came of a batch, for people."""
    since = batch.since.astimezone(BUSINESS_ZONE).isoformat(sep=" ", timespec="minutes")[:16]
    known = {name: getattr(batch, name) for name in ("name", "phrase", "sender", "came", "of")}
    return Sentence(ROOM, "batch_short", {**known, "since": since})


def late_before(clock: Clock) -> Instant:
    """When a batch must have begun to be late now: on the business clock, which may run faster than the machine's."""
    return clock.now() - timedelta(seconds=PATIENCE_S * (clock.speed if isinstance(clock, ScaledClock) else 1.0))


def batch_lines(node: Node) -> list[schema.Check]:
    """A line for each of the oldest batches that are not whole, and one for all others; none where nothing is waited for."""
    found, name = short_in(node, limit=SHOWN), Text(**Sentence(ROOM, "batch_title").both())
    late = late_before(node.clock)
    lines = [
        schema.Check(name=name, state="degraded" if one.since < late else "up", detail=Text(**short_sentence(one).both()))
        for one in found.oldest
    ]
    if more := found.count - len(lines):
        detail = Text(**Sentence(ROOM, "batch_more", {"count": more}).both())
        lines.append(schema.Check(name=name, state=lines[-1].state, detail=detail))
    return lines
