"""What a message is held to: the columns of its class, and what its way may speak of."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from metropool.core.errors import Invalid
from metropool.exchange.messages.base import Message
from metropool.exchange.messages.known import ROWS


def check_rows(message: Message) -> None:
    """Hold the rows of a message to the columns of its class.

    Raises:
        Invalid: Missing, additional or differently typed columns.
    """
    expected = ROWS.get(type(message))
    if expected is None:
        return
    rows: pa.Table = message.rows  # type: ignore[attr-defined]
    if not rows.schema.equals(expected, check_metadata=False):
        raise Invalid(
            f"{type(message).__name__}: the columns are {rows.schema.names}, expected {expected.names} with their types"
        )


def check_where(message: Message, wheres: Sequence[Mapping[str, str]]) -> None:
    """Hold a message that came in to what its way may speak of, such as ``{"service": "water"}``.

    Raises:
        Invalid: There are such limits, and it keeps none of them: it, or one of its rows, speaks of something else.
    """
    if wheres and not any(_keeps(message, where) for where in wheres):
        raise Invalid(f"{type(message).__name__}: this way only {' or '.join(map(str, wheres))} may be spoken of")


def _keeps(message: Message, where: Mapping[str, str]) -> bool:
    rows: pa.Table | None = getattr(message, "rows", None)
    for name, value in where.items():
        if getattr(message, name, value) != value:
            return False
        if rows is not None and name in rows.schema.names and pc.any(pc.not_equal(rows[name], value), min_count=0).as_py():
            return False
    return True
