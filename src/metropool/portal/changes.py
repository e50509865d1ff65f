"""What changed, told to open pages: one pump a system, one small mailbox a page."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from metropool.core.clock import Instant
from metropool.core.errors import Unavailable
from metropool.portal.ports.hosts import Host
from metropool.portal.schemas.basics import show_instant

TOPICS_KEPT = 32
IDS_KEPT = 200
GAP_S = 1.0


@dataclass(frozen=True)
class Change:
    """Something of a topic changed.

    Attributes:
        account: The combined account it is of; empty when it is of no home or of many.
        ids: What changed; empty means any.
    """

    topic: str
    account: str = ""
    ids: tuple[str, ...] = ()


def parse_change(text: str) -> Change:
    """Read ``topic[@combined-account][:id,id…]``; an account without ids is its own id."""
    head, _, ids = text.partition(":")
    topic, _, account = head.partition("@")
    listed = tuple(part for part in ids.split(",") if part)
    return Change(topic=topic, account=account, ids=listed or ((account,) if account else ()))


@dataclass
class Mailbox:
    """What one page has not been told yet: topics with ids, merged, so it cannot grow.

    Args:
        accounts: Homes the page may hear of; None hears of everything.
    """

    accounts: frozenset[str] | None
    _waiting: dict[str, set[str] | None] = field(default_factory=dict)
    _filled: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, change: Change) -> None:
        """Keep a change until the page takes it, if it may hear of it."""
        if self.accounts is not None and change.account and change.account not in self.accounts:
            return
        hidden = self.accounts is not None and not change.account
        ids = () if hidden else change.ids
        held = self._waiting.get(change.topic, set())
        merged = held | set(ids) if ids and held is not None else None
        if len(self._waiting) < TOPICS_KEPT or change.topic in self._waiting:
            self._waiting[change.topic] = merged if merged is not None and len(merged) <= IDS_KEPT else None
        self._filled.set()

    async def take(self, *, wait_s: float) -> list[tuple[str, list[str]]]:
        """What waits, or nothing after a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._filled.wait()
        self._filled.clear()
        taken, self._waiting = self._waiting, {}
        return [(topic, sorted(ids or ())) for topic, ids in taken.items()]


class Broadcast:
    """Passes the changes of one system to the pages that look at it.

    Args:
        host: The system.
        most: Most open pages.
        most_a_session: Most of one session.
    """

    def __init__(self, host: Host, *, most: int, most_a_session: int) -> None:
        self._host = host
        self._most = most
        self._most_a_session = most_a_session
        self._open: dict[int, tuple[str, Mailbox]] = {}

    async def pump(self) -> None:
        """Pass on what changes, for ever."""
        async for text in self._host.changes():
            change = parse_change(text)
            for _, mailbox in self._open.values():
                mailbox.put(change)

    def join(self, *, session: str, accounts: frozenset[str] | None) -> Mailbox:
        """A mailbox for a new page.

        Raises:
            Unavailable: Too many pages are open.
        """
        of_session = sum(1 for owner, _ in self._open.values() if owner == session)
        if len(self._open) >= self._most or of_session >= self._most_a_session:
            raise Unavailable("too many pages are open", key="portal.too_many_pages")
        mailbox = Mailbox(accounts=accounts)
        self._open[id(mailbox)] = (session, mailbox)
        return mailbox

    def leave(self, mailbox: Mailbox) -> None:
        """The page is gone."""
        self._open.pop(id(mailbox), None)

    @property
    def pages(self) -> int:
        """How many pages are open."""
        return len(self._open)


class PageStream(StreamingResponse):
    """The answer to a page that listens; its mailbox goes when it goes, however it goes.

    Args:
        told: What ``stream`` says.
        leave: Called at the end.
    """

    def __init__(self, told: AsyncIterator[bytes], *, leave: Callable[[], None]) -> None:
        super().__init__(told, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


async def stream(
    mailbox: Mailbox,
    *,
    still_in: Callable[[], Awaitable[bool]],
    now: Callable[[], Instant],
    heartbeat_s: float,
) -> AsyncIterator[bytes]:
    """The event stream of one page; the session is asked again before anything is said, and it ends with the session."""
    yield b": open\n\n"
    while True:
        waiting = await mailbox.take(wait_s=heartbeat_s)
        if not await still_in():
            return
        yield b"".join(_event(topic, ids, now()) for topic, ids in waiting) or b": alive\n\n"
        with suppress(TimeoutError):
            async with asyncio.timeout(GAP_S):
                await asyncio.Event().wait()


def _event(topic: str, ids: list[str], at: Instant) -> bytes:
    data = json.dumps({"topic": topic, "ids": ids, "at": show_instant(at)}, ensure_ascii=False)
    return f"event: change\ndata: {data}\n\n".encode()
