"""One agreed session, as the front end holds it: a key per direction, a counter per direction that only rises."""

from dataclasses import dataclass
from typing import NamedTuple

from cryptography.exceptions import InvalidTag

from metropool.core.errors import Invalid
from metropool.devices.sealed.suites import Aead
from metropool.devices.sealed.wire import CONTENT_MAX, DOWN, EXPIRY, FRAME, FRAME_MIN, HEADER, MAGIC, REPORT, VERSION

COUNTER_MAX = 1 << 32
"""Frames of one direction of one session; then the link is closed and a new session agreed."""


class Opened(NamedTuple):
    """What a frame or report held; ``expires_s`` is Unix seconds of the business clock, 0 for never."""

    counter: int
    expires_s: int
    content: bytes


class FrameRefused(Invalid):
    """One frame that was not taken; the link stays.

    Attributes:
        reason: ``altered``, ``repeated`` or ``other_session``.
        counter: What its header says; not to be believed where the frame was altered.
    """

    def __init__(self, reason: str, counter: int) -> None:
        super().__init__(f"sealed frame {counter}: {reason}")
        self.reason, self.counter = reason, counter


@dataclass
class Session:
    """Seals what goes to the terminal and opens what comes from it.

    Attributes:
        id: Four bytes that name the session in each header.
        suite: Its suite.
        received, sent: Highest counter of each direction so far.
    """

    id: bytes
    suite: int
    opens: Aead
    seals: Aead
    received: int = 0
    sent: int = 0

    def open(self, frame: bytes) -> Opened:
        """Open the record of a frame or report, as ``Records`` cut it; the header, opened with it, says which it is.

        Raises:
            FrameRefused: It is not of this session, was altered, or does not come after the frame before it.
        """
        head, counter = frame[:HEADER], int.from_bytes(frame[12:HEADER], "big")
        if frame[8:12] != self.id:
            raise FrameRefused("other_session", counter)
        try:
            plain = self.opens.decrypt(frame[8:HEADER], frame[HEADER:], head)
        except InvalidTag:
            raise FrameRefused("altered", counter) from None
        if counter <= self.received:
            raise FrameRefused("repeated", counter)
        self.received = counter
        return Opened(counter, int.from_bytes(plain[:EXPIRY], "big"), plain[EXPIRY:])

    def seal(self, content: bytes, *, expires_s: int = 0) -> bytes:
        """Content as frame records, each of ``CONTENT_MAX`` bytes at most.

        Args:
            content: Whole frames of what the terminal speaks.
            expires_s: From when on the terminal must not act on it [Unix s, business clock]; 0 for never.

        Raises:
            Invalid: The session has sent all it may.
        """
        pieces = (content[first : first + CONTENT_MAX] for first in range(0, len(content), CONTENT_MAX))
        return b"".join(self._sealed(piece, expires_s) for piece in pieces)

    def confirm(self, report: int) -> bytes:
        """The record that tells the terminal its report of this number is kept.

        Raises:
            Invalid: The session has sent all it may.
        """
        return self._sealed(report.to_bytes(8, "big"), 0, REPORT)

    def _sealed(self, content: bytes, expires_s: int, kind: int = FRAME) -> bytes:
        if self.sent >= COUNTER_MAX:
            raise Invalid("this session has sent all it may: agree a new one")
        self.sent += 1
        whose, size = self.id + self.sent.to_bytes(8, "big"), FRAME_MIN + len(content)
        head = MAGIC + bytes((VERSION, kind, self.suite, DOWN)) + size.to_bytes(2, "big") + whose
        return head + self.seals.encrypt(whose, expires_s.to_bytes(EXPIRY, "big") + content, head)
