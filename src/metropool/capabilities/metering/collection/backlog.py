"""Batches of the log that were handed over and are not in effect yet, in the order of the log."""

from collections import Counter
from collections.abc import Iterable

from metropool.exchange.ports import LogEntry

HANDED_OVER = 4


class Backlog:
    """What waits to be taken in (待入库批次).

    The log gives what a killed process had in hand to the next one only after a while, and meanwhile what came later. Nothing
    may be taken in before that, or its position would pass over the missing ones and they would count as repeats.
    """

    def __init__(self) -> None:
        self._entries: dict[int, LogEntry] = {}
        self._times: Counter[int] = Counter()

    def add(self, entries: Iterable[LogEntry]) -> None:
        """Note batches that were handed over, some perhaps again."""
        for entry in entries:
            self._entries[entry.sequence] = entry
            self._times[entry.sequence] += 1

    def following(self, position: int, *, limit: int) -> list[LogEntry]:
        """The next batches after a position, without a gap, at most ``limit``; none while the first of them is on its way."""
        run: list[LogEntry] = []
        first = self.oldest if self.misses_for_good(position) else position + 1
        while len(run) < limit and first + len(run) in self._entries:
            run.append(self._entries[first + len(run)])
        return run

    def misses_for_good(self, position: int) -> bool:
        """Whether what follows a position is not in the log any more, as when books older than the log were put back.

        A batch is handed over again when its time is up. What is missing was out before those that are held, so when one of them
        comes for the fourth time, nothing before it is left in the log.
        """
        return bool(self._entries) and position + 1 not in self._entries and max(self._times.values()) >= HANDED_OVER

    def drop(self, *, up_to: int) -> None:
        """Forget batches up to a position: they are in effect."""
        for sequence in [number for number in self._entries if number <= up_to]:
            del self._entries[sequence], self._times[sequence]

    @property
    def oldest(self) -> int:
        """Sequence of the oldest batch held; 0 when none is."""
        return min(self._entries, default=0)
