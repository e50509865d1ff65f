"""Relays between the nodes of a town in one process until nothing waits, as the running relays do."""

from collections.abc import Mapping
from typing import Any

from metropool.core.identifiers import SystemId
from metropool.exchange.memory import MemoryBroker
from metropool.runtime.node import Node


async def carry_all(nodes: Mapping[SystemId, Node] | Mapping[str, Any], broker: MemoryBroker) -> None:
    """Deliver everything that waits at any node, and what follows from it."""
    exchanges = {name: broker.exchange(name) for name in nodes}
    moved = True
    while moved:
        moved = False
        for name, node in nodes.items():
            for number, envelope in node.unsent(limit=100):
                await node.mark_sent([(number, await exchanges[name].deliver(envelope))])
                moved = True
            for delivery in await exchanges[name].fetch(limit=100, wait_s=0):
                await node.receive(delivery)
                moved = True
