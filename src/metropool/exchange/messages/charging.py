"""Charging piles (充电桩): what is asked of and set up in them, and what operators and roaming partners tell one another."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
import pyarrow as pa

from metropool.exchange.messages.base import Count, Fact, Message, Moment, Name, Order, Text, Told, Words

MOST_SETTINGS = 128
MOST_CONNECTORS = 64
MOST_STATIONS = 100
MOST_ASKED = 100
MOST_STATES = 1000

Connector = Annotated[int, msgspec.Meta(ge=0, le=999)]
"""Number of a connector at its pile; 0 is the pile itself (OCPP)."""
Operator = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{9}$")]
"""Organisation code of an operator (OperatorID, T/CEC 102)."""
Sequence27 = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{27}$")]
"""Number of a charge between partners: operator, time and chance (StartChargeSeq, T/CEC 102)."""
ConnectorState = Literal["offline", "idle", "plugged", "charging", "reserved", "fault"]
Ask = Literal["authorise", "start", "stop"]


class ReadOnDemand(Order, frozen=True, kw_only=True):
    """Read points of a place now (召测命令); they come as ``PointsReported``, and what became of the order with them.

    Attributes:
        place: The pile or swap station; ``points`` of it, none: all there are.
        items: Which items of them (``points.ITEMS``); none: all they have.
    """

    request: Name
    place: Name
    points: Annotated[tuple[Name, ...], msgspec.Meta(max_length=MOST_SETTINGS)] = ()
    items: Annotated[tuple[Name, ...], msgspec.Meta(max_length=MOST_SETTINGS)] = ()
    requested_by: Words


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One key of a pile's configuration and its value, as text. Source: OCPP 1.6, ChangeConfiguration (50 and 500 characters)."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
    value: Annotated[str, msgspec.Meta(max_length=500)]


class DownloadProfile(Order, frozen=True, kw_only=True):
    """Put a profile into a pile (远程档案设置), whole, at most once; what became of it is told as ``OrderAnswered``.

    Attributes:
        place: The pile or swap station.
        profile: Number of the profile; a pile that has a higher one refuses.
        settings: Keys that are to have another value; the others stay.
        rows: What charging costs: ``connector`` (0: all), ``start_s`` [s after local midnight], ``energy_price`` and ``service_price``
            [CNY/kWh, decimals as text]. None: what it asks stays.
    """

    may_be_empty: ClassVar[bool] = True
    request: Name
    place: Name
    profile: Count
    settings: Annotated[tuple[Setting, ...], msgspec.Meta(max_length=MOST_SETTINGS)] = ()
    requested_by: Words
    rows: pa.Table


class RoamingConnector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A connector of a station: the most it gives [W, V, A] and its type (ConnectorType, T/CEC 102)."""

    connector: Name
    kind: Annotated[int, msgspec.Meta(ge=1, le=99)]
    power_w: Count
    voltage_v: Count
    current_a: Count


class RoamingStation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A charging station that partners may send drivers to; where it is in degrees (WGS 84)."""

    station: Name
    name_zh: Words
    name_en: Words
    lon: Annotated[float, msgspec.Meta(ge=-180.0, le=180.0)]
    lat: Annotated[float, msgspec.Meta(ge=-90.0, le=90.0)]
    connectors: Annotated[tuple[RoamingConnector, ...], msgspec.Meta(min_length=1, max_length=MOST_CONNECTORS)]


class RoamingState(Told, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a connector does."""

    connector: Name
    state: ConnectorState
    at: Moment


class RoamingAsked(Told, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one partner asks of the other for a driver; never done after ``expires_at``, and once for each ``charge``."""

    charge: Sequence27
    connector: Name
    ask: Ask
    expires_at: Moment


class RoamingTold(Fact, frozen=True, kw_only=True):
    """What an operator and a partner tell one another (充电互联互通): stations, states of connectors, what is asked, what was charged.

    Source: T/CEC 102.1-.4 and OCPI 2.2.1 (locations, sessions, cdrs, commands), one meaning for both.

    Attributes:
        operator: Whose stations these are.
        partner: Whose drivers.
        rows: ``charge`` (of 27 characters), ``connector``, ``state`` (``refused starting charging stopping ended unknown``),
            ``started_at``, ``ended_at``, ``energy_wh`` [Wh], ``energy_fen``, ``service_fen`` and their sum ``amount_fen`` [fen],
            ``stop_reason``, ``told_at``.
    """

    may_be_empty: ClassVar[bool] = True
    operator: Operator
    partner: Operator
    stations: Annotated[tuple[RoamingStation, ...], msgspec.Meta(max_length=MOST_STATIONS)] = ()
    states: Annotated[tuple[RoamingState, ...], msgspec.Meta(max_length=MOST_STATES)] = ()
    asked: Annotated[tuple[RoamingAsked, ...], msgspec.Meta(max_length=MOST_ASKED)] = ()
    remark: Text = ""
    rows: pa.Table


_AT = pa.timestamp("us", tz="UTC")
ROWS: Mapping[type[Message], pa.Schema] = {
    DownloadProfile: pa.schema(
        [("connector", pa.int32()), ("start_s", pa.int32()), ("energy_price", pa.string()), ("service_price", pa.string())]
    ),
    RoamingTold: pa.schema(
        [(name, pa.string()) for name in ("charge", "connector", "state")]
        + [("started_at", _AT), ("ended_at", _AT)]
        + [(name, pa.int64()) for name in ("energy_wh", "energy_fen", "service_fen", "amount_fen")]
        + [("stop_reason", pa.string()), ("told_at", _AT)]
    ),
}
NEEDED: Mapping[type[Message], frozenset[str]] = {
    DownloadProfile: frozenset({"connector", "start_s", "energy_price", "service_price"}),
    RoamingTold: frozenset({"charge", "connector", "state", "told_at"}),
}
