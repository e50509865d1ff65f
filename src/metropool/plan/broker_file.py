"""The configuration file of a broker: accounts with their exports, imports and users, and how the server runs."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from metropool.core.errors import Invalid
from metropool.plan.broker import SYSTEM_ACCOUNT, BrokerPlan, BrokerUser, Stream


@dataclass(frozen=True)
class BrokerSettings:
    """How one server of a broker runs.

    Attributes:
        port: Where clients connect, on the address ``host``.
        store: Folder of its streams.
        max_payload_bytes: Bounds a log batch and a letter.
        name: Its own, among the servers it is joined with.
        replicas: On how many servers each stream is kept.
        blocks: What else its configuration says: TLS, links to other brokers, routes to the other servers of this one.
        gateway_port, max_connections: These hold where gateways come in.
    """

    port: int
    store: str
    host: str = "127.0.0.1"
    max_payload_bytes: int = 8 << 20
    max_memory_bytes: int = 64 << 20
    name: str = "metropool"
    replicas: int = 1
    blocks: Mapping[str, Any] = field(default_factory=dict)
    gateway_port: int = 0
    max_connections: int = 32_768


def render_broker(broker: BrokerPlan, *, keys: Mapping[str, str], settings: BrokerSettings, issuer: str = "") -> str:
    """The configuration file of nats-server (JSON, which it reads), the same for the same input.

    Args:
        keys: User to its public nkey.
        issuer: Public account nkey of the gateways' door.

    Raises:
        Invalid: A user without a key.
    """
    from metropool.plan.gateway_users import add_door

    if missing := [user.name for user in broker.users if user.name not in keys]:
        raise Invalid(f"no key for the broker users {', '.join(missing)}")
    config: dict[str, Any] = {
        "server_name": settings.name,
        "listen": f"{settings.host}:{settings.port}",
        "max_payload": settings.max_payload_bytes,
        "max_connections": 1024,
        "jetstream": {
            "store_dir": settings.store,
            "sync_interval": "always",
            "max_mem": settings.max_memory_bytes,
            "max_file": sum(stream.max_bytes for stream in broker.streams),
        },
        "system_account": SYSTEM_ACCOUNT,
        "accounts": {SYSTEM_ACCOUNT: {"users": [_user(user, keys[user.name]) for user in broker.users_of(SYSTEM_ACCOUNT)]}}
        | _accounts(broker, keys, settings),
    }
    add_door(config, broker=broker, settings=settings, keys=keys, issuer=issuer)
    for name, block in settings.blocks.items():
        config[name] = {**config.get(name, {}), **block} if isinstance(block, Mapping) else block
    return json.dumps(config, indent=1, ensure_ascii=False) + "\n"


def _accounts(broker: BrokerPlan, keys: Mapping[str, str], settings: BrokerSettings) -> dict[str, Any]:
    streams: dict[str, list[Stream]] = defaultdict(list)
    for stream in broker.streams:
        streams[stream.account].append(stream)
    accounts: dict[str, Any] = {
        name: _room_for(streams[name], settings) | {"users": [], "exports": [], "imports": []} for name in broker.accounts
    }
    for user in broker.users:
        if user.account in accounts:
            accounts[user.account]["users"].append(_user(user, keys[user.name]))
    for way in broker.passages:
        accounts[way.receiver]["exports"].append({"service": way.subject, "accounts": [way.sender]})
        accounts[way.sender]["imports"].append({"service": {"account": way.receiver, "subject": way.subject}})
    return accounts


def _room_for(streams: Sequence[Stream], settings: BrokerSettings) -> dict[str, Any]:
    """What the streams of an account may take, on all servers together; an account without streams has no JetStream at all."""
    if not streams:
        return {}
    limits = {"max_mem": 0, "max_file": sum(stream.max_bytes for stream in streams) * settings.replicas}
    return {"jetstream": limits | {"max_streams": len(streams), "max_consumers": len(streams)}}


def _user(user: BrokerUser, key: str) -> dict[str, Any]:
    permissions: dict[str, Any] = {"publish": {"allow": list(user.publish)}, "subscribe": {"allow": list(user.subscribe)}}
    if user.may_answer:
        permissions["allow_responses"] = {"max": 1, "expires": "30s"}
    return {"nkey": key, "permissions": permissions, "allowed_connection_types": [user.connects_as]}
