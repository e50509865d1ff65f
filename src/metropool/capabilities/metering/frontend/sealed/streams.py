"""A sealed line to a plain meter, as the stream of bytes the meter says; its modem greets us as soon as it is dialled."""

import asyncio

from metropool.capabilities.metering.frontend.sealed.ends import SealedEnd
from metropool.capabilities.metering.frontend.sealed.links import SealedLinks

CHUNK, HELD_MAX = 4096, 4096
"""Bytes read at once, and bytes the meter said that are held for who asks; what nobody asked for goes, the oldest first."""


class OpenedReader:
    """Reads what comes, opened, also while nobody asks the meter anything: its modem may have something to report.

    Args:
        reader: What comes as it travels.
        writer: Where the answer to the hello and confirmations of reports go.
        sealed: The sealed links of the front end.
        peer: Whom it was dialled at.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, sealed: SealedLinks, peer: str) -> None:
        self.end: SealedEnd = sealed.end()
        self._reader, self._writer, self._sealed, self._peer = reader, writer, sealed, peer
        self._opened, self._came = b"", asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._is_over, self._fault = False, ""

    async def greeted(self) -> int:
        """Wait for the modem's hello and answer it; from then on the line is listened to. The device number its key is of.

        Raises:
            ConnectionError: It was refused, or the line broke.
        """
        while not self.end.terminal:
            if not await self._hear():
                raise ConnectionError("the line ended before its modem said who it is")
        self._listening = asyncio.get_running_loop().create_task(self._listen())
        return self.end.terminal

    async def read(self, limit: int) -> bytes:
        """Some bytes the meter said; none at the end of the line.

        Raises:
            ConnectionError: Nothing more is taken from this line.
        """
        while not self._opened and not self._is_over:
            self._came.clear()
            await self._came.wait()
        if not self._opened and self._fault:
            raise ConnectionError(self._fault)
        taken, self._opened = self._opened[:limit], self._opened[limit:]
        return taken

    def at_eof(self) -> bool:
        """The line has ended and everything was read."""
        return not self._opened and self._is_over

    async def _listen(self) -> None:
        try:
            while await self._hear():
                self._came.set()
        except OSError as broken:
            self._fault = str(broken)
        finally:
            self._is_over = True
            self._came.set()

    async def _hear(self) -> bool:
        received = await self._reader.read(CHUNK)
        heard = self.end.hear(received)
        if not self._sealed.settle(heard, self.end, peer=self._peer, write=self._write):
            raise ConnectionError("the sealed line was refused")
        self._opened = (self._opened + heard.content)[-HELD_MAX:]
        return bool(received)

    def _write(self, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)
