"""The lines of rated columns as canonical JSON, one text a bill, made by column: ``[["tier1","260","0.589","153.14"],…]``.

Quantities and amounts are exact decimals without needless zeros, prices have the digits of the price list.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metropool.capabilities.billing.rating.columns import RatedColumns


def lines_of_columns(rated: RatedColumns) -> pl.Series:
    """The lines of each bill as canonical JSON, in the order of the bills."""
    digits = rated.digits + rated.price_digits
    pieces: list[pl.Series | str] = ["["]
    for i, line in enumerate(rated.lines):
        pieces.append(f'{"," if i else ""}["{line.planned.name}","')
        pieces += [_texts(line.quantity, rated.digits), f'","{line.planned.price}","', _texts(line.amount, digits), '"]']
    if rated.minimum is not None:
        pieces.append(_minimum_lines(rated.minimum, digits, first=not rated.lines))
    return _concat([*pieces, "]"], len(rated.total))


def decimal_texts(values: pl.Series, digits: int) -> pl.Series:
    """Integers of 10^-digits as decimal texts without needless zeros; null stays null."""
    size, unit = pl.col("value").abs(), 10**digits
    whole = (size // unit).cast(pl.String)
    # The fraction after a leading 1 keeps its zeros; what is cut off then is that 1 and the zeros at the end.
    fraction = (size % unit + unit).cast(pl.String).str.slice(1).str.strip_chars_end("0")
    sign = pl.when(pl.col("value") < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    point = pl.when(size % unit == 0).then(pl.lit("")).otherwise(pl.lit("."))
    return pl.DataFrame({"value": values}).select(pl.concat_str(sign, whole, point, fraction)).to_series()


def _minimum_lines(short: NDArray[Any], digits: int, *, first: bool) -> pl.Series:
    amounts = _texts(short, digits)
    line = pl.format('{}["minimum_charge","1","{}","{}"]', pl.lit("" if first else ","), pl.col("amount"), pl.col("amount"))
    there = pl.Series(np.asarray(short > 0, dtype=np.bool_))
    frame = pl.DataFrame({"amount": amounts, "there": there})
    return frame.select(pl.when(pl.col("there")).then(line).otherwise(pl.lit(""))).to_series()


def _concat(pieces: Sequence[pl.Series | str], count: int) -> pl.Series:
    frame = pl.DataFrame({str(i): piece for i, piece in enumerate(pieces) if isinstance(piece, pl.Series)})
    columns = [pl.lit(piece) if isinstance(piece, str) else pl.col(str(i)) for i, piece in enumerate(pieces)]
    if not frame.width:
        return pl.Series(["".join(piece for piece in pieces if isinstance(piece, str))] * count, dtype=pl.String)
    return frame.select(pl.concat_str(columns)).to_series()


def _texts(values: NDArray[Any], digits: int) -> pl.Series:
    """Integers of 10^-digits, 0 or more, as decimal texts; unbounded integers one by one."""
    if values.dtype == object:
        return pl.Series([_text(int(value), digits) for value in values], dtype=pl.String)
    return decimal_texts(pl.Series(values), digits)


def _text(value: int, digits: int) -> str:
    text = f"{Decimal(value).scaleb(-digits):f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
