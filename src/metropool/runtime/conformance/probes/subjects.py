"""Subjects that a broker user has no business with."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from metropool.plan.broker import BrokerUser
from metropool.plan.compiled import Compiled
from metropool.plan.schema import Letter
from metropool.plan.subjects import INSTANCE, beat_of, subject_of


def drawn(subjects: Iterable[str], *, most: int, salt: str) -> list[str]:
    """So many of them at most, other ones for another salt: the whole table is held to the plan in memory, here its keeper is tried."""
    every = set(subjects)
    if len(every) <= most:
        return sorted(every)
    return sorted(every, key=lambda subject: hashlib.sha256(f"{salt} {subject}".encode()).digest())[:most]


def own_name(user: BrokerUser, compiled: Compiled) -> Iterator[str]:
    """Every message to every system of the contract, in the name of the user's own system."""
    systems, messages = dict.fromkeys((*compiled.whole.systems, *compiled.nodes())), compiled.whole.messages
    yield from (subject_of(Letter(user.account, message, receiver)) for receiver, message in product(systems, messages))
    yield from (beat_of(user.account, receiver) for receiver in systems)


def other_names(user: BrokerUser, compiled: Compiled) -> Iterator[str]:
    """Every letter that others may say, and one's own under another instance."""
    for letter in compiled.letters:
        if letter.sender != user.account:
            yield from (subject_of(letter), beat_of(letter.sender, letter.receiver))
        else:
            yield subject_of(letter).removesuffix(INSTANCE) + "other"


def peeks(me: str, other: str) -> Sequence[str]:
    """Subjects of the broker's own interface, and of others' private ones."""
    streams = [f"{kind}_{owner}" for kind in ("inbox", "log") for owner in (me, other)]
    verbs = ("INFO", "PURGE", "MSG.GET", "MSG.DELETE", "CREATE", "UPDATE", "DELETE", "SNAPSHOT")
    return [
        *(f"$JS.API.STREAM.{verb}.{stream}" for stream in streams for verb in verbs),
        *(f"$JS.API.DIRECT.GET.{stream}" for stream in streams),
        *(f"$JS.API.CONSUMER.{verb}.{stream}" for stream in streams for verb in ("LIST", "NAMES", "CREATE")),
        *(
            f"$JS.API.CONSUMER.{verb}.{stream}.main"
            for stream in streams
            for verb in ("CREATE", "DELETE", "INFO", "MSG.NEXT", "PAUSE")
        ),
        *(f"$JS.API.CONSUMER.CREATE.{stream}.other" for stream in streams),
        *(f"$JS.ACK.{stream}.main.1.1.1.1.0" for stream in streams),
        *("$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.INFO", "$JS.API.STREAM.CREATE.other"),
        *("$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.PING.SUBSZ", f"$SYS.REQ.ACCOUNT.{other}.CONNZ", "$SYS.REQ.USER.INFO"),
        *(f"log.{other}.readings", f"log.{other}.import.readings", f"frontend.{other}.do.task", f"frontend.{other}.ask.book"),
        f"reply.{other}.answer",
    ]


def listens(me: str, other: str) -> Sequence[str]:
    """Subscriptions that would hear what is not meant for one."""
    broad = (
        ">",
        "*",
        "*.>",
        "*.*.>",
        f"*.{INSTANCE}.>",
        "reply.>",
        "reply.*.>",
        "_INBOX.>",
        "_R_.>",
        "$JS.>",
        "$JS.API.>",
        "$SYS.>",
    )
    own = (f"{me}.>", f"{me}.{INSTANCE}.>", f"log.{me}.>", "frontend.>", "alive.>", f"alive.{other}.*", f"alive.*.{other}")
    return [
        *broad,
        *own,
        *(f"{other}.>", f"{other}.{INSTANCE}.*.{me}.{INSTANCE}", f"reply.{other}.>", f"log.{other}.>"),
        *(f"frontend.{other}.do.>", f"frontend.{other}.ask.>", f"$JS.ACK.inbox_{other}.>", "$JS.EVENT.ADVISORY.>"),
    ]
