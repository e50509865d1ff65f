"""What was refused on sealed links, as events for the audit: each of the first of a kind in an hour for itself, then a sum.

A kind is a terminal, who refused (the front end, or the terminal, which reports it) and a reason. Rows wait here until they are
durable; how many wait, and how many kinds are counted, is bounded, so a flood costs no more memory than this.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from metropool.capabilities.metering.frontend.sealed.untold import FRONT_END, TERMINAL, Kind, Noted, NotKept, Some, Untold
from metropool.capabilities.metering.frontend.tasks import DeviceEvent
from metropool.devices.sealed.report import Report

CODE = "sealed_refused"
EACH_MAX = 50
"""Rows of their own for one kind in an hour."""

HOUR_MS = 3_600_000
KINDS_MAX, WAITING_MAX, AT_ONCE = 4096, 4096, 500
NOBODY = 1 << 60
"""Stands for whoever cannot be named: the address of no terminal."""


@dataclass
class Tally:
    """One kind since ``began_ms``: ``each`` rows of their own, and the sum of what came beyond."""

    began_ms: int
    each: int = 0
    rest: Some | None = None


@dataclass(frozen=True)
class Row:
    """An event that waits to be durable, and what to do then."""

    event: DeviceEvent
    noted: Noted
    on_told: Callable[[], None] | None = None


@dataclass
class Refusals:
    """Rows that wait, and what is counted.

    Attributes:
        waiting_max: Rows that wait at once; sums take what is beyond.
        kinds_max: Kinds that are counted at once; what is beyond is one kind of its own.
        untold: Where what the front end refused lies until it is told; what an earlier process left there waits first.
    """

    waiting_max: int = WAITING_MAX
    kinds_max: int = KINDS_MAX
    untold: Untold = field(default_factory=NotKept)
    _waiting: deque[Row] = field(default_factory=deque)
    _tallies: dict[Kind, Tally] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind, some in self.untold.kept():
            self._note(kind, some)

    def note(self, terminal: int, reason: str, *, counter: int, peer: str, at_ms: int) -> None:
        """The front end refused something."""
        noted = Kind(terminal or NOBODY, FRONT_END, reason), Some(1, counter, counter, peer, at_ms, at_ms)
        self.untold.add(self._note(*noted), still=self._still)

    def _note(self, kind: Kind, some: Some) -> Noted:
        """Let it wait as a row or as part of a sum; as what it is told."""
        if kind not in self._tallies and len(self._tallies) >= self.kinds_max:
            kind = Kind(NOBODY, FRONT_END, "many")
        tally = self._tallies.setdefault(kind, Tally(some.at_ms))
        if tally.each < EACH_MAX and len(self._waiting) < self.waiting_max:
            tally.each += 1
            self._waiting.append(Row(_event(kind, some), (kind, some)))
        elif tally.rest is None:
            tally.rest = replace(some)
        else:
            tally.rest.add(some)
        return kind, some

    def _still(self) -> Iterator[Noted]:
        """All of the front end's own that is not told: a terminal keeps its own."""
        yield from (row.noted for row in self._waiting if row.noted[0].by == FRONT_END)
        yield from ((kind, tally.rest) for kind, tally in self._tallies.items() if tally.rest is not None)

    def note_report(self, terminal: int, report: Report, *, peer: str, at_ms: int, on_told: Callable[[], None]) -> bool:
        """A terminal reports what it refused: a row for each of the report's, and ``on_told`` once all are durable.

        Returns:
            False where there is no room, or a reason had its rows of this hour: nothing is noted, the terminal keeps it.
        """
        kinds = [Kind(terminal, TERMINAL, row.reason) for row in report.rows]
        if not self._has_room(kinds):
            return False
        for place, (kind, row) in enumerate(zip(kinds, report.rows, strict=True), start=1):
            self._tallies.setdefault(kind, Tally(at_ms)).each += 1
            some = Some(row.count, row.first, row.last, peer, at_ms, at_ms)
            event = _event(kind, some, report=report.number)
            self._waiting.append(Row(event, (kind, some), on_told if place == len(kinds) else None))
        return True

    def waiting(self, *, at_ms: int, is_closing: bool = False) -> list[Row]:
        """What is to be told next, oldest first, ``AT_ONCE`` at most; sums are told when their hour is over, or everything is.

        Args:
            at_ms: Business time, Unix ms.
            is_closing: Nothing comes after: sums of hours that are not over too.
        """
        for kind, tally in list(self._tallies.items()):
            is_over = is_closing or at_ms - tally.began_ms >= HOUR_MS
            # Where there is no room the hour goes on: the sum is told later, and nothing is lost.
            if is_over and (tally.rest is None or is_closing or len(self._waiting) < self.waiting_max):
                del self._tallies[kind]
                if tally.rest is not None:
                    self._waiting.append(Row(_event(kind, tally.rest), (kind, tally.rest)))
        return list(islice(self._waiting, AT_ONCE))

    def told(self, count: int) -> None:
        """The first so many that wait are durable."""
        gone = [self._waiting.popleft() for _ in range(count)]
        if any(row.noted[0].by == FRONT_END for row in gone):
            self.untold.replace(self._still())
        for row in gone:
            if row.on_told is not None:
                row.on_told()

    def _has_room(self, kinds: list[Kind]) -> bool:
        new = {kind for kind in kinds if kind not in self._tallies}
        is_bounded = len(self._waiting) + len(kinds) <= self.waiting_max and len(self._tallies) + len(new) <= self.kinds_max
        return is_bounded and all(kind in new or self._tallies[kind].each < EACH_MAX for kind in kinds)


def _event(kind: Kind, some: Some, *, report: int | None = None) -> DeviceEvent:
    detail: dict[str, str | int | None] = {
        "by": kind.by,
        "reason": kind.reason,
        "counter": some.first,
        "last_counter": some.last,
        "count": some.count,
        "peer": some.peer,
        "at_ms": some.at_ms,
        "last_at_ms": some.last_at_ms,
    }
    if report is not None:
        detail["report"] = report
    return DeviceEvent(device=kind.terminal, code=CODE, at=some.last_at_ms // 1000, received_at=some.last_at_ms, detail=detail)
