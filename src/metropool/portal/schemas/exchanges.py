"""Meter exchange (换表): what is entered, and the history of installations with their registers."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from metropool.portal.schemas.basics import Address, Exact, Instant, InstantGiven, Model, Request, Text
from metropool.portal.schemas.commands import Reason

FinalSource = Literal["read", "typed"]
Register = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=6)]


class NewExchange(Request):
    """A meter exchange to record. ``read_command`` is the read on demand that brought the final register, where it was read."""

    at: InstantGiven
    final_register: Register
    final_source: FinalSource
    read_command: str | None = Field(default=None, max_length=64)
    new_number: str = Field(min_length=1, max_length=32, pattern=r"^[0-9A-Za-z-]+$")
    new_protocol: str = Field(min_length=1, max_length=32)
    new_address: str = Field(min_length=1, max_length=14, pattern=r"^[0-9]+$")
    new_point: int | None = Field(default=None, ge=1, le=2040)
    start_register: Register
    reason: Reason


class MeterExchange(Model):
    """One exchange as it is believed, or as it was before a correction (``is_current`` false)."""

    id: str
    version: int
    is_current: bool
    at: Instant
    old_meter: str
    old_number: str
    new_meter: str
    new_number: str
    new_protocol: str
    new_address: str
    new_point: int | None
    final_register: Exact
    start_register: Exact
    unit: str
    final_source: FinalSource
    reason: str
    recorded_by: str
    recorded_at: Instant


class ExchangeForm(Model):
    """What the dialog offers: the newest register, protocols that can follow, whether a measuring point is needed."""

    meter: str
    number: str
    unit: str
    last_register: Exact | None
    last_read_at: Instant | None
    installed_at: Instant
    protocols: list[str]
    has_point: bool
    refusal: Text | None


class Neighbour(Model):
    """A meter to compare with: of the same service, in the same supply area or community."""

    id: str
    number: str
    address: Address
    area_name: Text | None
    is_same_area: bool
