"""What the company keeps: registers day by day, its bills, what was paid of them, and how far it has read. One SQLite file."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]
SCHEMA = """
CREATE TABLE IF NOT EXISTS day (usage_point TEXT, day TEXT, version INTEGER, meter TEXT, first INTEGER, last INTEGER, used INTEGER,
    estimated INTEGER, PRIMARY KEY (usage_point, day));
CREATE TABLE IF NOT EXISTS bill (number TEXT PRIMARY KEY, usage_point TEXT, month TEXT, amount_fen INTEGER, row TEXT, said INTEGER);
CREATE TABLE IF NOT EXISTS payment (reference TEXT, bill_number TEXT, amount_fen INTEGER, PRIMARY KEY (reference, bill_number));
CREATE TABLE IF NOT EXISTS request (id TEXT PRIMARY KEY, edition INTEGER, message TEXT);
CREATE TABLE IF NOT EXISTS place (id INTEGER PRIMARY KEY, read INTEGER);
"""


@dataclass(frozen=True)
class Month:
    """A usage point's month, whole: registers at both ends and what was used [integers as told]."""

    usage_point: str
    month: str
    meter: str
    first: int
    last: int
    used: int
    is_estimated: bool


class Book:
    """The company's books; each change is one transaction."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.executescript(SCHEMA)

    def read(self) -> int:
        """The last letter that is in the books."""
        row = self._connection.execute("SELECT read FROM place WHERE id = 1").fetchone()
        return int(row[0]) if row else 0

    def note(self, number: int, *, days: Iterable[Row] = (), payments: Iterable[Row] = (), requests: Iterable[Row] = ()) -> None:
        """Keep what a letter says, and that it was read, together."""
        with self._connection as change:
            change.executemany(
                "INSERT INTO day VALUES (:usage_point, :day, :version, :meter, :first, :last, :used, :estimated) ON CONFLICT DO UPDATE"
                " SET version = excluded.version, meter = excluded.meter, first = excluded.first, last = excluded.last,"
                " used = excluded.used, estimated = excluded.estimated WHERE excluded.version > day.version",
                list(days),
            )
            change.executemany("INSERT OR IGNORE INTO payment VALUES (:reference, :bill_number, :amount_fen)", list(payments))
            change.executemany(
                "INSERT INTO request VALUES (:id, :edition, :message) ON CONFLICT DO UPDATE SET edition = excluded.edition,"
                " message = excluded.message WHERE excluded.edition > request.edition",
                list(requests),
            )
            change.execute("INSERT OR REPLACE INTO place VALUES (1, ?)", (number,))

    def whole_months(self) -> list[Month]:
        """Months of which every day is there and that are not billed."""
        query = """SELECT usage_point, substr(day, 1, 7) AS month, sum(used), max(estimated), min(day), max(day) FROM day
            WHERE NOT EXISTS (SELECT 1 FROM bill WHERE bill.usage_point = day.usage_point AND bill.month = substr(day.day, 1, 7))
            GROUP BY usage_point, month
            HAVING count(*) = CAST(strftime('%d', month || '-01', '+1 month', '-1 day') AS INTEGER) ORDER BY month, usage_point"""
        return [self._month(row) for row in self._connection.execute(query).fetchall()]

    def keep_bill(self, number: str, month: Month, amount_fen: int, row: Row) -> None:
        """Keep a bill, once."""
        with self._connection as change:
            values = (number, month.usage_point, month.month, amount_fen, json.dumps(row))
            change.execute("INSERT OR IGNORE INTO bill VALUES (?, ?, ?, ?, ?, 0)", values)

    def unsaid(self) -> list[Row]:
        """Bills that were not told yet, in the order of their numbers."""
        rows = self._connection.execute("SELECT row FROM bill WHERE said = 0 ORDER BY number").fetchall()
        return [json.loads(row[0]) for row in rows]

    def told(self, numbers: Iterable[str]) -> None:
        """These bills were told."""
        with self._connection as change:
            change.executemany("UPDATE bill SET said = 1 WHERE number = ?", [(number,) for number in numbers])

    def owed(self) -> dict[str, int]:
        """What is still owed of each bill [fen]."""
        query = """SELECT number, amount_fen - coalesce((SELECT sum(p.amount_fen) FROM payment p WHERE p.bill_number = number), 0)
            FROM bill ORDER BY number"""
        return dict(self._connection.execute(query).fetchall())

    def bills(self, account: str = "") -> list[Row]:
        """Bills as they were told, of one account or of all, with what was paid of each."""
        rows = self._connection.execute("SELECT number, row FROM bill ORDER BY number DESC").fetchall()
        told = [{**json.loads(row), "payments": self._payments(number)} for number, row in rows]
        return [row for row in told if account in ("", row["account_number"])]

    def requests(self) -> list[Row]:
        """Authorities' requests to look into these books, as they came."""
        return [json.loads(row[0]) for row in self._connection.execute("SELECT message FROM request ORDER BY id").fetchall()]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _payments(self, number: str) -> list[Row]:
        query = "SELECT reference, amount_fen FROM payment WHERE bill_number = ?"
        return [{"reference": name, "amount_fen": fen} for name, fen in self._connection.execute(query, (number,)).fetchall()]

    def _month(self, row: tuple[Any, ...]) -> Month:
        point, month, used, estimated, first_day, last_day = row
        ends = "SELECT first, last, meter FROM day WHERE usage_point = ? AND day = ?"
        first = self._connection.execute(ends, (point, first_day)).fetchone()
        last = self._connection.execute(ends, (point, last_day)).fetchone()
        return Month(point, month, last[2], first[0], last[1], used, bool(estimated))
