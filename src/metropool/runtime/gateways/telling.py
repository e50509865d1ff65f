"""What gateways are told: orders, at most once; household meter data, until they say that they have it. Both leave evidence."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

import structlog

from metropool.capabilities.places import operations as places
from metropool.core.errors import Conflict, Unavailable
from metropool.exchange.gateways import write_order
from metropool.exchange.messages import SetPoints
from metropool.runtime.gateways.attesting import told_to_home
from metropool.runtime.gateways.door import Door
from metropool.runtime.gateways.link import GatewayLink
from metropool.runtime.node import Node
from metropool.runtime.pause import pause

log = structlog.get_logger()
LOOK_S = 0.2
RETRY_S = 1.0
ONCE_MORE_S = 6.0
"""After this nobody is being let in any more by what held before: longer than the porter waits for a door (3 s) and the broker for the
porter (5 s) [s of the machine]."""


async def carry_orders(node: Node, link: GatewayLink, *, message: str) -> None:
    """Send what was ordered of points, for ever."""
    async with asyncio.TaskGroup() as group:
        for command in await node.read("places", lambda work: work.commands.in_state("sent")):
            if command.kind in places.KINDS:
                group.create_task(_lose_later(node, command.id))
        while True:
            for command in await node.read("places", _due):
                await _send(node, link, group, command.id, message)
            await pause(LOOK_S)


def _due(work: Any) -> list[Any]:
    return [one for one in work.commands.in_state("approved") if one.kind in places.KINDS]


async def _send(node: Node, link: GatewayLink, group: asyncio.TaskGroup, command: str, message: str) -> None:
    try:
        await node.write("places", lambda work: places.due_orders(work=work))
        place, data = await node.write("places", partial(_sent, command, message, link.account))
    except Conflict:
        return
    group.create_task(_lose_later(node, command))
    with suppress(Unavailable):
        is_there = await link.tell(place, message, data)
        if not is_there:
            await node.write("places", lambda work: places.not_there(work=work, id=command))


def _sent(command: str, message: str, gateways: str, work: Any) -> tuple[str, bytes]:
    """Mark an order as sent, with its evidence, and give its place and its bytes: only now may they leave, and only once."""
    order = places.send(work=work, id=command)
    data = write_order(order)
    told = told_to_home(SetPoints, phrase=message, key=order.request, gateways=gateways, data=data, outcome="told")
    work.attest(told)
    return order.place, data


async def _lose_later(node: Node, command: str) -> None:
    await pause(places.ANSWER_WITHIN.total_seconds())
    await node.write("places", lambda work: places.lose(work=work, id=command))


async def carry_usage(node: Node, link: GatewayLink, *, message: str) -> None:
    """Say household meter data to the gateways of the homes it is about, for ever; again when a gateway comes anew without it."""
    while True:
        rows = await node.read("points", lambda work: work.usage_desk.unsaid())
        for row in rows:
            await link.say(row.place, message, row.told)
        if rows:
            await node.write("points", partial(_said, rows))
        else:
            await pause(RETRY_S)


def _said(rows: Any, work: Any) -> None:
    work.usage_desk.said(rows, at=int(work.now.timestamp()))


async def put_out(node: Node, door: Door) -> None:
    """End connections of gateways whose credential was replaced or taken back, for ever; again until it is done, and once more when
    whoever was just being let in by it is in."""
    clock, once_more = asyncio.get_running_loop().time, dict[tuple[str, str, int], float]()
    while True:
        undropped = await node.read("admission", lambda work: work.admission_book.undropped())
        once_more = {of: when for of, when in once_more.items() if of in {(one.per, one.name, one.issued) for one in undropped}}
        for gateway in undropped:
            of = gateway.per, gateway.name, gateway.issued
            if once_more.get(of, 0.0) > clock():
                continue
            try:
                dropped = await door.drop(gateway.per, gateway.name)
            except Unavailable as reason:
                log.warning("put out later", gateway=gateway.name, reason=str(reason))
                continue
            log.info("put out", gateway=gateway.name, connections=dropped)
            if of in once_more or gateway.issued == 1:  # before the first there was none
                await node.write("admission", partial(_dropped, *of))
            else:
                once_more[of] = clock() + ONCE_MORE_S
        await pause(LOOK_S)


def _dropped(per: str, name: str, issued: int, work: Any) -> None:
    work.admission_book.dropped(per, name, issued)
