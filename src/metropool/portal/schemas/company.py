"""A company's back office: its customers, what their meters showed, and the meter data it asks for again."""

from datetime import date
from typing import Literal

from pydantic import Field

from metropool.portal.schemas.basics import Address, Exact, Instant, Model, PersonName, Request, Service, Text
from metropool.portal.schemas.commands import Reason


class CustomerRow(Model):
    """One agreement (户号) of the company."""

    account_number: str
    name: PersonName
    address: Address
    category: str
    category_text: Text
    tariff: Text
    usage_point: str
    account: str | None
    valid_from: date
    valid_to: date | None


class CustomerReading(Model):
    """What one register of one of our usage points said of a day, as metering told it; null where a reading is missing."""

    day: date
    usage_point: str
    meter_number: str
    kind_name: Text
    register_start: Exact | None
    register_end: Exact | None
    quantity: Exact | None
    unit: str
    is_estimated: bool
    version: int


class DataRequest(Model):
    """Meter data asked for again.

    Attributes:
        wanted: Days of usage points asked for; ``held``: how many of them are here; ``held_before``: were here when it was asked.
    """

    id: str
    service: Service
    state: Literal["complete", "partly", "waiting"]
    state_text: Text
    first_day: date
    last_day: date
    usage_points: int
    wanted: int
    held: int
    held_before: int
    reason: str
    asked_by: str
    asked_at: Instant


class NewDataRequest(Request):
    """Which days of which of our usage points, and why."""

    first_day: date
    last_day: date
    usage_points: list[str] = Field(min_length=1, max_length=1000)
    reason: Reason
