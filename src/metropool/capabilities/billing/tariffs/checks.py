"""What must hold inside one tariff or calendar beyond its types. Each fault is (path, what, remedy)."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

from metropool.capabilities.billing.tariffs.calendars import minutes_of_band, periods_of
from metropool.capabilities.billing.tariffs.schema import Calendar, Charge, Tariff, TariffVersion
from metropool.core.errors import Invalid

Found = tuple[str, str, str]


def faults_of_tariff(tariff: Tariff, calendars: Mapping[str, Calendar], late_fees: Collection[str]) -> Iterator[Found]:
    """Everything wrong in a tariff."""
    if tariff.late_fee and tariff.late_fee not in late_fees:
        yield ".late_fee", f"no late-fee rule is called {tariff.late_fee!r}", "add it under late_fees"
    if not tariff.versions:
        yield ".versions", f"tariff {tariff.id!r} has no version", "add one with valid_from, source and charges"
    for i, version in enumerate(tariff.versions):
        path = f".versions[{i}]"
        yield from ((path + inner, what, remedy) for inner, what, remedy in _faults_of_version(tariff, version, calendars))
        following = tariff.versions[i + 1] if i + 1 < len(tariff.versions) else None
        if following and version.valid_to != following.valid_from - timedelta(days=1):
            yield path + ".valid_to", f"the next version starts on {following.valid_from}", "end on the day before it"


def faults_of_calendar(calendar: Calendar, day_sets: Collection[str]) -> Iterator[Found]:
    """Everything wrong in a calendar."""
    if not calendar.rules or calendar.rules[-1].when != type(calendar.rules[-1].when)():
        yield ".rules", "the last rule does not hold on every day", "end with a rule that has no when"
    for i, rule in enumerate(calendar.rules):
        if rule.when.day_set and rule.when.day_set not in day_sets:
            yield f".rules[{i}].when", f"no day set is called {rule.when.day_set!r}", "add it under day_sets"
        for period, bands in rule.bands.items():
            for k, band in enumerate(bands):
                try:
                    minutes_of_band(band)
                except Invalid as cause:
                    yield f".rules[{i}].bands.{period}[{k}]", cause.what, 'write bands as "10:00-12:00"'


def _faults_of_version(tariff: Tariff, version: TariffVersion, calendars: Mapping[str, Calendar]) -> Iterator[Found]:
    if version.valid_to and version.valid_to < version.valid_from:
        yield ".valid_to", "it ends before it starts", "check the two days"
    if version.calendar and version.calendar not in calendars:
        yield ".calendar", f"no calendar is called {version.calendar!r}", "add it under calendars"
    if len({charge.collected_for for charge in version.charges if charge.collected_for}) > 1:
        yield ".charges", "it collects for more than one party", "bill one of them by a tariff of its own"
    yield from _faults_of_seasons(version)
    yield from _faults_of_tiers(tariff, version)
    known = periods_of(calendars[version.calendar]) if version.calendar in calendars else []
    for i, charge in enumerate(version.charges):
        for inner, what, remedy in _faults_of_charge(tariff, version, charge, known):
            yield f".charges[{i}]{inner}", what, remedy


def _faults_of_seasons(version: TariffVersion) -> Iterator[Found]:
    months = sorted(month for season in version.seasons.values() for month in season)
    if version.seasons and months != list(range(1, 13)):
        yield ".seasons", "the seasons do not name each month once", "name 1 to 12, each in one season"


def _faults_of_tiers(tariff: Tariff, version: TariffVersion) -> Iterator[Found]:
    if version.tiers is None:
        return
    seasons = set(version.seasons) or {"all"}
    if set(version.tiers.limits) not in (seasons, {"all"}):
        yield ".tiers.limits", "the limits are not those of the seasons", f"give limits for {', '.join(sorted(seasons))}"
    if len({len(limits) for limits in version.tiers.limits.values()}) > 1:
        yield ".tiers.limits", "the seasons have different numbers of tiers", "give each as many"
    for season, limits in version.tiers.limits.items():
        if not limits or limits != sorted(set(limits)) or limits[0] <= 0:
            yield f".tiers.limits.{season}", "the limits do not grow", "write them from the lowest up"
    for i, each in enumerate(version.tiers.raises):
        if each.option not in tariff.options:
            yield f".tiers.raises[{i}]", f"option {each.option!r} is not declared", "add it to the tariff's options"


def _faults_of_charge(tariff: Tariff, version: TariffVersion, charge: Charge, known: Collection[str]) -> Iterator[Found]:
    unknown = [option for option in (*charge.having, *charge.without) if option not in tariff.options]
    if unknown:
        yield "", f"option {unknown[0]!r} is not declared", "add it to the tariff's options"
    if charge.season and charge.season not in version.seasons:
        yield ".season", f"no season is called {charge.season!r}", "add it under seasons"
    yield from _faults_of_prices(version, charge, known)


def _faults_of_prices(version: TariffVersion, charge: Charge, known: Collection[str]) -> Iterator[Found]:
    """The prices a charge carries are those its ``by`` asks for."""
    tiers = len(next(iter(version.tiers.limits.values()), [])) + 1 if version.tiers else 0
    wanted = {"tier": "tiers", "period": "periods", "tier_period": "periods"}.get(charge.by, "price")
    given = [name for name in ("price", "tiers", "periods") if getattr(charge, name) not in (None, [], {})]
    if given != [wanted]:
        yield "", f"a charge by {charge.by} needs {wanted}, and has {', '.join(given) or 'no price'}", f"give {wanted} only"
        return
    if charge.by in ("tier", "tier_period") and version.tiers is None:
        yield "", "there are prices by tier, but the version has no tiers", "add tiers with their limits"
    if charge.by == "tier" and version.tiers and len(charge.tiers) != tiers:
        yield ".tiers", f"{len(charge.tiers)} prices for {tiers} tiers", "one price each, null where there is no line"
    for period, price in charge.periods.items():
        if period not in known:
            yield f".periods.{period}", f"the calendar has no period {period!r}", f"it has {', '.join(known) or 'none'}"
        if isinstance(price, list) != (charge.by == "tier_period") or (isinstance(price, list) and len(price) != tiers):
            yield f".periods.{period}", "the wrong number of prices", f"give {tiers if charge.by == 'tier_period' else 'one'}"
