"""What was refused on sealed links, as events for the audit: the first of a kind at once, then sums, however many come."""

from dataclasses import dataclass, field

from metropool.capabilities.metering.frontend.tasks import DeviceEvent

CODE = "sealed_refused"
SUM_EVERY_MS = 3_600_000
KINDS_MAX = 4096
NOBODY = 1 << 60
"""Stands for whoever cannot be named: the address of no terminal."""


@dataclass
class Tally:
    """Refusals of one terminal for one reason."""

    told_at: int
    peer: str
    first: int
    last: int
    count: int = 0


@dataclass
class Refusals:
    """Counted by terminal and reason; at most ``KINDS_MAX`` kinds are held, what is beyond is one kind of its own."""

    _untold: list[DeviceEvent] = field(default_factory=list)
    _tallies: dict[tuple[int, str], Tally] = field(default_factory=dict)

    def note(self, terminal: int, reason: str, *, counter: int, peer: str, at_ms: int) -> None:
        """Something was refused."""
        kind = (terminal or NOBODY, reason)
        if kind not in self._tallies and len(self._tallies) >= KINDS_MAX:
            kind = (NOBODY, "many")
        tally = self._tallies.get(kind)
        if tally is None:
            self._tallies[kind] = Tally(at_ms, peer, counter, counter)
            self._untold.append(_event(kind, Tally(at_ms, peer, counter, counter, 1), at_ms))
            return
        tally.first = counter if tally.count == 0 else tally.first
        tally.last, tally.peer, tally.count = counter, peer, tally.count + 1

    def take(self, *, at_ms: int) -> list[DeviceEvent]:
        """What is to be told now: first ones, and the sums of those that went on for ``SUM_EVERY_MS`` of business time."""
        taken, self._untold = self._untold, []
        for kind, tally in list(self._tallies.items()):
            if at_ms - tally.told_at >= SUM_EVERY_MS:
                if tally.count:
                    taken.append(_event(kind, tally, at_ms))
                    self._tallies[kind] = Tally(at_ms, tally.peer, tally.last, tally.last)
                else:
                    del self._tallies[kind]
        return taken

    def give_back(self, events: list[DeviceEvent]) -> None:
        """They could not be told: another time."""
        self._untold = (events + self._untold)[:KINDS_MAX]


def _event(kind: tuple[int, str], tally: Tally, at_ms: int) -> DeviceEvent:
    detail: dict[str, str | int | None] = {
        "reason": kind[1],
        "counter": tally.first,
        "last_counter": tally.last,
        "count": tally.count,
        "peer": tally.peer,
    }
    return DeviceEvent(device=kind[0], code=CODE, at=at_ms // 1000, received_at=at_ms, detail=detail)
