"""One system's link to the gateways of a kind that it hears and tells: a broker user of its own, confined to what the plan lists."""

from collections.abc import Sequence

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from metropool.core.errors import Unavailable
from metropool.exchange.jetstream import done_with, put_off
from metropool.exchange.ports import Delivery
from metropool.exchange.pulling import fetch
from metropool.plan.gateways import STORED, STREAM, Gateways

HEARD_S = 0.3
"""Within this the broker says that nobody is there [s of the machine]."""


class GatewayLink:
    """What one system can do among gateways of a kind.

    Args:
        client: Logged in as its user there.
        gateways: Which.
        system: Which system.
    """

    def __init__(self, client: Client, *, gateways: Gateways, system: str) -> None:
        self._client = client
        self._gateways = gateways
        self._system = system

    @property
    def gateways(self) -> Gateways:
        """Which these are."""
        return self._gateways

    @property
    def account(self) -> str:
        """What the plan calls them."""
        return self._gateways.account

    async def fetch(self, *, limit: int, wait_s: float) -> Sequence[tuple[str, Delivery]]:
        """What gateways said, each with the name of the one that the broker vouches said it."""
        found = await fetch(self._client, stream=STREAM, consumer=self._system, limit=limit, wait_s=wait_s)
        return [_heard(message, self._gateways) for message in found]

    async def say(self, gateway: str, message: str, data: bytes) -> None:
        """Say something to a gateway, which gives a receipt when it has it; nothing while it or the broker is away."""
        try:
            await self._client.publish(self._gateways.down(self._name(gateway), message), data)
        except (NatsError, OSError):
            return

    async def tell(self, gateway: str, message: str, data: bytes) -> bool:
        """Tell a gateway something at most once; False when the broker knows that nobody heard it.

        Raises:
            Unavailable: The broker is away: nobody knows.
        """
        subject = self._gateways.down(self._name(gateway), message)
        try:
            # Gateways never answer here; the broker does, when there is none.
            await self._client.request(subject, data, timeout=HEARD_S)
        except NoRespondersError:
            return False
        except TimeoutError:
            return True
        except (NatsError, OSError) as cause:
            raise Unavailable(f"{message} to {gateway}: {cause or type(cause).__name__}") from cause
        return True

    def _name(self, gateway: str) -> str:
        return self._gateways.name_of(self._system, gateway)


def _heard(message: Msg, gateways: Gateways) -> tuple[str, Delivery]:
    name, phrase = gateways.said_on(message.subject.removeprefix(STORED))
    delivery = Delivery(
        data=message.data,
        sender=gateways.account,
        phrase=phrase,
        position=message.metadata.sequence.stream,
        attempt=message.metadata.num_delivered or 1,
        done=done_with(message),
        later=put_off(message),
    )
    return name, delivery
