"""The field at an earlier hour: what blocks, collection marks and alarms say of it. What they do not say is not known."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.metering.queries import collected, past
from metropool.capabilities.metering.queries.alarms import Alarm
from metropool.capabilities.metering.queries.city import Ints
from metropool.capabilities.metering.queries.flow import POWER_UNIT, Flow
from metropool.capabilities.metering.queries.past import HourFlow
from metropool.capabilities.metering.queries.standing import TerminalStanding
from metropool.portal.desks.operator.field import Field, MeteringWork, service_or_power
from metropool.portal.desks.operator.losses import loss_of
from metropool.portal.desks.operator.operator_words import amount, moment, said
from metropool.portal.schemas import metering as schema
from metropool.portal.schemas.basics import Figure, Service


class FieldThen(Field):
    """What one unit of work knows of an hour that has passed.

    Args:
        work: The unit of work.
        at: Any instant of the last 30 days; the whole hour that ends at or before it is meant.

    Raises:
        Invalid: Another instant.
    """

    def __init__(self, work: MeteringWork, at: datetime) -> None:
        super().__init__(work)
        self.ends_s = past.hour_ending(at, now=work.now)
        self.now = datetime.fromtimestamp(self.ends_s, UTC)
        self._live = Field(work)

    def load(self, service: str) -> Flow:
        """Mean load of each meter of a service in the hour."""
        return self.hour(service).flow

    def hour(self, service: str) -> HourFlow:
        """The same with what of it is estimated."""
        if service not in self._hours:
            self._hours[service] = past.hour_load(work=self.work, city=self.city, service=service, ends_s=self.ends_s)
        return self._hours[service]

    @cached_property
    def _hours(self) -> dict[str, HourFlow]:
        return {}

    def load_figure(self, meters: Ints, service: str) -> Figure:
        """Load of some meters in the hour, and what share of it is estimated."""
        hour, of_service = self.hour(service), self.customers(meters[self.city.services[meters] == service])
        value, at, whole = hour.flow.total(of_service)
        figure = amount(value, POWER_UNIT[service], at=moment(at), reason=said("notes", "no_load_then"), whole=whole)
        guessed = float(np.nansum(hour.flow.values[of_service[hour.is_estimated[of_service]]]))
        if not value or not guessed:
            return figure
        quality = figure.quality if figure.quality == "missing" else "estimated"
        return figure.model_copy(update={"estimated_share": round(guessed / value, 4), "quality": quality})

    @cached_property
    def _collected(self) -> tuple[Ints, Ints]:
        schedules = collected.schedules_of(work=self.work, service=None, kind="interval")
        return past.hour_marks(work=self.work, city=self.city, schedules=schedules, ends_s=self.ends_s)

    @cached_property
    def alarms(self) -> Sequence[Alarm]:
        """Alarms of the last 30 days, as known today."""
        return self._live.alarms

    @cached_property
    def open_alarms(self) -> Sequence[Alarm]:
        """Those that were open at the end of the hour."""
        ends_s = self.ends_s
        return [alarm for alarm in self.alarms if alarm.at <= ends_s and (alarm.closed_at is None or alarm.closed_at > ends_s)]

    @cached_property
    def terminals(self) -> Sequence[TerminalStanding]:
        """By what came of their meters in the hour; links of the past are not kept."""
        due, filled = self._collected
        known, size = self.city.terminal_of >= 0, len(self.city.terminals)
        terminal = self.city.terminal_of[known]
        owed, came = (np.bincount(terminal, counts[known], size) for counts in (due, filled))
        states = np.where(owed == 0, "never_seen", np.where(came > 0, "online", "silent"))
        return [TerminalStanding(state, 0, 0, is_quarantined=False) for state in states.tolist()]

    @cached_property
    def states(self) -> NDArray[np.str_]:
        """State of each meter in the hour: silent where values were due and none is there."""
        due, filled = self._collected
        states = np.where((due > 0) & (filled == 0), "silent", "normal").astype("U9")
        faulty = [
            self.city.meter_at[a.device] for a in self.open_alarms if a.severity == "critical" and a.device in self.city.meter_at
        ]
        states[faulty] = "fault"
        return states

    @cached_property
    def is_known(self) -> NDArray[np.bool_]:
        """Meters of which anything was due in the hour."""
        return self._collected[0] > 0

    def overview(self, service: Service | None) -> schema.OverviewThen:
        """The city in the few numbers that are known of the hour."""
        meters = self.chosen(None, service)
        return schema.OverviewThen.model_validate(
            {
                "as_of": self.now,
                "start": datetime.fromtimestamp(self.ends_s - past.HOUR_S, UTC),
                "load": self.load_figure(meters, service_or_power(service)),
                "collection_rate": self.rate_figure(self.counts(meters), reason="no_plan_then"),
                "loss": loss_of(self, meters, service_or_power(service)),
                "open_alarms": len(self.open_alarms),
            }
        )
