"""What attends a node that hears gateways: the links it needs, opened once, and the loops that run beside its relay."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from nats.aio.client import Client

from metropool.exchange.connection import connect
from metropool.plan.gateways import Gateways, door_of, speaker_of
from metropool.runtime.broker import seed_of
from metropool.runtime.broker_place import broker_tls, noted_by
from metropool.runtime.gateways import telling
from metropool.runtime.gateways.door import Door
from metropool.runtime.gateways.hearing import Hearing
from metropool.runtime.gateways.link import GatewayLink
from metropool.runtime.lasting import lasting
from metropool.runtime.node import Node
from metropool.runtime.settings import Settings

Attendance = tuple[str, Coroutine[Any, Any, None]]
ORDERS, USAGE = "SetPoints", "HouseholdUsageTold"


@dataclass(frozen=True)
class GatewayDesk:
    """The links of one node: its own among gateways, and the door's where the node vouches for them."""

    node: Node
    gateways: Gateways
    link: GatewayLink
    door: Client | None
    settings: Settings

    async def open_door(self) -> None:
        """Let gateways in from now on, where that is ours to say."""
        if self.door is not None:
            await Door(self.node).open(self.door)

    def attend(self) -> Iterator[Attendance]:
        """The loops, by name; each runs for ever."""
        yield "gateways", Hearing(self.node, self.link, kinds=self.gateways.kinds).run()
        for name, loop in self._telling():
            yield name, lasting(loop, system=self.node.system, name=name)

    def _telling(self) -> Iterator[tuple[str, Callable[[], Coroutine[Any, Any, None]]]]:
        if self.door is not None:
            yield "put out", partial(telling.put_out, self.node, self.link)
        for message in self.gateways.said.get(self.node.system, ()):
            kind = self.gateways.kinds[message]
            if kind == ORDERS and "places" in self.node.hosts:
                yield "orders", partial(telling.carry_orders, self.node, self.link, message=message)
            if kind == USAGE:
                yield "usage", partial(telling.carry_usage, self.node, self.link, message=message)


@asynccontextmanager
async def gateway_desk(
    node: Node, *, url: str, settings: Settings, gateways: Gateways | None
) -> AsyncIterator[GatewayDesk | None]:
    """The links of a node to the gateways of the plan; None where it neither hears nor tells any."""
    if gateways is None or node.system not in gateways.speakers:
        yield None
        return
    names = [speaker_of(node.system), *([door_of(node.system)] if node.system in gateways.hosts else [])]
    clients: list[Client] = []
    try:
        for name in names:
            seed = seed_of(settings.home, account=node.system, user=name)
            clients.append(await connect(url, user=name, seed=seed, where=noted_by(settings), tls=broker_tls(settings)))
        link = GatewayLink(clients[0], gateways=gateways, system=node.system)
        desk = GatewayDesk(node, gateways, link, clients[1] if len(clients) > 1 else None, settings)
        await desk.open_door()
        yield desk
    finally:
        for client in clients:
            await client.close()
