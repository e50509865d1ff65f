"""The desk of a home's own usage, over insight."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from metropool.capabilities.insight import queries
from metropool.capabilities.insight.operations import InsightWork
from metropool.capabilities.insight.queries import Curve
from metropool.core.errors import NotFound
from metropool.core.periods import business_date, day_period
from metropool.facts.readings.schemas import Quality
from metropool.facts.registry.tables import usage_point
from metropool.portal.desks.words import SERVICES, factor, name
from metropool.portal.schemas import resident
from metropool.portal.schemas.basics import Figure, Series, Service, Text
from metropool.portal.schemas.basics import Quality as QualityName

NIGHT_FLOW_MIN = {"water": 0.002}


class UsageDesk:
    """A home's own usage, in one unit of work."""

    def __init__(self, work: InsightWork) -> None:
        self._work = work

    def now(self, *, account: str) -> resident.UsageNow:
        """Today so far, against yesterday until the same time."""
        curves = [(service, self._two_days(account, service)) for service in self._services(account)]
        return resident.UsageNow(
            as_of=self._work.now,
            alerts=[alert for service, curve in curves for alert in self._alerts(service, curve)],
            usage=[self._today(service, curve) for service, curve in curves],
        )

    def usage(
        self,
        *,
        account: str,
        service: Service,
        start: datetime,
        end: datetime,
        step: resident.Step,
        compare_start: datetime | None,
    ) -> resident.Usage:
        """One service over a period, as quantity, money and carbon."""
        fine = self._between(account, service, start, end)
        coarse = queries.summed(fine, step=step)
        price = self._price(account, service)
        kgco2 = factor(service)
        peak = queries.peak(fine)
        power = "kW" if fine.unit == "kWh" else "m3/h"
        return resident.Usage(
            service=service,
            step=step,
            start=start,
            end=end,
            series=_series(coarse, start=start, step=step),
            money=_series(coarse, start=start, step=step, times=float(price), unit="CNY") if price is not None else None,
            money_note=_money_note(price),
            carbon=_series(coarse, start=start, step=step, times=float(kgco2["factor"]), unit="kgCO2"),
            carbon_note=_carbon_note(kgco2),
            bands=[],
            total=_figure(fine, fine.total),
            peak=_figure(fine, peak[0] if peak else None, unit=power),
            base_load=_figure(fine, queries.base_load(fine), unit=power),
            peak_at=peak[1] if peak else None,
            money_fen=_fen(fine.total, price),
            compare=self._compared(account, service, compare_start, end - start, step) if compare_start else None,
        )

    def calendar(self, *, account: str, service: Service, year: int) -> resident.UsageCalendar:
        """A year of days."""
        days = queries.days_of_year(work=self._work, account=account, service=service, year=year)
        known = [day for day, value, _ in days if value is not None]
        return resident.UsageCalendar(
            service=service,
            year=year,
            unit="kWh" if service in ("electricity", "heat") else "m3",
            days=[resident.DayOfUsage(date=day, value=value, quality=_quality(grade)) for day, value, grade in days],
            as_of=day_period(known[-1]).end if known else None,
        )

    def _services(self, account: str) -> list[Service]:
        points = [row["usage_point"] for row in self._work.registry.agreements_of(combined_account=account)]
        if not points:
            raise NotFound(f"no combined account {account}")
        held = {row["service"] for row in self._work.registry.rows(usage_point, id=points)}
        return [service for service in SERVICES if service in held]

    def _two_days(self, account: str, service: Service) -> Curve:
        today = business_date(self._work.now)
        return queries.curve(work=self._work, account=account, service=service, first=today - timedelta(days=1), last=today)

    def _today(self, service: Service, curve: Curve) -> resident.UsageToday:
        midnight = int(day_period(business_date(self._work.now)).start.timestamp())
        today = curve.between(midnight, midnight + 86_400)
        until = int(today.as_of.timestamp()) - 86_400 if today.as_of else midnight
        yesterday = curve.between(midnight - 86_400, until)
        hours = queries.summed(today, step="hour")
        return resident.UsageToday(
            service=service,
            today=_figure(today, today.total),
            same_time_yesterday=_figure(yesterday, yesterday.total),
            series=_series(hours, start=datetime.fromtimestamp(midnight, UTC), step="hour"),
        )

    def _alerts(self, service: Service, curve: Curve) -> list[resident.Alert]:
        """Water that flowed in every hour of last night."""
        least = NIGHT_FLOW_MIN.get(service)
        midnight = int(day_period(business_date(self._work.now)).start.timestamp())
        night = queries.summed(curve.between(midnight + 2 * 3600, midnight + 5 * 3600), step="hour")
        if least is None or night.starts.size < 3 or not (night.values >= least).all():
            return []
        amount = f"{float(night.values.min()):.3f}"
        return [
            resident.Alert(
                id=f"night-{service}-{midnight}",
                severity="warning",
                service=service,
                title=name("notes", "night_flow"),
                detail=name("notes", "night_flow_detail", amount=amount, unit="m³"),
                at=datetime.fromtimestamp(midnight + 5 * 3600, UTC),
            )
        ]

    def _between(self, account: str, service: str, start: datetime, end: datetime) -> Curve:
        last = business_date(end - timedelta(microseconds=1))
        curve = queries.curve(work=self._work, account=account, service=service, first=business_date(start), last=last)
        return curve.between(int(start.timestamp()), int(end.timestamp()))

    def _compared(
        self, account: str, service: Service, start: datetime, length: timedelta, step: resident.Step
    ) -> resident.Compared:
        earlier = self._between(account, service, start, start + length)
        series = _series(queries.summed(earlier, step=step), start=start, step=step)
        return resident.Compared(start=start, end=start + length, series=series, total=_figure(earlier, earlier.total))

    def _price(self, account: str, service: str) -> Decimal | None:
        points = [row["usage_point"] for row in self._work.registry.agreements_of(combined_account=account)]
        held = self._work.registry.rows(usage_point, id=points, service=service)
        return self._work.prices.mean_price(held[0]["id"]) if held else None


