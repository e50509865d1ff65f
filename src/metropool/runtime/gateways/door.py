"""The door: the porter asks it about every gateway of a home that this system hosts, it asks the registry."""

import json

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from metropool.capabilities.places import operations
from metropool.core.errors import MetropoolError
from metropool.plan.gateways import KNOCK
from metropool.runtime.lasting import MISSING
from metropool.runtime.node import Node

log = structlog.get_logger()
CAPABILITY = "places"


class Door:
    """Vouches for gateways that have the credential the registry has.

    Args:
        node: The system whose registry it is.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    async def open(self, client: Client) -> None:
        """Answer from now on; ``client`` is logged in as the door's user."""
        await client.subscribe(f"{KNOCK}.{self._node.system}", cb=self._answer)

    async def _answer(self, message: Msg) -> None:
        try:
            asked = json.loads(message.data)
            home, secret = str(asked["home"]), str(asked["secret"])
        except (ValueError, KeyError, TypeError, RecursionError) as reason:
            log.warning("not understood at the door", reason=str(reason))
            return
        await message.respond(b"yes" if await self._vouches_for(home, secret) else b"no")

    async def _vouches_for(self, home: str, secret: str) -> bool:
        try:
            # Who knows no secret is answered beside the writer. Who does may have it taken back meanwhile: the unit says.
            if not await self._node.read(CAPABILITY, lambda work: operations.may_come_in(work=work, place=home, secret=secret)):
                return False
            return await self._node.write(CAPABILITY, lambda work: operations.let_in(work=work, place=home, secret=secret))
        except (MetropoolError, *MISSING) as reason:
            log.warning("nobody is let in", reason=str(reason))
            return False
