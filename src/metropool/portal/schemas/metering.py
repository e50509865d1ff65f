"""The operator's pages: overview, map, areas, alarms, terminals, collection."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from metropool.portal.schemas.basics import (
    Figure,
    Instant,
    InstantGiven,
    Model,
    Month,
    Named,
    Request,
    Series,
    Service,
    Severity,
    Text,
)

TerminalKind = Literal["concentrator", "load", "transformer", "substation", "transparent"]
TerminalState = Literal["online", "silent", "never_seen"]
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
    start: InstantGiven
    end: InstantGiven


class RecollectionOrdered(Model):
    """The job that does it."""

    job: str
    tasks: int
