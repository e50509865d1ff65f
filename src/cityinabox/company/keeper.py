"""``cityinabox keeper``: software that has nothing to bill: it reads what comes to its door and keeps it, as a property manager's may."""

import argparse
import json
import sqlite3
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
from starlette.requests import Request

from cityinabox.clock import read_clock
from cityinabox.company.announcing import Office, places_of
from cityinabox.company.answering import Answering
from cityinabox.company.book import Row
from cityinabox.company.desk import Answer, desk_of
from cityinabox.company.office import Refused
from cityinabox.company.working import at_door, serve_desk, work_on

AT_ONCE = 100
KEPT = "letters.sqlite"
SCHEMA = "CREATE TABLE IF NOT EXISTS letter (number INTEGER PRIMARY KEY, letter TEXT)"


def add_keeper(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--site", required=True, metavar="URL", help="such as http://127.0.0.1:8765")
    parser.add_argument("--system", required=True, help="the system at whose door it is, such as a community's")
    parser.add_argument("--home", type=Path, required=True, metavar="DIR", help="folder of what it keeps")
    parser.add_argument("--party", default="", help="whose software it is, where it announces")
    parser.add_argument("--medium", default="", help="what it announces, such as community")
    parser.add_argument("--city", type=Path, help="city file; who announces takes its own places from it")
    parser.add_argument("--place", default="", help="the one place it is for; every place of its medium when left out")
    parser.add_argument("--clock", default="", help="START@SPEED/ANCHOR; the machine's time when left out")
    parser.add_argument(
        "--desk", type=int, default=0, metavar="PORT", help="show it to its own people here, on this machine; 0: any port"
    )
    parser.set_defaults(run=run_keeper)


def run_keeper(arguments: argparse.Namespace) -> None:
    """Read until told to end; the key comes in the environment as CITYINABOX_KEY."""
    arguments.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, clock = arguments.home / KEPT, read_clock(arguments.clock)
    with at_door(arguments.site, arguments.system) as door:
        routes: dict[tuple[str, str], Answer] = {("GET", "/letters"): partial(_letters, path)}
        routes |= Answering(door, clock, partial(_of_kind, path)).routes()
        if arguments.medium:
            every = places_of(json.loads(arguments.city.read_text(encoding="utf-8")), arguments.medium)
            places = [place for place in every if arguments.place in ("", place)]
            routes |= Office(door, arguments.system, arguments.party, arguments.medium, clock, places).routes()
        serve_desk(partial(desk_of, routes), port=arguments.desk, system=arguments.system, work=partial(_work, path, door))


def _letters(path: Path, request: Request, _: Row) -> object:
    """The letters that were kept after a number."""
    kept = Kept(path)
    try:
        return {"letters": kept.after(int(request.query_params.get("after", "0")))}
    finally:
        kept.close()


def _of_kind(path: Path, kind: str) -> list[Row]:
    kept = Kept(path)
    try:
        return kept.of_kind(kind)
    finally:
        kept.close()


def _work(path: Path, door: httpx.Client) -> None:
    kept = Kept(path)
    try:
        work_on(Keeper(door, kept).work)
    finally:
        kept.close()


class Kept:
    """Letters as they came; one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.execute(SCHEMA)

    def last(self) -> int:
        """The number of the last one."""
        return int(self._connection.execute("SELECT coalesce(max(number), 0) FROM letter").fetchone()[0])

    def keep(self, letters: list[Row]) -> None:
        """Keep some, all or none."""
        with self._connection as change:
            rows = [(letter["number"], json.dumps(letter)) for letter in letters]
            change.executemany("INSERT OR IGNORE INTO letter VALUES (?, ?)", rows)

    def after(self, number: int) -> list[Row]:
        """Those that came after one."""
        query = "SELECT letter FROM letter WHERE number > ? ORDER BY number LIMIT ?"
        return [json.loads(row[0]) for row in self._connection.execute(query, (number, AT_ONCE)).fetchall()]

    def of_kind(self, kind: str) -> list[Row]:
        """Those of a class."""
        query = "SELECT letter FROM letter WHERE json_extract(letter, '$.kind') = ? ORDER BY number"
        return [json.loads(row[0]) for row in self._connection.execute(query, (kind,)).fetchall()]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


@dataclass(frozen=True)
class Keeper:
    """Reads at a door.

    Attributes:
        door: Client of ``…/<system>/api`` that shows the system's key.
    """

    door: httpx.Client
    kept: Kept

    def work(self, *, wait_s: float) -> int:
        """Read what came, keep it, say so; returns how many letters there were."""
        asked = {"after": self.kept.last(), "limit": AT_ONCE, "wait": wait_s}
        found = self._told(self.door.get("letters", params=asked))
        if found["letters"]:
            self.kept.keep(found["letters"])
            self._told(self.door.post("letters/acknowledgement", json={"through": self.kept.last()}))
        return len(found["letters"])

    def _told(self, answer: httpx.Response) -> Row:
        if answer.status_code >= 400:
            raise Refused(f"{answer.request.method} {answer.url.path}: {answer.status_code} {answer.text[:500]}")
        told: Row = answer.json()
        return told
