"""A broker user at the broker's door: says and asks what it is told to, and counts what it was refused."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from msgspec import json
from nats.aio.client import Client
from nats.errors import Error as NatsError

from metropool.exchange.transport import client_with, secured
from metropool.plan.broker import BrokerUser
from metropool.runtime.broker import seed_of
from metropool.runtime.conformance.town.brokers import Brokers

REFUSED = re.compile(r'permissions violation for (publish|subscription) to "([^"]*)"')
"""As the client passes it on: in lower case."""
WAIT_S = 30
Way = tuple[str, str]
"""What was tried, ``publish`` or ``subscription``, and its subject in lower case."""


@dataclass
class Prober:
    """A connection of one broker user.

    Attributes:
        user: Who it is.
        refused: What the broker refused so far.
    """

    user: BrokerUser
    client: Client
    refused: set[Way] = field(default_factory=set)

    async def publish(self, subjects: Iterable[str], data: bytes) -> set[str]:
        """Publish to each, with an address for the answer; returns those the broker did not refuse."""
        wanted = list(subjects)
        for subject in wanted:
            await self.client.publish(subject, data, reply=self.client.new_inbox())
        await self._settle()
        return {subject for subject in wanted if ("publish", subject.lower()) not in self.refused}

    async def subscribe(self, subjects: Iterable[str]) -> set[str]:
        """Subscribe to each; returns those the broker did not refuse."""
        wanted = list(subjects)
        for subject in wanted:
            await self.client.subscribe(subject)
        await self._settle()
        return {subject for subject in wanted if ("subscription", subject.lower()) not in self.refused}

    async def ask(self, subject: str, data: bytes = b"") -> dict[str, Any] | None:
        """The answer to a question this user may ask; None when there is none that is JSON without an error."""
        try:
            answer: dict[str, Any] = json.decode((await self.client.request(subject, data, timeout=WAIT_S)).data)
        except (NatsError, OSError, ValueError):
            return None
        return None if not isinstance(answer, dict) or "error" in answer else answer

    async def _settle(self) -> None:
        """Return when the broker has answered all that was sent (the client's ping may overtake what waits: so twice)."""
        await self.client.flush(timeout=WAIT_S)
        await self.client.flush(timeout=WAIT_S)


@asynccontextmanager
async def at_door(brokers: Brokers, *, user: BrokerUser) -> AsyncIterator[Prober]:
    """Log in with a user's own key."""
    prober = Prober(user, client_with(brokers.tls))

    async def note(error: Exception) -> None:
        if match := REFUSED.search(str(error)):
            prober.refused.add((match[1], match[2]))

    await prober.client.connect(
        brokers.url_of(user).split(","),
        nkeys_seed_str=seed_of(brokers.settings.home, account=user.kept_by, user=user.name),
        inbox_prefix=f"reply.{user.name}".encode(),
        error_cb=note,
        allow_reconnect=False,
        pending_size=64 << 20,
        **secured(brokers.tls),
    )
    try:
        yield prober
    finally:
        await prober.client.close()


async def lets_in(brokers: Brokers, account: str, **credentials: Any) -> bool:
    """Whether the broker of an account lets somebody in who shows this."""
    client, options = client_with(brokers.tls), {"allow_reconnect": False, "connect_timeout": WAIT_S, **secured(brokers.tls)}

    async def quiet(_: Exception) -> None:
        return

    try:
        await client.connect(brokers.url(account).split(","), error_cb=quiet, **options, **credentials)
    except (NatsError, OSError, ValueError):
        return False
    await client.close()
    return True
