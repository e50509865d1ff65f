"""What a company asks of who measures: meter data again, supply cut or given back; and what was asked, as it came there."""

from datetime import date
from typing import Annotated

from pydantic import Field

from metropool.portal.schemas.basics import Instant, Model, Request, Service
from metropool.portal.schemas.commands import Reason

AccountNumber = Annotated[str, Field(min_length=1, max_length=64)]


class NewSwitchRequest(Request):
    """Cut a customer's supply, or give it back."""

    service: Service
    account_number: AccountNumber
    restore: bool
    reason: Reason


class SwitchRequest(Model):
    """What was asked for; who owns the device decides on it."""

    id: str
    account_number: str
    usage_point: str
    restore: bool
    reason: str
    asked_at: Instant
    asked_by: str


class HeardDataRequest(Model):
    """A request for meter data as it came: how many usage points were named, and how many rows were told again."""

    id: str
    service: Service
    handed_over_by: str
    first_day: date
    last_day: date
    usage_points: int
    rows_told: int
    heard_at: Instant
