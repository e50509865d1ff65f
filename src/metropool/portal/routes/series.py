"""Series as rows of a file: one an interval."""

from datetime import timedelta
from decimal import Decimal

from pydantic import Field

from metropool.portal.schemas.basics import Model, Series, show_instant
from metropool.portal.schemas.meters import MeterCurve

QUALITIES = ("measured", "estimated", "missing", "not_expected", "suspect", "edited")


class SeriesRow(Model):
    """One interval."""

    starts_at: str
    value: Decimal | None
    unit: str
    quality: str
    money_cny: float | None
    carbon_kg: float | None


class CurveRow(Model):
    """One interval of a meter."""

    starts_at: str
    energy: float | None
    load: float | None
    quality: str
    register_: Decimal | None = Field(alias="register")
    neighbour_load: float | None


def starts_of(series: Series) -> list[str]:
    """The start of each interval, as written."""
    if series.starts is not None:
        return [day.isoformat() for day in series.starts]
    step = timedelta(seconds=series.interval_s or 0)
    return [show_instant(series.start + step * number) for number in range(len(series.values))]


def rows_of(series: Series, *, money: Series | None, carbon: Series | None) -> list[SeriesRow]:
    """A home's usage, one row an interval."""
    codes = series.quality or [0] * len(series.values)
    return [
        SeriesRow(
            starts_at=start,
            value=None if value is None else Decimal(repr(value)),
            unit=series.unit,
            quality=QUALITIES[codes[number]],
            money_cny=_at(money, number),
            carbon_kg=_at(carbon, number),
        )
        for number, (start, value) in enumerate(zip(starts_of(series), series.values, strict=True))
    ]


def curve_rows(curve: MeterCurve) -> list[CurveRow]:
    """A meter's curve, one row an interval of the whole period, holes too; registers stand where an interval begins with one."""
    registers = {show_instant(one.at): one.value for one in curve.register_}
    codes = curve.energy.quality or [0] * len(curve.energy.values)
    beside = curve.neighbour.load if curve.neighbour else None
    return [
        CurveRow(
            starts_at=start,
            energy=value,
            load=_at(curve.load, number),
            quality=QUALITIES[codes[number]],
            register=registers.get(start),
            neighbour_load=_at(beside, number),
        )
        for number, (start, value) in enumerate(zip(starts_of(curve.energy), curve.energy.values, strict=True))
    ]


def _at(series: Series | None, number: int) -> float | None:
    return series.values[number] if series is not None and number < len(series.values) else None
