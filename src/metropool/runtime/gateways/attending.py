"""What attends a node that hears gateways: the links it needs, opened once, and the loops that run beside its relay."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from nats.aio.client import Client

from metropool.exchange.connection import connect
from metropool.plan.gateway_users import door_of, speaker_of
from metropool.plan.gateways import Gateways
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
    """The links of one node: its own among gateways, by what there is one of them for, and its door where it vouches for some."""

    node: Node
    links: dict[str, GatewayLink]
    door: Door | None

    def attend(self) -> Iterator[Attendance]:
        """The loops, by name; each runs for ever."""
        for link in self.links.values():
            yield link.account, self._hearing(link).run()
        for name, loop in self._telling():
            yield name, lasting(loop, system=self.node.system, name=name)

    def _hearing(self, link: GatewayLink) -> Hearing:
        gateways = link.gateways
        return Hearing(self.node, link, kinds=gateways.kinds, per=gateways.per if self.node.system in gateways.hosts else "")

    def _telling(self) -> Iterator[tuple[str, Callable[[], Coroutine[Any, Any, None]]]]:
        if self.door is not None:
            yield "put out", partial(telling.put_out, self.node, self.door)
        for link in self.links.values():
            for message in link.gateways.said.get(self.node.system, ()):
                kind = link.gateways.kinds[message]
                if kind == ORDERS and "places" in self.node.hosts:
                    yield "orders", partial(telling.carry_orders, self.node, link, message=message)
                if kind == USAGE:
                    yield "usage", partial(telling.carry_usage, self.node, link, message=message)


@asynccontextmanager
async def gateway_desk(
    node: Node, *, url: str, settings: Settings, gateways: Sequence[Gateways]
) -> AsyncIterator[GatewayDesk | None]:
    """The links of a node to the gateways of the plan; None where it neither hears nor tells any."""
    spoken_with = [kind for kind in gateways if node.system in kind.speakers]
    if not spoken_with:
        yield None
        return
    async with AsyncExitStack() as stack:

        async def log_in(name: str) -> Client:
            seed = seed_of(settings.home, account=node.system, user=name)
            client = await connect(url, user=name, seed=seed, where=noted_by(settings), tls=broker_tls(settings))
            stack.push_async_callback(client.close)
            return client

        links = {
            kind.per: GatewayLink(await log_in(speaker_of(kind, node.system)), gateways=kind, system=node.system)
            for kind in spoken_with
        }
        door: Door | None = None
        if any(node.system in kind.hosts for kind in spoken_with):
            door = Door(node, await log_in(door_of(node.system)), gateways=gateways)
            await door.open()
        yield GatewayDesk(node, links, door)
