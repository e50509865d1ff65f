"""Run all tests in their groups, each within its own time, and print one line in total."""

import re
import subprocess
import sys
import time
from pathlib import Path

GROUPS = {
    "unit": (["tests/unit", "tests/house", "tests/portal", "--ignore=tests/unit/cityinabox"], 2),
    "codecs": (["tests/codecs", "tests/unit/cityinabox"], 2),
    "exchange": (["tests/exchange", "--ignore=tests/exchange/conformance"], 3),
    "metering": (["tests/metering"], 3),
    "billing": (["tests/billing"], 2),
    "browser": (["tests/browser"], 3),
    "conformance": (["tests/exchange/conformance"], 3),
}
ONE_CITY = ("browser", "conformance")
"""Groups whose files share one running city, or fill the machine with one: one worker, as a second would start another."""


def main() -> int:
    totals = {"passed": 0, "failed": 0, "skipped": 0, "error": 0}
    worst = 0
    for name, (given, minutes) in GROUPS.items():
        folders = [folder for folder in given if folder.startswith("--") or any(Path(folder).rglob("test_*.py"))]
        if not any(not folder.startswith("--") for folder in folders):
            continue
        started = time.monotonic()
        workers = "1" if name in ONE_CITY else "2"
        command = [sys.executable, "-m", "pytest", "-n", workers, "--dist", "loadfile", "-rs", *folders]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        print(run.stdout[-6000:] if run.returncode else _tail(run.stdout), run.stderr[-3000:], flush=True)
        for count, word in re.findall(r"(\d+) (passed|failed|skipped|error)", run.stdout.splitlines()[-1] if run.stdout else ""):
            totals[word] += int(count)
        worst = worst or run.returncode
        print(f"-- {name}: {time.monotonic() - started:.0f} s of {minutes * 60} s", flush=True)
    print(f"{totals['passed']} passed, {totals['failed'] + totals['error']} failed, {totals['skipped']} skipped")
    return worst


def _tail(output: str) -> str:
    return "\n".join(line for line in output.splitlines()[-12:] if line.strip())


if __name__ == "__main__":
    sys.exit(main())
