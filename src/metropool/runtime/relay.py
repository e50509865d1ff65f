"""Moves envelopes between a node's books and the exchange: out of the outbox until receipted, in through the inbox once."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import structlog

from metropool.core.errors import Forbidden, Unavailable
from metropool.exchange.envelope import Envelope
from metropool.exchange.ports import Delivery, Exchange
from metropool.runtime.lasting import MISSING, lasting
from metropool.runtime.letters import shared_out
from metropool.runtime.pause import pause
from metropool.runtime.releasing import still_leaving

if TYPE_CHECKING:
    from metropool.runtime.node import Node

log = structlog.get_logger()
BATCH = 100
RETRY_S = 0.5
IDLE_S = 5.0


async def relay_out(node: "Node", exchange: Exchange) -> None:
    """Deliver what is not yet sent, for ever; a crash before the receipt is kept means one more delivery, ignored there.

    Each receiver has a lane of its own: one that takes nothing holds up nobody else.
    """
    lanes: dict[str, asyncio.Event] = {}
    async with asyncio.TaskGroup() as group:
        await lasting(partial(_wake_lanes, node, exchange, lanes, group), system=node.system, name="out")


async def _wake_lanes(node: "Node", exchange: Exchange, lanes: dict[str, asyncio.Event], group: asyncio.TaskGroup) -> None:
    while True:
        node.wake.clear()
        for receiver in await asyncio.to_thread(node.awaited_by):
            if receiver not in lanes:
                lanes[receiver] = asyncio.Event()
                lane, name = partial(_lane, node, exchange, receiver, lanes[receiver]), f"to {receiver}"
                group.create_task(lasting(lane, system=node.system, name=name), name=f"{node.system}: {name}")
            lanes[receiver].set()
        await pause(IDLE_S, unless=node.wake)


async def _lane(node: "Node", exchange: Exchange, receiver: str, wake: asyncio.Event) -> None:
    """Deliver to one receiver, for ever; while it takes nothing it is tried with one letter at a time."""
    limit = BATCH
    while True:
        wake.clear()
        waiting = await asyncio.to_thread(node.unsent, limit=limit, receiver=receiver)
        if not waiting:
            await wake.wait()
            continue
        leaving, reasons = await still_leaving(node, waiting), list[Unavailable | Forbidden]()
        receipts = [pair for pair in await asyncio.gather(*(_deliver(exchange, *pair, reasons) for pair in leaving)) if pair]
        if receipts:
            await node.mark_sent(receipts)
        # One that will never be listed must not stand before those that are.
        limit = 1 if reasons and not receipts and not any(isinstance(reason, Forbidden) for reason in reasons) else BATCH
        if reasons:
            log.warning("not delivered", receiver=receiver, letters=len(reasons), reason=str(reasons[0]))
            await pause(RETRY_S)


async def _deliver(
    exchange: Exchange, number: int, envelope: Envelope, reasons: list[Unavailable | Forbidden]
) -> tuple[int, int] | None:
    try:
        return number, await exchange.deliver(envelope)
    except (Unavailable, Forbidden) as reason:
        reasons.append(reason)
        return None


async def relay_in(node: "Node", exchange: Exchange) -> None:
    """Take in what arrives, for ever; small letters that came together share a commit.

    What cannot be taken in is parked inside ``receive``. What disk, memory or a dependency is missing for is tried again later, with
    nothing lost: the broker keeps what was not done. Nothing is fetched while something hosted here has no room for it.
    """
    await lasting(partial(_take_all_in, node, exchange), system=node.system, name="in")


async def _take_all_in(node: "Node", exchange: Exchange) -> None:
    while True:
        while not await node.has_room():
            await pause(IDLE_S)
        for group in shared_out(await exchange.fetch(limit=BATCH, wait_s=2.0)):
            await _take_in(node, group)


async def _take_in(node: "Node", group: Sequence[Delivery]) -> None:
    try:
        await node.receive_all(group)
    except Exception:  # whatever stopped one of them stops that one alone, below
        for delivery in group:
            await _take_in_alone(node, delivery)


async def _take_in_alone(node: "Node", delivery: Delivery) -> None:
    try:
        await node.receive(delivery)
    except MISSING as reason:
        log.warning("taken in later", phrase=delivery.phrase, reason=str(reason), attempt=delivery.attempt)
        await delivery.later(min(2.0 ** min(delivery.attempt, 6), 60.0))
    except Exception:  # it could not even be parked: a fault of ours, and no reason to take nothing else in
        log.exception("taken in later", phrase=delivery.phrase, sender=delivery.sender, attempt=delivery.attempt)
        await delivery.later(60.0)
