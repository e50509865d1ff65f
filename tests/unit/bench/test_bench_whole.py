"""The benches with processes of their own run whenever the product changes, on a handful of meters."""

import json
import subprocess
import sys


def test_the_city_day_the_sealed_month_and_the_homes_are_measured(tmp_path):
    names, kept = ("ingest", "month", "homes"), tmp_path / "bench.json"
    asked = [option for name in names for option in ("--only", name)]
    command = [sys.executable, "-m", "bench", *asked, "--meters", "60", "--repeat", "1", "--to", str(kept), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("{"), ran.stdout
    assert json.loads(ran.stdout) == json.loads(kept.read_text())
    assert len(json.loads(ran.stdout)["benches"]) == len(names)
