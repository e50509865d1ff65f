"""The operator's pages: overview, map, collection, meters."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from metropool.portal.schemas.basics import (
    Address,
    Exact,
    Figure,
    Instant,
    Model,
    Month,
    Named,
    Quality,
    Request,
    Series,
    Service,
    Severity,
    Text,
)
from metropool.portal.schemas.commands import CommandKind

TerminalKind = Literal["concentrator", "load", "transformer", "substation", "transparent"]
TerminalState = Literal["online", "silent", "never_seen"]
ClockState = Literal["right", "off", "no_time", "unknown"]
LimitState = Literal["sent", "off", "due", "late", "unknown"]
MeterState = Literal["normal", "silent", "off", "fault", "exchanged"]


LossState = Literal["good", "late", "bad", "negative", "unknown"]


class Loss(Model):
    """Loss (线损) of one or several supply areas on a business day: supplied less sold.

    ``rate`` in % of supplied, negative when more was sold; amounts in kWh or m3. ``state`` against the target band: up to
    ``target_percent`` good, up to ``limit_percent`` late. Meters are those sold through.
    """

    service: Service
    day: date | None
    rate: Figure
    lost: Figure
    supplied: Figure
    sold: Figure
    state: LossState
    target_percent: float | None
    limit_percent: float | None
    meters: int
    meters_with_data: int
    areas: int
    areas_with_rate: int


class Overview(Model):
    """The city in eight numbers."""

    as_of: Instant
    load: Figure
    collection_rate: Figure
    loss: Loss
    meters: int
    terminals: int
    silent_terminals: int
    open_alarms: int
    waiting_commands: int


class OverviewThen(Model):
    """What is known of one earlier hour; ``as_of`` is its end, ``loss`` of the newest sealed day before it."""

    as_of: Instant
    start: Instant
    load: Figure
    collection_rate: Figure
    loss: Loss
    open_alarms: int


class CityMap(Model):
    """GeoJSON in plain WGS 84; ``bounds`` is west, south, east, north."""

    as_of: Instant
    bounds: tuple[float, float, float, float]
    features: dict[str, Any]


class Alarm(Model):
    """Something wrong in the field."""

    id: str
    severity: Severity
    state: Literal["open", "closed"]
    name: Text
    meter: str | None
    terminal: str | None
    area: str | None
    where: Text
    at: Instant
    closed_at: Instant | None


class Terminal(Model):
    """An acquisition terminal (采集终端); ``collection_rate`` in %."""

    id: str
    address: str
    name: Text
    kind: TerminalKind
    protocol: str
    area: str | None
    area_name: Text | None
    meters: int
    state: TerminalState
    last_seen_at: Instant | None
    collection_rate: float | None
    clock_drift_s: float | None


class MetersOfService(Model):
    """How many meters of one service, and how many are silent."""

    service: Service
    total: int
    silent: int


class Area(Model):
    """A district, community or supply area."""

    id: str
    layer: str
    name: Text
    parent: Named | None
    as_of: Instant
    load: Figure
    energy_today: Figure
    collection_rate: Figure
    loss: Loss
    meters: list[MetersOfService]
    terminals: list[Terminal]
    alarms: list[Alarm]
    profile: Series | None


class Rates(Model):
    """Collection success by kind of item; ``monthly`` is of one month, the newest that is over by the end of the time."""

    interval: Figure
    daily: Figure
    monthly: Figure
    monthly_of: Month | None


class Funnel(Model):
    """Where values were lost on the way."""

    planned: int
    reached: int
    read: int
    stored: int


class TerminalOfHeatMap(Model):
    """A row of the heat map."""

    id: str
    name: Text
    meters: int
    state: TerminalState


class MissingValues(Model):
    """What a terminal still owes."""

    terminal: str
    count: int
    oldest: Instant


class Collection(Model):
    """How collection went; ``cells[i][j]`` is the success % of terminal i on day j."""

    as_of: Instant
    start: Instant
    end: Instant
    rates: Rates
    late: int
    silent_terminals: int
    funnel: Funnel
    days: list[date]
    terminals: list[TerminalOfHeatMap]
    cells: list[list[float | None]]
    missing: list[MissingValues]


class Recollect(Request):
    """What to collect again (补召)."""

    terminal_ids: list[str] = Field(min_length=1, max_length=1000)
    start: Instant
    end: Instant


class RecollectionOrdered(Model):
    """The job that does it."""

    job: str
    tasks: int


class MeterRow(Model):
    """One meter in the list."""

    id: str
    number: str
    service: Service
    model: str
    address: Address
    area_name: Text | None
    terminal: str | None
    state: MeterState
    register_: Figure = Field(alias="register")
    last_read_at: Instant | None


class Measure(Model):
    """A value a meter tells."""

    reading_type: str
    name: Text
    figure: Figure


class Switch(Model):
    """Whether the customer has supply."""

    kind: Literal["relay", "valve"]
    supply: Literal["on", "off", "unknown"]
    confirmed_at: Instant | None
    supply_guaranteed: bool


class SupplyLimit(Model):
    """A cut that ends by itself; times are upper bounds, from when it was first seen off.

    ``sent``: not seen off yet. ``off``. ``due``: it should be back, and is being read. ``late``: it was not seen to come
    back. ``unknown``: it may be off.
    """

    command: str
    minutes: int
    state: LimitState
    off_since: Instant | None
    back_by: Instant | None
    back_at_latest: Instant


class UsagePointOfMeter(Model):
    """What the meter measures for."""

    number: str
    category: Text


class InstallationOfMeter(Model):
    """Where the meter served, from when to when."""

    from_: Instant = Field(alias="from")
    to: Instant | None
    multiplier: Exact
    usage_point: str


class Meter(MeterRow):
    """One meter with all that is known of it."""

    protocol: str
    installed_on: date | None
    multiplier: Exact
    measures: list[Measure]
    switch: Switch | None
    clock_drift_s: float | None
    clock_margin_s: float | None
    clock_checked_at: Instant | None
    clock_state: ClockState
    clock_limit_s: int
    clock_note: Text | None
    terminal: Terminal | None  # type: ignore[assignment]  # the list names it, the page shows it
    usage_point: UsagePointOfMeter | None
    installations: list[InstallationOfMeter]
    commands_allowed: list[CommandKind]
    limit: SupplyLimit | None
    limit_refusal: Text | None


class RegisterValue(Model):
    """A daily freeze or an on-demand read."""

    at: Instant
    value: Exact
    quality: Quality


class MeterEvent(Model):
    """What happened at the meter."""

    id: str
    at: Instant
    received_at: Instant
    code: str
    name: Text
    severity: Severity
    detail: Text | None


class DayCompared(Model):
    """A business day of a meter beside another's; null where a part of the day is missing."""

    day: date
    energy: float | None
    neighbour: float | None
    difference_percent: float | None


class NeighbourCurve(Model):
    """Another meter of the same service, its load in the same period, and both by day [the unit of the energy]."""

    id: str
    number: str
    address: Address
    load: Series
    days: list[DayCompared]


class MeterCurve(Model):
    """Registers over the load curve, with the events."""

    start: Instant
    end: Instant
    register_: list[RegisterValue] = Field(alias="register")
    register_unit: str
    load: Series
    energy: Series
    compare: Series | None
    neighbour: NeighbourCurve | None
    events: list[MeterEvent]
    as_of: Instant | None
