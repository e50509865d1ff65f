"""The field as one unit of work sees it, each part read once: what pages of the operator are made from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.metering.clocks.adapters.book import DeviceClock
from metropool.capabilities.metering.control.queries import CommandFigures, command_figures
from metropool.capabilities.metering.customers.book import CustomerBook
from metropool.capabilities.metering.loss.queries import DayLoss, newest_losses
from metropool.capabilities.metering.ports import ControlWork
from metropool.capabilities.metering.queries import alarms as alarm_queries
from metropool.capabilities.metering.queries import collected, flow
from metropool.capabilities.metering.queries import standing as standing_queries
from metropool.capabilities.metering.queries.alarms import Alarm
from metropool.capabilities.metering.queries.city import City, Ints
from metropool.capabilities.metering.queries.city_making import city_of
from metropool.capabilities.metering.queries.collected import Counts
from metropool.capabilities.metering.queries.flow import Flow, FlowWork
from metropool.capabilities.metering.queries.standing import Standing, StandingWork, TerminalStanding
from metropool.core.periods import business_date
from metropool.core.quantities import reading_types_by_id
from metropool.portal.desks.operator.operator_words import (
    amount,
    moment,
    nothing,
    reading,
    said,
)
from metropool.portal.schemas.basics import Figure, Service

NOT_YET = ("ordered", "approved", "sent", "accepted")


class MeteringWork(StandingWork, FlowWork, ControlWork, Protocol):
    """The unit of work of metering."""

    @property
    def customers(self) -> CustomerBook: ...


class Field:
    """What one unit of work knows of the field."""

    def __init__(self, work: MeteringWork) -> None:
        self.work = work
        self.now: datetime = work.now
        self.now_s = int(work.now.timestamp())

    @cached_property
    def city(self) -> City:
        """The registry."""
        return city_of(self.work)

    @cached_property
    def standing(self) -> Standing:
        """Newest readings."""
        return standing_queries.standing(work=self.work, city=self.city)

    @cached_property
    def terminals(self) -> Sequence[TerminalStanding]:
        """How the terminals stand, in the order of the city's."""
        return standing_queries.terminal_standing(work=self.work, city=self.city, standing=self.standing)

    @cached_property
    def alarms(self) -> Sequence[Alarm]:
        """Alarms of the last 30 days, newest first."""
        return alarm_queries.alarms(work=self.work, city=self.city, terminals=self.terminals)

    @cached_property
    def open_alarms(self) -> Sequence[Alarm]:
        """Those that are open."""
        return [alarm for alarm in self.alarms if alarm.closed_at is None]

    @cached_property
    def states(self) -> NDArray[np.str_]:
        """State of each meter."""
        faulty = {alarm.device for alarm in self.open_alarms if alarm.severity == "critical"}
        at = np.array(sorted(self.city.meter_at[device] for device in faulty if device in self.city.meter_at), np.int64)
        return standing_queries.meter_states(city=self.city, standing=self.standing, now_s=self.now_s, faulty=at)

    @cached_property
    def is_known(self) -> NDArray[np.bool_]:
        """Meters that ever told anything."""
        return self.standing.read_at > 0

    @cached_property
    def commands(self) -> CommandFigures:
        """Figures of the command journal."""
        return command_figures(work=self.work)

    @cached_property
    def meters_of_terminal(self) -> Ints:
        """How many meters each terminal has."""
        known = self.city.terminal_of[self.city.terminal_of >= 0]
        return np.bincount(known, minlength=len(self.city.terminals))

    @cached_property
    def _newest_days(self) -> list[collected.ItemDay]:
        schedules = collected.schedules_of(work=self.work, service=None, kind="all")
        return collected.last_day_with_plan(work=self.work, city=self.city, schedules=schedules)

    @cached_property
    def _collected(self) -> tuple[Ints, Ints]:
        return collected.by_meter(self._newest_days, city=self.city)

    def load(self, service: str) -> Flow:
        """Load of each meter of a service now."""
        if service not in self._loads:
            self._loads[service] = flow.load_now(work=self.work, city=self.city, service=service)
        return self._loads[service]

    @cached_property
    def _loads(self) -> dict[str, Flow]:
        return {}

    def losses(self, service: str) -> Sequence[DayLoss]:
        """Losses of the newest sealed days before today."""
        if service not in self._losses:
            self._losses[service] = newest_losses(work=self.work, service=service, before=business_date(self.now))
        return self._losses[service]

    @cached_property
    def _losses(self) -> dict[str, Sequence[DayLoss]]:
        return {}

    def counts(self, meters: Ints) -> Counts:
        """Slots due and collected of some meters, on the last closed day, or today where that was not planned."""
        due, filled = self._collected
        return Counts(int(due[meters].sum()), int(filled[meters].sum()))

    def chosen(self, area: str | None, service: str | None) -> Ints:
        """Meters of an area and service."""
        meters = self.city.in_area(area)
        return meters if service is None else meters[self.city.services[meters] == service]

    def customers(self, meters: Ints) -> Ints:
        """Without the meters at which the network feeds an area in: the same is used behind the others."""
        return meters[~self.city.is_supply[meters]]

    def load_figure(self, meters: Ints, service: str) -> Figure:
        """Load of the customers among some meters; where some are not known the sum is of the others and says so."""
        of_service = self.customers(meters[self.city.services[meters] == service])
        value, at, whole = self.load(service).total(of_service)
        return amount(value, flow.POWER_UNIT[service], at=moment(at), reason=said("notes", "no_load"), whole=whole)

    def energy_figure(self, meters: Ints, service: str) -> Figure:
        """Energy of the customers among some meters since midnight."""
        if service != "electricity":
            return nothing(flow.ENERGY_UNIT[service], said("notes", "no_hourly_energy"))
        today = flow.energy_today(city=self.city, standing=self.standing, now=self.now)
        value, at, whole = today.total(self.customers(meters[self.city.services[meters] == service]))
        return amount(value, "kWh", at=moment(at), reason=said("notes", "no_energy"), whole=whole)

    def rate_figure(self, counts: Counts, *, reason: str = "no_plan") -> Figure:
        """A collection rate."""
        return amount(counts.percent, "%", at=self.now, reason=said("notes", reason), digits=2)

    def alarms_by_meter(self) -> Ints:
        """Open alarms of each meter."""
        count = Counter(self.city.meter_at[a.device] for a in self.open_alarms if a.device in self.city.meter_at)
        found = np.zeros(len(self.city.meters), np.int64)
        found[list(count)] = list(count.values())
        return found

    @cached_property
    def terminal_clocks(self) -> Mapping[str, DeviceClock]:
        """How far the clock of each terminal is off, as last read."""
        return self.work.clocks.of([fact.id for fact in self.city.terminals])

    def register(self, i: int) -> Figure:
        """What is on a meter's dial."""
        channel, newest = int(self.standing.register_of[i]), self.standing.newest
        if channel < 0:
            service = self.city.meters[i].service
            return nothing(flow.ENERGY_UNIT.get(service, "1"), said("notes", "nothing_read"))
        kind = reading_types_by_id()[int(self.city.item_of[channel])]
        at_s, grade = int(newest.at[channel]), int(newest.quality[channel])
        return reading(kind, value=int(newest.value[channel]), at_s=at_s, quality=grade)

    def area_id(self, device: str) -> str | None:
        """The supply area of a meter or terminal."""
        meter, terminal = self.city.meter_at.get(device), self.city.terminal_at.get(device)
        if meter is not None:
            area = self.city.area_of(self.city.meters[meter])
            return area.id if area else None
        return self.city.terminals[terminal].node if terminal is not None else None

    def alarms_in(self, area: str | None, state: str | None) -> list[Alarm]:
        """Alarms of an area and state, newest first."""
        inside = None if area is None else self._devices_in(area)
        return [
            alarm
            for alarm in self.alarms
            if state in (None, "open" if alarm.closed_at is None else "closed") and (inside is None or alarm.device in inside)
        ]

    def _devices_in(self, area: str) -> set[str]:
        meters = self.city.in_area(area)
        terminals = {int(i) for i in self.city.terminal_of[meters] if i >= 0}
        return {self.city.meters[i].id for i in meters.tolist()} | {self.city.terminals[i].id for i in terminals}


def service_or_power(service: Service | None) -> Service:
    """The service of a figure that can be of one only: electricity unless another is asked for."""
    return service or "electricity"
