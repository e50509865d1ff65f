"""Makes what a town is before anything runs: its city and the history of its meters, its books, logins and keys."""

import json
from collections.abc import Mapping
from pathlib import Path
from shutil import copy

from metropool.runtime.conformance.town.city import City
from metropool.runtime.demo.setup import Setup, first_month
from metropool.runtime.demo.tools import run_tool
from metropool.runtime.ports import free_port
from metropool.storage.disk import write_durably

MONTHS = 1
ENDS_ON = "2026-07-01"
"""The month before is over when the town's clock begins."""


async def make_city(folder: Path, *, seed: int, homes: int) -> City:
    """A city and what its old systems hand over, in a folder that is there.

    Raises:
        Unavailable: The simulation cannot make it.
    """
    await run_tool("city", "--seed", seed, "--homes", homes, "--starts-on", ENDS_ON, "-o", folder / "city.json")
    span = ("--from", first_month(MONTHS).isoformat(), "--to", f"{ENDS_ON}T00:00:00+08:00", "--fine-days", 40)
    await run_tool("history", "--city", folder / "city.json", *span, "-o", folder / "history")
    return City(folder)


async def enrol(home: Path, *, city: City, environment: Mapping[str, str]) -> Setup:
    """Fill the registries of a home from a city, and make its logins and the keys of its terminals."""
    copy(city.folder / "city.json", home / "city.json")
    write_durably(home / "ports.json", json.dumps({"meter": free_port()}))
    setup = Setup(home=home, environment=environment, months=MONTHS)
    await setup.enrol()
    return setup
