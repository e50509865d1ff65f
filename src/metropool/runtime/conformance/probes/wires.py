"""Doors that no plan opens: websocket and MQTT at the broker's address. What answers there is the broker's own protocol alone."""

import asyncio
import ssl
from itertools import product
from urllib.parse import urlsplit

from metropool.runtime.conformance.probes.count import Probed
from metropool.runtime.conformance.town.brokers import Brokers

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: broker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MQTT_CONNECT = bytes.fromhex("101300044d51545404c2003c0003") + b"one" + bytes.fromhex("0000")
SWITCHED, CONNECTED = b" 101 ", b"\x20\x02"
WAIT_S = 2.0


async def probe_wires(brokers: Brokers, probed: Probed) -> None:
    """Speak websocket and MQTT to the port of each server."""
    tried = (("websocket", UPGRADE, SWITCHED), ("mqtt", MQTT_CONNECT, CONNECTED))
    for url, (name, said, welcome) in product(brokers.urls, tried):
        greeting, answer = await _speak(url, said, brokers.tls)
        probed.refusals(name, [name], [name] if welcome in answer else [], who="anyone")
        probed.control(name, "the broker's own greeting", passed=greeting.startswith(b"INFO "))


async def _speak(url: str, said: bytes, tls: ssl.SSLContext | None) -> tuple[bytes, bytes]:
    """What the broker says first, and what it answers."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port, ssl=tls)
    try:
        greeting = await asyncio.wait_for(reader.readline(), WAIT_S)
        writer.write(said)
        answer = b""
        try:
            async with asyncio.timeout(WAIT_S):
                while chunk := await reader.read(4096):
                    answer += chunk
        except (TimeoutError, OSError):
            pass
        return greeting, answer
    finally:
        writer.transport.abort()
