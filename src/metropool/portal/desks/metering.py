"""The desk of collection, meters and terminals, over metering."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from metropool.capabilities.metering.collection import operations
from metropool.capabilities.metering.collection.model import day_number
from metropool.capabilities.metering.queries import alarms as alarm_queries
from metropool.capabilities.metering.queries import flow
from metropool.capabilities.metering.queries.adapters.journal import JournalRows
from metropool.capabilities.metering.queries.alarms import FLAG_SEVERITY, LOOKS_BACK
from metropool.capabilities.metering.queries.city import City, Place
from metropool.capabilities.metering.queries.standing import OFF, ON
from metropool.capabilities.metering.validation.flags import FlagClass
from metropool.core.errors import NotFound
from metropool.core.identifiers import derived_id
from metropool.core.periods import business_date, day_period
from metropool.core.quantities import reading_types_by_id
from metropool.core.texts import texts_of
from metropool.portal.desks import city_features, clocks, collection_page, losses, meter_curve, neighbours
from metropool.portal.desks.abilities import guarantee_of, kinds_of
from metropool.portal.desks.clocks import event_detail
from metropool.portal.desks.field import NOT_YET, Field, MeteringWork, service_or_power
from metropool.portal.desks.field_then import FieldThen
from metropool.portal.desks.light_pages import light_page
from metropool.portal.desks.operator_words import moment, named, place_text, reading, said, type_name
from metropool.portal.ports import Asked
from metropool.portal.schemas import metering as schema
from metropool.portal.schemas.basics import Page, Rows, Series, Service, Text
from metropool.portal.schemas.exchanges import Neighbour

Row = Mapping[str, Any]
FINDINGS = "metropool.capabilities.metering.validation"
SHOWN = 10


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
        field, place = self._field, self._field.city.places.get(area)
        if place is None or place.kind not in city_features.LAYERS:
            raise NotFound(f"no area {area}")
        meters, shown = field.chosen(area, service), self._shown_service(place, service)
        return schema.Area(
            id=place.id,
            layer=city_features.LAYERS[place.kind],
            name=place_text(place),
            parent=named(field.city.places.get(place.parent or "")),
            as_of=field.now,
            load=field.load_figure(meters, shown),
            energy_today=field.energy_figure(meters, shown),
            collection_rate=field.rate_figure(field.counts(meters)),
            loss=losses.loss_of(field, meters, shown),
            meters=self._by_service(meters),
            terminals=self._terminals_of(meters),
            alarms=[field.alarm(alarm) for alarm in field.alarms_in(area, "open")[:SHOWN]],
            profile=self._profile(field.customers(meters), shown),
        )

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
        return light_page(field.alarms_in(area, state), asked, keys=keys, build=field.alarm, as_of=field.now)

    def collection(self, *, service: Service | None, start: datetime, end: datetime, item: str) -> schema.Collection:
        """Success by terminal and day, and where values were lost."""
        return collection_page.collection(self._field, service=service, start=start, end=end, item=item)

    def terminals(self, *, state: str | None, area: str | None, q: str | None, asked: Asked) -> Page[schema.Terminal]:
        """The acquisition terminals: those that need care first."""
        field = self._field
        inside = None if area is None else set(field.city.terminal_of[field.city.in_area(area)].tolist())
        rows = [field.terminal(i) for i in range(len(field.city.terminals)) if inside is None or i in inside]
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
    ) -> Page[schema.MeterRow]:
        """The meters, by id."""
        field, city = self._field, self._field.city
        chosen = field.chosen(area, service)
        if state is not None:
            chosen = chosen[field.states[chosen] == state]
        rows = [i for i in chosen.tolist() if terminal in (None, city.meters[i].terminal)]
        if wanted := (q or "").strip().lower():
            rows = [i for i in rows if wanted in city.texts[i]]
        return light_page(rows, asked, keys=self._meter_keys(), build=self._meter_row, as_of=field.now)

    def meter(self, *, meter: str) -> schema.Meter:
        """One meter with all that is known of it."""
        field, i = self._field, self._field.city.index(meter)
        fact = field.city.meters[i]
        now = fact.now
        terminal = field.city.terminal_at.get(fact.terminal)
        first = min((one.valid_from for one in fact.served), default=0)
        installed = moment(first)
        return schema.Meter.model_validate(
            field.meter_row(i)
            | {
                "protocol": fact.protocol,
                "installed_on": business_date(installed) if installed else None,
                "multiplier": Decimal(fact.served[-1].multiplier if fact.served else "1"),
                "measures": self._measures(i),
                "switch": self._switch(i),
                **clocks.of_meter(field, fact),
                "terminal": field.terminal(terminal) if terminal is not None else None,
                "usage_point": {"number": now.usage_point, "category": said("roles", now.role)} if now else None,
                "installations": [_installation(one) for one in fact.served],
                "commands_allowed": sorted(kinds_of(fact)),
            }
        )

    def curve(
        self, *, meter: str, start: datetime, end: datetime, compare_start: datetime | None, neighbour: str | None = None
    ) -> schema.MeterCurve:
        """Registers over the load curve, and another meter beside it."""
        i = self._field.city.index(meter)
        beside = None if neighbour is None else neighbours.neighbour_of(self._field, i=i, neighbour=neighbour)
        events = self._events(meter, start, end)
        period: dict[str, Any] = {"start": start, "end": end, "compare_start": compare_start}
        return meter_curve.curve(self._field, i, **period, events=events, neighbour=beside)

    def neighbours(self, *, meter: str) -> Rows[Neighbour]:
        """Meters to compare a meter with, the nearest first."""
        return neighbours.neighbours(self._field, meter=meter)

    def events(self, *, meter: str, start: datetime | None, end: datetime | None, asked: Asked) -> Page[schema.MeterEvent]:
        """What happened at a meter, and what validation found, newest first."""
        self._field.city.index(meter)
        rows = self._events(meter, start or self._work.now - LOOKS_BACK, end or self._work.now + timedelta(days=1))
        keys = {name: _sort_key(name) for name in schema.MeterEvent.model_fields}
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

    def _shown_service(self, place: Place, service: Service | None) -> Any:
        return service or city_features.node_services(self._field.city).get(place.id) or "electricity"

    def _by_service(self, meters: Any) -> list[schema.MetersOfService]:
        services, states = self._field.city.services[meters], self._field.states[meters]
        return [
            schema.MetersOfService(
                service=service,
                total=int((services == service).sum()),
                silent=int(((services == service) & (states == "silent")).sum()),
            )
            for service in np.unique(services).tolist()
        ]

    def _terminals_of(self, meters: Any) -> list[schema.Terminal]:
        places = np.unique(self._field.city.terminal_of[meters])
        rows = [self._field.terminal(i) for i in places.tolist() if i >= 0]
        return sorted(rows, key=lambda row: (row.state == "online", row.collection_rate or 0.0))[:SHOWN]

    def _profile(self, meters: Any, service: str) -> Series | None:
        """The newest sealed day as load."""
        day = flow.last_sealed_day(work=self._work)
        found = flow.day_curve(work=self._work, city=self._field.city, service=service, meters=meters, day=day) if day else None
        if found is None:
            return None
        per_hour = 3600 / found.interval_s
        known = np.flatnonzero(~np.isnan(found.values))
        ends = found.start + (int(known[-1]) + 1) * found.interval_s if known.size else 0
        return Series(
            unit=flow.POWER_UNIT[service],
            start=datetime.fromtimestamp(found.start, UTC),
            interval_s=found.interval_s,
            values=[None if np.isnan(value) else round(float(value) * per_hour, 4) for value in found.values],
            quality=found.quality.tolist() if found.quality.any() else None,
            as_of=moment(ends),
        )

    def _meter_row(self, i: int) -> schema.MeterRow:
        return schema.MeterRow.model_validate(self._field.meter_row(i))

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

    def _measures(self, i: int) -> list[schema.Measure]:
        city, newest = self._field.city, self._field.standing.newest
        found = []
        for channel in np.flatnonzero((city.meter_of == i) & (newest.at[: len(city.meter_of)] > 0)).tolist():
            kind = reading_types_by_id()[int(city.item_of[channel])]
            figure = reading(
                kind, value=int(newest.value[channel]), at_s=int(newest.at[channel]), quality=int(newest.quality[channel])
            )
            if kind.kind != "state":
                found.append(schema.Measure(reading_type=kind.code, name=type_name(kind), figure=figure))
        return found

    def _switch(self, i: int) -> schema.Switch | None:
        fact, standing = self._field.city.meters[i], self._field.standing
        if not fact.can_switch:
            return None
        supply = int(standing.supply[i])
        return schema.Switch(
            kind="relay" if fact.service == "electricity" else "valve",
            supply="on" if supply == ON else "off" if supply == OFF else "unknown",
            confirmed_at=moment(int(standing.supply_at[i])),
            supply_guaranteed=guarantee_of(self._work, fact) is not None,
        )

    def _events(self, meter: str, start: datetime, end: datetime) -> list[schema.MeterEvent]:
        rows = JournalRows(self._work.context.connection)
        since, until = int(start.timestamp()), int(end.timestamp())
        told = [_event(row, self._field.city) for row in rows.events(since=since, until=until, devices=[meter])]
        channels = np.flatnonzero(self._field.city.meter_of == self._field.city.meter_at[meter]).tolist()
        codes = [int(code) for code in FLAG_SEVERITY]
        flags = rows.flags(codes=codes, first=business_date(start), channels=channels)
        sealed = self._work.sealing.sealed()
        found = {(row["code"], row["from_at"]): _finding(meter, row, sealed) for row in flags if since <= row["from_at"] < until}
        return sorted([*told, *found.values()], key=lambda event: event.at, reverse=True)


def _event(row: Row, city: City) -> schema.MeterEvent:
    detail, name = row["detail"], said("events", row["code"])
    if "event_zh" in detail and name.zh == row["code"]:
        name = Text(zh=detail["event_zh"], en=detail["event_en"])
    return schema.MeterEvent.model_validate(
        {
            "id": row["id"],
            "at": moment(row["at"]),
            "received_at": moment(row["received_at"] / 1000),
            "code": row["code"],
            "name": name,
            "severity": alarm_queries.severity_of_event(row["code"]),
            "detail": event_detail(row["code"], detail, city),
        }
    )


def _finding(meter: str, row: Row, sealed: Mapping[str, Row]) -> schema.MeterEvent:
    """What validation found, as an event: it was known when the day was sealed."""
    code = FlagClass(row["code"])
    day = sealed.get(row["business_date"])
    known_at = day["sealed_at"] if day else day_period(datetime.fromisoformat(row["business_date"]).date()).end
    words = texts_of(FINDINGS).get(code.key)
    return schema.MeterEvent.model_validate(
        {
            "id": derived_id("flag", meter, code.key, str(row["from_at"])),
            "at": moment(row["from_at"]),
            "received_at": known_at,
            "code": code.key,
            "name": said("flags", code.key),
            "severity": FLAG_SEVERITY[code],
            "detail": dict(words) if words else None,
        }
    )


def _installation(one: Any) -> dict[str, Any]:
    return {
        "from_": moment(one.valid_from),
        "to": moment(one.valid_to or 0),
        "multiplier": Decimal(one.multiplier),
        "usage_point": one.usage_point,
    }


def _terminal_text(row: schema.Terminal) -> str:
    area = f"{row.area_name.zh} {row.area_name.en}" if row.area_name else ""
    return f"{row.id} {row.address} {area}".lower()


def _sort_key(name: str) -> Any:
    def key(row: Any) -> Any:
        value = getattr(row, name)
        return value.zh if isinstance(value, Text) else value

    return key
