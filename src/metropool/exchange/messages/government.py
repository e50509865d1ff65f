"""Requests of authorities to look into books, the answers of whoever keeps them, and residents' consents."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal

import pyarrow as pa

from metropool.core.areas import Area
from metropool.exchange.messages.base import Fact, Message, Moment

Question = Literal[
    "usage_by_day",
    "silent_meters",
    "household_usage",
    "bills_by_month",
    "household_bills",
    "payments_by_month",
    "charging_by_day",
    "camera_view",
    "access_records",
]
"""What may be asked: sums of an area, or (personal) one row a household; or (personal) to view a community's cameras or access control."""
Purpose = Literal["planning", "statistics", "supervision", "emergency", "investigation"]
RequestState = Literal["asked", "withdrawn"]
AnswerState = Literal["approved", "refused", "withdrawn"]
ConsentState = Literal["given", "withdrawn"]
ConsentPurpose = Literal["energy_advice", "load_management", "home_services"]


class ViewRequested(Fact, frozen=True, kw_only=True):
    """An authority asks to look into books that others keep (政府调用和查看命令); the highest edition heard holds.

    Attributes:
        request: Id, unique at the system that asks.
        edition: 1 asks; a withdrawal is the next.
        asker: System whose people ask; who hears it first holds it to who the broker says spoke.
        party: Party that runs it.
        holder: Whose books are meant: ``readings``, ``payments``, ``charging``, or the medium a company bills; ``premises`` where it
            is a community's access control and cameras.
        service: Medium it is about; ``community`` where it is a community's premises.
        community: Whose premises are meant; empty where it is about books.
        first_day: First business day it is about; ``last_day`` is included.
        expires_at: End of the use asked for; nothing may be answered, or read, from then on.
        requested_by: Login of the person.
    """

    request: str
    edition: int
    state: RequestState
    asker: str
    party: str
    what: Question
    holder: str
    service: str
    area: Area
    first_day: date
    last_day: date
    reason: str
    legal_basis: str
    purpose: Purpose
    expires_at: Moment
    requested_by: str
    requested_at: Moment
    community: str = ""


class ViewAnswered(Fact, frozen=True, kw_only=True):
    """What whoever keeps the books says to a request (调用和查看结果), a page at a time.

    Attributes:
        request: Which.
        asker: System it is for.
        holder: Whose books it is from, as asked.
        state: ``withdrawn``: the approval was taken back, and nothing of the answer may be used any more.
        page: Counts from 1 to ``pages``; 0 of 0 where nothing is disclosed.
        reason: Why, for people.
        decided_at: When it was approved, refused or withdrawn.
        expires_at: The content may be read until then; None where there is none.
    """

    may_be_empty: ClassVar[bool] = True
    request: str
    asker: str
    holder: str
    service: str
    what: Question
    state: AnswerState
    page: int
    pages: int
    reason: str
    decided_at: Moment
    expires_at: Moment | None
    rows: pa.Table


class ConsentChanged(Fact, frozen=True, kw_only=True):
    """A resident gave or withdrew a consent (数据授权); the highest version holds.

    Attributes:
        consent: Id: the same for one account, receiver, phrase and purpose.
        account: Combined account of the household.
        receiver: Party that may, or may no longer, have the data.
        message: Phrase of the contract that it is about.
        changed_by: Login of the resident.
    """

    consent: str
    number: int
    account: str
    receiver: str
    message: str
    purpose: ConsentPurpose
    state: ConsentState
    changed_at: Moment
    changed_by: str


ROWS: Mapping[type[Message], pa.Schema] = {
    ViewAnswered: pa.schema(
        [
            ("period", pa.date32()),
            ("measure", pa.string()),
            ("category", pa.string()),
            ("subject", pa.string()),
            ("value", pa.int64()),
            ("scale", pa.int32()),
            ("unit", pa.string()),
            ("subjects", pa.int32()),
            ("is_suppressed", pa.bool_()),
        ]
    ),
}
"""``period``: a business day, or the first day of a month. ``value`` x 10^``scale`` [``unit``]; null where nothing is known, or where
``is_suppressed`` says that too few households stand behind it. ``subjects``: how many do; null where that would tell too much.
``subject``: a usage point or an account; null in sums; of a view, the reference under which its owner shows it: ``value`` is how many
cameras or doors it is of, and no picture ever travels."""
