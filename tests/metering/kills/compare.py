"""Holds the books of a city against the simulator's own record and its truth."""

import itertools
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import inf

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import func, select

from metering.kills.harness import METERING, PLATFORM, SOURCE, City, position
from metropool.capabilities.metering.sealing.operations import BRIDGE_S, _channels, household_points
from metropool.capabilities.metering.sealing.seal import seal_day
from metropool.core.quantities import reading_type, reading_types
from metropool.exchange.outbox import inbox, outbox
from metropool.facts.readings.schemas import READING
from metropool.facts.registry.tables import channel
from metropool.runtime.node import Node
from metropool.storage.lake import lake_file

PROFILE = "electricity_forward_profile_register"
Value = tuple[int, int, int]
"""Channel, instant [Unix s], value."""


@dataclass(frozen=True)
class Found:
    """What a comparison counted, for the report of the test."""

    acknowledged: int
    polled: int
    kept: int
    repeats: int
    sealed_days: int
    blocks: int
    letters: int


def compare(city: City, *, acknowledged_by: float = inf) -> Found:
    """Hold everything against everything; an assertion tells what is lost, doubled or invented.

    Args:
        city: What ran, settled.
        acknowledged_by: Only what the simulator recorded up to this machine time must be there; what came later may be.
    """
    with city.books(METERING) as metering, city.books(PLATFORM) as platform:
        rows = metering.read_now("metering", readings_of)
        pushed = recorded(city, metering, "push", until=acknowledged_by)
        polled = recorded(city, metering, "poll") | recorded(city, metering, "push")
        # What was said and not confirmed when the field stopped may have been heard: it is no invention.
        said = recorded(city, metering, "said")
        kept = values_of(rows)
        assert pushed, "the run acknowledged something"
        assert not pushed - kept, f"{len(pushed - kept)} acknowledged values are lost, such as {min(pushed - kept)}"
        unsaid = kept - polled - said
        assert not unsaid, f"{len(unsaid)} values nobody told, such as {min(unsaid)}"
        assert len({value[:2] for value in kept}) == len(kept), "one instant of one channel has two values"
        check_truth(city, metering, kept)
        check_log(metering)
        days, blocks = check_blocks(metering)
        check_told(metering, platform)
        return Found(
            acknowledged=len(pushed),
            polled=len(polled - pushed),
            kept=len(kept),
            repeats=rows.num_rows - len(kept),
            sealed_days=days,
            blocks=blocks,
            letters=check_letters(metering, platform),
        )


def readings_of(work: object) -> pa.Table:
    """All readings of the lake."""
    return work.readings.readings(first=date(2026, 6, 1), last=date(2026, 8, 30))


def values_of(rows: pa.Table) -> set[Value]:
    """Readings as a set: a repeat of the same says nothing new."""
    return set(zip(*(rows[name].to_pylist() for name in ("channel", "at", "value")), strict=True))


def recorded(city: City, metering: Node, how: str, *, until: float = inf) -> set[Value]:
    """Values of the simulator's record, by our channels: a terminal's point, or the meter's own address."""
    numbers = {}
    for row in metering.read_now("metering", lambda work: work.registry.rows(channel)):
        numbers[row["device"], row["point"], row["reading_type"]] = row["id"]
    kinds = reading_types()
    told = (row for row in city.record() if row["how"] == how and row["item"] in kinds and row["wall"] <= until)
    pairs = ((numbers.get((row["device"], row["point"], kinds[row["item"]].id)), row) for row in told)
    return {(number, row["at"], row["value"]) for number, row in pairs if number is not None}


def check_truth(city: City, metering: Node, kept: set[Value]) -> None:
    """Every quarter-hour register in the lake is what the simulator's own history says of that meter and instant."""
    channels = metering.read_now("metering", lambda work: work.registry.rows(channel))
    names = {row["id"]: row["device"] for row in channels if row["reading_type"] == reading_type(PROFILE).id}
    truth = true_curves(city)
    given = {(names[number], at): value for number, at, value in kept if number in names}
    assert given, "the run read load curves"
    assert {place: truth[place] for place in given} == given


def true_curves(city: City) -> dict[tuple[str, int], int]:
    """What each meter's curve register truly was, from another command of the simulator."""
    folder = city.folder / "truth"
    span = ("--from", "2026-07-01", "--to", "2026-07-06", "--fine-days", "10")
    command = [
        sys.executable,
        "-m",
        "cityinabox.cli",
        "history",
        "--city",
        str(city.home / "city.json"),
        *span,
        "-o",
        str(folder),
    ]
    subprocess.run(command, check=True, capture_output=True, env={"PYTHONPATH": str(SOURCE)})
    (file,) = folder.glob("electricity_curve*.parquet")
    return {
        (row["meter_id"], int(row["at"].timestamp())): int(row["register_kwh"] * Decimal(10_000))
        for row in pq.read_table(file).to_pylist()
    }


