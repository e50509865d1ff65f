"""The desk of work orders, over metering."""

from typing import Any

from metropool.capabilities.metering.work_orders import model, operations
from metropool.capabilities.metering.work_orders.book import SORTABLE
from metropool.core.errors import Fault, Invalid, NotFound
from metropool.portal.desks.operator.field import Field
from metropool.portal.desks.operator.field_rows import device_name
from metropool.portal.desks.operator.operator_words import moment_ms, said
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import collecting as schema
from metropool.portal.schemas.basics import Page

COLUMNS = {name: name for name in SORTABLE} | {
    "device_kind": "device",
    "where": "device",
    "kind_text": "kind",
    "state_text": "state",
}
"""Column of a row to the column of the book it is sorted by."""


class WorkOrdersDesk:
    """Work orders, in one unit of work."""

    def __init__(self, work: Any) -> None:
        self._work = work
        self._field = Field(work)

    def orders(
        self, *, state: str | None, kind: str | None, device: str | None, q: str | None, asked: Asked
    ) -> Page[schema.WorkOrderRow]:
        """The orders, unfinished ones first and newest first unless sorted; state ``unfinished`` is open or in progress."""
        unknown = [sort.column for sort in asked.sort if sort.column not in COLUMNS]
        if unknown:
            raise Invalid("not sortable by these", faults=[Fault(f"sort.{name}", "fault.unknown_column") for name in unknown])
        found, total = self._work.work_orders.page(
            states=model.UNFINISHED if state == "unfinished" else None if state is None else (state,),
            kind=kind,
            device=device,
            q=(q or "").strip(),
            sort=[(COLUMNS[sort.column], sort.descending) for sort in asked.sort],
            offset=asked.offset,
            limit=asked.size,
        )
        rows = [schema.WorkOrderRow.model_validate(self._fields(order)) for order in found]
        return Page[schema.WorkOrderRow](rows=rows, page=asked.page, size=asked.size, total=total, as_of=self._work.now)

    def one(self, *, number: str) -> schema.WorkOrder:
        """One order by the number people call it."""
        order = self._work.work_orders.one(_number(number))
        if order is None:
            raise NotFound(f"no work order {number}")
        return self._whole(order)

    def open(self, *, wanted: schema.NewWorkOrders, by: str) -> schema.WorkOrdersOpened:
        """Operation: an order for each device that has no unfinished one of the kind."""
        done = [
            operations.open_order(
                work=self._work,
                device=device,
                kind=wanted.kind,
                reason=wanted.reason,
                assigned_to=wanted.assigned_to,
                by=by,
                alarm=wanted.alarm,
            )
            for device in dict.fromkeys(self._known(wanted.devices))
        ]
        opened = sum(is_new for _, is_new in done)
        orders = [self._whole(order) for order, _ in done]
        return schema.WorkOrdersOpened(orders=orders, opened=opened, existed=len(done) - opened)

    def step(self, *, number: str, wanted: schema.NewOrderStep, by: str) -> schema.WorkOrder:
        """Operation: begin, hand over, finish or cancel."""
        order = operations.take_step(
            work=self._work, number=_number(number), state=wanted.state, note=wanted.note, assigned_to=wanted.assigned_to, by=by
        )
        return self._whole(order)

    def _known(self, devices: list[str]) -> list[str]:
        city = self._field.city
        for device in devices:
            if device not in city.meter_at and device not in city.terminal_at:
                raise NotFound(f"no terminal or meter {device}")
        return devices

    def _whole(self, order: model.WorkOrder) -> schema.WorkOrder:
        steps = [
            {"at": moment_ms(step.at), "state": step.state, "by": step.actor, "assigned_to": step.assigned_to, "note": step.note}
            for step in self._work.work_orders.steps(order.number)
        ]
        more = {"alarm": order.alarm, "next": list(model.FOLLOWS[order.state]), "steps": steps}
        return schema.WorkOrder.model_validate(self._fields(order) | more)

    def _fields(self, order: model.WorkOrder) -> dict[str, Any]:
        return {
            "number": model.number_text(order.number),
            "device": order.device,
            "device_kind": "meter" if self._is_meter(order.device) else "terminal",
            "where": device_name(self._field, order.device),
            "kind": order.kind,
            "kind_text": said("order_kinds", order.kind),
            "state": order.state,
            "state_text": said("order_states", order.state),
            "reason": order.reason,
            "assigned_to": order.assigned_to,
            "opened_by": order.opened_by,
            "opened_at": moment_ms(order.opened_at),
            "changed_at": moment_ms(order.changed_at),
            "closed_at": moment_ms(order.closed_at),
        }

    def _is_meter(self, device: str) -> bool:
        """A meter that keeps its own link is both; people know it as a meter."""
        return device in self._field.city.meter_at


def _number(text: str) -> int:
    number = model.number_of(text)
    if number is None:
        raise NotFound(f"no work order {text}")
    return number
