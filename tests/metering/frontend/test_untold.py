"""What the front end refused and had not told yet outlives it: told when it runs again, once or again, never not at all."""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from random import Random

import msgspec
import pytest

from metering.frontend.worlds import NOW, HandTerminal, device
from metropool.capabilities.metering.frontend.sealed.refusals import EACH_MAX, HOUR_MS, Refusals
from metropool.capabilities.metering.frontend.sealed.untold import ADDED_MAX, UntoldFile

T = int(NOW.timestamp() * 1000)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metering" / "refusals.untold"


def refuse(refusals, count, *, first=0, reason="altered", terminal=1):
    for number in range(first, first + count):
        refusals.note(device(terminal), reason, counter=number, peer="10.0.0.7:1", at_ms=T + number)


def told(refusals, at_ms=T, *, most=None, is_closing=False):
    """Up to ``most`` rows: terminal, reason, counters, how many."""
    found = []
    while rows := refusals.waiting(at_ms=at_ms, is_closing=is_closing)[:most]:
        found += [{**row.event.detail, "device": row.event.device} for row in rows]
        refusals.told(len(rows))
        if most:
            break
    return found


def test_what_was_not_told_is_told_by_the_next_process_with_all_that_was_known(path):
    refuse(Refusals(untold=UntoldFile(path)), 3)
    rows = told(Refusals(untold=UntoldFile(path)))
    assert [(row["counter"], row["at_ms"], row["peer"], row["device"]) for row in rows] == [
        (number, T + number, "10.0.0.7:1", device(1)) for number in range(3)
    ]
    assert told(Refusals(untold=UntoldFile(path)), is_closing=True) == [], "what is told is gone"


def test_sums_outlive_it_too_and_what_was_told_is_not_told_again(path):
    before = Refusals(untold=UntoldFile(path))
    refuse(before, EACH_MAX + 7)
    assert len(told(before)) == EACH_MAX
    refuse(before, 2, first=100)
    rows = told(Refusals(untold=UntoldFile(path)), T + HOUR_MS)
    assert sum(row["count"] for row in rows) == 9
    assert {row["counter"] for row in rows} == {EACH_MAX, 100, 101}


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_any_moment_every_refusal_is_told_and_few_twice(path, seed):
    """A process after the other, each killed after some notes and some told rows: what the log has covers all that was noted."""
    noted, heard, draw = Counter(), Counter(), Random(seed)
    for life in range(12):
        refusals = Refusals(untold=UntoldFile(path))
        for step in range(draw.randrange(1, 30)):
            reason, count = draw.choice(["altered", "repeated"]), draw.randrange(1, 40)
            refuse(refusals, count, first=1000 * life + 50 * step, reason=reason)
            noted[reason] += count
            for row in told(refusals, most=draw.randrange(1, 60)):
                heard[row["reason"]] += row["count"]
    for row in told(Refusals(untold=UntoldFile(path)), is_closing=True):
        heard[row["reason"]] += row["count"]
    assert heard == noted, "told and its file renewed in one step here: none twice either"


def test_a_torn_line_spoils_no_other_and_only_its_owner_reads_the_file(path):
    refuse(Refusals(untold=UntoldFile(path)), 1)
    with path.open("ab") as file:
        file.write(b'\n[1, "front_end", "alt')
    refuse(Refusals(untold=UntoldFile(path)), 1, first=9)
    assert [row["counter"] for row in told(Refusals(untold=UntoldFile(path)))] == [0, 9]
    assert path.stat().st_mode & 0o077 == 0


def test_a_flood_that_is_not_told_is_kept_as_sums_within_a_bound(path):
    refusals, sizes, count = Refusals(untold=UntoldFile(path)), [], 3 * ADDED_MAX // 80
    for first in range(0, count, 1000):
        refuse(refusals, 1000, first=first)
        sizes.append(path.stat().st_size)
    assert max(sizes) <= ADDED_MAX + 100 * EACH_MAX * 2
    assert any(after < before for before, after in pairwise(sizes)), "it was written anew"
    rows = told(Refusals(untold=UntoldFile(path)), is_closing=True)
    assert sum(row["count"] for row in rows) >= count


def test_a_full_disk_stops_nobody_is_counted_and_what_waits_is_kept_once_there_is_room(path):
    untold = UntoldFile(path)
    refusals = Refusals(untold=untold)
    path.parent.mkdir()
    path.symlink_to("/dev/full")
    refuse(refusals, 3)
    assert untold.failures == 3
    assert len(told(refusals, most=1)) == 1
    assert not path.is_symlink(), "written anew beside and put in its place"
    assert [row["counter"] for row in told(Refusals(untold=UntoldFile(path)))] == [1, 2]


def start(folder, moment):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", "tests"])}
    command = [sys.executable, "-m", "metering.frontend.killed", str(folder / "log"), moment, str(folder / "refusals.untold")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    return process, int(process.stdout.readline())


async def plain_login(port, number):
    """A terminal that has a key, unsealed: what a carrier without the key may try."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    terminal = HandTerminal(number, reader, writer)
    try:
        return await terminal.says(terminal.link(1))
    except ConnectionError:
        return None
    finally:
        writer.close()


def refused_in(log):
    """What the front end told in its log."""
    data, found = log.read_bytes(), []
    while len(data) >= 4:
        size = 4 + int.from_bytes(data[:4], "big")
        found += [event["detail"]["reason"] for event in msgspec.msgpack.decode(data[4:size])]
        data = data[size:]
    return found


@pytest.mark.parametrize("moment", ["before_append", "before_told"])
def test_a_front_end_that_is_killed_tells_it_when_it_runs_again(tmp_path, moment):
    process, port = start(tmp_path, moment)
    assert asyncio.run(plain_login(port, 2)) == 1
    assert process.wait(10) == -9, "it died as it was telling"
    assert json.loads((tmp_path / "refusals.untold").read_text())[2] == "unsealed"
    process, _ = start(tmp_path, "never")
    try:
        asyncio.run(_until(lambda: (tmp_path / "refusals.untold").read_bytes() == b""))
    finally:
        process.kill()
        process.wait(10)
    assert refused_in(tmp_path / "log") == ["unsealed"] * (1 if moment == "before_append" else 2)


async def _until(holds):
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
