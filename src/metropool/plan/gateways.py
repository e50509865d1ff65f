"""Gateways at the broker: an account of their own, a door that asks the registry, and exactly who hears and who speaks.

A gateway is no broker user of the plan: it comes over MQTT with a name and a secret, the broker asks its porter (auth callout), the porter
the door of whoever vouches for the home, and answers with what this one gateway may say and hear. So one of them comes and goes without
the broker being told anew, and a secret is told to the host of its home alone.

Topics are ``home/<name>/up/<message>`` and ``home/<name>/down/<message>``. A gateway's name is its home, or, where there are many hosts
(one a community), ``<host>/<home>``: who hosts one home hears and tells no gateway of another. What a gateway says with QoS 1 is in the
stream ``$MQTT_msgs`` before it is acknowledged; each system that hears some of it has a consumer of its own there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
from metropool.plan.schema import Letter

STREAM = "$MQTT_msgs"
STORED = "$MQTT.msgs."
"""What a gateway said under a subject is stored under this and the subject."""
RECEIPTS = "receipts"
"""Said by gateways of what came down to them; no message of a plan: the acknowledgement of one."""
DROP = "gateways.drop"
"""Asked under this and the host's name, with a gateway's name: end its connection now."""
KNOCK = "gateways.knock"
"""Asked under this and the host's name, with a home and a secret: may it come in?"""
ASKED = "$SYS.REQ.USER.AUTH"
WARDEN, PORTER = "gateways-warden", "gateways-porter"
_GIB = 1 << 30
_NS = 1_000_000_000
MAX_BYTES = 64 << 10
"""The largest message of a gateway."""


@dataclass(frozen=True)
class Gateways:
    """The gateways of a running plan.

    Attributes:
        account: The system of the plan that they are instances of; the broker's account has its name.
        per: What there is one of them for (``home``).
        hosts: The systems whose registries vouch for them.
        is_many: Whether each host is for the homes of one place: names then begin with it.
        heard: System to the messages it hears from them.
        said: System to the messages it says to them.
        kinds: Message to the class that carries it.
    """

    account: str
    per: str
    hosts: tuple[str, ...]
    is_many: bool
    heard: Mapping[str, tuple[str, ...]] = field(hash=False)
    said: Mapping[str, tuple[str, ...]] = field(hash=False)
    kinds: Mapping[str, str] = field(hash=False)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Systems that hear or say something."""
        return tuple(dict.fromkeys((*self.heard, *self.said)))

    def name_of(self, host: str, home: str) -> str:
        """What the gateway of a home is called."""
        return f"{host}/{home}" if self.is_many else home

    def home_of(self, name: str) -> str:
        """The home of a gateway."""
        return name.partition("/")[2] if self.is_many else name

    def host_of(self, name: str) -> str | None:
        """Who vouches for a gateway; None where nobody can."""
        host = name.partition("/")[0] if self.is_many else self.hosts[0]
        return host if host in self.hosts and self.home_of(name) else None

    def every(self, system: str) -> str:
        """The names of all gateways that a system hears or tells: those of its own homes, or everyone's."""
        return self.name_of(system if system in self.hosts else "*", "*")

    def up(self, name: str, message: str) -> str:
        """The subject on which a gateway says something."""
        return f"{self.per}.{name.replace('/', '.')}.up.{message}"

    def down(self, name: str, message: str) -> str:
        """The subject on which it is told something."""
        return f"{self.per}.{name.replace('/', '.')}.down.{message}"

    def said_on(self, subject: str) -> tuple[str, str]:
        """The home and the message of a subject on which a gateway said something."""
        parts = subject.split(".")
        return parts[2 if self.is_many else 1], parts[-1]

    def may_publish(self, name: str) -> list[str]:
        """All that one gateway may say."""
        heard = dict.fromkeys(message for messages in self.heard.values() for message in messages)
        return [self.up(name, message) for message in (*heard, RECEIPTS)]

    def may_subscribe(self, name: str) -> list[str]:
        """All that one gateway may hear; MQTT's ``down/#`` is of ``down`` itself too."""
        return [self.down(name, "").removesuffix("."), self.down(name, ">")]

    def subjects_of(self, system: str) -> list[str]:
        """What the consumer of a system is given, as it is stored."""
        messages = (*self.heard.get(system, ()), *((RECEIPTS,) if system in self.said else ()))
        return [STORED + self.up(self.every(system), message) for message in messages]


def speaker_of(system: str) -> str:
    """The broker user by which a system hears gateways and speaks to them."""
    return f"{system}-gateways"


def door_of(system: str) -> str:
    """The broker user by which a host is asked whether a gateway may come in."""
    return f"{system}-door"


