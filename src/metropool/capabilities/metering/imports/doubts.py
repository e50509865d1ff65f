"""Rows and cells that could not be used as they stood: each told by line, whatever their number, in bounded memory."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
LISTED = 10_000
"""So many are told one by one; what comes after is told together by reason and column, with its lines."""


@dataclass(frozen=True)
class Doubt:
    """Something about one row, or about many of the same kind, that is no finding about a reading.

    Attributes:
        line: Line in the file; of several, the first.
        lines: All lines where it stands for several, else empty.
        text: What was written there; of several, in the first.
    """

    line: int
    code: str
    column: str
    text: str
    done: str
    lines: Ints = field(default_factory=lambda: np.empty(0, np.int64), compare=False)

    def told(self) -> dict[str, object]:
        """As the report has it."""
        told: dict[str, object] = {
            "line": self.line,
            "reason": self.code,
            "column": self.column,
            "text": self.text,
            "done": self.done,
        }
        return told | ({"count": self.lines.size, "lines": ranges(self.lines)} if self.lines.size else {})


@dataclass
class Doubts:
    """Collects doubts while a file is read.

    Attributes:
        bad_rows: Rows of a wrong shape that never came to be rows of a batch.
        emptied: Lines that were made blank because they were bad; told already.
    """

    listed: list[Doubt] = field(default_factory=list)
    bad_rows: int = 0
    emptied: set[int] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    _together: dict[tuple[str, str], tuple[Doubt, list[Ints]]] = field(default_factory=dict)

    def add(self, lines: Ints, code: str, *, column: str, done: str, text: Callable[[int], str]) -> None:
        """Take in doubts of one kind; ``text`` gives what was written, by place in ``lines``."""
        self.counts[code] = self.counts.get(code, 0) + lines.size
        room = max(LISTED - len(self.listed), 0)
        self.listed += [Doubt(int(line), code, column, text(i)[:200], done) for i, line in enumerate(lines[:room])]
        rest = lines[room:]
        if rest.size:
            first = Doubt(int(rest[0]), code, column, text(room)[:200], done)
            self._together.setdefault((code, column), (first, []))[1].append(rest)

    def add_bad_row(self, line: int, text: str, what: str, *, emptied: bool = False) -> None:
        """Take in a row that is not of the header's shape."""
        self.add(np.array([line]), "bad_row", column="", done=f"row left out: {what}", text=lambda _: text)
        self.bad_rows += not emptied
        if emptied:
            self.emptied.add(line)

    def all(self) -> list[Doubt]:
        """Every doubt by line; those told together after the others."""
        together = [
            Doubt(first.line, first.code, first.column, first.text, first.done, lines=np.unique(np.concatenate(parts)))
            for first, parts in self._together.values()
        ]
        return sorted(self.listed, key=lambda doubt: (doubt.line, doubt.column)) + together


def ranges(lines: Iterable[int] | Ints) -> str:
    """Ascending numbers as text: ``3,5,7-9``."""
    numbers = np.asarray(lines, dtype=np.int64)
    first = np.flatnonzero(np.append(True, np.diff(numbers) != 1))
    last = np.append(first[1:], numbers.size) - 1
    pairs = zip(numbers[first].tolist(), numbers[last].tolist(), strict=True)
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in pairs)
