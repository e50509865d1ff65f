"""The connection of a terminal to its head-end: bytes as they are, or sealed with the terminal's own key."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cityinabox.codec.bcd import BadFrame
from cityinabox.codec.sealed import AES, HEAD, KIND, REPORT, Cutter, LinkKey, Refused, Session, hello
from cityinabox.refused import Refusals

ANSWER_S = 10.0


class Wire(Protocol):
    """What a terminal reads and writes."""

    async def read(self) -> bytes:
        """Some bytes the head-end said; none when the connection ended."""
        ...

    def write(self, content: bytes) -> None:
        """Say something."""
        ...

    def break_off(self, content: bytes) -> None:
        """Begin to say something, and stop in the middle of it."""
        ...


class PlainWire:
    """Bytes as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self) -> bytes:
        return await self._reader.read(4096)

    def write(self, content: bytes) -> None:
        self._writer.write(content)

    def break_off(self, content: bytes) -> None:
        self._writer.write(content[:9])


class SealedWire:
    """Sealed with a session that was agreed when the connection began; what is not taken is reported to the head-end.

    Args:
        link: What ``refusals`` gave for this connection; reports go to the newest one.
        shows: The terminal's own clock [Unix s].
        rest: Records that came with the answer.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        session: Session,
        *,
        refusals: Refusals,
        link: int,
        shows: Callable[[], float],
        rest: list[bytes],
        cutter: Cutter,
    ) -> None:
        self._reader, self._writer, self._session = reader, writer, session
        self._refusals, self._link, self._shows = refusals, link, shows
        self._waiting, self._cutter = rest, cutter
        self._later: asyncio.TimerHandle | None = None

    async def read(self) -> bytes:
        while True:
            content = b"".join(map(self._opened, self._waiting))
            self._waiting = []
            self._refusals.keep()
            self._report()
            if content:
                return content
            if self._cutter.is_over:
                raise _bad_header(self._refusals)
            chunk = await self._reader.read(4096)
            if not chunk:
                return b""
            self._waiting = self._cutter.feed(chunk)

    def write(self, content: bytes) -> None:
        self._writer.write(self._session.seal(content))

    def break_off(self, content: bytes) -> None:
        self._writer.write(self._session.seal(content)[: HEAD + 9])

    def _opened(self, record: bytes) -> bytes:
        try:
            content = self._session.open(record, self._shows())
        except Refused as refused:
            self._refusals.note(refused.reason, refused.counter)
            return b""
        if record[KIND] == REPORT:
            self._refusals.confirmed(content)
            return b""
        return content

    def _report(self) -> None:
        """Send the report that is due, and come back when the next one is."""
        if self._later is not None:
            self._later.cancel()
        loop = asyncio.get_running_loop()
        now_s, due_s = loop.time(), self._refusals.due_s()
        if due_s is None or self._link != self._refusals.link or self._writer.is_closing():
            return
        if due_s <= now_s:
            self._writer.write(self._session.seal(self._refusals.report(now_s), REPORT))
        self._later = loop.call_at(self._refusals.due_s() or now_s, self._report)


class Keys:
    """The keys that were put into the terminals, from the file the head-end's people handed over; read anew when it changed."""

    def __init__(self, path: Path) -> None:
        self._path, self._changed, self._rows = path, 0, dict[str, LinkKey]()

    def of(self, address: str) -> LinkKey:
        """The key of a terminal (``4401-00001``) or plain meter (twelve digits).

        Raises:
            OSError: There is none.
        """
        changed = self._path.stat().st_mtime_ns
        if changed != self._changed:
            rows = json.loads(self._path.read_text("utf-8"))
            self._rows = {row["address"]: _key(row) for row in rows}
            self._changed = changed
        if address not in self._rows:
            raise OSError(f"{self._path} has no key for {address}")
        return self._rows[address]


async def agree(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    key: LinkKey,
    *,
    refusals: Refusals,
    shows: Callable[[], float],
    suite: int = AES,
) -> SealedWire:
    """Greet the head-end and wait for its answer.

    Args:
        refusals: The terminal's own, the same for all its connections.
        shows: Its clock [Unix s].

    Raises:
        ConnectionError: It did not answer, or does not have the key.
    """
    said, cutter, link = hello(key, os.urandom(32), suite), Cutter(suite), refusals.begin()
    writer.write(said)
    heard: list[bytes] = []
    try:
        async with asyncio.timeout(ANSWER_S):
            while not heard:
                chunk = await reader.read(4096)
                if not chunk:
                    raise ConnectionError("the head-end did not answer the hello")
                heard = cutter.feed(chunk)
                if cutter.is_over and not heard:
                    raise _bad_header(refusals)
        session = Session(key, said, heard[0])
    except TimeoutError as late:
        raise ConnectionError("the head-end did not answer the hello in time") from late
    except BadFrame as wrong:
        refusals.note("bad_answer")
        refusals.keep()
        raise ConnectionError(str(wrong)) from wrong
    return SealedWire(reader, writer, session, refusals=refusals, link=link, shows=shows, rest=heard[1:], cutter=cutter)


def _bad_header(refusals: Refusals) -> ConnectionError:
    refusals.note("bad_header")
    refusals.keep()
    return ConnectionError("no header of a sealed link")


def _key(row: dict[str, str | int]) -> LinkKey:
    return LinkKey(bytes.fromhex(str(row["name"])), int(row["number"]), bytes.fromhex(str(row["key"])))
