"""What runs beside a node's relay and workers, for capabilities that touch devices or providers between units."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog
from nats.aio.client import Client

from metropool.capabilities.metering.loops import compile_loops
from metropool.capabilities.settlement.clearing import speak_to_channels
from metropool.core.errors import Unavailable
from metropool.runtime.beats import keep_in_touch
from metropool.runtime.channels import ChannelPlaces, open_channels
from metropool.runtime.lasting import lasting
from metropool.runtime.log_check import check_log
from metropool.runtime.metering import answer_front_end, attendants_of, log_of
from metropool.runtime.node import Node
from metropool.runtime.pause import pause
from metropool.runtime.settings import Settings

log = structlog.get_logger()
T = TypeVar("T")
Attendance = tuple[str, Coroutine[Any, Any, None]]
CHANNELS_S = 1.0
LOG_S = 0.5


async def check(node: Node, *, client: Client) -> None:
    """Look whether what attends a node can work on from where it stood, and make it ready; wait for a broker that is just starting.

    Raises:
        Conflict: It cannot; says what is missing.
    """
    is_checked = "metering" not in node.hosts
    if not is_checked:
        await asyncio.to_thread(compile_loops)
    while not is_checked:
        try:
            await check_log(node, log_of(node, client))
            is_checked = True
        except Unavailable as reason:
            log.warning("looked at later", system=node.system, reason=str(reason))
            await pause(LOG_S)


def of(node: Node, *, client: Client, settings: Settings, overseers: Iterable[str]) -> Iterator[Attendance]:
    """What attends a node, by name; each runs for ever. ``overseers`` are told of whom it hears."""
    yield _lasting(node, "presence", partial(keep_in_touch, node, client, overseers=frozenset(overseers)))
    for name, loop in _loops(node, client, settings):
        yield _lasting(node, name, loop)


def _lasting(node: Node, name: str, loop: Callable[[], Coroutine[Any, Any, None]]) -> Attendance:
    return name, lasting(loop, system=node.system, name=name)


def _loops(node: Node, client: Client, settings: Settings) -> Iterator[tuple[str, Callable[[], Coroutine[Any, Any, None]]]]:
    if "metering" in node.hosts:
        loops = attendants_of(node, client)
        yield "log", lambda: loops.take_log_in(log_of(node, client))
        yield "collection", loops.collect
        yield "clocks", loops.look_after_clocks
        yield "commands", loops.command
        yield "front end", partial(answer_front_end, node, client)
    if "settlement" in node.hosts:
        yield "payment channels", partial(_attend_channels, node, settings)


@dataclass(frozen=True)
class SettlementRunner:
    """Units of work of settlement on one node."""

    node: Node

    async def read(self, query: Callable[[Any], T]) -> T:
        """Run a query."""
        return await self.node.read("settlement", query)

    async def write(self, operation: Callable[[Any], T]) -> T:
        """Run an operation as one unit."""
        return await self.node.write("settlement", operation)


async def _attend_channels(node: Node, settings: Settings) -> None:
    channels = open_channels(settings, node.system)
    places = ChannelPlaces(settings=settings, system=node.system)
    runner = SettlementRunner(node)
    while True:
        await speak_to_channels(runner=runner, channels=channels, places=places)
        await pause(CHANNELS_S)
