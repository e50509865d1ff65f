"""What devices and outside parties of the town keep themselves: read as files of theirs, never asked of us."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from metropool.core.quantities import reading_type
from metropool.runtime.conformance.town.files import ask
from metropool.runtime.demo.setup import FIELD_KEYS

Row = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A value that a device told, as its own record has it.

    Attributes:
        how: ``push`` (it was confirmed to the device) or ``poll`` (it answered).
        item: Code of the reading type; ``value`` in its unit.
        at: Business time of the value [Unix s]; ``wall_s``: when it was told, by the machine's clock [Unix s].
        place: File and line.
    """

    how: str
    device: str
    item: str
    at: int
    value: Decimal
    wall_s: float
    place: str


ACKNOWLEDGED = ("push", "poll")
"""How what a device told was taken; the other lines say what it tried, and what it refused."""


def told_by_devices(home: Path) -> Iterator[Told]:
    """Everything the meters of a town told so far, terminal by terminal in the order they told it."""
    for file in sorted([*home.glob("concentrators/record.jsonl"), *home.glob("meter/*.jsonl")]):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        for number, line in enumerate(lines, start=1):
            if line.endswith("\n") and (row := json.loads(line))["how"] in ACKNOWLEDGED:
                yield _told(row, f"{file.parent.name}/{file.name}:{number}")


def switched_off(home: Path, device: str) -> bool:
    """Whether a meter's own journal has its supply off for good."""
    query = "SELECT count(*) FROM off WHERE meter = ? AND to_s IS NULL"
    journals = [home / "concentrators" / "journal.sqlite", *home.glob("meter/*.sqlite")]
    return any(ask(file, query, device)[0][0] for file in journals if file.exists())


@dataclass(frozen=True)
class Archived:
    """A meter that was written into a terminal's archive, as the terminal's own journal has it.

    Attributes:
        point: Measuring point it is kept under.
        wall_s: When it was written, by the machine's clock [Unix s].
        place: Terminal and device number.
    """

    point: int
    wall_s: float
    place: str


def written_in_archive(home: Path, address: str) -> Archived | None:
    """The newest row of the meter of an address; None where none was ever written."""
    query = "SELECT point, wall, terminal, device FROM archive WHERE address = ? ORDER BY wall DESC"
    rows = ask(home / "concentrators" / "journal.sqlite", query, address)
    return Archived(rows[0][0], rows[0][1], f"archive:{rows[0][2]}:{rows[0][3]}") if rows else None


def order_at_channel(home: Path, order: str) -> Row | None:
    """An order as the payment channel keeps it: reference, amount in fen, status."""
    names = ("reference", "order_id", "amount_fen", "status", "title")
    query = "SELECT reference, order_id, amount_fen, status, title FROM orders WHERE order_id = ?"
    rows = ask(home / "payment-channel" / "payment.sqlite", query, order)
    return dict(zip(names, rows[0], strict=True)) if rows else None


@dataclass(frozen=True)
class Carried:
    """All that passed by the carrier in one direction of one connection."""

    place: str
    connection: str
    data: bytes


def carried(home: Path, direction: str) -> list[Carried]:
    """What the carrier kept of what went ``up`` (from terminals) or ``down``."""
    files = sorted((home / "carrier").glob(f"??????.{direction}"))
    return [Carried(f"carrier/{file.name}", file.stem, file.read_bytes()) for file in files]


def keys_of_terminals(home: Path) -> dict[tuple[bytes, int], bytes]:
    """Name and number to each key, as terminals were given them."""
    rows = json.loads((home / FIELD_KEYS).read_text(encoding="utf-8"))
    return {(bytes.fromhex(row["name"]), row["number"]): bytes.fromhex(row["key"]) for row in rows}


def _told(row: Row, place: str) -> Told:
    scale = reading_type(row["item"]).scale
    value = Decimal(row["value"]).scaleb(scale)
    return Told(row["how"], row["device"], row["item"], row["at"], value, row["wall"], place)
