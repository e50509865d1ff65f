"""Create what the plan says of streams and consumers. Idempotent; run at every start of the server, by its supervisor alone."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from metropool.core.errors import Unavailable
from metropool.plan.broker import CONSUMER, FOR_EVER, Stream
from metropool.plan.gateway_users import consumer_config as gateways_consumer_config
from metropool.plan.gateway_users import stream_config as gateways_stream_config
from metropool.plan.gateways import STREAM, Gateways

TIMEOUT_S = 10.0
DUPLICATE_WINDOW_S = 120
_NS = 1_000_000_000
_STREAM_NOT_FOUND = 10059


class Answer(Protocol):
    """What a request brings back."""

    data: bytes


class Requester(Protocol):
    """As much of a broker connection as provisioning needs; ``nats.aio.client.Client`` is one."""

    async def request(self, subject: str, payload: bytes, timeout: float) -> Answer:
        """Ask and wait for the answer [s]."""
        ...


async def provision(client: Requester, *, streams: Iterable[Stream], replicas: int = 1) -> None:
    """Bring the streams of one account, and their consumers, to what the plan says.

    Args:
        client: Logged in as the account's provisioning user.
        streams: The streams of that account.
        replicas: On how many servers each is kept.

    Raises:
        Unavailable: The broker refused, with its reason.
    """
    for stream in streams:
        # Ask first: creating a stream that exists counts its space twice, and is refused for want of it.
        verb = "UPDATE" if await _exists(client, stream.name) else "CREATE"
        await _ask(client, f"STREAM.{verb}.{stream.name}", stream_config(stream, replicas=replicas))
        wish = {"stream_name": stream.name, "config": consumer_config(stream), "action": ""}
        await _ask(client, f"CONSUMER.CREATE.{stream.name}.{CONSUMER}", wish)


async def provision_gateways(client: Requester, gateways: Gateways, *, replicas: int = 1) -> None:
    """Make the stream that keeps what gateways say, and a consumer for each system that hears some of it.

    The broker makes that stream itself when the first gateway comes in; here it is there, with somebody to keep messages for, before.

    Raises:
        Unavailable: The broker refused, with its reason.
    """
    verb = "UPDATE" if await _exists(client, STREAM) else "CREATE"
    await _ask(client, f"STREAM.{verb}.{STREAM}", gateways_stream_config() | {"num_replicas": replicas})
    for system in gateways.speakers:
        wish = {"stream_name": STREAM, "config": gateways_consumer_config(gateways, system), "action": ""}
        await _ask(client, f"CONSUMER.CREATE.{STREAM}.{system}", wish)


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


async def _exists(client: Requester, stream: str) -> bool:
    try:
        await _ask(client, f"STREAM.INFO.{stream}", {})
    except _Refused as refusal:
        if refusal.code != _STREAM_NOT_FOUND:
            raise
        return False
    return True


async def _ask(client: Requester, verb: str, body: Mapping[str, Any]) -> None:
    answer = await client.request(f"$JS.API.{verb}", json.dumps(body).encode(), timeout=TIMEOUT_S)
    if error := json.loads(answer.data).get("error"):
        raise _Refused(verb, error)
