"""The door for gateways (MQTT), with a real gateway's credential and with others': whose name, whose topics."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from metropool.runtime.broker import GATEWAYS_NOTE
from metropool.runtime.conformance.probes.count import Probed
from metropool.runtime.conformance.town.town import GATEWAY, Town
from metropool.runtime.demo.gateways import CREDENTIAL, NOTE

CONNECT, CONNACK, SUBSCRIBE, SUBACK = 0x10, 0x20, 0x82, 0x90
LEVEL, CLEAN_WITH_LOGIN, ALIVE_S = 4, 0xC2, 30
FAILED = 0x80
WAIT_S = 10.0


@dataclass
class Line:
    """One MQTT 3.1.1 connection, as far as probing needs it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def comes_in(self, *, client: str, name: str, secret: str) -> bool:
        """Whether the door lets this name in with this secret."""
        head = _text("MQTT") + bytes((LEVEL, CLEAN_WITH_LOGIN)) + ALIVE_S.to_bytes(2, "big")
        answer = await self._ask(CONNECT, head + _text(client) + _text(name) + _text(secret))
        return len(answer) == 4 and answer[0] == CONNACK and answer[3] == 0

    async def may_hear(self, topic: str) -> bool:
        """Whether a subscription is granted."""
        answer = await self._ask(SUBSCRIBE, b"\x00\x01" + _text(topic) + b"\x00")
        return len(answer) == 5 and answer[0] == SUBACK and answer[4] < FAILED

    async def _ask(self, kind: int, body: bytes) -> bytes:
        """The broker's answer: one packet of less than 128 bytes; nothing where it hangs up."""
        self.writer.write(bytes((kind, *_length(len(body)))) + body)
        with suppress(TimeoutError, OSError, asyncio.IncompleteReadError):
            async with asyncio.timeout(WAIT_S):
                head = await self.reader.readexactly(2)
                return head + await self.reader.readexactly(head[1])
        return b""


async def probe_gateways(town: Town, probed: Probed) -> None:
    """Come in as whom one is not, and listen to what is another's."""
    if town.compiled.broker.gateways is None:
        return
    await town.processes.end(GATEWAY)  # who comes in under its name would put it out, and it us
    name = json.loads((town.home / NOTE).read_text(encoding="utf-8"))["name"]
    secret = (town.home / CREDENTIAL).read_text(encoding="ascii").strip()
    others = [row["id"] for row in town.city.rows["places"] if row["kind"] == "home" and row["id"] != name]
    strangers = {(name, "wrong"), (name, ""), ("", ""), ("home-nobody", secret), *((other, secret) for other in others)}
    leaked = [who for who, word in sorted(strangers) if await _lets_in(town, who, word)]
    leaked += ["other client id"] if await _lets_in(town, name, secret, client="probe") else []
    probed.refusals("mqtt log in", [*strangers, "other client id"], leaked, who="gateway")
    probed.control("mqtt log in", name, passed=await _lets_in(town, name, secret))
    heard = [topic for topic in _foreign(name, others) if await _hears(town, name, secret, topic)]
    probed.refusals("mqtt subscribe", list(_foreign(name, others)), heard, who=name)
    probed.control("mqtt subscribe", name, passed=await _hears(town, name, secret, f"home/{name}/down/#"))


def _foreign(name: str, others: list[str]) -> Iterator[str]:
    yield from ("#", "+/#", "home/#", "home/+/down/#", "$SYS/#", "reply/#", f"home/{name}/up/#")
    yield from (f"home/{other}/{way}/#" for other in others for way in ("up", "down"))


async def _lets_in(town: Town, name: str, secret: str, *, client: str = "") -> bool:
    line = await _open(town)
    try:
        return await line.comes_in(client=client or name, name=name, secret=secret)
    finally:
        line.writer.transport.abort()


async def _hears(town: Town, name: str, secret: str, topic: str) -> bool:
    """Each on a connection of its own: a refusal may end it."""
    line = await _open(town)
    try:
        return await line.comes_in(client=name, name=name, secret=secret) and await line.may_hear(topic)
    finally:
        line.writer.transport.abort()


async def _open(town: Town) -> Line:
    host, port = _where(town.home / "broker" / GATEWAYS_NOTE)
    return Line(*await asyncio.open_connection(host, port))


def _where(note: Path) -> tuple[str, int]:
    host, _, port = note.read_text(encoding="ascii").strip().rpartition(":")
    return host, int(port)


def _text(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def _length(size: int) -> bytes:
    return bytes((size,)) if size < 128 else bytes((size % 128 | 128, size // 128))
