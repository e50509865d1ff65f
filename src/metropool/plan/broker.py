"""From letters to the broker: one account per system, exports and imports per letter, users confined to exactly theirs.

A letter is exported by the receiver's account as a
*service* to the sender's account alone, so that the receipt (the PubAck of the receiver's inbox stream) finds its way back;
a stream export gives none. Along the same ways a system tells that it is there, on subjects that nothing keeps.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from metropool.core.errors import Invalid
from metropool.plan.schema import Letter
from metropool.plan.subjects import beat_of, subject_of

if TYPE_CHECKING:
    from metropool.plan.gateways import Gateways

CONSUMER = "main"
SYSTEM_ACCOUNT = "broker"
INBOX_ACK_WAIT_S, LOG_ACK_WAIT_S = 30.0, 5.0
FOR_EVER = -1
"""How often the broker hands a message over: who sent it has a receipt, and who takes it in parks what it cannot."""
_GIB = 1 << 30


@dataclass(frozen=True)
class Stream:
    """A JetStream stream of one account and its one durable consumer, ``main``.

    Attributes:
        max_bytes: Bound on disk; when full, new messages are refused, so they stay with whoever says them.
        max_waiting_acks: How many messages may be out, not yet acknowledged.
        ack_wait_s: After how long one that is out is handed over again; a process that was killed holds up its successor so long.
    """

    account: str
    name: str
    subjects: tuple[str, ...]
    max_bytes: int
    max_waiting_acks: int
    ack_wait_s: float


@dataclass(frozen=True)
class BrokerUser:
    """Who may log in to an account, by what kind of connection, and exactly what it may publish and subscribe to."""

    name: str
    account: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    may_answer: bool = False
    connects_as: str = "STANDARD"
    keeper: str = ""

    @property
    def kept_by(self) -> str:
        """Whose folder has its key: the system that logs in by it."""
        return self.keeper or self.account


@dataclass(frozen=True)
class Passage:
    """A letter, or a beat, from account to account: exported by the receiver's to the sender's only, imported there."""

    sender: str
    receiver: str
    subject: str


@dataclass(frozen=True)
class BrokerPlan:
    """Accounts, users, passages and streams, in a fixed order."""

    accounts: tuple[str, ...]
    users: tuple[BrokerUser, ...]
    passages: tuple[Passage, ...]
    streams: tuple[Stream, ...]
    gateways: "Gateways | None" = None

    def users_of(self, account: str) -> tuple[BrokerUser, ...]:
        """The users of one account."""
        return tuple(user for user in self.users if user.account == account)

    def streams_of(self, account: str) -> tuple[Stream, ...]:
        """The streams of one account."""
        return tuple(stream for stream in self.streams if stream.account == account)


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


def provisioner_of(account: str) -> str:
    """The user that creates the streams of an account at start; only the supervisor has its key."""
    return f"{account}-provision"


def plan_broker(*, nodes: Mapping[str, str | None], letters: Iterable[Letter]) -> BrokerPlan:
    """What the broker must hold.

    Args:
        nodes: System to the name of its front end, or None.
        letters: Those between nodes.
    """
    listed = sorted(letters)
    pairs = sorted({(letter.sender, letter.receiver) for letter in listed})
    passages = (
        *(Passage(letter.sender, letter.receiver, subject_of(letter)) for letter in listed),
        *(Passage(sender, receiver, beat_of(sender, receiver)) for sender, receiver in pairs),
    )
    said: dict[str, list[str]] = defaultdict(list)
    for way in passages:
        said[way.sender].append(way.subject)
    streams = {system: _streams(system, front) for system, front in nodes.items()}
    users = tuple(user for system, front in nodes.items() for user in _users(system, front, said[system], streams[system]))
    return BrokerPlan(accounts=tuple(nodes), users=users, passages=passages, streams=tuple(chain.from_iterable(streams.values())))


def render_broker(broker: BrokerPlan, *, keys: Mapping[str, str], settings: BrokerSettings, issuer: str = "") -> str:
    """The configuration file of nats-server (JSON, which it reads), the same for the same input.

    Args:
        keys: User to its public nkey.
        issuer: Public account nkey of the gateways' door.

    Raises:
        Invalid: A user without a key.
    """
    from metropool.plan.gateways import add_door

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


def _streams(system: str, front: str | None) -> list[Stream]:
    name, ways = f"inbox_{system}", (f"{system}.>",)
    inbox = Stream(system, name, ways, max_bytes=_GIB, ack_wait_s=INBOX_ACK_WAIT_S, max_waiting_acks=1000)
    if front is None:
        return [inbox]
    # Few batches are out at a time: the reader keeps them in memory until those before them came.
    name, ways = f"log_{system}", (f"log.{system}.>",)
    log = Stream(system, name, ways, max_bytes=4 * _GIB, ack_wait_s=LOG_ACK_WAIT_S, max_waiting_acks=48)
    return [inbox, log]


def _users(system: str, front: str | None, said: list[str], own: list[Stream]) -> list[BrokerUser]:
    publish = [*said, *(subject for stream in own for subject in _consumer_subjects(stream))]
    replies = (f"reply.{system}.>", beat_of("*", system))
    provisioner = provisioner_of(system)
    provision = BrokerUser(
        name=provisioner,
        account=system,
        publish=tuple(subject for stream in own for subject in _provision_subjects(stream)),
        subscribe=(f"reply.{provisioner}.>",),
    )
    if front is None:
        return [BrokerUser(system, system, tuple(publish), replies), provision]
    do, ask, name = f"frontend.{system}.do.>", f"frontend.{system}.ask.>", f"{system}-{front}"
    # Where its log ends tells the core whether it is the log that it took readings from.
    ends = f"$JS.API.STREAM.INFO.log_{system}"
    # The core answers to the front end's own replies only: told to answer "wherever the question says", it could be made to
    # write a letter. The front end answers the core's questions alone.
    return [
        BrokerUser(system, system, (*publish, ends, do, f"log.{system}.import.>", f"reply.{name}.>"), (*replies, ask)),
        BrokerUser(name, system, (f"log.{system}.>", ask), (f"reply.{name}.>", do), may_answer=True),
        provision,
    ]


def _consumer_subjects(stream: Stream) -> tuple[str, str]:
    return f"$JS.API.CONSUMER.MSG.NEXT.{stream.name}.{CONSUMER}", f"$JS.ACK.{stream.name}.{CONSUMER}.>"


def _provision_subjects(stream: Stream) -> tuple[str, ...]:
    verbs = ("CREATE", "UPDATE", "INFO")
    about_consumer = (f"CONSUMER.CREATE.{stream.name}.{CONSUMER}", f"CONSUMER.INFO.{stream.name}.{CONSUMER}")
    return tuple(f"$JS.API.{rest}" for rest in (*(f"STREAM.{verb}.{stream.name}" for verb in verbs), *about_consumer))


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
