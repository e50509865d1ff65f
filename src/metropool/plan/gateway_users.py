"""What gateways need of the broker: accounts, who hears and tells them, who lets them in and puts them out, streams, the way in. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from metropool.plan.broker import (
    FOR_EVER,
    INBOX_ACK_WAIT_S,
    SYSTEM_ACCOUNT,
    BrokerPlan,
    BrokerUser,
    provisioner_of,
)
from metropool.plan.broker_file import BrokerSettings
from metropool.plan.gateways import DOORS, DROP, KNOCK, STORED, STREAM, Gateways

ASKED = "$SYS.REQ.USER.AUTH"
WARDEN, PORTER = "gateways-warden", "gateways-porter"
_GIB = 1 << 30
_NS = 1_000_000_000
MAX_BYTES = 64 << 10
"""The largest message of a gateway."""


def speaker_of(gateways: Gateways, system: str) -> str:
    """The broker user by which a system hears gateways of a kind and speaks to them."""
    return f"{system}-{gateways.account}"


def door_of(system: str) -> str:
    """The broker user by which a host is asked whether a gateway may come in, and has one put out."""
    return f"{system}-door"


def with_gateways(broker: BrokerPlan, gateways: Sequence[Gateways]) -> BrokerPlan:
    """The broker's plan, and the accounts and users that gateways need."""
    if not gateways:
        return broker
    users = (*(user for kind in gateways for user in _users(kind)), *_keepers(gateways))
    accounts = (*broker.accounts, *(kind.account for kind in gateways), DOORS)
    return replace(broker, accounts=accounts, users=(*broker.users, *users), gateways=tuple(gateways))


def _users(gateways: Gateways) -> list[BrokerUser]:
    """Who hears gateways of a kind and speaks to them, and who makes their stream."""
    maker = provisioner_of(gateways.account)
    makes = [f"STREAM.{verb}.{STREAM}" for verb in ("CREATE", "UPDATE", "INFO")]
    makes += [f"CONSUMER.{verb}.{STREAM}.{system}" for verb in ("CREATE", "INFO") for system in gateways.speakers]
    provision = BrokerUser(maker, gateways.account, tuple(f"$JS.API.{rest}" for rest in makes), (f"reply.{maker}.>",))
    return [*(_speaker(gateways, system) for system in gateways.speakers), provision]


def _speaker(gateways: Gateways, system: str) -> BrokerUser:
    name = speaker_of(gateways, system)
    pulls = (f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{system}", f"$JS.ACK.{STREAM}.{system}.>")
    says = tuple(gateways.down(gateways.every(system), message) for message in gateways.said.get(system, ()))
    return BrokerUser(name, gateways.account, (*pulls, *says), (f"reply.{name}.>",), keeper=system)


def _keepers(gateways: Sequence[Gateways]) -> list[BrokerUser]:
    """Who lets in (the porter asks each host's door), who ends connections (asked by a host's door, done in the broker's own account)."""
    hosts = tuple(dict.fromkeys(host for kind in gateways for host in kind.hosts))
    ends = ("$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.SERVER.*.KICK")
    system, knocks = f"{SYSTEM_ACCOUNT}-{WARDEN}", tuple(f"{KNOCK}.{host}" for host in hosts)
    return [
        *(_door(host) for host in hosts),
        BrokerUser(PORTER, DOORS, knocks, (ASKED, f"reply.{PORTER}.>"), may_answer=True, keeper=SYSTEM_ACCOUNT),
        BrokerUser(WARDEN, DOORS, (f"reply.{WARDEN}.>",), (f"{DROP}.*",), may_answer=True, keeper=SYSTEM_ACCOUNT),
        BrokerUser(system, SYSTEM_ACCOUNT, ends, (f"reply.{system}.>",), keeper=SYSTEM_ACCOUNT),
    ]


def _door(host: str) -> BrokerUser:
    name = door_of(host)
    return BrokerUser(name, DOORS, (f"{DROP}.{host}",), (f"{KNOCK}.{host}", f"reply.{name}.>"), may_answer=True, keeper=host)


def add_door(
    config: dict[str, Any], *, broker: BrokerPlan, settings: BrokerSettings, keys: Mapping[str, str], issuer: str
) -> None:
    """Add to a broker's configuration the way in for gateways: MQTT, and whose word counts.

    Args:
        config: As it is without them; changed.
        broker: The plan.
        settings: Where to listen.
        keys: User to its public nkey; none of them is asked about at the door.
        issuer: Public account nkey that the porter's answers are signed with.
    """
    if not broker.gateways:
        return
    config["max_connections"] = settings.max_connections
    config["mqtt"] = {"listen": f"{settings.host}:{settings.gateway_port}", "reject_qos2_publish": True}
    door = {"issuer": issuer, "account": DOORS, "auth_users": [keys[user.name] for user in broker.users]}
    config["authorization"] = {"auth_callout": door, "timeout": 5}
    config["jetstream"]["max_file"] += 2 * _GIB * len(broker.gateways)
    for gateways in broker.gateways:
        account = config["accounts"][gateways.account]
        account["jetstream"] = {"max_mem": 0, "max_file": 2 * _GIB * settings.replicas, "max_streams": 5, "max_consumers": -1}
        account["limits"] = {"max_payload": MAX_BYTES}


def stream_config() -> dict[str, Any]:
    """JetStream's own form of the stream that the broker keeps what gateways say in: as it would make it, and bounded."""
    bounds = {"max_bytes": _GIB, "discard": "new", "max_msgs": -1, "max_age": 0, "num_replicas": 1}
    return {"name": STREAM, "subjects": [f"{STORED}>"], "storage": "file", "retention": "interest", **bounds}


def consumer_config(gateways: Gateways, system: str) -> dict[str, Any]:
    """JetStream's own form of the consumer of one system that hears gateways."""
    return {
        "name": system,
        "durable_name": system,
        "filter_subjects": gateways.subjects_of(system),
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": int(INBOX_ACK_WAIT_S * _NS),
        "max_deliver": FOR_EVER,
        "max_ack_pending": 1000,
        "replay_policy": "instant",
    }
