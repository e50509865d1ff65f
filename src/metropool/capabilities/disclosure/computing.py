"""The answer to a question, from this system's own books: sums with who stands behind them, or one row a household."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
import pyarrow as pa

from metropool.capabilities.disclosure.model import MOST_ROWS, Cell
from metropool.capabilities.disclosure.ports import DisclosureWork
from metropool.core.errors import Conflict
from metropool.core.quantities import ReadingType, reading_types_by_id
from metropool.exchange.messages import ROWS, ViewAnswered, ViewRequested

_USAGE = {"electricity": "electricity_forward", "water": "water_register", "gas": "gas_register", "heat": "heat_register"}
_PAID = ("payment/", "receipt/", "refund/")
"""How keys of entries begin that are money, not bills."""
FEN = ("fen", 0)


@dataclass(frozen=True)
class Prepared:
    """What an answer to ``asked`` would be made of, as the books were: sums, or rows of single households."""

    asked: ViewRequested
    cells: Sequence[Cell] = ()
    rows: pa.Table | None = None


def prepare(*, work: DisclosureWork, asked: ViewRequested) -> Prepared:
    """Look up what is asked for; on a view that changes nothing, since a city's year takes a while.

    Raises:
        Conflict: It is more than one answer holds.
    """
    points = work.subjects.points(service=asked.service, area=asked.area)
    if asked.what == "household_usage":
        return _usage_rows(work, asked, points)
    if asked.what == "household_bills":
        return _bill_rows(work, asked, points)
    if asked.what == "usage_by_day":
        return Prepared(asked, cells=list(_usage_cells(work, asked, points)))
    if asked.what == "silent_meters":
        return Prepared(asked, cells=list(_silent_cells(work, asked, points)))
    return Prepared(asked, cells=list(_money_cells(work, asked, points)))


def days_of(asked: ViewRequested) -> list[date]:
    """The business days a request is about."""
    return [asked.first_day + timedelta(days=i) for i in range((asked.last_day - asked.first_day).days + 1)]


def _kinds(service: str) -> list[ReadingType]:
    """Reading types that say what is used: not the parts of a tariff, not freezes."""
    kinds = [kind for kind in reading_types_by_id().values() if kind.code.startswith(_USAGE[service])]
    return [kind for kind in kinds if kind.kind in ("register", "interval") and not kind.code[-1].isdigit()]


def _amounts(work: DisclosureWork, asked: ViewRequested, day: date, points: pl.DataFrame) -> pl.DataFrame:
    """What each point used on a day: columns ``number``, ``amount``, ``id``, ``category``; its finest block that has a value counts."""
    blocks = work.readings.blocks_of_day(day, reading_types=[kind.id for kind in _kinds(asked.service)])
    found = pl.DataFrame(pl.from_arrow(blocks.select(["usage_point", "interval_s", "values"])))
    known = pl.col("values").list.drop_nulls()
    best = found.filter(known.list.len() > 0).sort("usage_point", "interval_s").unique("usage_point", keep="first")
    amounts = best.select(pl.col("usage_point").cast(pl.Int64).alias("number"), known.list.sum().alias("amount"))
    return points.join(amounts, on="number", how="inner").sort("number")


def _usage_cells(work: DisclosureWork, asked: ViewRequested, points: pl.DataFrame) -> Iterator[Cell]:
    kind = _kinds(asked.service)[0]
    for day in days_of(asked):
        found = _amounts(work, asked, day, points)
        if found.height:
            yield _cell(found, "amount", day, "usage", "all", scale=kind.scale, unit=kind.unit)


def _silent_cells(work: DisclosureWork, asked: ViewRequested, points: pl.DataFrame) -> Iterator[Cell]:
    for day in days_of(asked) if points.height else ():
        heard = _amounts(work, asked, day, points)["number"]
        silent = points.with_columns((~pl.col("number").is_in(heard.implode())).cast(pl.Int64).alias("silent"))
        yield _cell(silent, "silent", day, "silent_meters", "devices", scale=0, unit="meters")


def _usage_rows(work: DisclosureWork, asked: ViewRequested, points: pl.DataFrame) -> Prepared:
    kind, days = _kinds(asked.service)[0], days_of(asked)
    _need_few(points.height * len(days))
    parts = []
    for day in days:
        amounts = _amounts(work, asked, day, points).select("number", "amount")
        every = points.join(amounts, on="number", how="left").sort("number")
        parts.append(every.select(pl.lit(day).alias("period"), pl.col("id").alias("subject"), pl.col("amount").alias("value")))
    rows = _rows(pl.concat(parts), measure="usage", scale=kind.scale, unit=kind.unit)
    return Prepared(asked, rows=rows)


def _money(work: DisclosureWork, asked: ViewRequested, points: pl.DataFrame) -> pl.DataFrame:
    """Billed and paid of each account and month: columns ``period``, ``measure``, ``name``, ``amount``."""
    is_clearing = asked.what == "payments_by_month"
    names = points["combined" if is_clearing else "account"].drop_nulls().unique().sort().to_list()
    against = points["supplier"].drop_nulls().unique().to_list() if is_clearing else None
    found = work.subjects.postings(names=names, first=asked.first_day, last=asked.last_day, against=against)
    is_paid = pl.any_horizontal(pl.col("key").str.starts_with(start) for start in _PAID)
    sign = pl.when(is_paid & (not is_clearing)).then(-1).otherwise(1)
    measured = found.with_columns(
        pl.when(is_paid).then(pl.lit("paid")).otherwise(pl.lit("billed")).alias("measure"),
        (pl.col("amount_fen") * sign).alias("amount"),
    )
    wanted = measured.filter(pl.col("measure") == "paid") if is_clearing else measured
    return wanted.group_by(pl.col("month").alias("period"), "measure", "name").agg(pl.col("amount").sum())


def _money_cells(work: DisclosureWork, asked: ViewRequested, points: pl.DataFrame) -> Iterator[Cell]:
    name = "combined" if asked.what == "payments_by_month" else "account"
    people = points.drop_nulls(name).unique(name, keep="first", maintain_order=True)
    known = people.select(
        pl.col(name).alias("name"), "number", pl.col("category").replace_strict({"residential": "residential"}, default="other")
    )
    found = _money(work, asked, points).join(known, on="name", how="inner").sort("period", "measure", "category", "number")
    for (period, measure, category), part in found.group_by("period", "measure", "category", maintain_order=True):
        yield _cell(part, "amount", period, str(measure), str(category), scale=FEN[1], unit=FEN[0])


def _bill_rows(work: DisclosureWork, asked: ViewRequested, points: pl.DataFrame) -> Prepared:
    found = _money(work, asked, points).sort("period", "name", "measure")
    _need_few(found.height)
    rows = found.select("period", "measure", pl.col("name").alias("subject"), pl.col("amount").alias("value"))
    return Prepared(asked, rows=_rows(rows, scale=FEN[1], unit=FEN[0]))


def _cell(found: pl.DataFrame, column: str, period: object, measure: str, category: str, *, scale: int, unit: str) -> Cell:
    assert isinstance(period, date)
    return Cell(
        period=period,
        measure=measure,
        category=category,
        members=found["number"].to_numpy(),
        weights=found[column].to_numpy(),
        value=int(found[column].sum()),
        scale=scale,
        unit=unit,
    )


def _rows(found: pl.DataFrame, **same: object) -> pa.Table:
    """Rows of single households, in the columns of an answer."""
    said = {"category": None, "subjects": 1, "is_suppressed": False, **same}
    table = found.with_columns(pl.lit(value).alias(name) for name, value in said.items()).to_arrow()
    expected = ROWS[ViewAnswered]
    return pa.table([table[name].cast(expected.field(name).type) for name in expected.names], schema=expected)


def _need_few(rows: int) -> None:
    if rows > MOST_ROWS:
        raise Conflict(f"{rows} rows are more than the {MOST_ROWS} of one answer", key="disclosure.too_much")
