"""What a message is held to: the columns of its class, and what its way may speak of."""

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from metropool.core.errors import Fault, Invalid
from metropool.exchange.messages.base import Message
from metropool.exchange.messages.known import NEEDED, ROWS
from metropool.exchange.messages.money import BillsIssued
from metropool.exchange.messages.notices import NoticePublished
from metropool.exchange.ways import PLACES

_EPOCH = date(1970, 1, 1)
_FIRST_DAY, _LAST_DAY = (date.min - _EPOCH).days, (date.max - _EPOCH).days
_DAY_US = 86_400_000_000


def check_rows(message: Message) -> None:
    """Hold the rows of a message to the columns of its class.

    Raises:
        Invalid: Missing, additional or differently typed columns, a column without a value that needs one, or a day that is none.
    """
    expected = ROWS.get(type(message))
    if expected is None:
        return
    rows: pa.Table = message.rows  # type: ignore[attr-defined]
    if not rows.schema.equals(expected, check_metadata=False):
        raise Invalid(
            f"{type(message).__name__}: the columns are {rows.schema.names}, expected {expected.names} with their types"
        )
    empty = [name for name in sorted(NEEDED.get(type(message), ())) if rows[name].null_count]
    if empty:
        faults = [Fault(f"rows.{name}", "exchange.null_value") for name in empty]
        raise Invalid(f"{type(message).__name__}: there are rows without {', '.join(empty)}", faults=faults)
    beyond = [field.name for field in rows.schema if _is_beyond(rows[field.name])]
    if beyond:
        faults = [Fault(f"rows.{name}", "exchange.no_day") for name in beyond]
        raise Invalid(
            f"{type(message).__name__}: there are rows with no day of the calendar in {', '.join(beyond)}", faults=faults
        )


def _is_beyond(column: pa.ChunkedArray) -> bool:
    """Whether a column has a date, or an instant in any zone, that no calendar here has."""
    unit, least, most = (
        (_DAY_US, _FIRST_DAY + 1, _LAST_DAY - 1) if pa.types.is_timestamp(column.type) else (1, _FIRST_DAY, _LAST_DAY)
    )
    if not pa.types.is_temporal(column.type) or column.null_count == len(column):
        return False
    ends = pc.min_max(column.cast(pa.int32() if unit == 1 else pa.int64())).as_py()
    return bool(ends["min"] < least * unit or ends["max"] > most * unit)


def own_name(kind: type[Message], *, system: str, party: str) -> Mapping[str, str]:
    """Fields in which a message of a class says who speaks, with what stands there where a system of a party does."""
    if issubclass(kind, NoticePublished):
        return {"office": system, "publisher": party}
    return {"company": party} if issubclass(kind, BillsIssued) else {}


def check_own_name(message: Message, *, system: str, party: str) -> None:
    """Hold what a message says of who speaks to who it is: an office and its publisher, the company of a bill.

    Raises:
        Invalid: It speaks in another's name.
    """
    own = own_name(type(message), system=system, party=party)
    wrong = [name for name, value in own.items() if getattr(message, name) != value]
    if wrong:
        faults = [Fault(name, "exchange.other_name") for name in wrong]
        said = ", ".join(f"{name} {getattr(message, name)[:64]!r}" for name in wrong)
        raise Invalid(f"{system} speaks in the name of {said}", key="exchange.other_name", faults=faults)


def check_where(message: Message, wheres: Sequence[Mapping[str, str]]) -> None:
    """Hold a message that came in to what its way may speak of, such as ``{"service": "water"}``.

    Raises:
        Invalid: There are such limits, and it keeps none of them: it, or one of its rows, speaks of something else.
    """
    if wheres and not any(_keeps(message, where) for where in wheres):
        name = next(name for where in wheres for name in where)
        told: dict[str, object] = {"only": " / ".join(f"{key}: {value}" for where in wheres for key, value in where.items())}
        what = f"{type(message).__name__}: this way only {' or '.join(map(str, wheres))} may be spoken of"
        raise Invalid(what, key="exchange.other_medium", values=told, faults=[Fault(name, "exchange.not_of_this_way")])


def tells(message: Message, name: str) -> bool:
    """Whether a message, or each of its rows, has something of this name."""
    rows: pa.Table | None = getattr(message, "rows", None)
    return hasattr(message, name) or (rows is not None and name in rows.schema.names)


def _keeps(message: Message, where: Mapping[str, str]) -> bool:
    rows: pa.Table | None = getattr(message, "rows", None)
    for name, value in where.items():
        if name in PLACES and not tells(message, name):
            return False
        if getattr(message, name, value) != value:
            return False
        if rows is not None and name in rows.schema.names:
            other = pc.fill_null(pc.not_equal(rows[name], value), True)
            if pc.any(other, min_count=0).as_py():
                return False
    return True
