"""As much of MQTT 3.1.1 as a gateway needs: connect with name and password, publish with QoS 1, subscribe with QoS 0.

Source: OASIS MQTT Version 3.1.1, sections 2.2 (fixed header), 3.1-3.4, 3.8, 3.9, 3.12, 3.14.
"""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Callable

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 14
REFUSED = {1: "protocol", 2: "client id", 3: "server unavailable", 4: "name or password", 5: "not authorized"}
LARGEST = 1 << 20


class NotLetIn(ConnectionError):
    """The broker does not let us in."""


class Mqtt:
    """One connection; made by ``connect``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: Callable[[str, bytes], None]) -> None:
        self._reader, self._writer, self._heard = reader, writer, heard
        self._number = 0
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        *,
        name: str,
        password: str,
        heard: Callable[[str, bytes], None],
        keep_alive_s: int = 60,
        tls: ssl.SSLContext | None = None,
    ) -> "Mqtt":
        """Come in by name and password, with a clean session.

        Args:
            heard: Called with topic and payload of each message.
            tls: Whose word for the broker is taken; without it nothing is sealed.

        Raises:
            NotLetIn: Refused.
            OSError: Nobody is there.
        """
        reader, writer = await asyncio.open_connection(host, port, ssl=tls)
        connection = cls(reader, writer, heard)
        flags = 0b1100_0010  # user name, password, clean session
        head = _text("MQTT") + bytes((4, flags)) + struct.pack(">H", keep_alive_s)
        connection._write(CONNECT << 4, head + _text(name) + _text(name) + _text(password))
        try:
            kind, body = await connection._packet()
        except (EOFError, ConnectionError) as cause:
            raise NotLetIn("the broker closed the connection") from cause
        if kind >> 4 != CONNACK or len(body) != 2 or body[1]:
            writer.close()
            raise NotLetIn(REFUSED.get(body[1] if len(body) == 2 else 0, "no answer to CONNECT"))
        connection._reading = asyncio.create_task(connection._read())
        return connection

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1 and return when the broker has acknowledged it.

        Raises:
            ConnectionError: The link broke before; it may have it or not.
        """
        number, answer = self._expect()
        self._write(PUBLISH << 4 | 0b0010, _text(topic) + struct.pack(">H", number) + payload)
        await answer

    async def subscribe(self, topic: str) -> bool:
        """Subscribe with QoS 0; whether the broker lets us.

        Raises:
            ConnectionError: The link broke.
        """
        number, answer = self._expect()
        self._write(SUBSCRIBE << 4 | 0b0010, struct.pack(">H", number) + _text(topic) + b"\x00")
        return (await answer)[-1] != 0x80

    def ping(self) -> None:
        """Show that we are alive."""
        self._write(PINGREQ << 4, b"")

    async def ended(self) -> None:
        """Return when the link is broken or closed."""
        if self._reading is not None:
            await asyncio.wait([self._reading])

    async def close(self) -> None:
        """Leave."""
        with contextlib.suppress(ConnectionError):
            self._write(DISCONNECT << 4, b"")
        self._writer.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    def _expect(self) -> tuple[int, "asyncio.Future[bytes]"]:
        if self._reading is None or self._reading.done():
            raise ConnectionError("the link is broken")
        self._number = self._number % 0xFFFF + 1
        answer = self._waiting[self._number] = asyncio.get_running_loop().create_future()
        return self._number, answer

    def _write(self, first: int, body: bytes) -> None:
        if self._writer.is_closing():  # TLS raises something else there
            raise ConnectionError("the link is broken")
        self._writer.write(bytes((first,)) + _length(len(body)) + body)

    async def _packet(self) -> tuple[int, bytes]:
        (first,) = await self._reader.readexactly(1)
        size, shift = 0, 0
        while True:
            (digit,) = await self._reader.readexactly(1)
            size |= (digit & 0x7F) << shift
            shift += 7
            if digit < 0x80:
                break
            if shift > 21:
                raise ConnectionError("a length that cannot be")
        if size > LARGEST:
            raise ConnectionError(f"a packet of {size} bytes")
        return first, await self._reader.readexactly(size)

    async def _read(self) -> None:
        try:
            while True:
                self._take(*await self._packet())
        except (EOFError, OSError):
            return
        finally:
            self._writer.close()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("the link broke"))
            self._waiting.clear()

    def _take(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == PUBLISH:
            (size,) = struct.unpack_from(">H", body)
            self._heard(body[2 : 2 + size].decode(), body[2 + size :])
        elif kind in (PUBACK, SUBACK):
            answer = self._waiting.pop(struct.unpack_from(">H", body)[0], None)
            if answer is not None and not answer.done():
                answer.set_result(body)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def _length(size: int) -> bytes:
    digits = bytearray()
    while True:
        size, digit = divmod(size, 128)
        digits.append(digit | 0x80 if size else digit)
        if not size:
            return bytes(digits)
