"""What the front end refused and has not told yet, in a file: a front end that is killed tells it when it runs again.

One line a refusal (a line feed before it, so that a torn one spoils no other), written as it is noted; whenever something was
told, the file is written anew with what still waits. What was told just before the end is told again, never lost. The file
outlives the process, not the machine's power: it is written within the loop that hears terminals, which waits for no disk.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from errno import ENOSPC
from io import FileIO
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

ADDED_MAX = 4 << 20
"""Bytes of single lines after which the file is written anew, as sums."""

FRONT_END: Literal["front_end"] = "front_end"
TERMINAL: Literal["terminal"] = "terminal"


class Kind(NamedTuple):
    """Whose link it came on (a device number), who refused it, and why."""

    terminal: int
    by: Literal["front_end", "terminal"]
    reason: str


@dataclass
class Some:
    """Refusals of one kind: how many, counters and business instants [Unix ms] of the first and the last, where the last came from."""

    count: int
    first: int
    last: int
    peer: str
    at_ms: int
    last_at_ms: int

    def add(self, later: "Some") -> None:
        """Count later ones too."""
        self.count += later.count
        self.last, self.peer, self.last_at_ms = later.last, later.peer, later.last_at_ms


Noted = tuple[Kind, Some]


class Untold(Protocol):
    """Where refusals of the front end lie until they are told.

    Attributes:
        failures: How often it did not take what it was given; the next ``replace`` that succeeds has that too.
    """

    failures: int

    def kept(self) -> list[Noted]:
        """What an earlier process noted and did not tell, oldest first."""
        ...

    def add(self, noted: Noted, *, still: Callable[[], Iterable[Noted]]) -> None:
        """One more; ``still`` gives all that is untold, this one too."""
        ...

    def replace(self, still: Iterable[Noted]) -> None:
        """Some were told; these were not."""
        ...


class NotKept:
    """Nothing outlives the process."""

    failures = 0

    def kept(self) -> list[Noted]:
        """See ``Untold``."""
        return []

    def add(self, noted: Noted, *, still: Callable[[], Iterable[Noted]]) -> None:
        """See ``Untold``."""

    def replace(self, still: Iterable[Noted]) -> None:
        """See ``Untold``."""


class UntoldFile:
    """``Untold`` as a file of JSON lines, readable by its owner alone. A disk that is full keeps nothing and stops nobody."""

    def __init__(self, path: Path) -> None:
        self.failures, self._path, self._added = 0, path, 0
        self._file: FileIO | None = None

    def kept(self) -> list[Noted]:
        """See ``Untold``; a line that was torn by a full disk is passed over."""
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        return list(_readable(lines))

    def add(self, noted: Noted, *, still: Callable[[], Iterable[Noted]]) -> None:
        """See ``Untold``."""
        line = _line(noted)
        if self._added + len(line) > ADDED_MAX:
            self.replace(still())
            return
        self._added += len(line)
        try:
            self.failures += self._open().write(line) < len(line)
        except OSError:
            self.failures += 1

    def replace(self, still: Iterable[Noted]) -> None:
        """See ``Untold``: the file is the old one or the new one, whole."""
        beside = self._path.with_suffix(".new")
        self._close()
        try:
            with _create(beside, os.O_TRUNC) as file:
                whole = b"".join(_line(noted) for noted in still)
                if file.write(whole) < len(whole):
                    raise OSError(ENOSPC, os.strerror(ENOSPC))
            beside.replace(self._path)
        except OSError:
            self.failures += 1

    def _open(self) -> FileIO:
        if self._file is None:
            self._file = _create(self._path, os.O_APPEND)
        return self._file

    def _close(self) -> None:
        self._added = 0
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None


def _create(path: Path, how: int) -> FileIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "w")


def _line(noted: Noted) -> bytes:
    kind, some = noted
    said = json.dumps([*kind, some.count, some.first, some.last, some.peer, some.at_ms, some.last_at_ms])
    return f"\n{said}".encode()


def _readable(lines: Iterable[bytes]) -> Iterator[Noted]:
    for line in lines:
        with suppress(ValueError, TypeError):
            terminal, by, reason, count, first, last, peer, at_ms, last_at_ms = json.loads(line)
            yield Kind(terminal, by, reason), Some(count, first, last, peer, at_ms, last_at_ms)
