"""A sealed line to a plain meter, as the stream of bytes the meter says; its modem greets us as soon as it is dialled."""

import asyncio

from metropool.capabilities.metering.frontend.sealed.ends import SealedEnd
from metropool.capabilities.metering.frontend.sealed.links import SealedLinks


class OpenedReader:
    """Reads what comes, opened; raises ``ConnectionError`` when nothing more is taken from this line.

    Args:
        reader: What comes as it travels.
        writer: Where the answer to the hello goes.
        sealed: The sealed links of the front end.
        peer: Whom it was dialled at.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, sealed: SealedLinks, peer: str) -> None:
        self.end: SealedEnd = sealed.end()
        self._reader, self._writer, self._sealed, self._peer = reader, writer, sealed, peer
        self._opened = b""

    async def greeted(self) -> int:
        """Wait for the modem's hello and answer it; the device number its key is of.

        Raises:
            ConnectionError: It was refused, or the line broke.
        """
        while not self.end.terminal:
            await self._hear(4096)
        return self.end.terminal

    async def read(self, limit: int) -> bytes:
        """Some bytes the meter said; none at the end of the line.

        Raises:
            ConnectionError: Nothing more is taken from this line.
        """
        while not self._opened:
            if not await self._hear(limit):
                return b""
        taken, self._opened = self._opened[:limit], self._opened[limit:]
        return taken

    def at_eof(self) -> bool:
        """The line has ended and everything was read."""
        return not self._opened and self._reader.at_eof()

    async def _hear(self, limit: int) -> bool:
        received = await self._reader.read(limit)
        heard = self.end.hear(received)
        self._writer.write(heard.answer)
        self._sealed.tell(heard.refusals, peer=self._peer)
        is_flood = self.end.refused_bytes > self._sealed.garbage
        if heard.is_over or is_flood or (not received and not self.end.terminal):
            raise ConnectionError("the sealed line was refused")
        self._opened += heard.content
        return bool(received)
