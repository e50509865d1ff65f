"""What a gateway remembers over a restart and while its link is cut: one small SQLite file, every commit on disk."""

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MOST_WAITING = 50_000
SCHEMA = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS waiting (number INTEGER PRIMARY KEY AUTOINCREMENT, message TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS obeyed (request TEXT PRIMARY KEY, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS usage (id TEXT PRIMARY KEY, told TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS happened (number INTEGER PRIMARY KEY, point TEXT NOT NULL, code TEXT NOT NULL, at INTEGER NOT NULL);
"""


class Keeping:
    """The gateway's file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    def add(self, message: str, payload: bytes) -> None:
        """Keep something to say until it is acknowledged. Beyond the bound the oldest state or reading gives way; events never do."""
        self._db.execute("INSERT INTO waiting (message, payload) VALUES (?, ?)", (message, payload))
        if self.waiting() > MOST_WAITING:
            oldest = "SELECT min(number) FROM waiting WHERE message IN ('home_state', 'home_energy')"
            self._db.execute(f"DELETE FROM waiting WHERE number = ({oldest})")  # noqa: S608

    def next(self, limit: int) -> list[tuple[int, str, bytes]]:
        """What is to be said, the oldest first."""
        return self._db.execute("SELECT number, message, payload FROM waiting ORDER BY number LIMIT ?", (limit,)).fetchall()

    def said(self, numbers: Iterable[int]) -> None:
        """These were acknowledged."""
        self._db.executemany("DELETE FROM waiting WHERE number = ?", [(number,) for number in numbers])

    def waiting(self) -> int:
        """How much waits."""
        return int(self._db.execute("SELECT count(*) FROM waiting").fetchone()[0])

    def fact(self, name: str, otherwise: Any) -> Any:
        """Something remembered."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return otherwise if row is None else json.loads(row[0])

    def remember(self, name: str, value: Any) -> None:
        """Remember something."""
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, json.dumps(value)))

    def answer_to(self, request: str) -> dict[str, Any] | None:
        """What became of an order that came before."""
        row = self._db.execute("SELECT answer FROM obeyed WHERE request = ?", (request,)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def obeyed(self, request: str, answer: dict[str, Any]) -> None:
        """Remember what became of an order: it is never done twice."""
        self._db.execute("INSERT OR REPLACE INTO obeyed VALUES (?, ?)", (request, json.dumps(answer)))

    def keep_usage(self, number: str, blocks: list[dict[str, Any]], at: int) -> None:
        """Keep household meter data."""
        self._db.execute("INSERT OR REPLACE INTO usage VALUES (?, ?, ?)", (number, json.dumps(blocks), at))

    def usage(self) -> list[dict[str, Any]]:
        """Household meter data, the newest version of each day."""
        newest: dict[tuple[Any, ...], dict[str, Any]] = {}
        for (told,) in self._db.execute("SELECT told FROM usage ORDER BY at"):
            for block in json.loads(told):
                key = (block["service"], block["reading_type"], block["business_date"])
                if key not in newest or newest[key]["version"] <= block["version"]:
                    newest[key] = block
        return [newest[key] for key in sorted(newest)]

    def happened(self, point: str, code: str, at: int) -> None:
        """Remember an event."""
        self._db.execute("INSERT INTO happened (point, code, at) VALUES (?, ?, ?)", (point, code, at))

    def events(self, limit: int) -> list[dict[str, Any]]:
        """The newest events."""
        rows = self._db.execute("SELECT point, code, at FROM happened ORDER BY number DESC LIMIT ?", (limit,))
        return [{"point": point, "code": code, "at": at} for point, code, at in rows]
