"""What a resident agrees to, and who looked."""

from typing import Literal

from pydantic import Field

from metropool.exchange.messages import ConsentPurpose
from metropool.portal.schemas.basics import Instant, Model, Request, Text
from metropool.portal.schemas.views import ProvisionRow


class ConsentVersion(Model):
    """One change of a consent."""

    state: Literal["given", "withdrawn"]
    state_text: Text
    changed_at: Instant
    changed_by: str


class ConsentOffer(Model):
    """What may be agreed to: a party, a message, a purpose.

    Attributes:
        is_connected: A system of the party may hear it in the running plan; until then nothing leaves.
        state: ``given`` while it holds; None where it was never given.
    """

    receiver: str
    receiver_name: Text
    message: str
    message_text: Text
    purpose: ConsentPurpose
    purpose_text: Text
    is_connected: bool
    state: Literal["given", "withdrawn"] | None
    history: list[ConsentVersion]


class Consents(Model):
    """Everything a household may agree to, and what it did."""

    offers: list[ConsentOffer]


class ConsentChange(Request):
    """Agree, or withdraw it."""

    receiver: str = Field(min_length=1, max_length=64)
    message: str = Field(min_length=1, max_length=64)
    purpose: ConsentPurpose
    state: Literal["given", "withdrawn"]


class AccessRow(ProvisionRow):
    """Who looked at this household: the pages of one answer as one row, under the id of the first."""
