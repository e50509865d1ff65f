"""The column path of a run says what the exact, row-by-row reckoning says."""

import hashlib
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from metropool.capabilities.billing.day_grid import UNKNOWN, day_grid
from metropool.capabilities.billing.freezing import REASONS, Span, growth_by_days, growth_by_edges
from metropool.capabilities.billing.model import digests_of_bills
from metropool.capabilities.billing.rating.registers import apply_multipliers
from metropool.capabilities.billing.rating.texts import decimal_texts

WIDE = st.integers(-(10**17), 10**17)
MULTIPLIERS = st.sampled_from(["1", "1.5", "0.3333", "80", "1E2", "0"])
DAYS = [date(2026, 7, 1), date(2026, 7, 2), date(2026, 7, 3)]
SPAN = Span(DAYS[0], date(2026, 7, 4), "any", DAYS[0], ())
SCHEMA = {
    "row": pl.Int64,
    "column": pl.Int64,
    "device_number": pl.String,
    "register_start": pl.Int64,
    "register_end": pl.Int64,
    "total": pl.Int64,
    "estimated": pl.Int64,
    "meters": pl.String,
}


@given(st.lists(st.one_of(st.none(), WIDE), min_size=1), st.integers(0, 9))
def test_a_decimal_text_is_the_number_without_needless_zeros(values, digits):
    texts = decimal_texts(pl.Series(values, dtype=pl.Int64), digits).to_list()
    for value, text in zip(values, texts, strict=True):
        if value is None:
            assert text is None
        else:
            assert Decimal(text) == Decimal(value).scaleb(-digits)
            assert not ("." in text and text[-1] in "0.")
            assert text != "-0"


@given(st.lists(st.tuples(st.integers(0, 10**15), MULTIPLIERS), min_size=1))
def test_a_multiplied_growth_is_rounded_half_up_once(rows):
    growth, multipliers = np.array([row[0] for row in rows]), [row[1] for row in rows]
    exact = [int((g * Decimal(m)).to_integral_value(rounding=ROUND_HALF_UP)) for g, m in rows]
    assert apply_multipliers(growth, multipliers).tolist() == exact
    assert apply_multipliers(np.stack([growth, growth], axis=1), multipliers)[:, 1].tolist() == exact


def test_a_seal_covers_every_column_in_the_order_of_their_names():
    bills = pl.DataFrame({"number": ["B1", "B2"], "is_estimated": [True, False], "replaces": [None, "B1"], "amount_fen": [5, -5]})
    texts = [
        "amount_fen=5\x1fis_estimated=True\x1fnumber=B1\x1freplaces=None",
        "amount_fen=-5\x1fis_estimated=False\x1fnumber=B2\x1freplaces=B1",
    ]
    assert digests_of_bills(bills) == [hashlib.sha256(text.encode()).hexdigest() for text in texts]


def _grid(*points: list[tuple]):
    """A grid of one account for each list of (day, device, register start, register end, own sum[, its meters])."""
    rows = [
        (n, day, device, start, end, total, 0, *(meters or [None]))
        for n, days in enumerate(points)
        for day, device, start, end, total, *meters in days
    ]
    return day_grid(len(points), pl.DataFrame(rows, schema=SCHEMA, orient="row"), DAYS)


def test_edges_tell_only_where_they_are_of_one_meter_that_went_forward():
    grid = _grid(
        [(0, "M1", 10, 20, None), (2, "M1", 30, 45, None)],
        [(0, "M1", 10, 20, None), (1, "M2", 0, 1, None), (2, "M1", 30, 45, None)],
        [(0, "M1", 50, 20, None), (2, "M1", 30, 45, None)],
        [(0, "M1", None, 20, None), (2, "M1", 30, 45, None)],
        [(2, "M1", 30, 45, None)],
        [],
    )
    growth, is_clear = growth_by_edges(grid, SPAN, ["2"] * 6)
    assert is_clear.tolist() == [True, False, False, False, False, False]
    assert growth[0] == 70


def test_days_are_added_up_and_the_first_that_does_not_tell_is_the_reason():
    grid = _grid(
        [(0, "M1", 10, 20, 11), (1, "M2", 0, 7, None), (2, "M2", 7, 9, None)],
        [(0, "M1", 10, 5, None), (1, "M1", 5, 6, None)],
        [(0, "M1", 10, 20, None), (2, "M1", 9, 5, None)],
        [(0, "M1", 10, 5, 3), (1, "M1", None, None, 4), (2, "M1", 5, 6, None)],
    )
    growth, reasons = growth_by_days(grid, SPAN, ["1"] * 4)
    assert [REASONS[code] for code in reasons] == [None, "register_went_back", "no_register", None]
    assert (growth[0], growth[3]) == (20, 8)


def test_what_is_not_known_of_a_day_is_nothing_and_estimates_are_of_either_end():
    known = pl.DataFrame([(1, 0, "M1", 1, 2, 1, 1, None), (1, 1, "M1", 2, None, None, 2, None)], schema=SCHEMA, orient="row")
    grid = day_grid(2, known, DAYS)
    assert grid.register_end.tolist() == [[UNKNOWN] * 3, [2, UNKNOWN, UNKNOWN]]
    assert (grid.start_estimated.nonzero(), grid.end_estimated.nonzero()) == (([1], [0]), ([1], [1]))
    assert grid.rows(np.array([1])).device.tolist() == [[0, 0, -1]]
