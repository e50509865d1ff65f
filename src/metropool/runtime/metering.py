"""What keeps a node that hosts metering going: its loops, bound to the node, the log and the front end behind the broker."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from metropool.capabilities.metering.attendants import Attendants
from metropool.capabilities.metering.collection import operations
from metropool.capabilities.metering.frontend import tasks
from metropool.capabilities.metering.frontend.tasks import Answer, AnyTask, Result
from metropool.core.clock import monotonic_s
from metropool.exchange.jetstream import JetStreamLog
from metropool.runtime.node import Node
from metropool.runtime.pause import pause

T = TypeVar("T")
METERING = "metering"
TASK_S = 60.0
AWAY_S, AGAIN_S = 15.0, 0.25
"""How long a front end that is not there is waited for, and how often it is asked again [s of the machine]."""
HEARTBEAT_S = 60


@dataclass(frozen=True)
class MeteringUnits:
    """Units of work of metering on one node; what was taken in is told to open pages."""

    node: Node

    async def write(self, operation: Callable[[Any], T]) -> T:
        """Run an operation as one unit."""
        return await self.node.write(METERING, operation)

    async def read(self, query: Callable[[Any], T]) -> T:
        """Run a query."""
        return await self.node.read(METERING, query)


@dataclass(frozen=True)
class RemoteFrontEnd:
    """The front end behind the broker, as its core asks it."""

    client: Client
    node: Node

    async def carry_out(self, task: AnyTask) -> Answer:
        """Do one task; ``lost`` when nobody knows whether it was done, ``unreachable`` when there is no front end.

        One that surely did not leave is tried again for a while: the broker, or the front end, may just be coming up elsewhere.
        """
        ends = monotonic_s() + AWAY_S
        while True:
            try:
                answer = await self.client.request(f"frontend.{self.node.system}.do.task", tasks.encode(task), timeout=TASK_S)
                return tasks.decode_answer(answer.data)
            except TimeoutError:
                return self._answer(task, "lost", "the front end did not say how it went")
            except (NatsError, OSError) as reason:
                if monotonic_s() > ends:
                    return self._answer(task, "unreachable", str(reason) or type(reason).__name__)
            await pause(AGAIN_S)

    def _answer(self, task: AnyTask, result: Result, detail: str) -> Answer:
        return Answer(task=task.id, result=result, at=int(self.node.clock.now().timestamp() * 1000), detail=detail)


def attendants_of(node: Node, client: Client) -> Attendants:
    """The loops of a node that hosts metering."""
    return Attendants(units=MeteringUnits(node), front=RemoteFrontEnd(client, node), stream=f"log_{node.system}")


def log_of(node: Node, client: Client) -> JetStreamLog:
    """The log of a node, as its core reads it."""
    return JetStreamLog(client, stream=f"log_{node.system}", subject=f"log.{node.system}")


async def answer_front_end(node: Node, client: Client) -> None:
    """Tell the front end who exists; hear how they stand, for ever."""
    prefix = f"frontend.{node.system}.ask"

    async def heard(message: Msg) -> None:
        answer = b""
        if message.subject == f"{prefix}.book":
            book = await node.read(METERING, lambda work: work.collection.address_book(heartbeat_s=HEARTBEAT_S))
            answer = tasks.encode(book)
        elif message.subject == f"{prefix}.contacts":
            contacts = tasks.decode_contacts(message.data)
            await node.write(METERING, lambda work: operations.record_contacts(work=work, contacts=contacts))
        await client.publish(message.reply, answer)

    await client.subscribe(f"{prefix}.>", cb=heard)
    await asyncio.Event().wait()
