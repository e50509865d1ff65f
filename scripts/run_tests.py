"""Run all tests in their groups, each within its own time, and print what they took and one line in total."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

GROUPS = {
    "unit": (["tests/unit", "tests/house", "--ignore=tests/unit/cityinabox"], 2),
    "portal": (["tests/portal"], 2),
    "codecs": (["tests/codecs", "tests/unit/cityinabox"], 2),
    "exchange": (["tests/exchange", "--ignore=tests/exchange/conformance"], 3),
    "metering": (["tests/metering"], 3),
    "billing": (["tests/billing"], 2),
    "browser": (["tests/browser"], 3),
    "conformance": (["tests/exchange/conformance"], 3),
}
BESIDE = {"browser": ("portal", "codecs", "billing")}
"""Groups that run beside another, each with one worker: a browser and its city wait for one another half of the time."""
ONE_WORKER = ("browser", "conformance", *(name for names in BESIDE.values() for name in names))
"""The files of the first two share one running city, or fill the machine with one: a second worker would start another."""
WAITING = ("exchange", "metering")
"""Groups whose tests wait for kills, cuts and clocks half of the time: they have two workers more than the machine has cores."""
IN_MEMORY = Path("/dev/shm")
ROOM = 6 << 30
"""Where files of tests go when there is so much room [bytes]: they are made by the thousand and every commit waits for its disk."""


def main() -> int:
    argparse.ArgumentParser(description="Run all tests in their groups; it takes no options, pytest runs some.").parse_args()
    began, counts, beside = time.monotonic(), Counter(), {name for names in BESIDE.values() for name in names}
    for name in GROUPS:
        if name not in beside:
            lanes = [(name,), BESIDE.get(name, ())]
            with ThreadPoolExecutor(len(lanes)) as pool:
                counts.update(sum(pool.map(run_lane, lanes), Counter()))
    print(f"-- all groups: {time.monotonic() - began:.0f} s")
    print(f"{counts['passed']} passed, {counts['failed'] + counts['error']} failed, {counts['skipped']} skipped")
    return 1 if counts["status"] else 0


def run_lane(names: Iterable[str]) -> "Counter[str]":
    """Some groups one after the other: how many tests passed and did not, and ``status``, how many groups did not."""
    counts: Counter[str] = Counter()
    for name in names:
        given, minutes = GROUPS[name]
        started = time.monotonic()
        with scratch() as folder:
            run = run_group(name, given, folder)
        said = run.stdout[-30_000:] if run.returncode else _tail(run.stdout)
        for count, word in re.findall(r"(\d+) (passed|failed|skipped|error)", run.stdout.splitlines()[-1] if run.stdout else ""):
            counts[word] += int(count)
        counts["status"] += run.returncode != 0
        print(f"{said} {run.stderr[-3000:]}\n-- {name}: {time.monotonic() - started:.0f} s of {minutes * 60} s", flush=True)
    return counts


def run_group(name: str, folders: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """One group. What is compiled is kept, whatever the environment says: a city starts a dozen processes of the same code."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    workers = "1" if name in ONE_WORKER else "4" if name in WAITING else "2"
    spread = ["-n", workers, "--dist", "loadfile", "--no-loadscope-reorder"]
    command = [sys.executable, "-m", "pytest", *spread, "-rfEs", "--durations=8", "--basetemp", str(folder), *folders]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for the files of one group, in memory where there is room, removed after it."""
    roomy = IN_MEMORY.is_dir() and min(shutil.disk_usage(IN_MEMORY).free, _free_memory()) > ROOM
    folder = Path(tempfile.mkdtemp(prefix="metropool-tests-", dir=IN_MEMORY if roomy else None))
    try:
        yield folder / "t"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_memory() -> int:
    """Memory nobody uses [bytes]; 0 where the machine does not say."""
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"MemAvailable:\s+(\d+) kB", told)
    return int(found[1]) * 1024 if found else 0


def _tail(output: str) -> str:
    return "\n".join(line for line in output.splitlines()[-12:] if line.strip())


if __name__ == "__main__":
    sys.exit(main())
