"""One TCP link of a terminal: bytes in and out, bounded on both sides. Decides nothing; the hub does."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from metropool.capabilities.metering.frontend.chunks.decoder import NOT_ASKED, Standing
from metropool.capabilities.metering.frontend.tasks import Value

PENDING_MAX = 1 << 17
"""Bytes of one link that wait to be decoded; more is not read from its socket until they are."""

UNSENT_MAX = 1 << 17
"""Bytes a terminal may leave unread before its link is cut."""


class Owner(Protocol):
    """Who links belong to."""

    def opened(self, link: "Link") -> None: ...
    def received(self, link: "Link", size: int) -> None: ...
    def closed(self, link: "Link") -> None: ...


@dataclass
class Reply:
    """One frame that answers the open request of a link; ``values`` are given for reads on demand."""

    raw: bytes
    is_last: bool
    durable: "asyncio.Future[None]"
    values: list[Value]


@dataclass(eq=False)
class Link(asyncio.Protocol):
    """A connection.

    Attributes:
        terminal: A1 << 16 | A2 it logged in as; 0 before.
        device: The same as a device number; 0 before.
        heard_at: When its last sound frame came (event loop time).
        asked_afn, asked_seq, origin: The open request, for matching (``chunks.decoder.Standing``).
        is_fenced: Another link logged in with its address; what it still says is not taken.
    """

    owner: Owner
    peer: str = ""
    terminal: int = 0
    device: int = 0
    opened_at: float = 0.0
    heard_at: float = 0.0
    touched_at: float = 0.0
    is_fenced: bool = False
    fenced_at: float = 0.0
    asked_afn: int = NOT_ASKED
    asked_seq: int = 0
    number: int = 0
    origin: int = 1
    pending: int = 0
    skipped: int = 0
    on_reply: Callable[[Reply], None] | None = None
    on_lost: Callable[[], None] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _parts: list[bytes] = field(default_factory=list)
    _transport: asyncio.Transport | None = None
    _is_paused: bool = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=UNSENT_MAX)
        name = transport.get_extra_info("peername")
        self.peer = f"{name[0]}:{name[1]}" if name else ""
        self.opened_at = self.heard_at = self.touched_at = asyncio.get_running_loop().time()
        self.owner.opened(self)

    def data_received(self, data: bytes) -> None:
        self._parts.append(data)
        self.pending += len(data)
        if self.pending > PENDING_MAX and not self._is_paused and self._transport:
            self._is_paused = True
            self._transport.pause_reading()
        self.owner.received(self, len(data))

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        self.owner.closed(self)

    def pause_writing(self) -> None:
        """The terminal does not read: it costs memory, so it goes."""
        self.cut()

    @property
    def is_open(self) -> bool:
        """Bytes can still go out."""
        return self._transport is not None and not self._transport.is_closing()

    def take(self) -> bytes:
        """All bytes that wait; give back what begins a frame that is not whole."""
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        return data

    def give_back(self, rest: bytes, *, now: float) -> None:
        """Keep the beginning of a frame for the bytes still to come, and read on."""
        if rest:
            self._parts.insert(0, rest)
        if len(rest) != self.pending:
            self.touched_at = now
        self.pending = sum(map(len, self._parts))
        if self._is_paused and self.pending <= PENDING_MAX and self._transport:
            self._is_paused = False
            self._transport.resume_reading()

    def skip_start(self, *, now: float) -> None:
        """Give up the frame that the waiting bytes begin with: the next start byte may be a better one."""
        data = self.take()
        start = data.find(b"\x68", 1)
        self._parts.append(data[start:] if start > 0 else b"")
        self.pending, self.touched_at = len(self._parts[0]), now

    def send(self, data: bytes) -> None:
        """Send bytes; nothing when the link is gone."""
        if self._transport is not None and data:
            self._transport.write(data)

    def close(self) -> None:
        """Close after what was written is sent."""
        if self._transport is not None:
            self._transport.close()

    def cut(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()


def standing_of(links: Sequence[Link]) -> Standing:
    """What is known of each link, as arrays."""
    return Standing(
        terminal=np.array([0 if link.is_fenced else link.terminal for link in links], np.uint32),
        afn=np.array([link.asked_afn for link in links], np.uint8),
        seq=np.array([link.asked_seq for link in links], np.uint8),
        origin=np.array([link.origin for link in links], np.uint8),
    )
