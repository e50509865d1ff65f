"""What a tariff file may say. Prices and limits are exact decimals; days are local days of the zone, both ends included."""

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

Window = Literal["month", "year"]
By = Literal["total", "tier", "period", "tier_period", "day", "month", "demand"]
Certainty = Literal["verified", "memory", "derived"]
Level = Literal["P", "S", "none"]
Season = str
PeriodName = str


class _Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what is read from a file: a field nobody knows is refused."""


class Raise(_Data, frozen=True, kw_only=True):
    """A raise of every tier limit for customers with an option, such as registered multi-person households."""

    option: str
    by: Decimal
    source: str = ""


class Tiers(_Data, frozen=True, kw_only=True):
    """Limits between the tiers (阶梯) of one window, inclusive: a quantity equal to a limit is still in the lower tier.

    Attributes:
        window: Over what the quantity adds up.
        limits: Upper limit of every tier but the last [unit of the tariff], by season; ``all`` where there are no seasons.
        raises: Raises of every limit by option [unit a month or a year, as the window].
    """

    window: Window
    limits: dict[Season, list[Decimal]]
    raises: list[Raise] = []


class Charge(_Data, frozen=True, kw_only=True):
    """One kind of line of a bill.

    Attributes:
        name: Key of the line; ``{n}`` is the number of the tier, ``{period}`` the time-of-use period.
        by: What is multiplied by the price.
        price: Price where there is one [currency a unit, day, month or kW].
        tiers: Price of each tier; null where a tier has no such line.
        periods: Price of each time-of-use period (分时), or of each tier in it where ``by`` is ``tier_period``.
        having: The line is there for customers with all these options only …
        without: … and with none of these.
        season: Only in this season.
        group: Lines summed together on the bill and in the books, such as ``sewage``.
        collected_for: Party on whose behalf the group is collected (代征); empty for the company's own revenue.
    """

    name: str
    by: By
    price: Decimal | None = None
    tiers: list[Decimal | None] = []
    periods: dict[PeriodName, Decimal | list[Decimal]] = {}
    having: list[str] = []
    without: list[str] = []
    season: Season = ""
    group: str = "energy"
    collected_for: str = ""


class TariffVersion(_Data, frozen=True, kw_only=True):
    """What held from one day to another."""

    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty
    level: Level = "none"
    remark: str = ""
    seasons: dict[Season, list[int]] = {}
    tiers: Tiers | None = None
    calendar: str = ""
    charges: list[Charge]
    minimum_per_month: Decimal | None = None


class Tariff(_Data, frozen=True, kw_only=True):
    """A price list for one kind of customer, with its versions, oldest first.

    Attributes:
        unit: Unit of the quantity that tiers and energy prices are of.
        zone: Zone whose midnights and clock hours the tariff means.
        options: What a customer may have chosen or be registered for, and what it means.
        due_days: Days from issue to the due date.
        late_fee: Id of the late-fee rule.
    """

    id: str
    service: str
    unit: str
    currency: str = "CNY"
    zone: str = "Asia/Shanghai"
    zh: str
    en: str
    options: dict[str, str] = {}
    due_days: int = 15
    late_fee: str = ""
    versions: list[TariffVersion]


class When(_Data, frozen=True, kw_only=True):
    """On which days a rule of a calendar holds; every field that is given must hold."""

    months: list[int] = []
    weekdays: list[int] = []
    day_set: str = ""


class DayRule(_Data, frozen=True, kw_only=True):
    """Time-of-use bands of the days of ``when``; a later band in the file overrides an earlier one where they overlap."""

    when: When = When()
    bands: dict[PeriodName, list[str]]


class Calendar(_Data, frozen=True, kw_only=True):
    """Time-of-use periods by day; the first rule whose ``when`` holds is used, hours in no band are ``otherwise``."""

    id: str
    otherwise: PeriodName
    rules: list[DayRule]
    source: str
    certainty: Certainty
    level: Level = "none"


class SetDay(_Data, frozen=True, kw_only=True):
    """One day of a set, and why."""

    day: date
    reason: str = ""


class DaySet(_Data, frozen=True, kw_only=True):
    """Days that a rule cannot compute: public holidays, days hot enough for the sharp price."""

    id: str
    source: str
    certainty: Certainty
    level: Level = "none"
    days: list[SetDay]


class LateFee(_Data, frozen=True, kw_only=True):
    """What is asked for each day a sum is late (违约金).

    Attributes:
        daily_rate: Share of the unpaid sum for each day, such as 0.001.
        grace_days: Days after the due date that cost nothing.
        cap_share: Most the fee may become, as a share of the unpaid sum; null where there is no cap.
    """

    id: str
    daily_rate: Decimal
    grace_days: int = 0
    cap_share: Decimal | None = None
    source: str
    certainty: Certainty
    level: Level = "none"


class TariffFile(_Data, frozen=True, kw_only=True):
    """The top of a file."""

    tariffs: list[Tariff] = []
    calendars: list[Calendar] = []
    day_sets: list[DaySet] = []
    late_fees: list[LateFee] = []
