"""Hello and answer: both sides show that they have the terminal's key, and both bring a random number to the session.

A terminal says who it is by the name of its key, a random number that means nothing to whoever listens; its address never
travels in the clear. The session keys come from the terminal's key and both random numbers (HKDF-SHA256, RFC 5869), so a
hello or an answer that is sent again leads to keys nobody has.
"""

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from metropool.core.errors import Invalid
from metropool.devices.sealed import wire
from metropool.devices.sealed.session import Session
from metropool.devices.sealed.suites import TAG, aead_of

KEY, NAME = 32, 8
_SESSION, _HELLO = b"metropool sealed link 1 session", b"metropool sealed link 1 hello"


@dataclass(frozen=True)
class Hello:
    """What a terminal says first.

    Attributes:
        name: Name of its key (8 bytes).
        number: Which of its keys it is, counted from 1.
        suite: The suite it wants.
        random: Its random number.
        raw: The record.
    """

    name: bytes
    number: int
    suite: int
    random: bytes
    raw: bytes


def read_hello(raw: bytes) -> Hello:
    """A whole hello record, as ``Records`` cut it; who said it is not known before ``is_from``.

    Raises:
        Invalid: It is none.
    """
    if len(raw) != wire.HEADER + wire.GREETING or raw[:2] != wire.MAGIC or raw[3] != wire.HELLO:
        raise Invalid("no hello of a sealed link")
    random = raw[wire.HEADER : wire.HEADER + wire.RANDOM]
    return Hello(raw[8 : 8 + NAME], int.from_bytes(raw[8 + NAME : wire.HEADER], "big"), raw[4], random, raw)


def is_from(hello: Hello, *, key: bytes) -> bool:
    """The hello was made by a holder of the key."""
    tag = _tag(_derived(key, salt=b"", info=_HELLO, size=32), hello.raw[:-TAG])
    return hmac.compare_digest(tag, hello.raw[-TAG:])


def answer_to(hello: Hello, *, key: bytes, random: bytes) -> tuple[bytes, Session]:
    """The answer to a hello, and the session it begins.

    Args:
        hello: One that ``is_from`` the key.
        key: The terminal's key, 32 bytes.
        random: 32 fresh random bytes; never the same twice.

    Raises:
        Unavailable: The suite cannot be used here.
    """
    whose = hello.raw[8 : wire.HEADER]
    info = _SESSION + bytes((wire.VERSION, hello.suite)) + whose
    made = _derived(key, salt=hello.random + random, info=info, size=100)
    up, down, confirming, session = made[:32], made[32:64], made[64:96], made[96:]
    head = wire.header(kind=wire.ANSWER, suite=hello.suite, direction=wire.DOWN, size=wire.GREETING, whose=whose)
    answer = head + random
    opens, seals = aead_of(hello.suite, up), aead_of(hello.suite, down)
    return answer + _tag(confirming, hello.raw + answer), Session(id=session, suite=hello.suite, opens=opens, seals=seals)


def _tag(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")[:TAG]


def _derived(key: bytes, *, salt: bytes, info: bytes, size: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=size, salt=salt, info=info).derive(key)
