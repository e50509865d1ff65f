"""One system's link to the gateways it hears and tells: a broker user of its own, confined to what the plan lists."""

import json
from collections.abc import Sequence
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from metropool.core.errors import Unavailable
from metropool.exchange.jetstream import done_with, fetch, put_off
from metropool.exchange.ports import Delivery
from metropool.plan.gateways import DROP, STORED, STREAM, Gateways

ASK_S = 3.0
HEARD_S = 0.3
"""Within this the broker says that nobody is there [s of the machine]."""


class GatewayLink:
    """What one system can do among gateways.

    Args:
        client: Logged in as its user there.
        gateways: Of the running plan.
        system: Which system.
    """

    def __init__(self, client: Client, *, gateways: Gateways, system: str) -> None:
        self._client = client
        self._gateways = gateways
        self._system = system

    @property
    def account(self) -> str:
        """What the plan calls them."""
        return self._gateways.account

    async def fetch(self, *, limit: int, wait_s: float) -> Sequence[tuple[str, Delivery]]:
        """What gateways said, each with the home that the broker vouches said it."""
        found = await fetch(self._client, stream=STREAM, consumer=self._system, limit=limit, wait_s=wait_s)
        return [_heard(message, self._gateways) for message in found]

    async def say(self, home: str, message: str, data: bytes) -> None:
        """Say something to the gateway of a home, which gives a receipt when it has it; nothing while it or the broker is away."""
        try:
            await self._client.publish(self._gateways.down(self._name(home), message), data)
        except (NatsError, OSError):
            return

    async def tell(self, home: str, message: str, data: bytes) -> bool:
        """Tell a gateway something at most once; False when the broker knows that nobody heard it.

        Raises:
            Unavailable: The broker is away: nobody knows.
        """
        subject = self._gateways.down(self._name(home), message)
        try:
            # Gateways never answer here; the broker does, when there is none.
            await self._client.request(subject, data, timeout=HEARD_S)
        except NoRespondersError:
            return False
        except TimeoutError:
            return True
        except (NatsError, OSError) as cause:
            raise Unavailable(f"{message} to {home}: {cause or type(cause).__name__}") from cause
        return True

    async def drop(self, home: str) -> int:
        """End a gateway's connections; returns how many there were.

        Raises:
            Unavailable: Whoever does that does not answer.
        """
        try:
            answer = await self._client.request(f"{DROP}.{self._system}", self._name(home).encode(), timeout=ASK_S)
        except (NatsError, TimeoutError, OSError) as cause:
            raise Unavailable(f"the connection of {home} could not be ended: {cause or type(cause).__name__}") from cause
        told: dict[str, Any] = json.loads(answer.data)
        return int(told["dropped"])

    def _name(self, home: str) -> str:
        return self._gateways.name_of(self._system, home)


def _heard(message: Msg, gateways: Gateways) -> tuple[str, Delivery]:
    home, phrase = gateways.said_on(message.subject.removeprefix(STORED))
    delivery = Delivery(
        data=message.data,
        sender=gateways.account,
        phrase=phrase,
        position=message.metadata.sequence.stream,
        attempt=message.metadata.num_delivered or 1,
        done=done_with(message),
        later=put_off(message),
    )
    return home, delivery
