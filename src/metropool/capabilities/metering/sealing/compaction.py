"""Compact what is sealed and quiet: the readings of a day, then the blocks of a month; one of them a step.

Late readings still come as files of their own and are sealed as ever; a month with enough of them is compacted again.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from metropool.capabilities.metering.sealing.due import is_behind, is_due
from metropool.capabilities.metering.sealing.ports import SealingWork
from metropool.core.periods import DAY, business_date
from metropool.facts.readings.book import BLOCKS, READINGS
from metropool.facts.readings.compaction import Compacted

QUIET = timedelta(days=3)
KEEPS = timedelta(days=1)
"""How long a replaced file stays for whoever is reading it [business time]."""


def prepare(*, work: SealingWork) -> Compacted | None:
    """Write the next day or month as few files; None when all is well."""
    scattered, months = work.readings.scattered_days(READINGS), work.readings.months_in_days(before=_quiet_since(work))
    if not scattered and not months:
        return None
    restless = _restless_days(work)
    for day in scattered:
        if day < _quiet_since(work) and day not in restless:
            return work.readings.compact(READINGS, day.isoformat())
    for month in months:
        if not any(day.isoformat().startswith(month) for day in restless):
            return work.readings.compact(BLOCKS, month)
    return None


def commit(*, work: SealingWork, prepared: Compacted | None) -> datetime | None:
    """List compacted files instead of the old ones; due again at once while there may be more."""
    work.readings.drop_replaced(before=work.now - KEEPS)
    if prepared is None:
        return None
    newest = work.sealing.days_with_readings()
    snapshot = work.readings.replace(prepared, now=work.now)
    if prepared.table == READINGS:
        _keep_sealed(work, date.fromisoformat(prepared.part), newest=newest, snapshot=snapshot)
    return work.now


def _keep_sealed(work: SealingWork, day: date, *, newest: Mapping[str, int], snapshot: int) -> None:
    """The readings of a day lie in other files: no reason to seal it or the days beside it again, where there was none before."""
    sealed = work.sealing.sealed()
    for near in (day - DAY, day, day + DAY):
        row = sealed.get(near.isoformat())
        if row is not None and not is_behind(day=near, row=row, newest=newest):
            work.sealing.note_compacted(near, snapshot=snapshot)


def _quiet_since(work: SealingWork) -> date:
    return business_date(work.now - QUIET)


def _restless_days(work: SealingWork) -> set[date]:
    """Days with readings that are not sealed, must be sealed again, or were sealed a short while ago."""
    sealed, version = work.sealing.sealed(), work.sealing.registry_version()
    restless = set()
    newest = work.sealing.days_with_readings()
    for text in newest:
        day, row = date.fromisoformat(text), sealed.get(text)
        if (
            row is None
            or _is_fresh(work, row["sealed_at"])
            or is_due(work=work, day=day, row=row, newest=newest, version=version)
        ):
            restless.add(day)
    return restless


def _is_fresh(work: SealingWork, sealed_at: str) -> bool:
    return work.now - datetime.fromisoformat(sealed_at) < QUIET
