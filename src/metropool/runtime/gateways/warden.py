"""Ends connections of gateways. It runs beside the broker, and ends them in gateways' accounts alone: whoever vouches for them asks it."""

import json
import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout

from metropool.exchange.connection import connect
from metropool.plan.broker import SYSTEM_ACCOUNT
from metropool.plan.gateway_users import WARDEN
from metropool.plan.gateways import DROP, Gateways, kind_of
from metropool.runtime.broker import seed_of
from metropool.runtime.settings import Settings

log = structlog.get_logger()
SYSTEM = f"{SYSTEM_ACCOUNT}-{WARDEN}"
FIRST_S, OTHERS_S = 2.0, 0.1
"""How long the first server of the broker is waited for, and each further one after it [s of the machine]."""


async def open_warden(
    stack: AsyncExitStack, url: str, *, settings: Settings, gateways: Sequence[Gateways], tls: ssl.SSLContext | None = None
) -> None:
    """Be there from now on until the stack is closed."""
    seeds = {user: seed_of(settings.home, account=SYSTEM_ACCOUNT, user=user) for user in (WARDEN, SYSTEM)}
    clients = {user: await connect(url, user=user, seed=seed, tls=tls) for user, seed in seeds.items()}
    for client in clients.values():
        stack.push_async_callback(client.close)
    system = clients[SYSTEM]

    async def drop(message: Msg) -> None:
        try:
            name, host = message.data.decode(), message.subject.rpartition(".")[2]
            kind = kind_of(gateways, name)
            is_own = kind is not None and kind.host_of(name) == host  # a host ends connections of its own alone
            dropped = await end_connections(system, account=kind.account, name=name) if kind and is_own else 0
            await message.respond(json.dumps({"dropped": dropped}).encode())
        except (NatsError, OSError, UnicodeDecodeError) as reason:
            log.warning("connections could not be ended", reason=str(reason))

    await clients[WARDEN].subscribe(f"{DROP}.*", cb=drop)


async def end_connections(system: Client, *, account: str, name: str) -> int:
    """End all connections of one user of one account, on every server of the broker; returns how many."""
    wish = {"auth": True, "acc": account, "user": name, "limit": 64}
    dropped = 0
    for answer in await _ask_all(system, "$SYS.REQ.SERVER.PING.CONNZ", wish):
        server, connections = answer["server"]["id"], answer.get("data", {}).get("connections") or []
        for connection in connections:
            if connection.get("authorized_user") == name:
                # It does nothing for who waits for no answer.
                kick = f"$SYS.REQ.SERVER.{server}.KICK"
                answered = await system.request(kick, json.dumps({"cid": connection["cid"]}).encode(), timeout=FIRST_S)
                dropped += "error" not in json.loads(answered.data)
    return dropped


async def _ask_all(system: Client, subject: str, wish: dict[str, Any]) -> list[dict[str, Any]]:
    """The answers of all servers."""
    inbox = system.new_inbox()
    subscription = await system.subscribe(inbox)
    answers: list[dict[str, Any]] = []
    try:
        await system.publish(subject, json.dumps(wish).encode(), reply=inbox)
        while True:
            message = await subscription.next_msg(timeout=OTHERS_S if answers else FIRST_S)
            answers.append(json.loads(message.data))
    except (TimeoutError, NatsTimeout):
        return answers
    finally:
        await subscription.unsubscribe()
