"""A system's own software at its door: when it last called, and whether it stays away though it used to wait for letters."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from metropool.core.clock import monotonic_s
from metropool.runtime.presence import LATE_S, LONGEST_S, Software


@dataclass
class Callers:
    """The calls of one system's software since this process serves it.

    Attributes:
        now_s: The machine's monotonic time [s].
        is_listening: When it last asked for letters, it asked to wait for the next: it comes back at once as long as it is at work.
            Of software that only looks in now and then nothing but the age of its last call can be told.
    """

    now_s: Callable[[], float] = monotonic_s
    is_listening: bool = False
    _open: int = 0
    _called_s: float | None = None
    _left_s: float = 0.0

    @contextmanager
    def calling(self) -> Iterator[None]:
        """For as long as one call lasts."""
        self._open, self._called_s = self._open + 1, self.now_s()
        try:
            yield
        finally:
            self._open, self._left_s = self._open - 1, self.now_s()

    def listens(self, is_listening: bool) -> None:
        """It asked for letters, and to wait for them or not."""
        self.is_listening = is_listening

    def software(self) -> Software | None:
        """How it is; None where none has come."""
        if self._called_s is None:
            return None
        now = self.now_s()
        is_away = not self._open and now - self._left_s >= LATE_S
        return Software(min(now - self._called_s, LONGEST_S), is_silent=self.is_listening and is_away)
