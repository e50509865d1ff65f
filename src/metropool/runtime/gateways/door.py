"""The door: the broker asks it about every gateway that comes, it asks the registry."""

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from metropool.capabilities.places import operations
from metropool.core.errors import Invalid, MetropoolError
from metropool.plan.gateways import ASKED, Gateways
from metropool.runtime.gateways.claims import Issuer, Knock, read_knock
from metropool.runtime.node import Node

log = structlog.get_logger()
CAPABILITY = "places"


class Door:
    """Lets gateways in that have the credential the registry has, each into its own subtree.

    Args:
        node: The system whose registry vouches.
        issuer: Signs the answers.
        gateways: Of the running plan.
    """

    def __init__(self, node: Node, *, issuer: Issuer, gateways: Gateways) -> None:
        self._node = node
        self._issuer = issuer
        self._gateways = gateways

    async def open(self, client: Client) -> None:
        """Answer from now on; ``client`` is logged in as the door's user."""
        await client.subscribe(ASKED, cb=self._answer)

    async def _answer(self, message: Msg) -> None:
        try:
            knock = read_knock(message.data)
        except Invalid as reason:
            log.warning("not understood at the door", reason=str(reason))
            return
        is_let_in = await self._is_let_in(knock)
        await message.respond(self._let_in(knock) if is_let_in else self._issuer.refuse(knock))

    async def _is_let_in(self, knock: Knock) -> bool:
        # The client id is the name: nobody takes another's session over.
        if knock.kind != "mqtt" or not knock.name or knock.client_id != knock.name:
            return False
        given = {"place": knock.name, "secret": knock.secret}
        try:
            is_right = await self._node.read(CAPABILITY, lambda work: operations.may_come_in(work=work, **given))
            if is_right:
                await self._node.write(CAPABILITY, lambda work: operations.let_in(work=work, place=knock.name))
        except MetropoolError as reason:
            log.warning("nobody is let in", reason=str(reason))
            return False
        return is_right

    def _let_in(self, knock: Knock) -> bytes:
        return self._issuer.admit(
            knock,
            account=self._gateways.account,
            publish=self._gateways.may_publish(knock.name),
            subscribe=self._gateways.may_subscribe(knock.name),
        )
