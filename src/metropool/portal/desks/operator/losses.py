"""What operators are told of loss (线损, 产销差, 输差): of the city, of an area, and of each area on the map."""

from datetime import date, datetime
from typing import Any

from metropool.capabilities.metering.loss.bands import Band, band_on, state_of
from metropool.capabilities.metering.loss.model import COVERAGE_MIN, ESTIMATED_MAX, NoRate, Total
from metropool.capabilities.metering.loss.queries import FORWARD, newest_total
from metropool.capabilities.metering.queries.city import Ints
from metropool.capabilities.metering.queries.flow import ENERGY_UNIT
from metropool.core.periods import day_period
from metropool.portal.desks.operator.field import Field
from metropool.portal.desks.operator.operator_words import amount, nothing, said
from metropool.portal.schemas import metering as schema
from metropool.portal.schemas.basics import Figure, Service, Text

WORDS = {
    NoRate.NO_SUPPLY_METER: "no_loss",
    NoRate.SUPPLY_UNKNOWN: "loss_supply_unknown",
    NoRate.NOTHING_FED: "loss_nothing_fed",
    NoRate.TOO_FEW_METERS: "loss_too_few",
    NoRate.TOO_MUCH_ESTIMATED: "loss_too_estimated",
    NoRate.NOTHING_SUPPLIED: "loss_nothing_supplied",
    NoRate.NOT_SEALED: "loss_not_sealed",
}
NO_LOSS: dict[str, Any] = {"loss_rate": None, "lost": None, "lost_unit": None, "loss_day": None, "loss_state": "unknown"}


def loss_of(field: Field, meters: Ints, service: Service) -> schema.Loss:
    """Loss of the areas whose supply meters are among some meters, on the newest day that has a rate."""
    day, total, band = _total(field, meters, service)
    unit = ENERGY_UNIT[service]
    as_of = day_period(day).end if day else None
    reason = _why(total, day)

    def figure(value: float | None, unit: str, digits: int = 4) -> Figure:
        return _figure(value if total.rate is not None else None, unit, total=total, as_of=as_of, reason=reason, digits=digits)

    scale = 10.0 ** FORWARD[service].scale
    return schema.Loss(
        service=service,
        day=day,
        rate=figure(100 * total.rate if total.rate is not None else None, "%", 2),
        lost=figure(total.lost * scale, unit),
        supplied=figure(total.supplied * scale, unit),
        sold=figure(total.sold * scale, unit),
        state=state_of(rate=total.rate, band=band),
        target_percent=band.target if band else None,
        limit_percent=band.limit if band else None,
        meters=total.meters,
        meters_with_data=total.with_data,
        areas=total.areas,
        areas_with_rate=total.areas_known,
    )


def map_properties(field: Field, meters: Ints, service: str) -> dict[str, Any]:
    """What the map tells of the loss of an area."""
    day, total, band = _total(field, meters, service)
    if total.rate is None or day is None:
        return NO_LOSS
    scale = 10.0 ** FORWARD[service].scale
    return {
        "loss_rate": round(100 * total.rate, 2),
        "lost": round(total.lost * scale, 3),
        "lost_unit": ENERGY_UNIT[service],
        "loss_day": day.isoformat(),
        "loss_state": state_of(rate=total.rate, band=band),
    }


def _total(field: Field, meters: Ints, service: str) -> tuple[date | None, Total, Band | None]:
    city = field.city
    supply = meters[city.is_supply[meters] & (city.services[meters] == service)]
    points = {one.number for i in supply.tolist() for one in city.meters[i].served}
    day, total = newest_total(field.losses(service), points)
    return day, total, band_on(service=service, day=day) if day else None


def _why(total: Total, day: date | None) -> Text:
    """Why there is no rate, with the numbers that decide it; of a day, when days were looked at."""
    key = WORDS.get(total.why, "no_loss")
    return said(
        "notes",
        key,
        day=day.isoformat() if day else "",
        known=total.with_data,
        meters=total.meters,
        least=f"{100 * COVERAGE_MIN:.0f}",
        most=f"{100 * ESTIMATED_MAX:.0f}",
    )


def _figure(value: float | None, unit: str, *, total: Total, as_of: datetime | None, reason: Text, digits: int) -> Figure:
    if value is None:
        return nothing(unit, reason)
    found = amount(value, unit, at=as_of, reason=reason, whole=total.is_whole, digits=digits)
    if not total.estimated_share:
        return found
    quality = "estimated" if total.is_whole else "missing"
    return found.model_copy(update={"quality": quality, "estimated_share": round(total.estimated_share, 4)})
