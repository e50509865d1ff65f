"""The heart of the front end: bytes of all links, decoded together, made durable together, then confirmed.

Every ``flush_s`` (or sooner, when much waits) the bytes of all links that spoke become one chunk. Its values go to the log in
one append, and only when that is durable are its pushes confirmed and its answers given to whoever asked. What fails to
become durable is not confirmed: terminals send it again, polls are asked again. Nothing here must survive a crash.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metropool.capabilities.metering.frontend.chunks.decoder import Decoder, Frames
from metropool.capabilities.metering.frontend.door import Door
from metropool.capabilities.metering.frontend.links import Link, standing_of
from metropool.capabilities.metering.frontend.notices import Notices
from metropool.capabilities.metering.frontend.roster import Roster
from metropool.capabilities.metering.frontend.sealed.links import SealedLinks, Sealing
from metropool.capabilities.metering.frontend.sealed.refusals import Refusals
from metropool.capabilities.metering.frontend.sealed.reports import Reports
from metropool.capabilities.metering.frontend.sealed.untold import NotKept, Untold
from metropool.capabilities.metering.frontend.settling import Settling
from metropool.capabilities.metering.ports import Log
from metropool.core.clock import Clock
from metropool.devices.gdw1376.kernel import CHECKSUM


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of a front end; times in seconds of the event loop.

    Attributes:
        links: Connections at once; more are cut at once.
        flush_s: How long bytes may wait for others to share an fsync.
        chunk_bytes: A chunk is begun sooner when so much waits, and holds no more.
        chunks: Chunks on their way to the log at once; beyond, sockets are not read.
        login_s: A link that has not logged in by then is cut.
        stall_s: The beginning of a frame that gets no more bytes for so long is given up.
        fenced_s: How long a replaced link is listened to.
        garbage: Bytes without a sound frame after which a link is cut.
    """

    links: int = 20_000
    flush_s: float = 0.02
    chunk_bytes: int = 1 << 20
    chunks: int = 4
    login_s: float = 30.0
    stall_s: float = 10.0
    fenced_s: float = 30.0
    garbage: int = 1 << 16


class Hub:
    """All links of one front end.

    Args:
        clock: Business time, for stamps and expiries.
        log: Where measured values become durable.
        event_log: Where end-device events become durable.
        limits: Bounds.
        sealing: Keys of terminals and randomness; without them no sealed link is greeted.
        untold: Where what was refused outlives this process until it is told; nowhere unless given.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        log: Log,
        event_log: Log,
        limits: Limits | None = None,
        sealing: Sealing | None = None,
        untold: Untold | None = None,
    ) -> None:
        self.clock, self.limits = clock, limits or Limits()
        self.roster, self.counts = Roster(), Counter[str]()
        self.notices = Notices(refusals=Refusals(untold=untold or NotKept()))
        self.sealed = SealedLinks(
            sealing=sealing,
            notices=self.notices,
            reports=Reports(self.notices.refusals),
            counts=self.counts,
            clock=clock,
            garbage=self.limits.garbage,
        )
        self.door = Door(self.roster, self.notices, self.counts)
        self.links: set[Link] = set()
        self._decoder = Decoder()
        self._decoder.warm_up()
        self._dirty: dict[Link, None] = {}
        self._dirty_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._settling = Settling(log=log, event_log=event_log, notices=self.notices, counts=self.counts, on_settled=self._go_on)

    def opened(self, link: Link) -> None:
        """A connection came."""
        if len(self.links) >= self.limits.links:
            self.counts["links_refused"] += 1
            link.cut()
            return
        self.links.add(link)

    def heard(self, link: Link, data: bytes) -> bytes:
        """What came, opened where the link is sealed."""
        return self.sealed.hear(link, data) if link in self.links else b""

    def received(self, link: Link, size: int) -> None:
        """Bytes came."""
        if link not in self.links:
            return
        self._dirty[link] = None
        before, self._dirty_bytes = self._dirty_bytes, self._dirty_bytes + size
        # Hasten the flush once, when a chunk is full: put off again at each further byte, it would wait for a silence.
        if before < self.limits.chunk_bytes <= self._dirty_bytes and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            delay = 0.0 if self._dirty_bytes >= self.limits.chunk_bytes else self.limits.flush_s
            self._timer = asyncio.get_running_loop().call_later(delay, self._flush)

    def closed(self, link: Link) -> None:
        """A connection ended; what it had sent whole is still taken."""
        self.links.discard(link)
        if self.roster.forget(link):
            self.notices.contact(link.device, "offline", self.now_ms, detail=link.peer)
        if link.on_lost is not None:
            link.on_lost()

    @property
    def now_ms(self) -> int:
        """Business time, Unix ms."""
        return int(self.clock.now().timestamp() * 1000)

    async def tell_refusals(self, *, is_closing: bool = False) -> None:
        """Have told what was refused, also when nothing else is: a flood of refusals brings no chunk with it.

        Args:
            is_closing: Sums of hours that are not over too.
        """
        await self._settling.tell_refusals(at_ms=self.now_ms, is_closing=is_closing)

    async def drain(self) -> None:
        """Wait until everything received so far is settled."""
        while self._dirty or self._settling:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._flush()
            await self._settling.wait()

    def _flush(self) -> None:
        self._timer = None
        if len(self._settling) >= self.limits.chunks or not self._dirty:
            return
        links = self._chosen()
        received_at = self.now_ms
        frames = self._scan(links)
        self.door.handle(links, frames, received_at=received_at)
        decoded = self._decoder.decode(frames, standing=standing_of(links), received_at=received_at)
        self.counts.update(decoded.counts)
        self.door.notice_second_voices(links, frames, received_at=received_at)
        self._settling.begin(links, frames, decoded, received_at=received_at)
        if self._dirty:
            self._timer = asyncio.get_running_loop().call_later(0.0, self._flush)

    def _chosen(self) -> list[Link]:
        """Links whose bytes make the next chunk, oldest first."""
        chosen, size = [], 0
        for link in list(self._dirty):
            if size >= self.limits.chunk_bytes:
                break
            del self._dirty[link]
            chosen.append(link)
            size += link.pending
        self._dirty_bytes = sum(link.pending for link in self._dirty)
        return chosen

    def _scan(self, links: Sequence[Link]) -> Frames:
        now = asyncio.get_running_loop().time()
        segments = [link.take() for link in links]
        frames = self._decoder.scan(segments)
        heard = set(np.unique(frames.link[frames.table.status != CHECKSUM]).tolist())
        for index, link in enumerate(links):
            consumed, skipped = int(frames.consumed[index]), int(frames.skipped[index])
            link.give_back(segments[index][consumed:], now=now)
            link.heard_at = now if index in heard else link.heard_at
            link.skipped = 0 if index in heard else link.skipped + skipped
            self.counts["skipped_bytes"] += skipped
            if link.skipped > self.limits.garbage:
                self.counts["links_of_garbage"] += 1
                link.cut()
            elif frames.is_full and link.pending:
                # Also when nothing of it was treated: the table was full before its turn, and no byte of its own may come.
                self._dirty[link] = None
        self.counts["frames"] += len(frames)
        return frames

    def _go_on(self) -> None:
        """A chunk is settled: there is room for what waits."""
        if self._dirty and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(0.0, self._flush)
