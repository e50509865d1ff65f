"""Keys of the broker's users, and what is done with them before anybody else comes: streams and consumers are made."""

import contextlib
from pathlib import Path

import nats
import nkeys
from nacl.signing import SigningKey
from nats.errors import Error as NatsError

from metropool.core.errors import Unavailable
from metropool.plan.broker import BrokerPlan, provisioner_of
from metropool.plan.provision import provision, provision_gateways
from metropool.storage.disk import write_once


def seed_of(home: Path, *, account: str, user: str) -> str:
    """The nkey seed of a broker user, kept under ``<home>/<account>/keys`` for its owner alone; made at the first call."""
    path = home / account / "keys" / f"{user}.nk"
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    seed: str = nkeys.encode_seed(bytes(SigningKey.generate()), nkeys.PREFIX_BYTE_USER).decode()
    write_once(path, seed + "\n")
    return path.read_text(encoding="ascii").strip()


def public_keys(home: Path, broker: BrokerPlan) -> dict[str, str]:
    """Every broker user's public nkey; seeds that do not exist yet are made."""
    pairs = {user.name: nkeys.from_seed(seed_of(home, account=user.kept_by, user=user.name).encode()) for user in broker.users}
    return {name: pair.public_key.decode() for name, pair in pairs.items()}


async def provision_broker(url: str, *, home: Path, broker: BrokerPlan) -> None:
    """Create the streams and consumers of every account, each as its own provisioning user.

    Raises:
        Unavailable: The broker does not answer or refuses.
    """
    for account in broker.accounts:
        user = provisioner_of(account)
        seed = seed_of(home, account=account, user=user)
        try:
            client = await nats.connect(url, nkeys_seed_str=seed, inbox_prefix=f"reply.{user}".encode(), allow_reconnect=False)
            try:
                await provision(client, streams=broker.streams_of(account))
                if broker.gateways and account == broker.gateways.account:
                    await provision_gateways(client, broker.gateways)
            finally:
                await client.close()
        except (NatsError, OSError, TimeoutError) as cause:
            raise Unavailable(f"the broker at {url} did not take the streams of {account}: {cause!r}") from cause
