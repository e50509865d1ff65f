"""What points of places tell and are told: measured values, states, events; and what is to be set.

A point (点) is one thing at a place that can be read or set: a circuit, a plug, a door contact. Values are integers in the unit of
their item (``ITEMS``), so that a switch, watts and litres travel the same way.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
import pyarrow as pa

from metropool.exchange.messages.base import Fact, Message, Moment, Name, Number, Order, Told, Words

ITEMS: Mapping[str, str] = {
    "power": "W",
    "energy": "Wh",
    "water": "L",
    "gas": "dm3",
    "switch": "",
    "open": "",
    "smoke": "",
    "battery": "%",
    "temperature": "0.1 C",
}
"""Items and their units; 0 and 1 are off and on, shut and open, clear and smoke."""

MOST_ROWS = 1000
MOST_POINTS = 128
MOST_EVENTS = 100

PointKind = Literal["main", "circuit", "plug", "register", "contact", "smoke", "other"]
Outcome = Literal["done", "refused", "expired"]


class PointDescribed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A point, as whoever has it describes it; ``sets`` is the item that can be set, if any."""

    point: Name
    kind: PointKind
    name_zh: Words
    name_en: Words
    sets: Name | None = None


class OrderAnswered(Told, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of an order.

    Attributes:
        request: The order's own.
        value: What was read back after it, where there was something to read.
        reason: Why it was refused.
    """

    request: Name
    outcome: Outcome
    at: Moment
    value: Number | None = None
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


class PointsReported(Fact, frozen=True, kw_only=True):
    """Values of the points of one place (状态和量测), what the points are, and what became of orders.

    Attributes:
        rows: ``point, item, at`` [Unix s], ``value`` [unit of the item], ``quality``.
    """

    place: Name
    rows: pa.Table
    described: Annotated[tuple[PointDescribed, ...], msgspec.Meta(max_length=MOST_POINTS)] = ()
    answered: Annotated[tuple[OrderAnswered, ...], msgspec.Meta(max_length=MOST_POINTS)] = ()


class EventsRecorded(Fact, frozen=True, kw_only=True):
    """What happened at points of one place (安防和故障事件): ``point, code, at`` [Unix s], ``value``."""

    place: Name
    rows: pa.Table


class SetPoints(Order, frozen=True, kw_only=True):
    """Set a point of a place, at most once (控制命令); what came of it is told as ``OrderAnswered``."""

    request: Name
    place: Name
    point: Name
    item: Name
    value: Number
    requested_by: str


ROWS: Mapping[type[Message], pa.Schema] = {
    PointsReported: pa.schema(
        [("point", pa.string()), ("item", pa.string()), ("at", pa.int64()), ("value", pa.int64()), ("quality", pa.uint8())]
    ),
    EventsRecorded: pa.schema([("point", pa.string()), ("code", pa.string()), ("at", pa.int64()), ("value", pa.int64())]),
}
