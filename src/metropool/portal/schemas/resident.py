"""A home: its accounts, today, its usage."""

from datetime import date
from typing import Literal

from metropool.portal.schemas.basics import (
    Address,
    Exact,
    Figure,
    Instant,
    Model,
    PersonName,
    Quality,
    Series,
    Service,
    Severity,
    Text,
)

Step = Literal["interval", "hour", "day", "month"]
TouPeriod = Literal["sharp", "peak", "flat", "valley", "deep_valley"]


class ServiceAccount(Model):
    """One of a home's customer numbers (户号)."""

    service: Service
    company: str
    company_name: Text
    account_number: str
    meter_number: str | None
    phone: str | None


class Household(Model):
    """A combined account and what is joined in it."""

    account: str
    name: PersonName
    address: Address
    accounts: list[ServiceAccount]


class Alert(Model):
    """Something a resident should look at."""

    id: str
    severity: Severity
    service: Service | None
    title: Text
    detail: Text
    at: Instant


class UsageToday(Model):
    """One service since midnight, against yesterday until the same hour."""

    service: Service
    today: Figure
    same_time_yesterday: Figure
    series: Series


class DueNow(Model):
    """What is owed now; ``payable_fen`` null means no bill has been issued yet."""

    payable_fen: int | None
    due_date: date | None
    overdue: bool
    open_bill: str | None


class UsageNow(Model):
    """What insight says of today."""

    as_of: Instant
    alerts: list[Alert]
    usage: list[UsageToday]


class Today(DueNow, UsageNow):
    """The first page of a resident."""

    account: str


class Band(Model):
    """A time-of-use price from ``start`` to ``end``."""

    start: Instant
    end: Instant
    period: TouPeriod
    name: Text
    price: Exact


class Compared(Model):
    """The earlier period, aligned by position."""

    start: Instant
    end: Instant
    series: Series
    total: Figure


class Usage(Model):
    """One service of a home over a period, as quantity, money and carbon."""

    service: Service
    step: Step
    start: Instant
    end: Instant
    series: Series
    money: Series | None
    money_note: Text
    carbon: Series | None
    carbon_note: Text
    bands: list[Band]
    total: Figure
    peak: Figure
    base_load: Figure
    peak_at: Instant | None
    money_fen: int | None
    compare: Compared | None


class DayOfUsage(Model):
    """One day of the calendar."""

    date: date
    value: float | None
    quality: Quality


class UsageCalendar(Model):
    """A year of days."""

    service: Service
    year: int
    unit: str
    days: list[DayOfUsage]
    as_of: Instant | None