def _series(curve: Curve, *, start: datetime, step: resident.Step, times: float = 1.0, unit: str = "") -> Series:
    """A curve as the pages draw it: days and months name their starts, the rest are regular from the first interval on."""
    is_dated = step in ("day", "month")
    starts = [_day(int(at)) for at in curve.starts] if is_dated else None
    first = datetime.fromtimestamp(int(curve.starts[0]), UTC) if curve.starts.size else start
    values = [None if np.isnan(value) else round(float(value) * times, 4) for value in curve.values]
    return Series(
        unit=unit or curve.unit,
        start=first,
        interval_s=None if is_dated else int(curve.length_s[0]) if curve.starts.size else 900,
        starts=starts,
        values=values,
        quality=[int(grade) for grade in curve.quality] if curve.quality.any() else None,
        as_of=curve.as_of,
        estimated_share=curve.estimated_share,
    )


def _day(at: int) -> date:
    return business_date(datetime.fromtimestamp(at, UTC))


def _figure(curve: Curve, value: float | None, *, unit: str = "") -> Figure:
    return Figure(
        value=None if value is None else Decimal(str(round(value, 4))),
        unit=unit or curve.unit,
        as_of=curve.as_of,
        quality=_quality(curve.worst),
        estimated_share=curve.estimated_share,
        reason=name("notes", "nothing_yet") if value is None else None,
    )


def _quality(grade: Quality) -> QualityName:
    names: tuple[QualityName, ...] = ("measured", "estimated", "missing", "not_expected", "suspect", "edited")
    return names[int(grade)]


def _fen(total: float | None, price: Decimal | None) -> int | None:
    return None if total is None or price is None else round(float(price) * total * 100)


def _money_note(price: Decimal | None) -> Text:
    return name("notes", "no_bill_price") if price is None else name("notes", "mean_price", price=f"{price:.4f}")


def _carbon_note(kgco2: dict[str, str]) -> Text:
    zh, en = (
        name("notes", "carbon", factor=kgco2["factor"], unit=kgco2["unit"], source=kgco2[language]) for language in ("zh", "en")
    )
    return Text(zh=zh.zh, en=en.en)
