"""What may leave a node: asked when something is told, and again by the relay before it is sent."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from metropool.exchange.capability import Release
from metropool.exchange.envelope import Envelope, open_envelope, with_less
from metropool.exchange.messages import Message
from metropool.exchange.outbox import Outbox
from metropool.plan.compiled import Route

if TYPE_CHECKING:
    from metropool.runtime.node import Node

Waiting = tuple[int, Envelope]


def may_leave(releases: Mapping[type[Message], Release], *, work: Any, message: Message, way: Route) -> Message | None:
    """What of a message may leave that way now; nothing where consent is needed and nobody looks after it."""
    release = releases.get(type(message))
    if release is None:
        return None if way.needs_consent else message
    return release.may_leave(work=work, message=message, way=way)


async def still_leaving(node: "Node", waiting: Sequence[Waiting]) -> list[Waiting]:
    """Of letters that wait, those that may still leave, as far as they may; the others are never sent."""
    guarded = {kind.__name__ for host in node.hosted.values() for kind in host.capability.releases}
    asked = [pair for pair in waiting if pair[1].kind in guarded]
    if not asked:
        return list(waiting)
    if await node.on_reader(partial(_all_may_leave, node, asked)):
        return list(waiting)
    held = await node.on_writer(partial(_hold_back, node, asked))
    found = [(number, held.get(number, envelope)) for number, envelope in waiting]
    return [(number, envelope) for number, envelope in found if envelope is not None]


_ALL: Any = object()
"""Stands for a message that may leave whole."""


def _all_may_leave(node: "Node", asked: Sequence[Waiting]) -> bool:
    with node.database.snapshot() as connection:
        return all(_left(node, connection, envelope) is _ALL for _, envelope in asked)


def _hold_back(node: "Node", asked: Sequence[Waiting]) -> dict[int, Envelope | None]:
    """Hold back what may not leave, with what follows from it; what is left of each such letter."""
    held: dict[int, Envelope | None] = {}
    with node.database.unit() as connection:
        sent = Outbox(connection)
        for number, envelope in asked:
            left = _left(node, connection, envelope)
            if left is _ALL:
                continue
            held[number] = less = None if left is None else with_less(envelope, left)
            if less is None:
                sent.withhold(number, now=node.clock.now())
            else:
                sent.lessen(number, less)
            for work, release, way in _guards(node, connection, envelope):
                release.withheld(work=work, message=left, way=way, key=envelope.id)
    return held


def _left(node: "Node", connection: Any, envelope: Envelope) -> Any:
    """What may leave of a letter by everyone here who looks after its class; ``_ALL`` when that is all of it."""
    message: Message | None = open_envelope(envelope)
    whole = message
    for work, release, way in _guards(node, connection, envelope):
        message = None if message is None else release.may_leave(work=work, message=message, way=way)
    return _ALL if message is whole else message


def _guards(node: "Node", connection: Any, envelope: Envelope) -> list[tuple[Any, Release, Route]]:
    """Capabilities here that look after a letter's class; none where the plan does not list its way any more: the broker refuses it."""
    routes = node.routes.get(envelope.kind, ())
    way = next((r for r in routes if (r.phrase, r.receiver) == (envelope.phrase, envelope.receiver)), None)
    if way is None:
        return []
    context = node.context(connection)
    return [
        (node.work(name, context), release, way)
        for name, host in node.hosted.items()
        for kind, release in host.capability.releases.items()
        if kind.__name__ == envelope.kind
    ]
