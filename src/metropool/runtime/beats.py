"""Beats: a system tells those it says letters to, every second, that it is there; who says nothing back along the plan answers them.

Nothing keeps a beat; it goes along the ways of the plan alone, over every broker between, and its answer as a receipt does. In it is
how the system's own software is, if it has any, and, to whoever draws the whole plan (the host of ``sharing``), of whom it hears.
"""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from metropool.core.clock import monotonic_s
from metropool.plan.subjects import beat_of
from metropool.runtime.pause import pause
from metropool.runtime.presence import Beat

if TYPE_CHECKING:
    from metropool.runtime.node import Node

log = structlog.get_logger()
BEAT_S = 1.0
MOST_BYTES = 1 << 20
_decoder = msgspec.json.Decoder(Beat)


def write_beat(beat: Beat) -> bytes:
    """The bytes of a beat: none where there is nothing to tell."""
    return b"" if beat == Beat() else msgspec.json.encode(beat)


def read_beat(data: bytes) -> Beat:
    """What a beat tells; whoever sends bytes that nobody understands is there, and tells nothing."""
    if 0 < len(data) <= MOST_BYTES:
        with suppress(msgspec.DecodeError):
            return _decoder.decode(data)
    return Beat()


async def keep_in_touch(node: "Node", client: Client, *, overseers: frozenset[str]) -> None:
    """Tell and hear, for ever.

    Args:
        node: Who.
        client: Its connection.
        overseers: Systems that draw the whole plan.
    """
    me = str(node.system)
    told = {way.receiver for way in node.ways if way.sender == me}
    mute = told - {way.sender for way in node.ways if way.receiver == me}
    await client.subscribe(beat_of("*", me), cb=partial(_hear, node, client, overseers))
    await client.subscribe(_answer_of(me, "*"), cb=partial(_hear, node, None, overseers))
    while True:
        if not client.is_connected:
            node.neighbours.since_s = None
        elif node.neighbours.since_s is None:
            node.neighbours.since_s = monotonic_s()
        try:
            for receiver in sorted(told):
                reply = _answer_of(me, receiver) if receiver in mute else ""
                await client.publish(beat_of(me, receiver), _beat_for(node, receiver, overseers), reply=reply)
        except (NatsError, OSError) as reason:
            log.info("nobody was told that it is there", system=me, reason=str(reason) or type(reason).__name__)
        await pause(BEAT_S)


async def _hear(node: "Node", client: Client | None, overseers: frozenset[str], message: Msg) -> None:
    """Note a beat or an answer; that there is nobody to answer is none."""
    if message.headers and "Status" in message.headers:
        return
    name = message.subject.rpartition(".")[2]
    node.neighbours.hear(name, read_beat(message.data), at_s=monotonic_s())
    if client is not None and message.reply:
        with suppress(NatsError, OSError):
            await client.publish(message.reply, _beat_for(node, name, overseers))


def _beat_for(node: "Node", receiver: str, overseers: frozenset[str]) -> bytes:
    software = node.callers.software()
    is_overseer = receiver in overseers
    neighbours = node.neighbours.all_known(at_s=monotonic_s()) if is_overseer else {}
    neighbours.pop(receiver, None)
    return write_beat(Beat(software, neighbours))


def _answer_of(system: str, other: str) -> str:
    """Where a system hears the answers of another one that says no letters to it."""
    return f"reply.{system}.alive.{other}"
