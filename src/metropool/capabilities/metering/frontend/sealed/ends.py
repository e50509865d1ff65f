"""Our end of one sealed link: bytes in, bytes out. It greets once, then opens and seals; no socket here."""

from collections.abc import Callable
from dataclasses import dataclass, field

from metropool.capabilities.metering.ports import TerminalKeys
from metropool.core.errors import Invalid
from metropool.devices.sealed.greeting import read_hello
from metropool.devices.sealed.report import Report, read_report
from metropool.devices.sealed.session import FrameRefused, Opened, Session
from metropool.devices.sealed.wire import KIND, MAGIC, RANDOM, REPORT, UP, Records


class GreetingRefused(Invalid):
    """A hello that is not answered; the link is closed.

    Attributes:
        terminal: Whose key it names, 0 for nobody's.
        reason: ``unknown_key``, ``ended_key``, ``forged_hello``, ``repeated_hello``, ``suite`` or ``no_keys``.
    """

    def __init__(self, reason: str, terminal: int = 0) -> None:
        super().__init__(f"hello refused: {reason}")
        self.reason, self.terminal = reason, terminal


@dataclass(frozen=True)
class Agreed:
    """What a hello came to: whose it is, what to answer, and the session that begins."""

    terminal: int
    answer: bytes
    session: Session


@dataclass(frozen=True)
class Refusal:
    """One thing that was not taken, and the counter its header claims."""

    terminal: int
    reason: str
    counter: int = 0


@dataclass
class Heard:
    """What some received bytes came to.

    Attributes:
        content: What the terminal said.
        answer: What goes back as it is.
        refusals: What was not taken.
        reports: What the terminal says it did not take; never part of ``content``.
        is_over: Nothing more is taken from this link: close it.
    """

    content: bytes = b""
    answer: bytes = b""
    refusals: list[Refusal] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    is_over: bool = False


@dataclass
class SealedEnd:
    """One end of a sealed link.

    Attributes:
        keys: Who has which key.
        random: Draws so many random bytes.
        terminal: Device number of who is at the other end; 0 before the hello.
        key: Name of the key it used.
        opened, sealed: Frames, reports and confirmations so far.
        refused_bytes: Bytes that came since the last frame or report that was taken.
    """

    keys: TerminalKeys
    random: Callable[[int], bytes]
    terminal: int = 0
    key: bytes = b""
    opened: int = 0
    sealed: int = 0
    refused_bytes: int = 0
    _session: Session | None = None
    _records: Records = field(default_factory=lambda: Records(direction=UP))

    def hear(self, received: bytes) -> Heard:
        """Take received bytes."""
        heard, parts = Heard(), list[bytes]()
        for record in self._records.feed(received):
            if self._session is None:
                self._greet(record, heard)
                if heard.is_over:
                    return heard
            else:
                self._open(record, self._session, parts, heard)
        if self._records.fault:
            heard.refusals.append(Refusal(self.terminal, self._records.fault))
            heard.is_over = True
        heard.content = b"".join(parts)
        return heard

    def seal(self, content: bytes, *, expires_s: int = 0) -> bytes:
        """Content as it travels; nothing before the hello was answered.

        Raises:
            Invalid: The session has sent all it may.
        """
        if self._session is None or not content:
            return b""
        before = self._session.sent
        records = self._session.seal(content, expires_s=expires_s)
        self.sealed += self._session.sent - before
        return records

    def confirm(self, report: int) -> bytes:
        """The record that tells the terminal its report of this number is kept.

        Raises:
            Invalid: The session has sent all it may.
        """
        if self._session is None:
            return b""
        self.sealed += 1
        return self._session.confirm(report)

    def _greet(self, record: bytes, heard: Heard) -> None:
        try:
            hello = read_hello(record)
            agreed = self.keys.agree(hello, random=self.random(RANDOM))
        except GreetingRefused as cause:
            heard.refusals.append(Refusal(cause.terminal, cause.reason))
            heard.is_over = True
            return
        self.terminal, self.key, self._session = agreed.terminal, hello.name, agreed.session
        heard.answer = agreed.answer

    def _open(self, record: bytes, session: Session, parts: list[bytes], heard: Heard) -> None:
        try:
            opened = session.open(record)
        except FrameRefused as cause:
            self.refused_bytes += len(record)
            heard.refusals.append(Refusal(self.terminal, cause.reason, cause.counter))
            return
        if self.opened == 0:
            self.keys.proven(self.key)
        self.opened += 1
        if record[KIND] == REPORT:
            self._take_report(record, opened, heard)
            return
        self.refused_bytes = 0
        parts.append(opened.content)

    def _take_report(self, record: bytes, opened: Opened, heard: Heard) -> None:
        try:
            heard.reports.append(read_report(opened.content))
        except Invalid:
            self.refused_bytes += len(record)
            heard.refusals.append(Refusal(self.terminal, "bad_report", opened.counter))
            return
        self.refused_bytes = 0


def begins_sealed(received: bytes) -> bool:
    """The first bytes of a link begin a sealed one; no protocol we hear begins so."""
    return received[:1] == MAGIC[:1]
