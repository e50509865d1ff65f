"""What the portal asks of metering: the field and its meters, schedules, work orders."""

from typing import Protocol

from metropool.core.clock import Instant
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page, Rows, Service
from metropool.portal.schemas.collecting import (
    NewOrderStep,
    NewWorkOrders,
    ScheduleChange,
    ScheduleRow,
    Schedules,
    ScheduleUndo,
    WorkOrder,
    WorkOrderRow,
    WorkOrdersOpened,
)
from metropool.portal.schemas.exchanges import Neighbour
from metropool.portal.schemas.metering import (
    Alarm,
    Area,
    CityMap,
    Collection,
    Overview,
    OverviewThen,
    Recollect,
    RecollectionOrdered,
    Terminal,
)
from metropool.portal.schemas.meters import Meter, MeterCurve, MeterEvent, MeterRow


class MeteringDesk(Protocol):
    """Collection, meters and terminals (metering)."""

    def overview(self, *, service: Service | None) -> Overview: ...

    def overview_then(self, *, service: Service | None, at: Instant) -> OverviewThen: ...

    def city_map(self, *, service: Service | None, at: Instant | None = None) -> CityMap: ...

    def area(self, *, area: str, service: Service | None) -> Area: ...

    def alarms(self, *, area: str | None, state: str | None, asked: Asked) -> Page[Alarm]: ...

    def collection(self, *, service: Service | None, start: Instant, end: Instant, item: str) -> Collection: ...

    def terminals(self, *, state: str | None, area: str | None, q: str | None, asked: Asked) -> Page[Terminal]: ...

    def meters(
        self,
        *,
        q: str | None,
        service: Service | None,
        state: str | None,
        area: str | None,
        terminal: str | None,
        asked: Asked,
    ) -> Page[MeterRow]: ...

    def meter(self, *, meter: str) -> Meter: ...

    def curve(
        self, *, meter: str, start: Instant, end: Instant, compare_start: Instant | None, neighbour: str | None
    ) -> MeterCurve: ...

    def neighbours(self, *, meter: str) -> Rows[Neighbour]:
        """Meters of the same service near a meter, the nearest first."""
        ...

    def events(self, *, meter: str, start: Instant | None, end: Instant | None, asked: Asked) -> Page[MeterEvent]: ...

    def recollect(self, *, wanted: Recollect, by: str) -> RecollectionOrdered:
        """Operation: put gaps on the re-collection list."""
        ...


class SchedulesDesk(Protocol):
    """Which items are collected how often (metering)."""

    def schedules(self, *, service: Service | None) -> Schedules: ...

    def change(self, *, item: str, wanted: ScheduleChange, by: str) -> ScheduleRow:
        """Operation: a new version; ``Conflict`` when somebody else made one, ``Invalid`` with every reason it cannot be."""
        ...

    def undo(self, *, item: str, wanted: ScheduleUndo, by: str) -> ScheduleRow:
        """Operation: a new version with the values of an earlier one."""
        ...


class WorkOrdersDesk(Protocol):
    """Work orders on terminals and meters (metering)."""

    def orders(
        self, *, state: str | None, kind: str | None, device: str | None, q: str | None, asked: Asked
    ) -> Page[WorkOrderRow]:
        """Unfinished ones first and newest first unless asked otherwise."""
        ...

    def one(self, *, number: str) -> WorkOrder: ...

    def open(self, *, wanted: NewWorkOrders, by: str) -> WorkOrdersOpened:
        """Operation: one order a device; the unfinished one of that kind where there is one."""
        ...

    def step(self, *, number: str, wanted: NewOrderStep, by: str) -> WorkOrder:
        """Operation: begin, hand over, finish or cancel; ``Conflict`` when that cannot follow."""
        ...
