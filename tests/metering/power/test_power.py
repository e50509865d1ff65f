"""The power fails while the city is at work: whatever was acknowledged is there when it comes back (P1, F77)."""

import os
import random
import shutil
import time
from pathlib import Path

import pytest

from metering.kills.compare import Found, compare
from metering.kills.harness import City
from metering.power.disk import cut_power, disk, why_not

SEED = int(os.environ.get("METROPOOL_SEED", "20260701"))
CUTS = 12 if os.environ.get("METROPOOL_SOAK") else 3

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.mark.timeout(CUTS * 60 + 120)
def test_what_was_acknowledged_before_the_power_failed_is_there_after_it(tmp_path, capsys):
    chance, began = random.Random(SEED), time.monotonic()
    with disk(tmp_path / "running") as point:
        city = City(home=point / "home", beside=tmp_path / "beside", homes=4)
        city.enrol()
        shutil.copy(city.home / "city.json", tmp_path / "beside")
        try:
            city.start()
            cuts = [cut_at(city, chance.uniform(2.0, 5.0), tmp_path / f"cut-{number}") for number in range(CUTS)]
        finally:
            city.stop()
    found = [found_after(tmp_path / f"cut-{number}", tmp_path / "beside", *cut) for number, cut in enumerate(cuts)]
    with capsys.disabled():
        told = "; ".join(f"{row.acknowledged} acknowledged, {row.kept} kept, {row.sealed_days} days sealed" for row in found)
        print(f"\n  seed {SEED}: {CUTS} power cuts in {time.monotonic() - began:.0f} s: {told}")
    acknowledged = [row.acknowledged for row in found]
    assert acknowledged == sorted(acknowledged), "each cut came later"
    assert acknowledged[0] < acknowledged[-1], "the city was at work between the cuts"


def cut_at(city: City, after_s: float, folder: Path) -> tuple[float, str]:
    """Run on for some seconds, then keep what is on the disk; machine and business time of the cut."""
    time.sleep(after_s)
    with city.frozen():
        at = time.time()
        cut_power(city.home.parents[1], to=folder)
        return at, city.now()


def found_after(folder: Path, beside: Path, at: float, begins: str) -> Found:
    """Start the product on what the power cut left, let it catch up, and hold it against the record up to the cut."""
    with disk(folder, image=folder / "image") as point:
        again = City(home=point / "home", beside=folder / "beside", homes=4, begins=begins)
        shutil.copy(beside / "box" / "record.jsonl", again.box)
        shutil.copy(beside / "city.json", again.home)
        try:
            again.start(field=False)
            again.settle()
            return compare(again, acknowledged_by=at)
        finally:
            again.stop()
