"""The compiled loops are ready before anybody waits for them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRST_READINGS = """
from metropool.capabilities.metering.frontend.chunks.decoder import decode, scan_links
from metropool.capabilities.metering.loops import compile_loops
from metropool.capabilities.metering.validation.kernels import repeats, statistics, walk

LOOPS = [decode, scan_links, statistics.typical_interval, statistics.usual_steps, walk.walk_registers, repeats.equal_to_day_before]
compile_loops()
print([len(loop.signatures) for loop in LOOPS])

from metering.frontend.test_chunks import Decoder, decoded, frames_of_a_day
from metering.made import check, fact, hourly, local, readings

_, values = decoded(Decoder(frames=4096, rows=1 << 16), b"".join(frames_of_a_day()))
assert len(values.columns["value"])
for kind in ("electricity_forward_register", "electricity_forward_energy"):
    assert check(readings(*hourly(range(100, 200), start=local("2026-07-01"))), fact(kind=kind)).accepted == 100
print([len(loop.signatures) for loop in LOOPS])
"""


def test_nothing_is_left_to_compile_when_the_first_readings_come():
    path = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}:{ROOT}"}
    ran = subprocess.run([sys.executable, "-c", FIRST_READINGS], env=path, capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines() == ["[1, 1, 1, 1, 1, 1]"] * 2, ran.stderr
