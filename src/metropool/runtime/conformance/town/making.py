"""Makes what a town is before anything runs: its city and the history of its meters, its books, logins and keys."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from shutil import copy

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from argon2 import PasswordHasher

from metropool.access.passwords import Passwords
from metropool.core.periods import day_period
from metropool.runtime.conformance.town.city import FILES, City
from metropool.runtime.demo.setup import Setup, first_month
from metropool.runtime.demo.tools import run_tool
from metropool.runtime.ports import free_port
from metropool.storage.disk import write_durably

MONTHS = 1
ENDS_ON = "2026-07-01"
"""The month before is over when the town's clock begins."""
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The passwords of a town are drawn anew, kept in it and gone with it: nobody guesses them, so that no work need be put in the way."""
SHUT, SHUT_ON = "gas", date(2026, 6, 29)
"""The pipe to all homes was shut that day: no meter of it moved."""
USUAL_DAYS = 28
"""What they use otherwise is that of so many days before it."""


async def make_city(folder: Path, *, seed: int, homes: int) -> City:
    """A city and what its old systems hand over, in a folder that is there.

    Raises:
        Unavailable: The simulation cannot make it.
    """
    await run_tool("city", "--seed", seed, "--homes", homes, "--starts-on", ENDS_ON, "-o", folder / "city.json")
    span = ("--from", first_month(MONTHS).isoformat(), "--to", f"{ENDS_ON}T00:00:00+08:00", "--fine-days", 40)
    await run_tool("history", "--city", folder / "city.json", *span, "-o", folder / "history")
    city = City(folder)
    shut_off(city)
    return city


def shut_off(city: City) -> None:
    """Let the registers of a medium stand still on one day; up to then they show more by what would have flowed."""
    name, column = FILES[SHUT]
    file, day = city.folder / "history" / f"{name}.parquet", day_period(SHUT_ON)
    table = pq.read_table(file)
    meters = table["meter_id"].cast(pa.string())
    at = table["at"].cast(pa.timestamp("s", tz="UTC"))
    begins, ends = (pa.scalar(moment, pa.timestamp("s", tz="UTC")) for moment in (day.start, day.end))
    before, after = (_shown(table, meters, pc.equal(at, moment), column) for moment in (begins, ends))
    kind = table.schema.field(column).type
    raised = pc.add(table[column], pc.subtract(after, before)).cast(kind)
    values = pc.if_else(pc.less(at, begins), raised, pc.if_else(pc.less(at, ends), after.cast(kind), table[column]))
    pq.write_table(table.set_column(table.schema.get_field_index(column), column, values), file)


def _shown(table: pa.Table, meters: pa.ChunkedArray, then: pa.ChunkedArray, column: str) -> pa.ChunkedArray:
    """For each row what its meter showed then."""
    return table[column].filter(then).take(pc.index_in(meters, meters.filter(then).combine_chunks()))


async def enrol(home: Path, *, city: City, environment: Mapping[str, str]) -> Setup:
    """Fill the registries of a home from a city, and make its logins and the keys of its terminals."""
    copy(city.folder / "city.json", home / "city.json")
    write_durably(home / "ports.json", json.dumps({"meter": free_port()}))
    setup = Setup(home=home, environment=environment, months=MONTHS, passwords=Passwords(QUICK))
    await setup.enrol()
    return setup
