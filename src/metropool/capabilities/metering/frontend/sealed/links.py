"""The sealed links of a front end: each greeted and opened before the hub sees a byte; what is refused is counted and told."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from metropool.capabilities.metering.frontend.notices import Notices
from metropool.capabilities.metering.frontend.sealed.ends import GreetingRefused, Heard, Refusal, SealedEnd, begins_sealed
from metropool.capabilities.metering.frontend.sealed.reports import Reports
from metropool.capabilities.metering.ports import TerminalKeys
from metropool.core.clock import Clock
from metropool.core.errors import Invalid

if TYPE_CHECKING:
    from metropool.capabilities.metering.frontend.links import Link


@dataclass(frozen=True)
class Sealing:
    """What sealed links need of the world.

    Attributes:
        keys: Each terminal's own key.
        random: Draws so many random bytes, never the same twice.
    """

    keys: TerminalKeys
    random: Callable[[int], bytes]


@dataclass(frozen=True)
class SealedLinks:
    """Greets, opens, and tells what was refused, here and by terminals.

    Attributes:
        sealing: Keys and randomness; None greets nobody.
        notices: Told what was refused.
        reports: What terminals report.
        counts: ``sealed_opened``, ``sealed_refused`` and each reason, ``sealed_reports`` and those put off.
        clock: Business time.
        garbage: Bytes without a frame that opens after which a link is cut.
    """

    sealing: Sealing | None
    notices: Notices
    reports: Reports
    counts: Counter[str]
    clock: Clock
    garbage: int

    def end(self) -> SealedEnd:
        """Our end of a new link.

        Raises:
            GreetingRefused: There are no keys here.
        """
        if self.sealing is None:
            raise GreetingRefused("no_keys")
        return SealedEnd(self.sealing.keys, self.sealing.random)

    def hear(self, link: "Link", received: bytes) -> bytes:
        """What a link says, opened where it is sealed; the first byte decides which it is, for good."""
        if link.end is None:
            if link.is_plain or not begins_sealed(received):
                link.is_plain = True
                return received
            try:
                link.end = self.end()
            except GreetingRefused as cause:
                self.tell([Refusal(cause.terminal, cause.reason)], peer=link.peer)
                link.cut()
                return b""
        before = link.end.opened
        heard = link.end.hear(received)
        self.counts["sealed_opened"] += link.end.opened - before
        if not self.settle(heard, link.end, peer=link.peer, write=link.write):
            self.counts["links_refused_sealed"] += 1
            link.cut()
        return heard.content

    def settle(self, heard: Heard, end: SealedEnd, *, peer: str, write: Callable[[bytes], None]) -> bool:
        """Answer a hello, tell what was refused, take reports; False when the link is to be cut."""
        if heard.answer:
            write(heard.answer)
        if heard.refusals:
            self.tell(heard.refusals, peer=peer)
        for report in heard.reports:
            confirm = partial(_confirm, end, write)
            is_taken = self.reports.take(report, terminal=end.terminal, peer=peer, at_ms=self._now_ms(), confirm=confirm)
            self.counts["sealed_reports" if is_taken else "sealed_reports_put_off"] += 1
        return not heard.is_over and end.refused_bytes <= self.garbage

    def tell(self, refusals: Iterable[Refusal], *, peer: str) -> None:
        """Count what was refused, and have it told."""
        now_ms = self._now_ms()
        for refusal in refusals:
            self.counts["sealed_refused"] += 1
            self.counts[f"sealed_{refusal.reason}"] += 1
            self.notices.refusals.note(refusal.terminal, refusal.reason, counter=refusal.counter, peer=peer, at_ms=now_ms)

    def may_stand(self, end: SealedEnd | None) -> bool:
        """The key a link was greeted by has not ended since; true of a plain link."""
        return end is None or not end.key or self.sealing is None or self.sealing.keys.holds(end.key)

    def refresh(self) -> None:
        """Take notice of keys that were drawn or ended elsewhere."""
        if self.sealing is not None:
            self.sealing.keys.refresh()

    def _now_ms(self) -> int:
        return int(self.clock.now().timestamp() * 1000)


def _confirm(end: SealedEnd, write: Callable[[bytes], None], number: int) -> None:
    # A session that has sent all it may confirms nothing more: the terminal says its report again in the next.
    with suppress(Invalid):
        write(end.confirm(number))
