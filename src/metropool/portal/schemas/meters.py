"""The operator's pages: meters, one meter, its curve and events."""

from datetime import date
from typing import Literal

from pydantic import Field

from metropool.portal.schemas.basics import (
    Address,
    Exact,
    Figure,
    Instant,
    Model,
    Quality,
    Series,
    Service,
    Severity,
    Text,
)
from metropool.portal.schemas.commands import CommandKind
from metropool.portal.schemas.metering import Terminal

ClockState = Literal["right", "off", "no_time", "unknown"]
LimitState = Literal["sent", "off", "due", "late", "unknown"]
MeterState = Literal["normal", "silent", "off", "fault", "exchanged"]


class MeterRow(Model):
    """One meter in the list."""

    id: str
    number: str
    service: Service
    model: str
    model_name: Text
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


class CustomerOfMeter(Model):
    """Who is served, as the company told it: no name, and no amounts."""

    account_number: str
    category: str | None
    payment: Literal["paid", "due", "overdue"] | None
    payment_as_of: Instant | None


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
    customer: CustomerOfMeter | None = None
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
