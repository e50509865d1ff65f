"""The desk of collection, meters and terminals, over metering."""

from datetime import datetime, timedelta
from typing import Any

from metropool.capabilities.metering.collection import operations
from metropool.capabilities.metering.collection.model import day_number
from metropool.capabilities.metering.queries.alarms import LOOKS_BACK
from metropool.core.errors import NotFound
from metropool.core.identifiers import derived_id
from metropool.core.periods import business_date
from metropool.portal.desks.operator import area_page, city_features, collection_page, losses, meter_curve, meter_page, neighbours
from metropool.portal.desks.operator.field import NOT_YET, Field, MeteringWork, service_or_power
from metropool.portal.desks.operator.field_rows import alarm_row, meter_row, terminal_row
from metropool.portal.desks.operator.field_then import FieldThen
from metropool.portal.desks.operator.light_pages import light_page
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import metering as schema
from metropool.portal.schemas.basics import Page, Rows, Service, Text
from metropool.portal.schemas.exchanges import Neighbour
from metropool.portal.schemas.meters import Meter, MeterCurve, MeterEvent, MeterRow


class MeteringDesk:
    """Collection, meters and terminals, in one unit of work."""

    def __init__(self, work: MeteringWork) -> None:
        self._work = work
        self._field = Field(work)

    def overview(self, *, service: Service | None) -> schema.Overview:
        """The city in a few numbers."""
        field = self._field
        meters = field.chosen(None, service)
        return schema.Overview(
            as_of=field.now,
            load=field.load_figure(meters, service_or_power(service)),
            collection_rate=field.rate_figure(field.counts(meters)),
            loss=losses.loss_of(field, meters, service_or_power(service)),
            meters=len(meters),
            terminals=len(field.city.terminals),
            silent_terminals=sum(stands.state == "silent" for stands in field.terminals),
            open_alarms=len(field.open_alarms),
            waiting_commands=sum(field.commands.by_state.get(state, 0) for state in NOT_YET),
        )

    def overview_then(self, *, service: Service | None, at: datetime) -> schema.OverviewThen:
        """The city in the numbers that are known of an earlier hour."""
        return FieldThen(self._work, at).overview(service)

    def city_map(self, *, service: Service | None, at: datetime | None = None) -> schema.CityMap:
        """The city as GeoJSON, now or in an earlier hour."""
        return city_features.city_map(self._field if at is None else FieldThen(self._work, at), service)

    def area(self, *, area: str, service: Service | None) -> schema.Area:
        """One district, community or supply area."""
        return area_page.area(self._field, area=area, service=service)

    def alarms(self, *, area: str | None, state: str | None, asked: Asked) -> Page[schema.Alarm]:
        """What is wrong in the field, newest first."""
        field = self._field
        rank = {"info": 0, "warning": 1, "critical": 2}
        keys = {
            "id": lambda a: a.id,
            "severity": lambda a: rank[a.severity],
            "state": lambda a: a.closed_at is None,
            "name": lambda a: a.code,
            "meter": lambda a: a.device if a.device in field.city.meter_at else None,
            "terminal": lambda a: a.device if a.device in field.city.terminal_at else None,
            "area": lambda a: field.area_id(a.device),
            "at": lambda a: a.at,
            "closed_at": lambda a: a.closed_at,
        }
        return light_page(
            field.alarms_in(area, state), asked, keys=keys, build=lambda alarm: alarm_row(field, alarm), as_of=field.now
        )

    def collection(self, *, service: Service | None, start: datetime, end: datetime, item: str) -> schema.Collection:
        """Success by terminal and day, and where values were lost."""
        return collection_page.collection(self._field, service=service, start=start, end=end, item=item)

    def terminals(self, *, state: str | None, area: str | None, q: str | None, asked: Asked) -> Page[schema.Terminal]:
        """The acquisition terminals: those that need care first."""
        field = self._field
        inside = None if area is None else set(field.city.terminal_of[field.city.in_area(area)].tolist())
        rows = [terminal_row(field, i) for i in range(len(field.city.terminals)) if inside is None or i in inside]
        wanted = (q or "").strip().lower()
        chosen = [row for row in rows if state in (None, row.state) and wanted in _terminal_text(row)]
        order = {"silent": 0, "never_seen": 1, "online": 2}
        chosen.sort(key=lambda row: order[row.state])
        keys = {name: _sort_key(name) for name in schema.Terminal.model_fields}
        return light_page(chosen, asked, keys=keys, build=lambda row: row, as_of=field.now)

    def meters(
        self,
        *,
        q: str | None,
        service: Service | None,
        state: str | None,
        area: str | None,
        terminal: str | None,
        asked: Asked,
    ) -> Page[MeterRow]:
        """The meters, by id."""
        field, city = self._field, self._field.city
        chosen = field.chosen(area, service)
        if state is not None:
            chosen = chosen[field.states[chosen] == state]
        rows = [i for i in chosen.tolist() if terminal in (None, city.meters[i].terminal)]
        if wanted := (q or "").strip().lower():
            rows = [i for i in rows if wanted in city.texts[i]]
        return light_page(rows, asked, keys=self._meter_keys(), build=self._meter_row, as_of=field.now)

    def meter(self, *, meter: str) -> Meter:
        """One meter with all that is known of it."""
        return meter_page.meter(self._field, meter=meter)

    def curve(
        self, *, meter: str, start: datetime, end: datetime, compare_start: datetime | None, neighbour: str | None = None
    ) -> MeterCurve:
        """Registers over the load curve, and another meter beside it."""
        i = self._field.city.index(meter)
        beside = None if neighbour is None else neighbours.neighbour_of(self._field, i=i, neighbour=neighbour)
        events = meter_page.events(self._field, meter=meter, start=start, end=end)
        period: dict[str, Any] = {"start": start, "end": end, "compare_start": compare_start}
        return meter_curve.curve(self._field, i, **period, events=events, neighbour=beside)

    def neighbours(self, *, meter: str) -> Rows[Neighbour]:
        """Meters to compare a meter with, the nearest first."""
        return neighbours.neighbours(self._field, meter=meter)

    def events(self, *, meter: str, start: datetime | None, end: datetime | None, asked: Asked) -> Page[MeterEvent]:
        """What happened at a meter, and what validation found, newest first."""
        self._field.city.index(meter)
        since, until = start or self._work.now - LOOKS_BACK, end or self._work.now + timedelta(days=1)
        rows = meter_page.events(self._field, meter=meter, start=since, end=until)
        keys = {name: _sort_key(name) for name in MeterEvent.model_fields}
        return light_page(rows, asked, keys=keys, build=lambda row: row, as_of=self._work.now)

    def recollect(self, *, wanted: schema.Recollect, by: str) -> schema.RecollectionOrdered:
        """Operation: ask for the gaps of some days at once."""
        city = self._field.city
        unknown = [terminal for terminal in wanted.terminal_ids if terminal not in city.terminal_at]
        if unknown:
            raise NotFound(f"no terminal {unknown[0]}")
        terminals = sorted({city.terminal_at[terminal] for terminal in wanted.terminal_ids})
        first, last = business_date(wanted.start), business_date(wanted.end - timedelta(microseconds=1))
        gaps = collection_page.gaps_of(self._field, terminals=terminals, days=range(day_number(first), day_number(last) + 1))
        for item, day in gaps:
            operations.ask_again(work=self._work, item=item, day=day)
        self._work.changed("collection")
        job = derived_id("recollect", by, self._work.now.isoformat(), *wanted.terminal_ids)
        return schema.RecollectionOrdered(job=job, tasks=sum(gaps.values()))

    def _meter_row(self, i: int) -> MeterRow:
        return MeterRow.model_validate(meter_row(self._field, i))

    def _meter_keys(self) -> dict[str, Any]:
        field, meters = self._field, self._field.city.meters
        plain = ("id", "number", "service", "model", "terminal")
        keys: dict[str, Any] = {name: lambda i, name=name: getattr(meters[i], name) for name in plain}
        return keys | {
            "address": lambda i: field.city.address(meters[i]) or None,
            "area_name": lambda i: area.zh if (area := field.city.area_of(meters[i])) else None,
            "state": lambda i: str(field.states[i]),
            "register": lambda i: field.register(i).value,
            "last_read_at": lambda i: int(field.standing.read_at[i]) or None,
        }


def _terminal_text(row: schema.Terminal) -> str:
    area = f"{row.area_name.zh} {row.area_name.en}" if row.area_name else ""
    return f"{row.id} {row.address} {area}".lower()


def _sort_key(name: str) -> Any:
    def key(row: Any) -> Any:
        value = getattr(row, name)
        return value.zh if isinstance(value, Text) else value

    return key
