"""Entries by column: the legs of a run's bills as a frame, checked whole; what is wrong with one of them is said entry by entry."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metropool.core.money import Fen
from metropool.facts.ledger.chart import CHART

LEG = {"key": pl.String, "account": pl.String, "amount_fen": pl.Int64}
"""Columns of legs, one row each: business key of the entry, account, amount [fen]; those of an entry follow one another."""
_SURE = 1 << 58
"""Some dozen amounts up to this cannot overflow a sum; larger ones are checked one by one."""


def are_right(legs: pl.DataFrame) -> bool:
    """Whether all entries are surely right: each key once, known accounts, sums of zero. False where it takes a closer look."""
    kind, name = legs["account"].str.splitn("/", 2).struct.unnest().get_columns()
    checks = [
        legs.schema == pl.Schema(LEG) and sum(legs.null_count().row(0)) == 0,
        kind.is_in(list(CHART)).all() and name.is_not_null().all() and (name != "").all(),
        (legs["key"] != "").all(),
        legs["amount_fen"].is_between(-_SURE, _SURE).all(),
    ]
    if not all(checks):
        return False
    entries = legs.group_by(pl.col("key").rle_id().alias("entry")).agg(
        pl.col("key").first(), pl.len(), pl.col("amount_fen").sum()
    )
    return bool((entries["amount_fen"] == 0).all() and (entries["len"] <= 16).all() and entries["key"].is_unique().all())


def places_of(legs: pl.DataFrame) -> NDArray[np.int64]:
    """Place of each leg in its entry, from 0, shape (legs,)."""
    entry = legs["key"].rle_id().to_numpy()
    row = np.arange(legs.height)
    return row - np.searchsorted(entry, entry)


def entries_of(legs: pl.DataFrame) -> list[tuple[str, list[tuple[str, Fen]]]]:
    """Business key and legs of each entry, in their order."""
    entries: list[tuple[str, list[tuple[str, Fen]]]] = []
    for key, account, amount_fen in legs.select(*LEG).rows():
        if not entries or entries[-1][0] != key:
            entries.append((key, []))
        entries[-1][1].append((account, amount_fen))
    return entries
