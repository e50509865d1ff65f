"""What a node needs of whatever carries its messages: the broker of a city, or memory in a simulation."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from metropool.exchange.envelope import Envelope


@dataclass(frozen=True)
class Delivery:
    """One message as it came in.

    Attributes:
        data: The bytes that travelled.
        sender: The sender that the broker vouches for (the subject), whatever the bytes claim.
        position: Place in this system's inbox stream.
        attempt: 1 for the first time it is handed over.
        done: Tell the broker that it need not be handed over again.
        later: Tell the broker to hand it over again after some seconds.
    """

    data: bytes
    sender: str
    phrase: str
    position: int
    attempt: int
    done: Callable[[], Awaitable[None]]
    later: Callable[[float], Awaitable[None]]


class Exchange(Protocol):
    """Carries envelopes between systems."""

    async def deliver(self, envelope: Envelope) -> int:
        """Store an envelope in the receiver's inbox stream; returns its position there, the receipt.

        Raises:
            Forbidden: The running plan does not list this message from this sender to this receiver.
            Unavailable: No receipt came in time; deliver it again later.
        """
        ...

    async def fetch(self, *, limit: int, wait_s: float) -> Sequence[Delivery]:
        """Up to ``limit`` messages of this system's inbox, waiting at most ``wait_s`` for the first."""
        ...

    async def close(self) -> None:
        """Leave the broker."""
        ...


@dataclass(frozen=True)
class LogEntry:
    """One batch of the log: its sequence, the part it was put in (``readings``, ``events``), its bytes."""

    sequence: int
    part: str
    data: bytes


@dataclass(frozen=True)
class LogEnd:
    """Where a log ends: the sequence of the batch stored last (0 before the first), and when this log was made, which tells it
    from another of the same name."""

    sequence: int
    made: str


class Log(Protocol):
    """The log of one system: durable batches in order, before they are in the lake."""

    async def append(self, batch: bytes, *, part: str) -> int:
        """Store a batch durably; returns its sequence.

        Raises:
            Unavailable: Not stored, or nobody knows; append it again.
        """
        ...

    async def read(self, *, limit: int, wait_s: float) -> Sequence[LogEntry]:
        """Up to ``limit`` batches that were not marked done, oldest first."""
        ...

    async def end(self) -> LogEnd:
        """Which log it is, and where it ends.

        Raises:
            Unavailable: The log does not answer.
        """
        ...

    async def done(self, sequence: int) -> None:
        """Mark all batches up to this sequence as done."""
        ...
