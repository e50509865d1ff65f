"""What keeps a node that hosts metering going: its loops, bound to the node, the log and the front end behind the broker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from nats.aio.client import Client
from nats.errors import Error as NatsError

from metropool.capabilities.metering.attendants import Attendants
from metropool.capabilities.metering.frontend import tasks
from metropool.capabilities.metering.frontend.tasks import AddressBook, Answer, Contact, Forward, Read
from metropool.core.errors import Unavailable
from metropool.exchange.jetstream import JetStreamLog
from metropool.runtime.node import Node

T = TypeVar("T")
METERING = "metering"
TASK_S, ASK_S = 60.0, 5.0


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
    system: str

    async def introduce(self, book: AddressBook) -> None:
        """Tell which terminals and meters exist."""
        await self._ask("introduce", tasks.encode(book), timeout_s=ASK_S)

    async def carry_out(self, task: Read | Forward) -> Answer:
        """Do one task and say how it went."""
        return tasks.decode_answer(await self._ask("task", tasks.encode(task), timeout_s=TASK_S))

    async def contacts(self) -> Sequence[Contact]:
        """How terminals stand: what changed since the last asking."""
        return tasks.decode_contacts(await self._ask("contacts", b"", timeout_s=ASK_S))

    async def _ask(self, what: str, data: bytes, *, timeout_s: float) -> bytes:
        try:
            answer = await self.client.request(f"frontend.{self.system}.do.{what}", data, timeout=timeout_s)
        except (NatsError, TimeoutError, OSError) as cause:
            raise Unavailable(f"the front end does not answer: {cause or type(cause).__name__}") from cause
        return bytes(answer.data)


def attendants_of(node: Node, client: Client) -> Attendants:
    """The loops of a node that hosts metering."""
    front = RemoteFrontEnd(client, node.system)
    return Attendants(units=MeteringUnits(node), front=front, clock=node.clock, stream=f"log_{node.system}")


def log_of(node: Node, client: Client) -> JetStreamLog:
    """The log of a node, as its core reads it."""
    return JetStreamLog(client, stream=f"log_{node.system}", subject=f"log.{node.system}")
