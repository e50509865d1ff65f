"""What the devices of one process must remember over a restart, and the record of what was acknowledged.

The journal is one small SQLite file. It survives the end of the process at any moment; it is not meant to survive the end
of the machine, so nothing waits for the disk.
"""

import json
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from cityinabox.codec.archive import ArchiveRow

SCHEMA = """
CREATE TABLE IF NOT EXISTS off (meter TEXT, from_s INTEGER, to_s INTEGER);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value INTEGER);
CREATE TABLE IF NOT EXISTS event (
    terminal TEXT, number INTEGER, code INTEGER, content BLOB, is_confirmed INTEGER, PRIMARY KEY (terminal, number));
CREATE TABLE IF NOT EXISTS archive (
    terminal TEXT, device INTEGER, point INTEGER, address TEXT, content BLOB, wall REAL, PRIMARY KEY (terminal, device));
CREATE TABLE IF NOT EXISTS refused (terminal TEXT PRIMARY KEY, number INTEGER, sent BLOB, gathered BLOB);
"""


@dataclass(frozen=True)
class TerminalEvent:
    """One event of a terminal: its running number, code (ERC) and content that starts with the time."""

    number: int
    code: int
    content: bytes


class Journal:
    """Off-times of relays and valves, named numbers (clock offsets, progress of pushes), events, archives and reports of terminals."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + SCHEMA)
        self._off: dict[str, list[tuple[int, int | None]]] = {}
        for meter, from_s, to_s in self._db.execute("SELECT meter, from_s, to_s FROM off ORDER BY rowid"):
            self._off.setdefault(meter, []).append((from_s, to_s))
        self._facts: dict[str, int] = dict(self._db.execute("SELECT name, value FROM fact"))

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def off_times(self, meter: str) -> list[tuple[int, int | None]]:
        """Half-open times [from, to) at which the relay or valve was open or will be; to is None while no end is ordered."""
        return self._off.get(meter, [])

    def switch_off(self, meter: str, from_s: int, to_s: int | None = None) -> None:
        """The supply ends at ``from_s``, until ``to_s`` if that is given; nothing when it is already ordered to be off for good."""
        times = self._off.setdefault(meter, [])
        if times and times[-1][1] is None:
            return
        start = max([from_s, *(to for _, to in times if to)])
        times.append((start, None if to_s is None else max(start, to_s)))
        self._db.execute("INSERT INTO off VALUES (?, ?, ?)", (meter, *times[-1]))

    def switch_on(self, meter: str, to_s: int) -> None:
        """The supply returns at ``to_s``; nothing when it is on or ordered to be on sooner."""
        times = self._off.get(meter, [])
        if not times or (times[-1][1] is not None and times[-1][1] <= to_s):
            return
        start, end = times[-1]
        times[-1] = (start, max(to_s, start))
        self._db.execute(
            "UPDATE off SET to_s = ? WHERE meter = ? AND from_s = ? AND to_s IS ?", (times[-1][1], meter, start, end)
        )

    def fact(self, name: str, default: int = 0) -> int:
        return self._facts.get(name, default)

    def remember(self, name: str, value: int) -> None:
        if self._facts.get(name) != value:
            self._facts[name] = value
            self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def add_event(self, terminal: str, code: int, content: bytes) -> None:
        """Note an event that is to be reported."""
        number = self.event_count(terminal)
        self._db.execute("INSERT INTO event VALUES (?, ?, ?, ?, 0)", (terminal, number, code, content))

    def event_count(self, terminal: str) -> int:
        (count,) = self._db.execute("SELECT count(*) FROM event WHERE terminal = ?", (terminal,)).fetchone()
        return int(count)

    def events(self, terminal: str, *, unconfirmed: bool = False) -> list[TerminalEvent]:
        """Events of a terminal, oldest first."""
        rows = self._db.execute(
            "SELECT number, code, content FROM event WHERE terminal = ? AND is_confirmed <= ? ORDER BY number",
            (terminal, 0 if unconfirmed else 1),
        )
        return [TerminalEvent(*row) for row in rows]

    def confirm_event(self, terminal: str, number: int) -> None:
        self._db.execute("UPDATE event SET is_confirmed = 1 WHERE terminal = ? AND number = ?", (terminal, number))

    def reported(self, terminal: str) -> tuple[int, bytes, bytes]:
        """Of what a terminal refused: number of its newest report, that report until it is confirmed, and what comes after it."""
        row = self._db.execute("SELECT number, sent, gathered FROM refused WHERE terminal = ?", (terminal,)).fetchone()
        return (int(row[0]), bytes(row[1]), bytes(row[2])) if row else (0, b"", b"")

    def keep_reported(self, terminal: str, number: int, sent: bytes, gathered: bytes) -> None:
        """Keep what ``reported`` gives."""
        self._db.execute("INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?)", (terminal, number, sent, gathered))

    def archive(self, terminal: str) -> list[bytes]:
        """Rows that were written into a terminal's archive."""
        rows = self._db.execute("SELECT content FROM archive WHERE terminal = ? ORDER BY device", (terminal,))
        return [content for (content,) in rows]

    def keep_row(self, terminal: str, row: ArchiveRow) -> None:
        """Keep a row of a terminal's archive in place of the one under the same device number."""
        kept = (terminal, row.device, row.point, row.address, row.raw, round(time.time(), 3))
        self._db.execute("INSERT OR REPLACE INTO archive VALUES (?, ?, ?, ?, ?, ?)", kept)


@dataclass(frozen=True)
class Told:
    """One value a device has told: ``value`` in units of the reading type ``item``, ``at`` in business Unix seconds."""

    device: str
    point: int
    item: str
    at: int
    value: int


class Record:
    """Every value told, one JSON line each: how, terminal, device, point, item, at, value, wall; and what was refused."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered: each call of add is one write, so a kill leaves whole lines.
        self._file: IO[bytes] = path.open("ab", buffering=0)

    def add(self, how: str, terminal: str, values: Iterable[Told]) -> None:
        """Append values: ``said`` before a push, ``push`` when the head-end confirmed it, ``poll`` when an answer was handed over."""
        head, wall = {"how": how, "terminal": terminal}, {"wall": round(time.time(), 3)}
        self._file.write("".join(json.dumps(head | asdict(told) | wall) + "\n" for told in values).encode())

    def refuse(self, terminal: str, reason: str, counter: int) -> None:
        """Append that a terminal did not take a frame it was sent."""
        row = {"how": "refused", "terminal": terminal, "reason": reason, "counter": counter, "wall": round(time.time(), 3)}
        self._file.write((json.dumps(row) + "\n").encode())

    def close(self) -> None:
        self._file.close()
