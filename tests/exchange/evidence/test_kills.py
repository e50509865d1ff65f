"""Killed at any step of the relay or of signing, no letter is without evidence after recovery, and none has it twice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from exchange.broker.harness import running_city
from exchange.evidence.books import open_books, records
from exchange.evidence.served import LETTERS, PLACES
from metropool.exchange.evidence import Evidence
from metropool.exchange.evidence.export import choose, section_lines
from metropool.exchange.evidence.objects import Asked
from metropool.exchange.evidence.verify import verify
from metropool.plan import broker as broker_settings
from metropool.runtime.evidence import read_key
from metropool.runtime.settings import Settings

SYSTEMS = {"marketing": "sender", "metering": "receiver"}
PATIENCE_S = 200.0


def places_of(system: str) -> list[str]:
    return [*PLACES[SYSTEMS[system]], *PLACES["both"]]


def start(home: Path, url: str, system: str, arms: Path) -> subprocess.Popen:
    tests = Path(__file__).resolve().parents[2]
    environment = os.environ | {"PYTHONPATH": f"{tests.parent / 'src'}:{tests}"}
    command = [sys.executable, "-m", "exchange.evidence.served", str(home), url, system, str(arms)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def arm(folder: Path, places: list[str]) -> None:
    """Arm the next place that a process is to die at, if there is one left."""
    folder.mkdir(parents=True, exist_ok=True)
    if places:
        (folder / places.pop()).touch()


def is_over(home: Path) -> bool:
    """Whether every letter has a record at each end, under a root."""
    for system in SYSTEMS:
        node = open_books(home, system)
        with node.database.snapshot() as connection:
            root = Evidence(node.context(connection)).last_root()
        node.close()
        if root is None or root[0].last < LETTERS:
            return False
    return True


@pytest.mark.parametrize("seed", [11])
@pytest.mark.timeout(240)
def test_no_letter_is_without_evidence_and_none_has_it_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(broker_settings, "INBOX_ACK_WAIT_S", 1.0)
    chance, arms = Random(seed), tmp_path / "arms"
    places = {system: chance.sample(places_of(system), k=len(places_of(system))) for system in SYSTEMS}

    async def run() -> list[str]:
        died: list[str] = []
        async with running_city(tmp_path) as city:
            running: dict[str, subprocess.Popen] = {}
            try:
                until = time.monotonic() + PATIENCE_S
                while time.monotonic() < until:
                    for system, left in places.items():
                        process = running.get(system)
                        if process is None or process.poll() is not None:
                            assert process is None or process.returncode == -signal.SIGKILL, (
                                f"seed {seed}: {system} ended by itself"
                            )
                            died.extend([system] if process else [])
                            arm(arms / system, left)
                            running[system] = start(tmp_path, city.server.url, system, arms)
                    if not any(places.values()) and is_over(tmp_path):
                        return died
                    await asyncio.sleep(0.2)
                kept = {system: list((arms / system).iterdir()) for system in SYSTEMS}
                raise AssertionError(
                    f"seed {seed}: not over after {PATIENCE_S:.0f} s; {died} died; {kept} not reached, {places} left"
                )
            finally:
                for process in running.values():
                    process.kill()
                    process.wait()

    died = asyncio.run(run())
    assert len(died) >= 16, f"seed {seed}: only {died} were killed"
    letters, lines, contents = [], [], {}
    for system in SYSTEMS:
        node = open_books(tmp_path, system)
        with node.database.snapshot() as connection:
            contents[system] = choose(connection, Asked())
        node.close()
    for system in SYSTEMS:
        node = open_books(tmp_path, system)
        told = [json.loads(row["record"])["letter"] for row in records(node)]
        assert len(set(told)) == len(told) == LETTERS, f"seed {seed}: {system}"
        letters.append(set(told))
        with node.database.snapshot() as connection:
            context, asked = node.context(connection), Asked()
            key = read_key(Settings(home=tmp_path), system)
            lines += section_lines(context, key=key, asked=asked, contents=contents)
        node.close()
    assert letters[0] == letters[1]
    assert verify(lines).fault is None
