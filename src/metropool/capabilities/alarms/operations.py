"""What alarms do: look at each day that was told, find what is abnormal over an area, tell it once, and tell when it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from metropool.capabilities.alarms.model import MEANS, WEEKS_DAYS, Finding, area_days, findings
from metropool.capabilities.alarms.ports import AlarmsWork
from metropool.core.periods import business_date, day_period
from metropool.core.quantities import reading_type
from metropool.exchange.messages import AnomalyFound
from metropool.facts.readings.book import BLOCKS

AREAS = ("district", "community")
TOLD_AFTER = timedelta(hours=6)
"""A day is looked at from six hours after its end on: until then its readings are still being asked for."""
KEPT_DAYS = 400
AGAIN = timedelta(minutes=10)
"""After this a day that is still being told is looked at again: it is judged once it came to rest, and the days before it with it."""
SETTLED_AFTER = TOLD_AFTER + timedelta(hours=2)
"""From then on after its end a day is judged by the days before it as they are, though one of them is still being told."""


@dataclass(frozen=True)
class Looked:
    """What was read before the unit.

    Attributes:
        day: The day that is looked at.
        days: What areas used on it and on days before it of which something was told since they were looked at.
        newest: Of these days, up to which file.
    """

    day: date
    days: Sequence[pa.Table]
    newest: Mapping[date, int]


def prepare(*, work: AlarmsWork) -> Looked:
    """Read the days that are to be looked at, on a consistent view."""
    day = _newest_day(work.now)
    weeks = {"first": day - timedelta(days=WEEKS_DAYS), "last": day}
    known = work.areas.looked_at(**weeks)
    newest = {each: number for each, number in work.readings.newest(BLOCKS, **weeks).items() if number != known.get(each)}
    points = work.registry.usage_points_by_area(kinds=AREAS)
    types = [reading_type(code).id for code in MEANS.values()]
    read = [(each, work.readings.blocks_of_day(each, reading_types=types)) for each in sorted(newest)]
    days = [area_days(blocks=blocks, points=points, day=each) for each, blocks in read if blocks.num_rows]
    return Looked(day, days, newest)


def look(*, work: AlarmsWork, prepared: Looked) -> datetime | None:
    """Keep what areas used; tell what began, went on or is over once the day came to rest. Returns when it is due again."""
    day = prepared.day
    weeks = {"first": day - timedelta(days=WEEKS_DAYS), "last": day}
    before_now = work.areas.days(**weeks)
    for rows in prepared.days:
        work.areas.put_days(rows)
    work.areas.note_looked_at(prepared.newest)
    work.areas.drop_days(before=day - timedelta(days=KEPT_DAYS))
    history = work.areas.days(**weeks)
    today = _of(day, history)
    is_settled = _is_same(history, before_now) or work.now >= day_period(day).end + SETTLED_AFTER
    if not today.num_rows or not _is_same(today, _of(day, before_now)) or not is_settled:
        return work.now + AGAIN
    names = {row["id"]: row for row in work.registry.places(kinds=AREAS)}
    before = {(one.area, one.service, one.kind): one for one in work.areas.open_anomalies()}
    for finding in findings(history, day=day):
        known = before.pop((finding.area, finding.service, finding.kind), None)
        _note(work, _as_told(finding, known, names[finding.area], now=work.now), known)
    for known in before.values():
        if known.last_day < day:
            _note(work, _over(known, day), known)
    return None


def _of(day: date, rows: pa.Table) -> pa.Table:
    return rows.filter(pc.equal(rows["business_date"], pa.scalar(day, pa.date32())))


def _is_same(one: pa.Table, other: pa.Table) -> bool:
    order = [("business_date", "ascending"), ("area", "ascending"), ("service", "ascending")]
    return bool(one.sort_by(order).equals(other.sort_by(order)))


def _note(work: AlarmsWork, anomaly: AnomalyFound, known: AnomalyFound | None) -> None:
    if known is not None and (known.state, known.last_day) == (anomaly.state, anomaly.last_day):
        return
    work.areas.put_anomaly(anomaly)
    work.tell(anomaly, key=f"{anomaly.anomaly}/{anomaly.edition}")
    work.changed("alarms")


def _as_told(finding: Finding, known: AnomalyFound | None, place: Mapping[str, str], *, now: datetime) -> AnomalyFound:
    first_day = known.first_day if known else finding.day
    return AnomalyFound(
        anomaly=f"{finding.area}:{finding.service}:{finding.kind}:{first_day.isoformat()}",
        edition=known.edition + 1 if known else 1,
        kind=finding.kind,
        state="found",
        service=finding.service,
        area=finding.area,
        area_zh=place["name_zh"],
        area_en=place["name_en"],
        first_day=first_day,
        last_day=finding.day,
        homes=finding.homes,
        affected=finding.affected,
        observed=finding.observed,
        usual=finding.usual,
        found_at=known.found_at if known else now,
    )


def _over(known: AnomalyFound, day: date) -> AnomalyFound:
    return replace(known, edition=known.edition + 1, state="over", last_day=day, affected=0)


def _newest_day(now: datetime) -> date:
    """The newest business day that ended long enough ago."""
    today = business_date(now)
    yesterday = today - timedelta(days=1)
    return yesterday if now >= day_period(yesterday).end + TOLD_AFTER else yesterday - timedelta(days=1)
