"""Who is there: a system tells those it says letters to, every second, and knows of those that say letters to it.

A beat has nothing in it and nothing keeps it; it goes along the ways of the plan alone, over every broker between.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from metropool.core.clock import monotonic_s
from metropool.plan.subjects import beat_of
from metropool.runtime.pause import pause

if TYPE_CHECKING:
    from metropool.runtime.node import Node

log = structlog.get_logger()
BEAT_S = 1.0
LATE_S = 6.0
"""Who was not heard for so long is down [s of the machine]: within ten seconds it is seen."""
Presence = Literal["up", "down", "unheard"]


@dataclass
class Neighbours:
    """Those that say letters to one system.

    Attributes:
        since_s: Since when they can be heard; None while the broker cannot be reached. All times [s], monotonic.
        heard_s: When each was heard last.
    """

    names: frozenset[str]
    since_s: float | None = None
    heard_s: dict[str, float] = field(default_factory=dict)

    def hear(self, name: str, *, at_s: float) -> None:
        """A beat came."""
        if name in self.names:
            self.heard_s[name] = at_s

    def age_s(self, name: str, *, at_s: float) -> float | None:
        """How long ago one was heard; None for never."""
        heard = self.heard_s.get(name)
        return None if heard is None else at_s - heard

    def presence(self, name: str, *, at_s: float) -> Presence:
        """Whether one is there; ``unheard`` where there was no time yet to hear it."""
        if self.since_s is None:
            return "unheard"
        age = self.age_s(name, at_s=at_s)
        if age is not None and age < LATE_S:
            return "up"
        return "down" if at_s - self.since_s >= LATE_S else "unheard"


def together(found: Iterable[Presence]) -> Presence | None:
    """Several who hear the same system, or several systems as one: the worst that is known; None where nobody can tell."""
    known = set(found)
    return next((state for state in ("down", "up", "unheard") if state in known), None)


async def keep_in_touch(node: "Node", client: Client) -> None:
    """Tell and hear, for ever."""
    me = str(node.system)
    receivers = sorted({way.receiver for way in node.ways if way.sender == me})

    async def note(message: Msg) -> None:
        node.neighbours.hear(message.subject.rpartition(".")[2], at_s=monotonic_s())

    await client.subscribe(beat_of("*", me), cb=note)
    while True:
        if not client.is_connected:
            node.neighbours.since_s = None
        elif node.neighbours.since_s is None:
            node.neighbours.since_s = monotonic_s()
        try:
            for receiver in receivers:
                await client.publish(beat_of(me, receiver), b"")
        except (NatsError, OSError) as reason:
            log.info("nobody was told that it is there", system=me, reason=str(reason) or type(reason).__name__)
        await pause(BEAT_S)
