"""Sealed frames as a terminal speaks them: hello, answer, frames, reports. Written from docs/decisions/22-sealed-frames.md alone.

A record is a header of twenty bytes and what follows it: ``A7 5E version kind suite direction length(2) whose(12)``. ``whose`` is
the name and number of the key in a greeting, session and counter in a frame or report.
"""

import hashlib
import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cityinabox.codec.bcd import BadFrame

START, HEAD, TAG = b"\xa7\x5e", 20, 16
HELLO, ANSWER, FRAME, REPORT = 1, 2, 3, 4
KIND = 3
UP, DOWN = 0, 1
AES, SM4 = 1, 2
GREETING, LARGEST = 48, 8 + 16_400 + TAG
NUMBER, COUNT_MAX = 8, (1 << 32) - 1
REASONS = ("altered", "repeated", "other_session", "expired", "bad_header", "bad_answer")
"""Why a terminal takes something not; the code of the first in a report is 1."""

_COUNT = struct.Struct(">BIQQ")


@dataclass(frozen=True)
class LinkKey:
    """The key of one terminal: its name, number, and 32 secret bytes."""

    name: bytes
    number: int
    secret: bytes

    @property
    def whose(self) -> bytes:
        return self.name + self.number.to_bytes(4, "big")


class Refused(BadFrame):
    """A frame that the terminal does not take; the link stays."""

    def __init__(self, reason: str, counter: int) -> None:
        super().__init__(f"{reason}: {counter}")
        self.reason, self.counter = reason, counter


@dataclass(frozen=True)
class Count:
    """A row of a report: how often something was refused for a reason, and the counters of the first and the last."""

    reason: str
    count: int
    first: int
    last: int


def packed(counts: Iterable[Count]) -> bytes:
    """Rows of a report, as they follow its number."""
    rows = ((REASONS.index(each.reason) + 1, min(each.count, COUNT_MAX), each.first, each.last) for each in counts)
    return b"".join(_COUNT.pack(*row) for row in rows)


def unpacked(rows: bytes) -> list[Count]:
    return [Count(REASONS[code - 1], *counts) for code, *counts in _COUNT.iter_unpack(rows)]


def expand(secret: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    """HKDF-SHA256 (RFC 5869)."""
    root = hmac.digest(salt or bytes(32), secret, hashlib.sha256)
    made, block = b"", b""
    for count in range(1, -(-size // 32) + 1):
        block = hmac.digest(root, block + info + bytes((count,)), hashlib.sha256)
        made += block
    return made[:size]


def head(kind: int, suite: int, direction: int, size: int, whose: bytes) -> bytes:
    return START + bytes((1, kind, suite, direction)) + size.to_bytes(2, "big") + whose


def hello(key: LinkKey, random: bytes, suite: int = AES) -> bytes:
    """The first record of a link; ``random`` is 32 fresh bytes."""
    said = head(HELLO, suite, UP, GREETING, key.whose) + random
    return said + hmac.digest(expand(key.secret, b"", b"metropool sealed link 1 hello", 32), said, hashlib.sha256)[:TAG]


class Session:
    """What a terminal and its head-end agreed.

    Args:
        key: The terminal's own.
        said: The hello.
        heard: The answer to it.

    Raises:
        BadFrame: Not an answer to this hello by somebody who has the key.
    """

    def __init__(self, key: LinkKey, said: bytes, heard: bytes) -> None:
        suite = said[4]
        if heard[:8] != head(ANSWER, suite, DOWN, GREETING, b"") or heard[8:HEAD] != key.whose or len(heard) != HEAD + GREETING:
            raise BadFrame("no answer to this hello")
        info = b"metropool sealed link 1 session" + bytes((1, suite)) + key.whose
        made = expand(key.secret, said[HEAD : HEAD + 32] + heard[HEAD : HEAD + 32], info, 100)
        proof = hmac.digest(made[64:96], said + heard[:-TAG], hashlib.sha256)[:TAG]
        if not hmac.compare_digest(proof, heard[-TAG:]):
            raise BadFrame("answered by somebody without the key")
        self.suite, self.id = suite, made[96:]
        self._up, self._down = _cipher(suite, made[:32]), _cipher(suite, made[32:64])
        self.sent = self.received = 0

    def seal(self, content: bytes, kind: int = FRAME) -> bytes:
        """The record of a frame or report."""
        self.sent += 1
        whose = self.id + self.sent.to_bytes(8, "big")
        first = head(kind, self.suite, UP, 8 + len(content) + TAG, whose)
        return first + self._up.encrypt(whose, bytes(8) + content, first)

    def open(self, record: bytes, at_s: float) -> bytes:
        """What the head-end says in a frame or in the confirmation of a report; ``at_s`` is what the terminal's clock shows [Unix s].

        Raises:
            Refused: Of another session, altered, said before, or too late.
        """
        counter = int.from_bytes(record[12:HEAD], "big")
        if record[8:12] != self.id:
            raise Refused("other_session", counter)
        try:
            plain = self._down.decrypt(record[8:HEAD], record[HEAD:], record[:HEAD])
        except InvalidTag:
            raise Refused("altered", counter) from None
        if counter <= self.received:
            raise Refused("repeated", counter)
        self.received = counter
        expires_s = int.from_bytes(plain[:8], "big")
        if expires_s and at_s >= expires_s:
            raise Refused("expired", counter)
        return plain[8:]


class Cutter:
    """Cuts what the head-end says into records: its answer, then frames and confirmations of the same suite.

    Attributes:
        is_over: A header was another than had to come: the link is to be closed, and nothing more is found.
    """

    def __init__(self, suite: int = AES) -> None:
        self._held, self._suite, self.is_over = bytearray(), suite, False
        self._kinds: tuple[int, ...] = (ANSWER,)

    def feed(self, chunk: bytes) -> list[bytes]:
        self._held += chunk
        found: list[bytes] = []
        while len(self._held) >= HEAD and not self.is_over:
            size = int.from_bytes(self._held[6:8], "big")
            known = [head(kind, self._suite, DOWN, size, b"") for kind in self._kinds]
            if self._held[:8] not in known or not TAG < size <= LARGEST:
                self.is_over = True
                break
            if len(self._held) < HEAD + size:
                break
            found.append(bytes(self._held[: HEAD + size]))
            del self._held[: HEAD + size]
            self._kinds = (FRAME, REPORT)
        return found


class _Sm4:
    """SM4-GCM, as ``AESGCM`` has it."""

    def __init__(self, key: bytes) -> None:
        self._key = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, beside: bytes) -> bytes:
        sealing = Cipher(self._key, modes.GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(beside)
        return sealing.update(data) + sealing.finalize() + sealing.tag

    def decrypt(self, nonce: bytes, data: bytes, beside: bytes) -> bytes:
        opening = Cipher(self._key, modes.GCM(nonce, data[-TAG:])).decryptor()
        opening.authenticate_additional_data(beside)
        return opening.update(data[:-TAG]) + opening.finalize()


def _cipher(suite: int, key: bytes) -> AESGCM | _Sm4:
    return AESGCM(key) if suite == AES else _Sm4(key[:16])
