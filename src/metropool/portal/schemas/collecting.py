"""Schedules of collection and work orders, as operators see and change them."""

from typing import Annotated, Literal

from pydantic import Field

from metropool.portal.schemas.basics import Instant, InstantGiven, Model, Request, Service, Text

ItemKind = Literal["interval", "daily", "monthly"]
OrderKind = Literal["no_contact", "missing_data", "clock", "meter_fault", "damage", "other"]
OrderState = Literal["open", "in_progress", "done", "cancelled"]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Assigned = Annotated[str, Field(max_length=64)]


class ScheduleVersion(Model):
    """How an item was, is or will be collected; ``restores`` names the version whose values these are again."""

    version: int
    every_s: int
    delay_s: int
    is_collected: bool
    starts_at: Instant
    made_at: Instant
    made_by: str
    reason: str
    restores: int | None


class ScheduleRow(Model):
    """One item (采集方案): ``slot_s`` what a value is of, ``every_s`` how often it is asked for; ``version`` the newest made.

    ``coming`` is a version that has not begun; ``versions`` all of them, newest first. Seconds throughout.
    """

    item: str
    name: Text
    service: Service
    kind: ItemKind
    how: Text
    channels: int
    slot_s: int
    every_s: int
    delay_s: int
    is_collected: bool
    least_every_s: int
    longest_every_s: int
    version: int
    coming: ScheduleVersion | None
    versions: list[ScheduleVersion]


class Schedules(Model):
    """The items of a service, those that meters have first."""

    as_of: Instant
    rows: list[ScheduleRow]


class ScheduleChange(Request):
    """A wish for an item; ``seen`` is the newest version the person saw. Limits are checked by what meters can do."""

    seen: int
    every_s: int = Field(ge=-1_000_000, le=1_000_000)
    delay_s: int = Field(ge=-1_000_000, le=1_000_000)
    is_collected: bool
    starts_at: InstantGiven | None = None
    reason: Reason


class ScheduleUndo(Request):
    """Back to the values of an earlier version."""

    seen: int
    restore: int
    reason: Reason


class WorkOrderRow(Model):
    """A work order (工单) in the list; ``device`` is a terminal or a meter."""

    number: str
    device: str
    device_kind: Literal["terminal", "meter"]
    where: Text
    kind: OrderKind
    kind_text: Text
    state: OrderState
    state_text: Text
    reason: str
    assigned_to: str
    opened_by: str
    opened_at: Instant
    changed_at: Instant
    closed_at: Instant | None


class WorkOrderStep(Model):
    """How an order came to a state."""

    at: Instant
    state: OrderState
    by: str
    assigned_to: str
    note: str


class WorkOrder(WorkOrderRow):
    """One work order with its steps, and the states that may follow."""

    alarm: str | None
    next: list[OrderState]
    steps: list[WorkOrderStep]


class NewWorkOrders(Request):
    """An order for each of some devices; ``alarm`` when it answers one."""

    devices: list[str] = Field(min_length=1, max_length=200)
    kind: OrderKind
    reason: Reason
    assigned_to: Assigned = ""
    alarm: str | None = Field(default=None, max_length=64)


class WorkOrdersOpened(Model):
    """The orders there are now; ``existed`` of them were open before and stay as they were."""

    orders: list[WorkOrder]
    opened: int
    existed: int


class NewOrderStep(Request):
    """What becomes of an order; ``assigned_to`` null leaves it with whom it is."""

    state: OrderState
    note: str = Field(default="", max_length=500)
    assigned_to: Assigned | None = None
