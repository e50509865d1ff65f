"""One MQTT 3.1.1 connection, as far as probing needs it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PING, PONG = 0x10, 0x20, 0x32, 0x40, 0x82, 0x90, 0xC0, 0xD0
LEVEL, CLEAN_WITH_LOGIN, ALIVE_S = 4, 0xC2, 30
FAILED = 0x80
WAIT_S = 10.0
ENDED = (0, b"")


@dataclass
class Line:
    """A connection to the broker's door for gateways.

    Attributes:
        heard: What was published to us since we came: topic and payload, as one.
        is_open: Nobody has ended it so far.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: list[bytes] = field(default_factory=list)
    is_open: bool = True

    async def comes_in(self, *, client: str, name: str, secret: str) -> bool:
        """Whether the door lets this name in with this secret."""
        head = _text("MQTT") + bytes((LEVEL, CLEAN_WITH_LOGIN)) + ALIVE_S.to_bytes(2, "big")
        answer = await self._ask(CONNECT, head + _text(client) + _text(name) + _text(secret), CONNACK)
        return len(answer) == 2 and answer[1] == 0

    async def may_hear(self, topic: str) -> bool:
        """Whether a subscription is granted."""
        answer = await self._ask(SUBSCRIBE, b"\x00\x01" + _text(topic) + b"\x00", SUBACK)
        return len(answer) == 3 and answer[2] < FAILED

    async def publish(self, topic: str, payload: bytes) -> bool:
        """Publish with QoS 1; whether it was acknowledged. What one may not say is acknowledged too, and thrown away."""
        return bool(await self._ask(PUBLISH, _text(topic) + b"\x00\x02" + payload, PUBACK))

    async def settle(self) -> None:
        """Return when all that was published to us before is in ``heard``."""
        await self._ask(PING, b"", PONG)

    async def _ask(self, kind: int, body: bytes, awaited: int) -> bytes:
        """What the broker answers, without its head; nothing where it hangs up."""
        self.writer.write(bytes((kind, *_length(len(body)))) + body)
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                while self.is_open:
                    got, answer = await self._packet()
                    if got == awaited:
                        return answer
        return b""

    async def _packet(self) -> tuple[int, bytes]:
        try:
            (kind,) = await self.reader.readexactly(1)
            size = shift = 0
            while True:
                (digit,) = await self.reader.readexactly(1)
                size, shift = size | (digit & 0x7F) << shift, shift + 7
                if digit < FAILED:
                    break
            body = await self.reader.readexactly(size)
        except (OSError, asyncio.IncompleteReadError):
            self.is_open = False
            return ENDED
        if kind & 0xF0 == PUBLISH & 0xF0:
            self.heard.append(body)
        return kind, body


@asynccontextmanager
async def a_line(door: str, tls: ssl.SSLContext | None) -> AsyncIterator[Line]:
    """A connection to where gateways come in (``host:port``)."""
    host, _, port = door.rpartition(":")
    line = Line(*await asyncio.open_connection(host, int(port), ssl=tls))
    try:
        yield line
    finally:
        line.writer.transport.abort()


def _text(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def _length(size: int) -> bytes:
    return bytes((size,)) if size < 128 else bytes((size % 128 | 128, size // 128))
