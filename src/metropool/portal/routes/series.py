"""Series as rows of a file: one an interval."""

from datetime import timedelta
from decimal import Decimal

from metropool.portal.schemas.basics import Model, Series, show_instant

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
    energy_unit: str
    load: float | None
    load_unit: str


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


def curve_rows(energy: Series, load: Series) -> list[CurveRow]:
    """A meter's curve, one row an interval."""
    return [
        CurveRow(starts_at=start, energy=value, energy_unit=energy.unit, load=_at(load, number), load_unit=load.unit)
        for number, (start, value) in enumerate(zip(starts_of(energy), energy.values, strict=True))
    ]


def _at(series: Series | None, number: int) -> float | None:
    return series.values[number] if series is not None and number < len(series.values) else None
