"""What the rows of bills are held to beyond their columns: who prints, adds and divides them later has only this. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Meta

from metropool.core.errors import Fault, Invalid
from metropool.exchange.messages.base import Message
from metropool.exchange.messages.money import LATE_FEE, BillsIssued

MOST_FEN: Final = 10**13
"""Of one bill, either way; sums of a million of them are still integers that books keep."""
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)
MOST_LINES, LONGEST_NAME, LONGEST_LINES = 100, 128, 20_000
_DECIMAL: Final = r"^-?\d{1,18}(\.\d{1,18})?(E[+-]?\d)?\Z"
_PLAIN: Final = r"^[^\x00-\x1f\x7f]*\Z"
_TEXTS = ("service", "bill_number", "account_number", "combined_account", "usage_point", "meter_number", "unit", "tariff")
_PRINTED = ("usage_point", "meter_number", "multiplier", "quantity", "unit", "is_estimated", "tariff")

Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME, pattern=_PLAIN)]
Exact = Annotated[str, Meta(pattern=_DECIMAL)]
Line = tuple[Name, Exact, Exact, Exact]


class MeterRegisters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the meters of a period in which it was exchanged."""

    meter_number: Name
    start: Exact | None
    end: Exact | None
    to: date | None


_LINES = msgspec.json.Decoder(Annotated[list[Line], Meta(max_length=MOST_LINES)])
_LATE_FEE = msgspec.json.Decoder(tuple[tuple[Name, Exact, Exact, Exact, Name]])
_METERS = msgspec.json.Decoder(Annotated[list[MeterRegisters], Meta(max_length=MOST_LINES)])


def check_content(message: Message) -> None:
    """Hold what rows say to what can be printed, added and divided later; of bills alone so far.

    Raises:
        Invalid: With the columns in which something is not so.
    """
    if not isinstance(message, BillsIssued):
        return
    rows: pa.Table = message.rows
    wrong = [name for name, is_wrong in _CHECKS.items() if _any(rows, name, is_wrong)]
    wrong += [name for name in _PRINTED if rows[name].null_count and name not in wrong]
    if wrong:
        faults = [Fault(f"rows.{name}", f"exchange.bill_{_SAYS.get(name, 'text')}") for name in wrong]
        what = f"there are bills that cannot be taken in for their {', '.join(wrong)}"
        raise Invalid(what, key="exchange.bill_content", values={"columns": ", ".join(wrong)}, faults=faults)


def _any(rows: pa.Table, name: str, is_wrong: Callable[[Any], bool]) -> bool:
    """Whether a value of a column is wrong; each different one is looked at once."""
    return any(value is not None and is_wrong(value) for value in pc.unique(rows[name]).to_pylist())


def _no_text(value: str) -> bool:
    return len(value) > LONGEST_NAME or re.match(_PLAIN, value) is None


def _no_decimal(value: str) -> bool:
    return re.match(_DECIMAL, value) is None


def _no_day(value: date) -> bool:
    return not FIRST_DAY <= value <= LAST_DAY


def _no_lines(value: str) -> bool:
    return len(value) > LONGEST_LINES or not _is(_LATE_FEE if value.startswith(f'[["{LATE_FEE}"') else _LINES, value)


def _no_meters(value: str) -> bool:
    return len(value) > LONGEST_LINES or not _is(_METERS, value)


def _is(decoder: "msgspec.json.Decoder[Any]", value: str) -> bool:
    try:
        decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True


_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_TEXTS, _no_text),
    **dict.fromkeys(("register_start", "register_end", "multiplier", "quantity"), _no_decimal),
    **dict.fromkeys(("period_start", "period_end", "due_date"), _no_day),
    "amount_fen": lambda value: abs(value) > MOST_FEN,
    "lines": _no_lines,
    "registers": _no_meters,
}
_SAYS: Mapping[str, str] = {
    **dict.fromkeys(("register_start", "register_end", "multiplier", "quantity"), "number"),
    **dict.fromkeys(("period_start", "period_end", "due_date"), "day"),
    "amount_fen": "amount",
    "lines": "lines",
    "registers": "meters",
    "is_estimated": "needed",
}
