"""Reports of terminals of what they refused: noted once, confirmed when durable; the terminal says one again until then."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from metropool.capabilities.metering.frontend.sealed.refusals import Refusals
from metropool.devices.sealed.report import Report

REMEMBERED = 4
"""Newest reports of each terminal that are known again; only terminals with a key can report."""


@dataclass
class Taken:
    """A report whose rows wait to be durable, or are: its content, number included."""

    raw: bytes
    is_durable: bool = False


@dataclass
class Reports:
    """What terminals reported.

    Attributes:
        refusals: Where their rows wait to be told.
    """

    refusals: Refusals
    _taken: dict[int, deque[Taken]] = field(default_factory=dict)

    def take(self, report: Report, *, terminal: int, peer: str, at_ms: int, confirm: Callable[[int], None]) -> bool:
        """Note a report that is new; confirm it once it is durable, and each time it is said again after.

        Args:
            terminal: Whose key the link was greeted with.
            at_ms: Business time, Unix ms.
            confirm: Tells the terminal that the report of this number is kept.

        Returns:
            False when it was put off: it is not confirmed, and there may be room when the terminal says it again.
        """
        before = self._taken.setdefault(terminal, deque(maxlen=REMEMBERED))
        known = next((taken for taken in before if taken.raw == report.raw), None)
        if known is not None:
            if known.is_durable:
                confirm(report.number)
            return True
        new = Taken(report.raw)
        on_told = partial(_durable, new, confirm, report.number)
        if not self.refusals.note_report(terminal, report, peer=peer, at_ms=at_ms, on_told=on_told):
            return False
        before.append(new)
        return True


def _durable(taken: Taken, confirm: Callable[[int], None], number: int) -> None:
    taken.is_durable = True
    confirm(number)
