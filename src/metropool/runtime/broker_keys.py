"""Keys of the broker's users, and what is done with them before anybody else comes: streams and consumers are made."""

import asyncio
import contextlib
import ssl
from pathlib import Path

import nkeys
import structlog
from nacl.signing import SigningKey
from nats.errors import Error as NatsError

from metropool.core.errors import Unavailable
from metropool.exchange.transport import client_with, secured
from metropool.plan.broker import BrokerPlan, provisioner_of
from metropool.plan.provision import provision, provision_gateways
from metropool.runtime.pause import pause
from metropool.storage.disk import write_once

AGAIN_S = 0.5
log = structlog.get_logger(__name__)


def seed_of(home: Path, *, account: str, user: str) -> str:
    """The nkey seed of a broker user, kept under ``<home>/<account>/keys`` for its owner alone; made at the first call."""
    path = home / account / "keys" / f"{user}.nk"
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    seed: str = nkeys.encode_seed(bytes(SigningKey.generate()), nkeys.PREFIX_BYTE_USER).decode()
    write_once(path, seed + "\n")
    return path.read_text(encoding="ascii").strip()


def public_keys(home: Path, broker: BrokerPlan) -> dict[str, str]:
    """Every broker user's public nkey: from ``<user>.pub`` where another machine keeps the seed, which else is made if need be."""
    return {user.name: _public(home, account=user.kept_by, user=user.name) for user in broker.users}


def _public(home: Path, *, account: str, user: str) -> str:
    handed = home / account / "keys" / f"{user}.pub"
    if handed.exists():
        return handed.read_text(encoding="ascii").strip()
    public: bytes = nkeys.from_seed(seed_of(home, account=account, user=user).encode()).public_key
    return public.decode()


async def provision_broker(
    url: str, *, home: Path, broker: BrokerPlan, tls: ssl.SSLContext | None = None, replicas: int = 1
) -> None:
    """Create the streams and consumers of every account, each as its own provisioning user.

    Raises:
        Unavailable: The broker does not answer or refuses.
    """
    gateways = {kind.account: kind for kind in broker.gateways}
    for account in dict.fromkeys([*(stream.account for stream in broker.streams), *gateways]):
        user = provisioner_of(account)
        seed = seed_of(home, account=account, user=user)
        try:
            client = client_with(tls)
            await client.connect(
                url.split(","),
                nkeys_seed_str=seed,
                inbox_prefix=f"reply.{user}".encode(),
                allow_reconnect=False,
                **secured(tls),
            )
            try:
                await provision(client, streams=broker.streams_of(account), replicas=replicas)
                if account in gateways:
                    await provision_gateways(client, gateways[account], replicas=replicas)
            finally:
                await client.close()
        except (NatsError, OSError, TimeoutError) as cause:
            raise Unavailable(f"the broker at {url} did not take the streams of {account}: {cause!r}") from cause


async def provision_until_done(url: str, *, home: Path, broker: BrokerPlan, tls: ssl.SSLContext | None, replicas: int) -> None:
    """The same for servers that must first find each other: again until they take the streams, however long that is."""
    while True:
        try:
            async with asyncio.timeout(30):
                return await provision_broker(url, home=home, broker=broker, tls=tls, replicas=replicas)
        except (Unavailable, TimeoutError) as reason:
            log.warning("the streams are not there yet", reason=str(reason))
        await pause(AGAIN_S)
