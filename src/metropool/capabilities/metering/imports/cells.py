"""Columns of text to columns of integers, exactly; what cannot be read comes back as a mark, never as a value."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from metropool.capabilities.metering.imports.mapping.model import Numbers

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_PLAIN = r"^[+-]?(\d{1,15})(\.\d{0,30})?$|^[+-]?\.\d{1,30}$"
_EXPONENT = r"^[+-]?\d{1,15}(\.\d{0,30})?[eE][+-]?\d{1,2}$"
_BEYOND = r"(\.\d{12})\d+$"
_EXACT = pa.decimal128(30, 12)
_LARGEST = 1e15  # stored: a hundred billion kWh; differences and long sums of such still fit 64 bits


@dataclass(frozen=True)
class Numbered:
    """Numbers of a column; shape (n,) each.

    Attributes:
        value: Stored integers, 0 where there is none.
        blank: No value was written.
        bad: Something was written that is no number, or one beyond any register.
        rounded: The number is finer than the reading type and was rounded half up.
    """

    value: Ints
    blank: Bools
    bad: Bools
    rounded: Bools


def read_numbers(column: pa.Array, numbers: Numbers, factor: Fraction) -> Numbered:
    """Read a column of text, integers or floats, times ``factor``, rounded half up."""
    if pa.types.is_floating(column.type) or (pa.types.is_integer(column.type) and _fits_a_float(column)):
        return _of_numeric(column, factor)
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    blank = np.asarray(pc.fill_null(pc.is_in(text, pa.array(numbers.blank, pa.string())), True)) | np.asarray(pc.is_null(text))
    if numbers.thousands:
        text = pc.replace_substring(text, numbers.thousands, "")
    if numbers.decimal != ".":
        text = pc.replace_substring(pc.replace_substring(text, ".", "?"), numbers.decimal, ".")
    plain = np.asarray(pc.fill_null(pc.match_substring_regex(text, _PLAIN), False)) & ~blank
    exponent = np.asarray(pc.fill_null(pc.match_substring_regex(text, _EXPONENT), False)) & ~blank & ~plain
    # digits beyond the twelfth decimal, as floats are printed with, decide no rounding half up
    kept = pc.replace_substring_regex(text, _BEYOND, r"\1")
    exact = pc.if_else(pa.array(plain), kept, pa.scalar(None, pa.string())).cast(_EXACT)
    value, finer, beyond = _scaled(exact, factor)
    if exponent.any():
        floats = pc.if_else(pa.array(exponent), text, pa.scalar(None, pa.string())).cast(pa.float64())
        other = _of_numeric(floats, factor)
        value, finer = np.where(exponent, other.value, value), np.where(exponent, other.rounded, finer)
        beyond |= exponent & other.bad
    return Numbered(value=value, blank=blank, bad=(~plain & ~exponent & ~blank) | beyond, rounded=finer & ~beyond)


def _fits_a_float(column: pa.Array) -> bool:
    """Whether a float holds every integer of a column exactly; others are read as text."""
    ends = pc.min_max(column).as_py()
    return all(end is None or abs(end) <= 1 << 53 for end in ends.values())


def _scaled(exact: pa.Array, factor: Fraction) -> tuple[Ints, Bools, Bools]:
    """Decimals times a factor as integers, half up; whether anything was rounded away; whether it is beyond 64 bits.

    The whole part is multiplied in integers; of the part below one a float keeps 16 digits, far more than the rounding needs.
    """
    whole = pc.floor(exact)
    part = pc.fill_null(pc.subtract(exact, whole).cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False)
    units = pc.fill_null(whole.cast(pa.decimal128(38, 0)).cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    top, bottom = factor.numerator, factor.denominator
    beyond = np.abs(units.astype(np.float64)) * top > _LARGEST
    units = np.where(beyond, 0, units)
    remainder = units * top % bottom / bottom + part * (top / bottom)
    nearest = np.floor(remainder + 0.5 + 1e-9)
    return units * top // bottom + nearest.astype(np.int64), np.abs(remainder - nearest) > 1e-6, beyond


def _of_numeric(column: pa.Array, factor: Fraction) -> Numbered:
    """Floats carry about 15 digits: the nearest integer of the product is exact for meters."""
    blank = np.asarray(pc.is_null(column, nan_is_null=True))
    number = pc.fill_null(column.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False)
    number = np.where(blank, 0.0, number)
    product = number * float(factor)
    bad = ~np.isfinite(product) | (np.abs(product) > _LARGEST)
    product = np.where(bad, 0.0, product)
    nearest = np.floor(product + 0.5)
    return Numbered(
        value=nearest.astype(np.int64),
        blank=blank,
        bad=bad & ~blank,
        rounded=np.abs(product - nearest) > np.maximum(1e-6, np.abs(product) * 1e-12),
    )
