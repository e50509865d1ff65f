"""The door of one host: the porter asks it about every gateway the host vouches for, it asks the registry; and it has gateways put out."""

import json
from collections.abc import Sequence
from typing import Any

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from metropool.capabilities.admission import operations
from metropool.core.errors import MetropoolError, Unavailable
from metropool.plan.gateways import DROP, KNOCK, Gateways, of_kind
from metropool.runtime.lasting import MISSING
from metropool.runtime.node import Node

log = structlog.get_logger()
CAPABILITY = "admission"
ASK_S = 3.0


class Door:
    """Vouches for gateways that have the credential the registry has.

    Args:
        node: The system whose registry it is.
        client: Logged in as the door's user.
        gateways: Of the running plan, by kind.
    """

    def __init__(self, node: Node, client: Client, *, gateways: Sequence[Gateways]) -> None:
        self._node = node
        self._client = client
        self._gateways = gateways

    async def open(self) -> None:
        """Answer from now on."""
        await self._client.subscribe(f"{KNOCK}.{self._node.system}", cb=self._answer)

    async def drop(self, per: str, name: str) -> int:
        """End a gateway's connections; returns how many there were.

        Raises:
            Unavailable: Whoever does that does not answer.
        """
        kind, host = of_kind(self._gateways, per), self._node.system
        if kind is None or host not in kind.hosts:
            return 0
        try:
            answer = await self._client.request(f"{DROP}.{host}", kind.name_of(host, name).encode(), timeout=ASK_S)
        except (NatsError, TimeoutError, OSError) as cause:
            raise Unavailable(f"the connection of {name} could not be ended: {cause or type(cause).__name__}") from cause
        told: dict[str, Any] = json.loads(answer.data)
        return int(told["dropped"])

    async def _answer(self, message: Msg) -> None:
        try:
            asked = json.loads(message.data)
            per, name, secret = str(asked["per"]), str(asked["name"]), str(asked["secret"])
        except (ValueError, KeyError, TypeError, RecursionError) as reason:
            log.warning("not understood at the door", reason=str(reason))
            return
        await message.respond(b"yes" if await self.vouches_for(per, name, secret) else b"no")

    async def vouches_for(self, per: str, name: str, secret: str) -> bool:
        """Whether the registry has this credential; that it came in is noted in the unit that says so."""
        told = {"per": per, "name": name, "secret": secret}
        try:
            # Who knows no secret is answered beside the writer. Who does may have it taken back meanwhile: the unit says.
            if not await self._node.read(CAPABILITY, lambda work: operations.may_come_in(work=work, **told)):
                return False
            return await self._node.write(CAPABILITY, lambda work: operations.let_in(work=work, **told))
        except (MetropoolError, *MISSING) as reason:
            log.warning("nobody is let in", reason=str(reason))
            return False
