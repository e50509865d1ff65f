"""The porter: the broker asks it about every gateway that comes; it asks the door of whoever vouches for it, and signs the answer.

It runs beside the broker. A secret is told to its own host alone, and whatever a host's door says, a gateway is let in under that host's
name only, as one of the kind that its name says.
"""

import asyncio
import json
import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from metropool.core.errors import Invalid
from metropool.exchange.connection import connect
from metropool.plan.broker import SYSTEM_ACCOUNT
from metropool.plan.gateway_users import ASKED, PORTER
from metropool.plan.gateways import KNOCK, Gateways, kind_of
from metropool.runtime.broker import seed_of
from metropool.runtime.gateways.claims import Issuer, Knock, open_issuer, read_knock
from metropool.runtime.settings import Settings

log = structlog.get_logger()
TOGETHER = "porters"
"""Of the porters of a broker with several servers one answers."""
ASK_S = 3.0
AT_ONCE = 64


async def open_porter(
    stack: AsyncExitStack, url: str, *, settings: Settings, gateways: Sequence[Gateways], tls: ssl.SSLContext | None = None
) -> None:
    """Be there from now on until the stack is closed."""
    client = await connect(url, user=PORTER, seed=seed_of(settings.home, account=SYSTEM_ACCOUNT, user=PORTER), tls=tls)
    stack.push_async_callback(client.close)
    await Porter(client, issuer=open_issuer(settings.home), gateways=gateways).open()


class Porter:
    """Lets gateways in that their host vouches for, each into its own subtree.

    Args:
        client: Logged in as the porter.
        issuer: Signs the answers.
        gateways: Those that come in at this broker, by kind.
    """

    def __init__(self, client: Client, *, issuer: Issuer, gateways: Sequence[Gateways]) -> None:
        self._client = client
        self._issuer = issuer
        self._gateways = gateways
        self._room = asyncio.Semaphore(AT_ONCE)
        self._asking: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Answer from now on."""
        await self._client.subscribe(ASKED, queue=TOGETHER, cb=self._asked)

    async def _asked(self, message: Msg) -> None:
        await self._room.acquire()
        task = asyncio.create_task(self._answer(message))
        self._asking.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._asking.discard(task)
        self._room.release()

    async def _answer(self, message: Msg) -> None:
        try:
            knock = read_knock(message.data)
            kind = kind_of(self._gateways, knock.name)
            is_let_in = kind is not None and await self._is_vouched_for(kind, knock)
            await message.respond(self._let_in(kind, knock) if kind and is_let_in else self._issuer.refuse(knock))
        except (Invalid, NatsError, OSError) as reason:
            log.warning("nobody is let in", reason=str(reason))

    async def _is_vouched_for(self, kind: Gateways, knock: Knock) -> bool:
        host = kind.host_of(knock.name)
        # The client id is the name: nobody takes another's session over.
        if knock.kind != "mqtt" or host is None or knock.client_id != knock.name:
            return False
        told = {"per": kind.per, "name": kind.gateway_of(knock.name), "secret": knock.secret}
        try:
            answer = await self._client.request(f"{KNOCK}.{host}", json.dumps(told).encode(), timeout=ASK_S)
        except (NatsError, TimeoutError, OSError) as reason:
            log.warning("the door does not answer", host=host, reason=str(reason) or type(reason).__name__)
            return False
        return answer.data == b"yes"

    def _let_in(self, kind: Gateways, knock: Knock) -> bytes:
        publish, subscribe = kind.may_publish(knock.name), kind.may_subscribe(knock.name)
        return self._issuer.admit(knock, account=kind.account, publish=publish, subscribe=subscribe)
