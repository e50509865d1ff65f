"""Operations on work orders: open one, take a step. Each is one unit of work; nothing is ever removed."""

from dataclasses import replace
from datetime import datetime
from typing import Protocol

from metropool.capabilities.metering.work_orders.book import WorkOrderBook
from metropool.capabilities.metering.work_orders.model import (
    FOLLOWS,
    LONGEST_NAME,
    LONGEST_TEXT,
    UNFINISHED,
    Kind,
    OrderStep,
    State,
    WorkOrder,
    number_text,
)
from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.facts.registry import Registry
from metropool.facts.registry.tables import end_device


class WorkOrdersWork(Protocol):
    """The unit of work of work orders."""

    @property
    def now(self) -> datetime: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def work_orders(self) -> WorkOrderBook: ...
    def changed(self, topic: str) -> None: ...


def open_order(
    *, work: WorkOrdersWork, device: str, kind: Kind, reason: str, assigned_to: str, by: str, alarm: str | None = None
) -> tuple[WorkOrder, bool]:
    """Send somebody to a terminal or meter; a device has at most one unfinished order of a kind.

    Args:
        work: The unit of work.
        device: End device of the registry.
        kind: What is to be looked at.
        reason: 1-500 characters.
        assigned_to: Person or crew, at most 64 characters; empty while nobody has it.
        by: Login of who opens it.
        alarm: The alarm it answers, if any.

    Returns:
        The order, and whether it is new; the unfinished one of that kind where there is one.

    Raises:
        NotFound: No such device.
        Invalid: No reason, or a text too long.
    """
    work.registry.one(end_device, id=device)
    known = work.work_orders.unfinished(device=device, kind=kind)
    if known is not None:
        return known, False
    now_ms = _ms(work)
    order = WorkOrder(
        number=work.work_orders.next_number(),
        device=device,
        kind=kind,
        state="open",
        reason=_text(reason, needed=True),
        assigned_to=_name(assigned_to),
        alarm=alarm,
        opened_by=by,
        opened_at=now_ms,
        changed_at=now_ms,
        closed_at=None,
        note="",
    )
    work.work_orders.put(order, OrderStep(now_ms, "open", by, order.assigned_to, order.reason), is_new=True)
    work.changed("work_orders")
    return order, True


def take_step(*, work: WorkOrdersWork, number: int, state: State, note: str, assigned_to: str | None, by: str) -> WorkOrder:
    """Begin, hand over, finish or cancel an order.

    Args:
        work: The unit of work.
        number: The order.
        state: What it becomes.
        note: What was found or done; needed to finish or cancel.
        assigned_to: Who has it from now on; None leaves it with whom it is.
        by: Login of who says so.

    Raises:
        NotFound: No such order.
        Conflict: That state cannot follow the present one.
        Invalid: No note where one is needed, or a text too long.
    """
    order = work.work_orders.one(number)
    if order is None:
        raise NotFound(f"no work order {number_text(number)}")
    if state not in FOLLOWS[order.state]:
        raise Conflict(
            f"{number_text(number)} is {order.state} and cannot become {state}", key=f"metering.work_order.{order.state}"
        )
    now_ms, is_over = _ms(work), state not in UNFINISHED
    changed = replace(
        order,
        state=state,
        assigned_to=order.assigned_to if assigned_to is None else _name(assigned_to),
        changed_at=now_ms,
        closed_at=now_ms if is_over else None,
        note=_text(note, needed=is_over),
    )
    work.work_orders.put(changed, OrderStep(now_ms, state, by, changed.assigned_to, changed.note), is_new=False)
    work.changed("work_orders")
    return changed


def _text(text: str, *, needed: bool) -> str:
    stripped = text.strip()
    if needed and not stripped:
        raise Invalid("an order is opened and closed with words", key="metering.work_order.words")
    if len(stripped) > LONGEST_TEXT:
        raise Invalid(f"at most {LONGEST_TEXT} characters", key="metering.work_order.long")
    return stripped


def _name(text: str) -> str:
    if len(text.strip()) > LONGEST_NAME:
        raise Invalid(f"at most {LONGEST_NAME} characters", key="metering.work_order.long")
    return text.strip()


def _ms(work: WorkOrdersWork) -> int:
    return int(work.now.timestamp() * 1000)