def check_log(metering: Node) -> None:
    """Each sequence of the log went into the lake once: the files' spans of sequences do not touch, and none is after the position."""
    with metering.database.snapshot() as connection:
        paths = connection.execute(select(lake_file.c.path).where(lake_file.c.table_name == "readings")).scalars().all()
        hashes = connection.execute(select(lake_file.c.path, lake_file.c.sha256, lake_file.c.bytes)).all()
    spans = sorted({tuple(int(text) for text in re.findall(r"log-(\d+)-(\d+)", path)[0]) for path in paths})
    assert all(a[1] < b[0] for a, b in itertools.pairwise(spans)), "a batch of the log is in two files"
    assert spans[-1][1] <= position(metering)
    for path, _, size in hashes:
        assert (metering.lake.root / path).stat().st_size == size


def check_blocks(metering: Node) -> tuple[int, int]:
    """Sealed blocks are those of a run in which every value came once, in order and in one piece."""
    sealed = metering.read_now("metering", lambda work: work.sealing.sealed())
    closed, count = {date.fromisoformat(day): row for day, row in sealed.items() if row["holes"] >= 0}, 0
    for day, row in closed.items():
        expected = metering.read_now("metering", lambda work, day=day, row=row: undisturbed(work, day, row))
        found = metering.read_now("metering", lambda work, day=day: work.readings.blocks_of_day(day))
        assert not (apart := differing(amounts(found), amounts(expected))), f"blocks of {day}, sealed as {row}: {apart}"
        count += found.num_rows
    return len(closed), count


def undisturbed(work: object, day: date, row: dict[str, object]) -> pa.Table:
    """The blocks of a day, sealed from the readings its sealing knew, each once and in the order of time."""
    parts = [(day + timedelta(days=d)).isoformat() for d in (-1, 0, 1)]
    files = work.lake.files(work.context.connection, table="readings", parts=parts, snapshot=row["snapshot"])
    values = sorted(values_of(work.lake.read(files, columns=READING.names))) if files else []
    columns = {name: [value[place] for value in values] for place, name in enumerate(("channel", "at", "value"))}
    zeros = {name: np.zeros(len(values), dtype=np.int64) for name in ("quality", "origin", "received_at")}
    return seal_day(
        day,
        readings=pa.table(columns | zeros).cast(READING),
        channels=_channels(work.registry),
        installations=work.registry.installations(),
        now=work.now,
        bridge_s=BRIDGE_S if row["is_estimated"] else 0,
        snapshot=0,
    ).blocks


def amounts(blocks: pa.Table) -> dict[tuple[object, ...], tuple[object, ...]]:
    """What blocks say, by usage point, reading type and day: amounts, qualities and registers; not how often they were sealed."""
    names = ("usage_point", "reading_type", "business_date")
    said = ("start", "interval_s", "values", "quality", "register_start", "register_end")
    return {tuple(row[name] for name in names): tuple(row[name] for name in said) for row in blocks.to_pylist()}


def differing(
    found: dict[tuple[object, ...], tuple[object, ...]], expected: dict[tuple[object, ...], tuple[object, ...]]
) -> list[str]:
    """Where two sets of blocks differ, in words: the block, what was found, what was expected."""
    keys = sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
    return [f"{key}: found {found.get(key)}, expected {expected.get(key)}" for key in keys]


def check_told(metering: Node, platform: Node) -> None:
    """The platform's blocks of closed days are metering's, by the names both know."""
    sealed = metering.read_now("metering", lambda work: work.sealing.sealed())
    for text, row in sealed.items():
        if row["holes"] >= 0:
            day = date.fromisoformat(text)
            ours = metering.read_now("metering", lambda work, day=day: named_blocks(work, day, only_homes=True))
            theirs = platform.read_now("insight", lambda work, day=day: named_blocks(work, day, only_homes=False))
            assert theirs == ours, f"the platform's blocks of {day}"


def named_blocks(work: object, day: date, *, only_homes: bool) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Blocks of a day by the usage point's name."""
    blocks, points = work.readings.blocks_of_day(day), work.registry.usage_points()
    names = dict(zip(points["usage_point"].to_pylist(), points["id"].to_pylist(), strict=True))
    homes = set(household_points(work.registry).to_pylist()) if only_homes else set(names.values())
    return {(names[key[0]], *key[1:]): said for key, said in amounts(blocks).items() if names[key[0]] in homes}


def check_letters(metering: Node, platform: Node) -> int:
    """Every letter was receipted; the platform heard each once, nothing else, and parked none."""
    with metering.database.snapshot() as connection:
        said = connection.execute(select(outbox.c.id, outbox.c.receiver, outbox.c.sent_at)).all()
    with platform.database.snapshot() as connection:
        heard = (
            connection.execute(select(inbox.c.id).where(inbox.c.sender == METERING, inbox.c.outcome == "done")).scalars().all()
        )
        parked = connection.execute(select(func.count()).where(inbox.c.outcome != "done")).scalar_one()
    assert all(letter.sent_at for letter in said)
    assert sorted(heard) == sorted(letter.id for letter in said if letter.receiver == PLATFORM)
    assert parked == 0
    return len(said)