def gateways_of(
    *, systems: Mapping[str, Any], letters: Iterable[Letter], kinds: Mapping[str, str], capability: str = "places"
) -> Gateways | None:
    """The gateways a plan runs; None where it runs none, or nobody hosts the places they are in.

    Args:
        systems: Name to ``RunningFacts`` of what runs.
        letters: Everything that may be said.
        kinds: Message to its class.
        capability: Whose host vouches for them.
    """
    for facts in systems.values():
        if facts.kind != "device" or facts.per is None or "mqtt" not in facts.way_in:
            continue
        hosts = tuple(name for name, other in systems.items() if facts.per in other.hosts.get(capability, ()))
        if hosts:
            return _gateways(facts.id, facts.per, hosts, systems, sorted(letters), kinds)
    return None


def _gateways(
    account: str,
    per: str,
    hosts: tuple[str, ...],
    systems: Mapping[str, Any],
    letters: Iterable[Letter],
    kinds: Mapping[str, str],
) -> Gateways:
    heard: dict[str, tuple[str, ...]] = {}
    said: dict[str, tuple[str, ...]] = {}
    for letter in letters:
        if letter.sender == account and systems[letter.receiver].kind == "node":
            heard[letter.receiver] = (*heard.get(letter.receiver, ()), letter.message)
        if letter.receiver == account and systems[letter.sender].kind == "node":
            said[letter.sender] = (*said.get(letter.sender, ()), letter.message)
    named = {message: kinds[message] for messages in (*heard.values(), *said.values()) for message in messages}
    is_many = any(systems[host].place for host in hosts)
    return Gateways(account=account, per=per, hosts=hosts, is_many=is_many, heard=heard, said=said, kinds=named)


def with_gateways(broker: BrokerPlan, gateways: Gateways | None) -> BrokerPlan:
    """The broker's plan, and the account and users that gateways need."""
    if gateways is None:
        return broker
    users = (*(_speaker(gateways, system) for system in gateways.speakers), *_keepers(gateways))
    return replace(broker, accounts=(*broker.accounts, gateways.account), users=(*broker.users, *users), gateways=gateways)


def _speaker(gateways: Gateways, system: str) -> BrokerUser:
    name = speaker_of(system)
    pulls = (f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{system}", f"$JS.ACK.{STREAM}.{system}.>")
    says = tuple(gateways.down(gateways.every(system), message) for message in gateways.said.get(system, ()))
    drops = (f"{DROP}.{system}",) if system in gateways.hosts else ()
    return BrokerUser(name, gateways.account, (*pulls, *says, *drops), (f"reply.{name}.>",), keeper=system)


def _keepers(gateways: Gateways) -> list[BrokerUser]:
    """Who lets in (the porter asks each host's door), who ends connections (asked in the gateways' account, done in the broker's own),
    who makes streams."""
    account, maker = gateways.account, provisioner_of(gateways.account)
    makes = [f"STREAM.{verb}.{STREAM}" for verb in ("CREATE", "UPDATE", "INFO")]
    makes += [f"CONSUMER.CREATE.{STREAM}.{system}" for system in gateways.speakers]
    ends = ("$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.SERVER.*.KICK")
    system = f"{SYSTEM_ACCOUNT}-{WARDEN}"
    knocks = tuple(f"{KNOCK}.{host}" for host in gateways.hosts)
    return [
        *(_door(account, host) for host in gateways.hosts),
        BrokerUser(PORTER, account, knocks, (ASKED, f"reply.{PORTER}.>"), may_answer=True, keeper=SYSTEM_ACCOUNT),
        BrokerUser(WARDEN, account, (f"reply.{WARDEN}.>",), (f"{DROP}.*",), may_answer=True, keeper=SYSTEM_ACCOUNT),
        BrokerUser(system, SYSTEM_ACCOUNT, ends, (f"reply.{system}.>",), keeper=SYSTEM_ACCOUNT),
        BrokerUser(maker, account, tuple(f"$JS.API.{rest}" for rest in makes), (f"reply.{maker}.>",)),
    ]


def _door(account: str, host: str) -> BrokerUser:
    name = door_of(host)
    return BrokerUser(name, account, (f"reply.{name}.>",), (f"{KNOCK}.{host}",), may_answer=True, keeper=host)


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
    gateways = broker.gateways
    if gateways is None:
        return
    config["max_connections"] = settings.max_connections
    config["mqtt"] = {"listen": f"{settings.host}:{settings.gateway_port}", "reject_qos2_publish": True}
    door = {"issuer": issuer, "account": gateways.account, "auth_users": [keys[user.name] for user in broker.users]}
    config["authorization"] = {"auth_callout": door, "timeout": 5}
    config["jetstream"]["max_file"] += 2 * _GIB
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
