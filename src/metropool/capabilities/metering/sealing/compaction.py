"""Compact what is sealed and quiet: the readings of a day, then the blocks of a month; one of them a step.

Late readings still come as files of their own and are sealed as ever; a month with enough of them is compacted again.
"""

from datetime import date, datetime, timedelta

from metropool.capabilities.metering.sealing.operations import SealingWork, is_due
from metropool.core.periods import business_date
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
    snapshot = work.readings.replace(prepared, now=work.now)
    if prepared.table == READINGS:
        work.sealing.note_compacted(date.fromisoformat(prepared.part), snapshot=snapshot)
    return work.now


def _quiet_since(work: SealingWork) -> date:
    return business_date(work.now - QUIET)


def _restless_days(work: SealingWork) -> set[date]:
    """Days with readings that are not sealed, must be sealed again, or were sealed a short while ago."""
    sealed, version = work.sealing.sealed(), work.sealing.registry_version()
    restless = set()
    for text, newest in work.sealing.days_with_readings().items():
        day, row = date.fromisoformat(text), sealed.get(text)
        if row is None or _is_fresh(work, row["sealed_at"]) or is_due(work, day, newest, row, version):
            restless.add(day)
    return restless


def _is_fresh(work: SealingWork, sealed_at: str) -> bool:
    return work.now - datetime.fromisoformat(sealed_at) < QUIET
