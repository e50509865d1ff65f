"""Compact the blocks insight was told: today so far comes every hour, so a day soon lies in many files, a month in hundreds."""

from datetime import datetime, timedelta

from metropool.capabilities.insight.operations import InsightWork
from metropool.core.periods import business_date
from metropool.facts.readings.book import BLOCKS
from metropool.facts.readings.compaction import Compacted

QUIET = timedelta(days=3)
KEEPS = timedelta(days=1)
"""How long a replaced file stays for whoever is reading it [business time]."""


def prepare(*, work: InsightWork) -> Compacted | None:
    """Write the next month that is over, or day in many files, as few files; None when all is well."""
    months = work.readings.months_in_days(before=business_date(work.now - QUIET))
    if months:
        return work.readings.compact(BLOCKS, months[0])
    days = work.readings.scattered_days(BLOCKS)
    return work.readings.compact(BLOCKS, days[0].isoformat()) if days else None


def commit(*, work: InsightWork, prepared: Compacted | None) -> datetime | None:
    """List compacted files instead of the old ones; due again at once while there may be more."""
    work.readings.drop_replaced(before=work.now - KEEPS)
    if prepared is None:
        return None
    work.readings.replace(prepared, now=work.now)
    return work.now
