"""How collection went: rates, heat map, funnel, what is missing."""

from collections import defaultdict
from datetime import datetime, timedelta

import numpy as np

from metropool.capabilities.metering.collection.model import day_number, month_ends, month_text
from metropool.capabilities.metering.queries import collected
from metropool.capabilities.metering.queries.city import Ints
from metropool.capabilities.metering.queries.collected import Counts, ItemDay, kind_of
from metropool.core.periods import business_date
from metropool.portal.desks.operator.field import Field
from metropool.portal.desks.operator.field_rows import terminal_row
from metropool.portal.desks.operator.operator_words import moment
from metropool.portal.schemas import metering as schema
from metropool.portal.schemas.basics import Service

MISSING_MOST = 200
MONTHS_BACK_DAYS = 62


def collection(field: Field, *, service: Service | None, start: datetime, end: datetime, item: str) -> schema.Collection:
    """Collection of some business days; rates speak of all kinds of items, the rest of the kind that was asked for."""
    first, last = business_date(start), business_date(end - timedelta(microseconds=1))
    days = range(day_number(first), day_number(last) + 1)
    schedules = collected.schedules_of(work=field.work, service=service, kind="all")
    every = collected.item_days(work=field.work, city=field.city, schedules=schedules, days=days)
    chosen = [one for one in every if item in ("all", kind_of(one.schedule))]
    due, filled = _by_day(field, chosen, days)
    return schema.Collection(
        as_of=field.now,
        start=start,
        end=end,
        rates=_rates(field, every, service, days),
        late=_late(field, chosen, days),
        silent_terminals=sum(stands.state == "silent" for stands in field.terminals),
        funnel=_funnel(field, chosen),
        days=[first + timedelta(days=i) for i in range(len(days))],
        terminals=[_row(field, i) for i in range(len(field.city.terminals))],
        cells=_cells(due, filled),
        missing=_missing(field, chosen),
    )


def _rates(field: Field, every: list[ItemDay], service: Service | None, days: range) -> schema.Rates:
    counts = {kind: _counts([one for one in every if kind_of(one.schedule) == kind]) for kind in ("interval", "daily")}
    month = _newest_month(field, service, last=days.stop - 1)
    return schema.Rates(
        interval=field.rate_figure(counts["interval"]),
        daily=field.rate_figure(counts["daily"]),
        monthly=field.rate_figure(_counts(month), reason="no_monthly"),
        monthly_of=month_text(month[0].day) if month else None,
    )


def _newest_month(field: Field, service: Service | None, *, last: int) -> list[ItemDay]:
    """Monthly items of the newest month that was over, planned and due, looking back two months: few times hold a month's end."""
    schedules = collected.schedules_of(work=field.work, service=service, kind="monthly")
    for day in reversed(month_ends(last - MONTHS_BACK_DAYS, last)):
        found = collected.item_days(work=field.work, city=field.city, schedules=schedules, days=range(day, day + 1))
        if found:
            return found
    return []


def _counts(some: list[ItemDay]) -> Counts:
    return Counts(sum(one.due * len(one.channels) for one in some), sum(int(one.filled.sum()) for one in some))


def _by_day(field: Field, chosen: list[ItemDay], days: range) -> tuple[Ints, Ints]:
    """Slots due and collected, shape (terminals, days) each."""
    shape = (len(field.city.terminals), len(days))
    due, filled = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for one in chosen:
        of_due, of_filled, _ = collected.by_terminal(one, city=field.city)
        due[:, one.day - days.start] += of_due
        filled[:, one.day - days.start] += of_filled
    return due, filled


def _cells(due: Ints, filled: Ints) -> list[list[float | None]]:
    percent = np.round(100 * filled / np.maximum(due, 1), 2)
    return [
        [value if planned else None for value, planned in zip(row, owed, strict=True)]
        for row, owed in zip(percent.tolist(), (due > 0).tolist(), strict=True)
    ]


def _funnel(field: Field, chosen: list[ItemDay]) -> schema.Funnel:
    """Slots due; of them those of terminals that were reached; of meters that told anything; that are stored."""
    planned = reached = read = stored = 0
    for one in chosen:
        due, filled, told = collected.by_terminal(one, city=field.city)
        was_reached = collected.reached(one, work=field.work, city=field.city, filled=filled)
        planned += int(due.sum())
        reached += int(due[was_reached].sum())
        read += int(told.sum())
        stored += int(filled.sum())
    return schema.Funnel(planned=planned, reached=reached, read=read, stored=stored)


def _late(field: Field, chosen: list[ItemDay], days: range) -> int:
    items = {one.schedule.item for one in chosen}
    rates = field.work.sheets.rates(first_day=days.start, last_day=days.stop - 1)
    return sum(rate.late for item, _, rate in rates if item in items)


def _missing(field: Field, chosen: list[ItemDay]) -> list[schema.MissingValues]:
    size = len(field.city.terminals)
    count, oldest = np.zeros(size, np.int64), np.full(size, np.iinfo(np.int64).max)
    for one in chosen:
        lacks, first = collected.first_missing_at(one, city=field.city)
        count += lacks
        oldest = np.minimum(oldest, first)
    owing = [i for i in np.argsort(-count, kind="stable").tolist() if count[i]]
    return [
        schema.MissingValues.model_validate(
            {"terminal": field.city.terminals[i].id, "count": int(count[i]), "oldest": moment(int(oldest[i]))}
        )
        for i in owing[:MISSING_MOST]
    ]


def _row(field: Field, i: int) -> schema.TerminalOfHeatMap:
    terminal = terminal_row(field, i)
    return schema.TerminalOfHeatMap(id=terminal.id, name=terminal.name, meters=terminal.meters, state=terminal.state)


def gaps_of(field: Field, *, terminals: list[int], days: range) -> dict[tuple[int, int], int]:
    """How many of some terminals (indexes) owe something, by (item, day) that can still be asked for."""
    schedules = collected.schedules_of(work=field.work, service=None, kind="all")
    found: dict[tuple[int, int], int] = defaultdict(int)
    for one in collected.item_days(work=field.work, city=field.city, schedules=schedules, days=days):
        lacks, _ = collected.first_missing_at(one, city=field.city)
        owing = int((lacks[terminals] > 0).sum())
        if owing:
            found[one.schedule.item, one.day] = owing
    return found
