"""The connection of a terminal to its head-end: bytes as they are, or sealed with the terminal's own key."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cityinabox.codec.bcd import BadFrame
from cityinabox.codec.sealed import AES, HEAD, Cutter, LinkKey, Refused, Session, hello
from cityinabox.journal import Record

ANSWER_S = 10.0
REFUSALS_MAX = 1000
"""Refusals of one connection that are put on record; more are refused silently."""


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
    """Sealed with a session that was agreed when the connection began; ``shows`` is the terminal's own clock [Unix s]."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        session: Session,
        *,
        who: str,
        record: Record,
        shows: Callable[[], float],
        rest: list[bytes],
        cutter: Cutter,
    ) -> None:
        self._reader, self._writer, self._session = reader, writer, session
        self._who, self._record, self._shows = who, record, shows
        self._waiting, self._cutter, self._refused = rest, cutter, 0

    async def read(self) -> bytes:
        while True:
            content = b"".join(map(self._opened, self._waiting))
            self._waiting = []
            if content:
                return content
            chunk = await self._reader.read(4096)
            if not chunk:
                return b""
            self._waiting = _cut(self._cutter, chunk)

    def write(self, content: bytes) -> None:
        self._writer.write(self._session.seal(content))

    def break_off(self, content: bytes) -> None:
        self._writer.write(self._session.seal(content)[: HEAD + 9])

    def _opened(self, record: bytes) -> bytes:
        try:
            return self._session.open(record, self._shows())
        except Refused as refused:
            self._refused += 1
            if self._refused <= REFUSALS_MAX:
                self._record.refuse(self._who, refused.reason, refused.counter)
            return b""


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
    who: str,
    record: Record,
    shows: Callable[[], float],
    suite: int = AES,
) -> SealedWire:
    """Greet the head-end and wait for its answer.

    Raises:
        ConnectionError: It did not answer, or does not have the key.
    """
    said, cutter = hello(key, os.urandom(32), suite), Cutter()
    writer.write(said)
    heard: list[bytes] = []
    try:
        async with asyncio.timeout(ANSWER_S):
            while not heard:
                chunk = await reader.read(4096)
                if not chunk:
                    raise ConnectionError("the head-end did not answer the hello")
                heard = _cut(cutter, chunk)
        session = Session(key, said, heard[0])
    except TimeoutError as late:
        raise ConnectionError("the head-end did not answer the hello in time") from late
    except BadFrame as wrong:
        record.refuse(who, "bad_answer", 0)
        raise ConnectionError(str(wrong)) from wrong
    return SealedWire(reader, writer, session, who=who, record=record, shows=shows, rest=heard[1:], cutter=cutter)


def _cut(cutter: Cutter, chunk: bytes) -> list[bytes]:
    try:
        return cutter.feed(chunk)
    except BadFrame as wrong:
        raise ConnectionError(str(wrong)) from wrong


def _key(row: dict[str, str | int]) -> LinkKey:
    return LinkKey(bytes.fromhex(str(row["name"])), int(row["number"]), bytes.fromhex(str(row["key"])))
