"""What billing decides, without looking anything up: stages of a run, numbers, due dates, how a payment falls."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import polars as pl

from metropool.core.errors import Conflict
from metropool.core.money import Fen


class RunState(StrEnum):
    """How far a billing run (开账) is. Each name is what has been done; ``started`` is before anything."""

    STARTED = "started"
    FROZEN = "frozen"
    VALIDATED = "validated"
    RATED = "rated"
    REVIEWED = "reviewed"
    ISSUED = "issued"


class Review(StrEnum):
    """Who looks at a rated run: a second person, or nobody when no bill is held."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


STAGES = tuple(RunState)
SPIKE_FACTOR = 10
"""A bill is held when it uses more a day than this many times the most the account ever used a day."""


def next_state(state: RunState) -> RunState:
    """The state after this one.

    Raises:
        Conflict: The run is issued; nothing comes after.
    """
    if state is RunState.ISSUED:
        raise Conflict("an issued run does not go on")
    return STAGES[STAGES.index(state) + 1]


@dataclass(frozen=True)
class Month:
    """A billing month as half-open days."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days

    @property
    def months(self) -> int:
        """How many calendar months it touches: a first or last month that is not whole counts as one."""
        last = self.end - timedelta(days=1)
        return (last.year - self.start.year) * 12 + last.month - self.start.month + 1


def series_of(service: str, period_start: date) -> str:
    """The number series of a service and month, such as ``EL202607``."""
    return f"{service[:2].upper()}{period_start:%Y%m}"


def bill_numbers(series: str, first: int, count: int) -> list[str]:
    """``count`` numbers of a series from the ``first``-th on."""
    return [f"{series}{n:07d}" for n in range(first, first + count)]


def due_date(issued_on: date, due_days: int) -> date:
    """When a bill must be paid (缴费期限)."""
    return issued_on + timedelta(days=due_days)


def digests_of_bills(bills: pl.DataFrame) -> list[str]:
    """SHA-256 over everything each bill says, in the order of the names of the columns."""
    pieces: list[pl.Expr] = []
    for name, kind in sorted(bills.drop("sha256", strict=False).schema.items()):
        pieces += [pl.lit(f"\x1f{name}=" if pieces else f"{name}="), _said(name, kind)]
    texts = bills.select(pl.concat_str(pieces).cast(pl.Binary)).to_series()
    return [hashlib.sha256(text).hexdigest() for text in texts.to_list()]


def _said(name: str, kind: pl.DataType) -> pl.Expr:
    if kind == pl.Boolean:
        return pl.when(name).then(pl.lit("True")).otherwise(pl.lit("False"))
    return pl.col(name).cast(pl.String).fill_null("None")


@dataclass(frozen=True)
class OpenBill:
    """A bill of which something is still owed."""

    number: str
    due_date: date
    open_fen: Fen


def share_payment(amount_fen: Fen, bills: Iterable[OpenBill]) -> tuple[list[tuple[str, Fen]], Fen]:
    """Give a payment to the oldest bills first; returns (bill, fen) and what is left over as credit."""
    parts: list[tuple[str, Fen]] = []
    for bill in sorted(bills, key=lambda each: (each.due_date, each.number)):
        taken = min(amount_fen, bill.open_fen)
        if taken > 0:
            parts.append((bill.number, taken))
            amount_fen -= taken
    return parts, amount_fen


def receivable_legs(bills: pl.DataFrame, *, service: str, collected_for: Mapping[str, str]) -> pl.DataFrame:
    """What bills move, a row a leg: the customer owes it, the company earned it but for what it collects for another.

    Args:
        bills: ``number``, ``account_number``, ``amount_fen``, ``collected_fen`` and ``tariff`` of each bill.
        service: The service billed.
        collected_for: Party each tariff version collects for.

    Returns:
        ``key``, ``account`` and ``amount_fen``; two legs a bill, three where something is collected.
    """
    owed, collected = pl.col("amount_fen"), pl.col("collected_fen")
    party = pl.col("tariff").replace_strict(collected_for, return_dtype=pl.String)
    legs = [
        (bills, pl.format("receivable/{}", "account_number"), owed),
        (bills, pl.lit(f"revenue/{service}"), collected - owed),
        (bills.filter(collected != 0), pl.format("collected/{}", party), -collected),
    ]
    frames = [
        rows.select("number", key=pl.format("bill/{}", "number"), account=account, amount_fen=fen) for rows, account, fen in legs
    ]
    return pl.concat(frames).sort("number", maintain_order=True).drop("number")
