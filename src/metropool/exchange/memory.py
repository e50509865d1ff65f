"""An exchange in memory that obeys the same plan, for simulations: it can lose receipts, repeat and reorder what it carries."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from metropool.core.errors import Forbidden, Unavailable
from metropool.core.identifiers import IdSource
from metropool.exchange.envelope import Envelope, to_bytes
from metropool.exchange.ports import Delivery

Letter = tuple[str, str, str]
"""Sender, phrase, receiver."""


@dataclass
class MemoryBroker:
    """Inbox streams of all systems, and the letters the plan allows.

    Args:
        allowed: What may be sent by whom to whom.
        chance: Where luck comes from, seeded.
        lose: Share of deliveries whose receipt is lost (the letter is stored all the same half of the time).
        repeat: Share of letters handed over twice.
    """

    allowed: frozenset[Letter]
    chance: IdSource
    lose: float = 0.0
    repeat: float = 0.0
    streams: dict[str, list[tuple[str, str, bytes]]] = field(default_factory=dict)
    waiting: dict[str, list[int]] = field(default_factory=dict)

    def exchange(self, system: str) -> "MemoryExchange":
        """The exchange as one system sees it."""
        return MemoryExchange(broker=self, system=system)

    def store(self, sender: str, envelope: Envelope) -> int:
        """Store a letter; see ``Exchange.deliver``."""
        if (sender, envelope.phrase, envelope.receiver) not in self.allowed:
            raise Forbidden(f"the plan lists no {envelope.phrase} from {sender} to {envelope.receiver}")
        unlucky = self.chance.jitter() < self.lose
        if unlucky and self.chance.jitter() < 0.5:
            raise Unavailable("lost on the way")
        stream = self.streams.setdefault(envelope.receiver, [])
        stream.append((sender, envelope.phrase, to_bytes(envelope)))
        self._queue(envelope.receiver, len(stream) - 1)
        if unlucky:
            raise Unavailable("stored, but the receipt was lost")
        return len(stream)

    def _queue(self, system: str, position: int) -> None:
        queue = self.waiting.setdefault(system, [])
        for _ in range(2 if self.chance.jitter() < self.repeat else 1):
            queue.insert(int(self.chance.jitter() * (len(queue) + 1)), position)

    def take(self, system: str, limit: int) -> list[int]:
        """Positions to hand over next."""
        queue = self.waiting.setdefault(system, [])
        taken, self.waiting[system] = queue[:limit], queue[limit:]
        return taken


@dataclass(frozen=True)
class MemoryExchange:
    """See ``Exchange``."""

    broker: MemoryBroker
    system: str

    async def deliver(self, envelope: Envelope) -> int:
        """See ``Exchange.deliver``."""
        return self.broker.store(self.system, envelope)

    async def fetch(self, *, limit: int, wait_s: float) -> Sequence[Delivery]:  # noqa: ARG002
        """See ``Exchange.fetch``; never waits."""
        return [self._delivery(position) for position in self.broker.take(self.system, limit)]

    async def close(self) -> None:
        """Nothing to leave."""

    def _delivery(self, position: int) -> Delivery:
        sender, phrase, data = self.broker.streams[self.system][position]

        async def later(_seconds: float) -> None:
            self.broker.waiting[self.system].append(position)

        return Delivery(data=data, sender=sender, phrase=phrase, position=position + 1, attempt=1, done=_nothing, later=later)


async def _nothing() -> None:
    """Memory forgets what it handed over as soon as it is taken."""
