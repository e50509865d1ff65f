"""What gateways say and hear over MQTT: JSON, versioned and bounded, read into messages and written from them.

docs/integrators.md describes it for whoever builds a gateway; this file is our side of that page.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import pyarrow as pa

from metropool.core.errors import Invalid
from metropool.core.identifiers import derived_id
from metropool.exchange.messages import EventsRecorded, HouseholdUsageTold, Message, PointsReported, SetPoints
from metropool.exchange.messages.base import Name, Number
from metropool.exchange.messages.points import (
    ITEMS,
    MOST_EVENTS,
    MOST_POINTS,
    MOST_ROWS,
    ROWS,
    OrderAnswered,
    PointDescribed,
)
from metropool.exchange.ways import PLACES

S = TypeVar("S")
VERSION = 1
_YEAR_2000, _YEAR_2200 = 946_684_800, 7_258_118_400
Second = Annotated[int, msgspec.Meta(ge=_YEAR_2000, le=_YEAR_2200)]


class _Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What everything a gateway says begins with: ``id`` is its own, the same when it says the same again."""

    v: Literal[1]
    id: Name


class _Points(_Said, frozen=True, kw_only=True):
    values: Annotated[tuple[tuple[Name, Name, Second, Number], ...], msgspec.Meta(max_length=MOST_ROWS)] = ()
    points: Annotated[tuple[PointDescribed, ...], msgspec.Meta(max_length=MOST_POINTS)] = ()
    answers: Annotated[tuple[OrderAnswered, ...], msgspec.Meta(max_length=MOST_POINTS)] = ()


class _Events(_Said, frozen=True, kw_only=True):
    events: Annotated[tuple[tuple[Name, Name, Second, Number], ...], msgspec.Meta(min_length=1, max_length=MOST_EVENTS)]


class Receipts(_Said, frozen=True, kw_only=True):
    """Ids of what came down and is kept; none when the gateway has just come in and says that it is there."""

    received: Annotated[tuple[Name, ...], msgspec.Meta(max_length=MOST_ROWS)] = ()


def read_said(data: bytes, *, kind: str, place: str) -> tuple[str, Message]:
    """Read what a gateway said.

    Args:
        data: The bytes that travelled.
        kind: Class of the message they are to be.
        place: Of the gateway, as the broker vouches for it.

    Returns:
        The gateway's own id of it, and the message.

    Raises:
        Invalid: Not of this form or version, too much at once, or of an item nobody knows.
    """
    form = _FORMS.get(kind)
    if form is None:
        raise Invalid(f"a gateway says no {kind}")
    said = _decoded(data, form[0])
    return said.id, form[1](said, place)


def read_receipts(data: bytes) -> Receipts:
    """Read receipts.

    Raises:
        Invalid: They are none.
    """
    return _decoded(data, Receipts)


def write_order(order: SetPoints) -> bytes:
    """An order as a gateway is given it."""
    told = {name: getattr(order, name) for name in ("request", "point", "item", "value")}
    return msgspec.json.encode({"v": VERSION, **told, "expires_at": _second(order.expires_at)})


def write_usage(message: HouseholdUsageTold, *, teller: str) -> tuple[str, bytes]:
    """Household meter data as a gateway is given it, and its id: the same for the same data of the same system, so that a receipt says
    what of whom was received."""
    rows = [
        {**row, "business_date": row["business_date"].isoformat(), "values": row["values"], "quality": row["quality"]}
        for row in message.rows.drop_columns(["usage_point", "meters", *PLACES]).to_pylist()
    ]
    body = msgspec.json.encode(rows)
    number = derived_id("usage", teller, body.decode())
    return number, b'{"v":%d,"id":"%b","blocks":%b}' % (VERSION, number.encode(), body)


def _decoded(data: bytes, form: type[S]) -> S:
    try:
        return msgspec.json.decode(data, type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise Invalid(f"not what a gateway says: {cause}") from cause


def _points(said: _Points, place: str) -> PointsReported:
    unknown = {item for _, item, _, _ in said.values} - set(ITEMS)
    if unknown:
        raise Invalid(f"no item is called {', '.join(sorted(unknown))}; there are {', '.join(ITEMS)}")
    rows = _table(PointsReported, said.values, {"quality": pa.array([0] * len(said.values), pa.uint8())})
    return PointsReported(place=place, rows=rows, described=said.points, answered=said.answers)


def _events(said: _Events, place: str) -> EventsRecorded:
    return EventsRecorded(place=place, rows=_table(EventsRecorded, said.events, {}))


def _table(kind: type[Message], rows: tuple[tuple[Any, ...], ...], more: Mapping[str, pa.Array]) -> pa.Table:
    schema = ROWS[kind]
    given = [name for name in schema.names if name not in more]
    columns = list(zip(*rows, strict=True)) or [()] * len(given)
    arrays = {name: pa.array(values, schema.field(name).type) for name, values in zip(given, columns, strict=True)}
    return pa.table({name: {**arrays, **more}[name] for name in schema.names}, schema=schema)


def _second(instant: datetime) -> int:
    return int(instant.astimezone(UTC).timestamp())


_FORMS: Mapping[str, tuple[type[Any], Callable[[Any, str], Message]]] = {
    "PointsReported": (_Points, _points),
    "EventsRecorded": (_Events, _events),
}
