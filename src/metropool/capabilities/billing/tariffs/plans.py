"""From a tariff version and a customer's options to a rating plan."""

from collections.abc import Collection, Iterator
from decimal import Decimal

from metropool.capabilities.billing.faults import sentence
from metropool.capabilities.billing.rating.plan import PlannedLine, RatingPlan
from metropool.capabilities.billing.tariffs.schema import Charge, Tariff, TariffVersion, Tiers
from metropool.core.errors import Invalid


def plan_of(
    tariff: Tariff, version: TariffVersion, *, options: Collection[str] = (), month: int | None = None, months: int = 1
) -> RatingPlan:
    """Make the plan that a customer's bill of one billing month is rated by.

    Args:
        tariff: The tariff.
        version: Its version for the days in question.
        options: Options of the customer (``multi_person``, ``tou``, ``combined_meter`` …).
        month: Month that decides the season, 1-12; needed where the version has seasons.
        months: How many months the period covers; limits by month and the minimum grow with it.

    Raises:
        Invalid: An option the tariff does not have, or no month where there are seasons.
    """
    unknown = sorted(set(options) - set(tariff.options))
    if unknown:
        raise Invalid.that(sentence("no_option", tariff=tariff.id, name=unknown[0], known=", ".join(tariff.options) or "–"))
    season = _season_of(tariff, version, month)
    lines = [line for charge in version.charges if _applies(charge, options, season) for line in _lines_of(charge)]
    by_tier = any(line.kind in ("tier", "tier_period") for line in lines)
    minimum = version.minimum_per_month
    return RatingPlan(
        tariff=tariff.id,
        version=f"{tariff.id}@{version.valid_from}",
        unit=tariff.unit,
        lines=tuple(lines),
        limits=_limits(version.tiers, season, options, months) if version.tiers and by_tier else (),
        window=version.tiers.window if version.tiers and by_tier else "",
        minimum=None if minimum is None else minimum * months,
    )


def _season_of(tariff: Tariff, version: TariffVersion, month: int | None) -> str:
    if not version.seasons:
        return "all"
    if month is None or not 1 <= month <= 12:
        raise Invalid.that(sentence("no_season", tariff=tariff.id, month=month))
    return next(season for season, of_months in version.seasons.items() if month in of_months)


def _applies(charge: Charge, options: Collection[str], season: str) -> bool:
    wanted = all(option in options for option in charge.having) and not any(option in options for option in charge.without)
    return wanted and charge.season in ("", season)


def _limits(tiers: Tiers, season: str, options: Collection[str], months: int) -> tuple[Decimal, ...]:
    raised = sum((each.by for each in tiers.raises if each.option in options), Decimal(0))
    limits = tiers.limits.get(season) or tiers.limits["all"]
    return tuple((limit + raised) * (months if tiers.window == "month" else 1) for limit in limits)


def _lines_of(charge: Charge) -> Iterator[PlannedLine]:
    if charge.price is not None:
        yield _line(charge, charge.name, charge.price)
    for n, price in enumerate(charge.tiers):
        if price is not None:
            yield _line(charge, charge.name.format(n=n + 1), price, tier=n)
    for period, prices in charge.periods.items():
        if isinstance(prices, Decimal):
            yield _line(charge, charge.name.format(period=period), prices, period=period)
        else:
            for n, price in enumerate(prices):
                yield _line(charge, charge.name.format(n=n + 1, period=period), price, tier=n, period=period)


def _line(charge: Charge, name: str, price: Decimal, *, tier: int = 0, period: str = "") -> PlannedLine:
    return PlannedLine(
        name=name,
        kind=charge.by,
        price=price,
        tier=tier,
        period=period,
        group=charge.group,
        collected_for=charge.collected_for,
    )
