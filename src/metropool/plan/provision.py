"""Create what the plan says of streams and consumers. Idempotent; run at every start of a server, by its supervisor alone.

Of several servers of one broker one makes and the others look: when three ask for the same stream at once, the broker leaves two of
them, and often all, without an answer (seen with 2.15: 15 streams took 170 s, and 3 s when one asked).
"""

import contextlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from metropool.core.errors import Unavailable
from metropool.plan.broker import CONSUMER, FOR_EVER, Stream
from metropool.plan.gateway_users import consumer_config as gateways_consumer_config
from metropool.plan.gateway_users import stream_config as gateways_stream_config
from metropool.plan.gateways import STREAM, Gateways

TIMEOUT_S = 10.0
LOOKS_S = (1.0, 2.0, 3.0, 4.0)
"""How long the answer to a look is waited for, one time after the other [s]: servers that have not found each other yet give none."""
DUPLICATE_WINDOW_S = 120
_NS = 1_000_000_000
_NOT_FOUND = (10059, 10014)
"""What the broker calls that there is no such stream, no such consumer."""


class Answer(Protocol):
    """What a request brings back."""

    data: bytes


class Requester(Protocol):
    """As much of a broker connection as provisioning needs; ``nats.aio.client.Client`` is one."""

    async def request(self, subject: str, payload: bytes, timeout: float) -> Answer:
        """Ask and wait for the answer [s]."""
        ...


class NotYet(Unavailable):
    """Something is not as the plan says, and it is for another to make it so."""


async def provision(client: Requester, *, streams: Iterable[Stream], replicas: int = 1, makes: bool = True) -> None:
    """Bring the streams of one account, and their consumers, to what the plan says.

    Args:
        client: Logged in as the account's provisioning user.
        streams: The streams of that account.
        replicas: On how many servers each is kept.
        makes: Otherwise only look.

    Raises:
        NotYet: It only looked, and something is missing or otherwise.
        Unavailable: The broker refused, with its reason.
    """
    for stream in streams:
        await _bring_stream(client, stream.name, stream_config(stream, replicas=replicas), makes)
        await _bring_consumer(client, stream.name, CONSUMER, consumer_config(stream), makes)


async def provision_gateways(client: Requester, gateways: Gateways, *, replicas: int = 1, makes: bool = True) -> None:
    """Make the stream that keeps what gateways say, and a consumer for each system that hears some of it.

    The broker makes that stream itself when the first gateway comes in; here it is there, with somebody to keep messages for, before.

    Raises:
        NotYet, Unavailable: As for ``provision``.
    """
    await _bring_stream(client, STREAM, gateways_stream_config() | {"num_replicas": replicas}, makes)
    for system in gateways.speakers:
        await _bring_consumer(client, STREAM, system, gateways_consumer_config(gateways, system), makes)


def stream_config(stream: Stream, *, replicas: int = 1) -> dict[str, Any]:
    """JetStream's own form of a stream: on disk, a message leaves when it is acknowledged, refused when full."""
    return {
        "name": stream.name,
        "subjects": list(stream.subjects),
        "retention": "workqueue",
        "storage": "file",
        "discard": "new",
        "max_bytes": stream.max_bytes,
        "max_consumers": 1,
        "max_msgs": -1,
        "max_age": 0,
        "num_replicas": replicas,
        "duplicate_window": DUPLICATE_WINDOW_S * _NS,
        "deny_delete": True,
        "deny_purge": True,
    }


def consumer_config(stream: Stream) -> dict[str, Any]:
    """JetStream's own form of the consumer ``main``: pulled, acknowledged one by one."""
    return {
        "name": CONSUMER,
        "durable_name": CONSUMER,
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": int(stream.ack_wait_s * _NS),
        "max_deliver": FOR_EVER,
        "max_ack_pending": stream.max_waiting_acks,
        "replay_policy": "instant",
    }


class _Refused(Unavailable):
    def __init__(self, subject: str, error: Mapping[str, Any]) -> None:
        super().__init__(f"the broker refused {subject}: {error.get('description', error)}")
        self.code = error.get("err_code")


async def _bring_stream(client: Requester, name: str, wanted: Mapping[str, Any], makes: bool) -> None:
    # Look first: creating a stream that exists counts its space twice, and is refused for want of it.
    known = await _look(client, f"STREAM.INFO.{name}")
    if not _is_so(known, wanted, name, makes):
        await _ask(client, f"STREAM.{'CREATE' if known is None else 'UPDATE'}.{name}", wanted)


async def _bring_consumer(client: Requester, stream: str, name: str, wanted: Mapping[str, Any], makes: bool) -> None:
    known = await _look(client, f"CONSUMER.INFO.{stream}.{name}")
    if not _is_so(known, wanted, name, makes):
        await _ask(client, f"CONSUMER.CREATE.{stream}.{name}", {"stream_name": stream, "config": wanted, "action": ""})


def _is_so(known: Mapping[str, Any] | None, wanted: Mapping[str, Any], name: str, makes: bool) -> bool:
    """Whether it is there as it is wanted; the broker does not say what is nothing."""
    is_so = known is not None and all(known.get(key) == value or not (value or known.get(key)) for key, value in wanted.items())
    if not is_so and not makes:
        raise NotYet(f"{name} is not as the plan says")
    return is_so


async def _look(client: Requester, verb: str) -> Mapping[str, Any] | None:
    """How something is configured; None where there is no such thing."""
    for wait_s in LOOKS_S:
        with contextlib.suppress(TimeoutError):
            try:
                known: Mapping[str, Any] = (await _ask(client, verb, {}, wait_s=wait_s))["config"]
            except _Refused as refusal:
                if refusal.code not in _NOT_FOUND:
                    raise
                return None
            return known
    raise Unavailable(f"the broker did not answer {verb} in {sum(LOOKS_S):.0f} s")


async def _ask(client: Requester, verb: str, body: Mapping[str, Any], *, wait_s: float = TIMEOUT_S) -> Mapping[str, Any]:
    answer = await client.request(f"$JS.API.{verb}", json.dumps(body).encode(), timeout=wait_s)
    told: Mapping[str, Any] = json.loads(answer.data)
    if error := told.get("error"):
        raise _Refused(verb, error)
    return told
