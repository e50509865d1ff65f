"""Keys of the broker's users, and what is done with them before anybody else comes: streams and consumers are made."""

import asyncio
import contextlib
import ssl
from pathlib import Path

import nkeys
import structlog
from nacl.signing import SigningKey
from nats.errors import Error as NatsError

from metropool.core.clock import monotonic_s
from metropool.core.errors import Unavailable
from metropool.exchange.transport import client_with, secured
from metropool.plan.broker import BrokerPlan, provisioner_of
from metropool.plan.provision import NotYet, provision, provision_gateways
from metropool.runtime.pause import pause
from metropool.storage.disk import write_once

AGAIN_S, TURN_S = 0.5, 15.0
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
    url: str,
    *,
    home: Path,
    broker: BrokerPlan,
    tls: ssl.SSLContext | None = None,
    replicas: int = 1,
    makes: bool = True,
    done: list[str] | None = None,
) -> None:
    """Create the streams and consumers of every account, each as its own provisioning user.

    Args:
        makes: Otherwise only look whether they are there.
        done: Accounts that need no more; those that are done are added.

    Raises:
        NotYet: It only looked, and they are not.
        Unavailable: The broker does not answer or refuses.
    """
    gateways = {kind.account: kind for kind in broker.gateways}
    done = [] if done is None else done
    every = dict.fromkeys([*(stream.account for stream in broker.streams), *gateways])
    for account in [name for name in every if name not in done]:
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
                await provision(client, streams=broker.streams_of(account), replicas=replicas, makes=makes)
                if account in gateways:
                    await provision_gateways(client, gateways[account], replicas=replicas, makes=makes)
            finally:
                await client.close()
        except (NatsError, OSError, TimeoutError) as cause:
            raise Unavailable(f"the broker at {url} did not take the streams of {account}: {cause!r}") from cause
        done.append(account)


async def provision_until_done(
    url: str, *, home: Path, broker: BrokerPlan, tls: ssl.SSLContext | None, replicas: int, place: int
) -> None:
    """The same for one of several servers, which must first find each other: until the streams are there, however long that is.

    The first makes them; the others look, and each takes its turn when nothing came of those before it for a while.

    Args:
        place: Of the server among those of its broker, from 0.
    """
    done: list[str] = []
    seen, since = 0, monotonic_s()
    while True:
        if len(done) > seen:
            seen, since = len(done), monotonic_s()
        makes = monotonic_s() - since >= place * TURN_S
        try:
            async with asyncio.timeout(30):
                await provision_broker(url, home=home, broker=broker, tls=tls, replicas=replicas, makes=makes, done=done)
                return
        except NotYet:
            pass
        except (Unavailable, TimeoutError) as reason:
            log.warning("the streams are not there yet", reason=str(reason))
        await pause(AGAIN_S)
