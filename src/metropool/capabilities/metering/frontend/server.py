"""The front end as a service: the listener, housekeeping, and what the core may ask of it."""

import asyncio
from dataclasses import dataclass, field

from metropool.capabilities.metering.frontend.asking import carry_out
from metropool.capabilities.metering.frontend.hub import Hub, Limits
from metropool.capabilities.metering.frontend.links import Link
from metropool.capabilities.metering.frontend.orders import Orders
from metropool.capabilities.metering.frontend.sealed.links import Sealing
from metropool.capabilities.metering.frontend.sealed.untold import Untold
from metropool.capabilities.metering.frontend.tasks import AddressBook, Answer, AnyTask, Contact, Order
from metropool.capabilities.metering.frontend.transparent.meters import TransparentMeters
from metropool.capabilities.metering.ports import Log
from metropool.core.clock import Clock
from metropool.core.errors import Unavailable

TICK_S = 1.0
PERIODS = 3
BACKLOG = 4096


@dataclass
class FrontEndServer:
    """A running front end; made by ``serve``. Satisfies ``ports.FrontEnd``.

    Attributes:
        hub: All links.
        meters: Plain meters on TCP links of their own.
    """

    hub: Hub
    meters: TransparentMeters
    _orders: Orders = field(default_factory=Orders)
    _server: asyncio.Server | None = None
    _tick: asyncio.TimerHandle | None = None
    _telling: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def introduce(self, book: AddressBook) -> None:
        """Take an address book; links of terminals no longer in it, or whose key has ended, are cut."""
        self.hub.sealed.refresh()
        for link in self.hub.roster.introduce(book.terminals):
            link.cut()
        for link in [link for link in self.hub.links if not self.hub.sealed.may_stand(link.end)]:
            link.cut()
        self.meters.introduce(book.terminals)

    async def carry_out(self, task: AnyTask) -> Answer:
        """Do one task and say how it went; an order that was begun is not begun again."""
        if isinstance(task, Order) and not self._orders.begin(task, now_ms=self.hub.now_ms):
            return Answer(task=task.id, result="denied", at=self.hub.now_ms, detail="this order was begun before")
        if self.meters.has(task.terminal):
            return await self.meters.carry_out(task)
        link = self.hub.roster.link_of(task.terminal)
        if link is None:
            return Answer(task=task.id, result="unreachable", at=self.hub.now_ms, detail="the terminal is not connected")
        return await carry_out(task, link=link, clock=self.hub.clock)

    def contacts(self, *, whole: bool = False) -> list[Contact]:
        """How terminals stand: what changed since the last call, or everybody."""
        changed = self.hub.notices.take_contacts()
        return self.hub.notices.all_contacts() if whole else changed

    async def close(self) -> None:
        """Stop: no new links, everything received settled, then the links go."""
        if self._tick is not None:
            self._tick.cancel()
        if self._server is not None:
            self._server.close()
        await self.hub.drain()
        for link in list(self.hub.links):
            link.cut()
        await self.meters.close()
        await self.hub.tell_refusals(is_closing=True)

    async def listen(self, host: str, port: int) -> None:
        """Begin to listen.

        Raises:
            Unavailable: The port is taken; says what to do.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Link(self.hub), host, port, backlog=BACKLOG)
        except OSError as cause:
            raise Unavailable(f"the front end cannot listen on {host}:{port}: {cause.strerror}; choose another port") from cause
        self._keep_house()

    def _keep_house(self) -> None:
        loop = asyncio.get_running_loop()
        for link in list(self.hub.links):
            self._keep(link, loop.time())
        self.meters.keep(now=loop.time())
        if self._telling is None or self._telling.done():
            self._telling = loop.create_task(self.hub.tell_refusals())
        self._tick = loop.call_later(TICK_S, self._keep_house)

    def _keep(self, link: Link, now: float) -> None:
        """Cut a link that is silent, nobody's, or replaced; free the buffer of one that stalls."""
        limits = self.hub.limits
        terminal = self.hub.roster.terminals.get(link.terminal)
        patience_s = PERIODS * terminal.heartbeat_s if terminal else limits.login_s
        is_replaced = link.is_fenced and now - link.fenced_at > limits.fenced_s
        if now - link.heard_at > patience_s or is_replaced or (not link.terminal and now - link.opened_at > limits.login_s):
            self.hub.counts["links_idle"] += 1
            link.cut()
        elif link.pending and now - link.touched_at > limits.stall_s:
            self.hub.counts["frames_stalled"] += 1
            link.skip_start(now=now)
            self.hub.received(link, link.pending)


async def serve(
    *,
    host: str,
    port: int,
    clock: Clock,
    log: Log,
    event_log: Log,
    limits: Limits | None = None,
    sealing: Sealing | None = None,
    untold: Untold | None = None,
) -> FrontEndServer:
    """Start a front end; it knows nobody until it is introduced.

    Args:
        sealing: Keys of terminals and randomness; without them no sealed link is greeted.
        untold: Where what was refused outlives the process until it is told.

    Raises:
        Unavailable: The port is taken.
    """
    hub = Hub(clock=clock, log=log, event_log=event_log, limits=limits, sealing=sealing, untold=untold)
    server = FrontEndServer(hub, TransparentMeters(clock=clock, log=log, notices=hub.notices, sealed=hub.sealed))
    await server.listen(host, port)
    return server
