"""The TCP connections to plain meters: which stand, and dialling those that do not, a few at a time."""

import asyncio
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from metropool.capabilities.metering.frontend.notices import Notices
from metropool.capabilities.metering.frontend.tasks import Terminal
from metropool.core.clock import Clock

DIAL_S, REDIAL_S = 5.0, 20.0
DIALS_MAX, LINES_MAX = 64, 10_000
BUFFER_MAX = 1024


@dataclass
class Line:
    """The connection to one meter; used by one task at a time."""

    terminal: Terminal
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None
    dial_at: float = 0.0

    @property
    def is_up(self) -> bool:
        """The connection stands, as far as this side knows."""
        is_open = self.writer is not None and not self.writer.is_closing()
        return is_open and self.reader is not None and not self.reader.at_eof()


class Lines:
    """All lines of a front end.

    Args:
        clock: Business time.
        notices: Told which meters are connected, and when one was last heard.
    """

    def __init__(self, *, clock: Clock, notices: Notices) -> None:
        self._clock, self._notices = clock, notices
        self._lines: dict[int, Line] = {}
        self._dialling: set[asyncio.Task[None]] = set()

    def __contains__(self, address: int) -> bool:
        return address in self._lines

    def __getitem__(self, address: int) -> Line:
        return self._lines[address]

    def introduce(self, terminals: Iterable[Terminal]) -> None:
        """Take the plain meters of an address book; lines to meters that changed or went are closed."""
        told = {terminal.address: terminal for terminal in terminals if terminal.kind == "transparent"}
        for address, line in list(self._lines.items()):
            if told.get(address) != line.terminal:
                self.hang_up(self._lines.pop(address))
        for address, terminal in list(told.items())[:LINES_MAX]:
            self._lines.setdefault(address, Line(terminal))

    def keep(self, *, now: float) -> None:
        """Dial the meters that are not connected; each again after ``REDIAL_S``.

        Args:
            now: Machine time [s].
        """
        due = (line for line in self._lines.values() if line.dial_at <= now and not (line.is_up or line.lock.locked()))
        for _, line in zip(range(DIALS_MAX - len(self._dialling)), due, strict=False):
            line.dial_at = now + REDIAL_S
            dialling = asyncio.get_running_loop().create_task(self._dial_again(line))
            self._dialling.add(dialling)
            dialling.add_done_callback(self._dialling.discard)

    async def dial(self, line: Line) -> None:
        """Connect a meter that is not connected; for the holder of the line's lock.

        Raises:
            OSError, TimeoutError: It cannot be reached.
        """
        if line.is_up:
            return
        self.hang_up(line)
        terminal = line.terminal
        async with asyncio.timeout(DIAL_S):
            line.reader, line.writer = await asyncio.open_connection(terminal.host, terminal.port, limit=BUFFER_MAX)
        line.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._notices.contact(terminal.address, "online", self._now_ms(), detail=f"{terminal.host}:{terminal.port}")

    def heard(self, line: Line) -> None:
        """The meter answered."""
        self._notices.heard(line.terminal.address, self._now_ms())

    def hang_up(self, line: Line) -> None:
        """Close the connection, if there is one."""
        if line.writer is None:
            return
        line.writer.transport.abort()
        line.reader = line.writer = None
        self._notices.gone(line.terminal.address, self._now_ms())

    async def close(self) -> None:
        """Hang up everywhere."""
        for dialling in list(self._dialling):
            dialling.cancel()
        await asyncio.gather(*self._dialling, return_exceptions=True)
        for line in self._lines.values():
            self.hang_up(line)

    async def _dial_again(self, line: Line) -> None:
        async with line.lock:
            with suppress(OSError, TimeoutError):
                await self.dial(line)

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)
