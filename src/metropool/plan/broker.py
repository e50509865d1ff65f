"""From letters to the broker: one account per system, exports and imports per letter, users confined to exactly theirs.

A letter is exported by the receiver's account as a
*service* to the sender's account alone, so that the receipt (the PubAck of the receiver's inbox stream) finds its way back;
a stream export gives none. Along the same ways a system tells that it is there, on subjects that nothing keeps; whoever says no
letters back answers (``ANSWERS``), on the subject that the broker makes of where the beat came from; no asker can choose it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from metropool.plan.schema import Letter
from metropool.plan.subjects import beat_of, subject_of

if TYPE_CHECKING:
    from metropool.plan.gateways import Gateways

CONSUMER = "main"
ANSWERS = "_R_.>"
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
    gateways: "tuple[Gateways, ...]" = ()

    def users_of(self, account: str) -> tuple[BrokerUser, ...]:
        """The users of one account."""
        return tuple(user for user in self.users if user.account == account)

    def streams_of(self, account: str) -> tuple[Stream, ...]:
        """The streams of one account."""
        return tuple(stream for stream in self.streams if stream.account == account)


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
    for system in sorted({receiver for sender, receiver in pairs if (receiver, sender) not in pairs}):
        said[system].append(ANSWERS)
    streams = {system: _streams(system, front) for system, front in nodes.items()}
    users = tuple(user for system, front in nodes.items() for user in _users(system, front, said[system], streams[system]))
    return BrokerPlan(accounts=tuple(nodes), users=users, passages=passages, streams=tuple(chain.from_iterable(streams.values())))


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
