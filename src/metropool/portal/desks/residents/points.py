"""The desk of points: how they stand, what they said, what happened at them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from metropool.capabilities.points.model import KeptUsage, KnownPoint, PointValue
from metropool.core.errors import Invalid, NotFound
from metropool.core.quantities import reading_types_by_id
from metropool.exchange.messages import ALARM_CODES
from metropool.exchange.messages.points import ITEMS
from metropool.facts.events import EndDeviceEvent
from metropool.facts.registry.tables import usage_point
from metropool.portal.desks.words import name
from metropool.portal.schemas import places as schema
from metropool.portal.schemas.basics import Severity, Text

MOST_EVENTS = 50
MOST_VALUES = 20_000
RAISED: dict[str, Severity] = {code: "critical" for code, (_, state) in ALARM_CODES.items() if state == "raised"}
SERIOUS: dict[str, Severity] = {**RAISED, "circuit_fault": "warning"}


class PointsDesk:
    """Points of a place, in one unit of work."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def now(self, *, gateway: schema.HomeGateway) -> schema.HomeNow:
        """How everything stands."""
        states: list[PointValue] = self._work.point_book.states(gateway.place)
        points = [_point(point, states) for point in self._work.point_book.points(gateway.place)]
        heard = max((state.heard_at for state in states), default=None)
        return schema.HomeNow(
            gateway=gateway, points=points, heard_at=None if heard is None else _at(heard), as_of=self._work.now
        )

    def events(self, *, place: str) -> schema.HomeEvents:
        """What happened, newest first."""
        return schema.HomeEvents(rows=self._happened_in(place), as_of=self._work.now)

    def history(self, *, place: str, point: str, item: str, start: datetime, end: datetime) -> schema.PointHistory:
        """What one item of a point was in [start, end)."""
        if point not in {known.point for known in self._work.point_book.points(place)}:
            raise NotFound(f"{place} has no point {point}")
        if item not in ITEMS or end <= start:
            raise Invalid("no such item, or the period is empty")
        span = {"since": int(start.timestamp()), "until": int(end.timestamp())}
        rows = self._work.point_book.values(place, point=point, item=item, **span)
        step = -(-rows.num_rows // MOST_VALUES) or 1
        kept = rows.take(list(range(0, rows.num_rows, step)))
        columns = {"at": kept["at"].to_pylist(), "values": kept["value"].to_pylist()}
        return schema.PointHistory(point=point, item=item, unit=ITEMS[item], as_of=self._work.now, **columns)

    def usage(self, *, place: str) -> schema.HomeUsage:
        """Household meter data on its way to the gateway, or there."""
        return schema.HomeUsage(rows=[_day(row) for row in self._work.usage_desk.kept(place)], as_of=self._work.now)

    def heard(self, *, account: str) -> schema.HomeHeard:
        """What was heard of the household's homes; names of points are known only where states are told."""
        points, events = list[schema.HeardPoint](), list[schema.HomeEvent]()
        for place in self._homes(account):
            states: list[PointValue] = self._work.point_book.states(place)
            points += [_heard(point, states) for point in dict.fromkeys(state.point for state in states)]
            events += self._happened_in(place)
        return schema.HomeHeard(points=points, events=events, as_of=self._work.now)

    def told(self, *, account: str) -> schema.HomeUsage:
        """Household meter data of the household's homes on its way to their gateways, or there."""
        kept = [row for place in self._homes(account) for row in self._work.usage_desk.kept(place)]
        return schema.HomeUsage(rows=[_day(row) for row in kept], as_of=self._work.now)

    def _homes(self, account: str) -> list[str]:
        """The places that a household's agreements are about."""
        registry = self._work.registry
        agreed = [row["usage_point"] for row in registry.agreements_of(combined_account=account)]
        found = sorted({row["place"] for row in registry.rows(usage_point, id=agreed) if row["place"]}) if agreed else []
        if not found:
            raise NotFound(f"no home of {account} is known here", key="places.not_known")
        return found

    def _happened_in(self, place: str) -> list[schema.HomeEvent]:
        known: list[KnownPoint] = self._work.point_book.points(place)
        names = {point.point: Text(zh=point.name_zh, en=point.name_en) for point in known}
        found = [
            _event(event, names.get(point) or Text(zh=point, en=point))
            for point in self._work.point_book.with_events(place)
            for event in self._work.events.of(device=f"{place}/{point}", limit=MOST_EVENTS)
        ]
        return sorted(found, key=lambda event: event.at, reverse=True)[:MOST_EVENTS]


def _heard(point: str, states: list[PointValue]) -> schema.HeardPoint:
    return schema.HeardPoint(point=point, items=[_item(state) for state in states if state.point == point])


def _day(row: KeptUsage) -> schema.UsageDay:
    (block,) = msgspec.json.decode(row.told)["blocks"]
    kind = reading_types_by_id()[row.reading_type]
    values = [value for value in block["values"] if value is not None]
    counted = sum(values) if kind.kind == "interval" else _counted(block["register_start"], block["register_end"], values)
    return schema.UsageDay(
        service=block["service"],
        service_name=name("services", block["service"]),
        reading_type=row.reading_type,
        business_date=date.fromisoformat(row.business_date),
        version=row.version,
        amount=None if counted is None else Decimal(counted).scaleb(kind.scale),
        unit=kind.unit,
        is_received=row.received_at is not None,
    )


def _counted(start: int | None, end: int | None, values: list[int]) -> int | None:
    """What a register counted in a day: its end less its start; the sum of what is known where one of them is not."""
    if start is not None and end is not None and end >= start:
        return end - start
    return sum(values) if values else None


def _point(point: KnownPoint, states: list[PointValue]) -> schema.PointNow:
    items = [_item(state) for state in states if state.point == point.point]
    named = Text(zh=point.name_zh, en=point.name_en)
    return schema.PointNow(point=point.point, kind=point.kind, name=named, sets=point.sets, items=items)


def _item(state: PointValue) -> schema.ItemNow:
    return schema.ItemNow(
        item=state.item,
        name=name("point_items", state.item),
        value=state.value,
        unit=ITEMS.get(state.item, ""),
        as_of=_at(state.at),
        heard_at=_at(state.heard_at),
    )


def _event(event: EndDeviceEvent, point_name: Text) -> schema.HomeEvent:
    return schema.HomeEvent(
        point=event.device.partition("/")[2],
        point_name=point_name,
        code=event.code,
        text=name("home_events", event.code),
        severity=SERIOUS.get(event.code, "info"),
        at=_at(event.at),
        heard_at=_at(event.received_at // 1000),
    )


def _at(unix_s: int) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)
