"""Since when a town rests: nothing comes any more, and nobody in it has anything to do."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from metropool.core.clock import monotonic_s

BUSY = 0.7
"""The share of its time in which a process wants a processor while it works on something; for clocks and heartbeats it wants less."""
WINDOW_S = 2.0


class Rest:
    """A town that is watched.

    Args:
        effort_s: How much processor time each of its processes wanted so far [s].
    """

    def __init__(self, effort_s: Callable[[], Mapping[int, float]]) -> None:
        self._effort_s = effort_s
        self._came = -1
        self._wanted = effort_s()
        self._looked_s = self._since_s = monotonic_s()

    def lasts_s(self, *, came: int) -> float:
        """For how long it has rested [s of the machine].

        Args:
            came: How many messages it is known of so far whether they came.
        """
        now = monotonic_s()
        if now - self._looked_s >= WINDOW_S:
            wanted = self._effort_s()
            most = BUSY * (now - self._looked_s)
            if any(effort - self._wanted.get(process, 0.0) > most for process, effort in wanted.items()):
                self._since_s = now
            self._wanted, self._looked_s = wanted, now
        if came != self._came:
            self._came, self._since_s = came, now
        return now - self._since_s


def effort_s(processes: Iterable[int]) -> dict[int, float]:
    """Processor time that each process used and that it waited for a processor so far [s]; nothing where the machine does not tell.

    What it waits for counts: on a busy machine a process that gets no processor does not rest.
    """
    return {process: _wanted_s(process) for process in processes}


def _wanted_s(process: int) -> float:
    total_ns = 0
    for task in Path(f"/proc/{process}/task").glob("*/schedstat"):
        with suppress(OSError, ValueError):  # it has ended meanwhile
            used, waited, _ = task.read_text(encoding="ascii").split()
            total_ns += int(used) + int(waited)
    return total_ns / 1e9
