"""Work orders: one unfinished order of a kind a device, numbered, stepped through, listed."""

import pytest
from pydantic import ValidationError
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from metropool.capabilities.metering.work_orders.book import work_order
from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.portal.desks.operator.work_orders import WorkOrdersDesk
from metropool.portal.ports.asked import Asked, Sort
from metropool.portal.schemas.collecting import NewOrderStep, NewWorkOrders
from portal.desks.conftest import DEAD, NOW


def opened(town, *devices, kind="no_contact", **values):
    wanted = NewWorkOrders(**{"devices": list(devices), "kind": kind, "reason": "silent since noon", **values})
    return town.do(WorkOrdersDesk, lambda desk: desk.open(wanted=wanted, by="ann"))


def step(town, number, state, note="", assigned_to=None):
    wanted = NewOrderStep(state=state, note=note, assigned_to=assigned_to)
    return town.do(WorkOrdersDesk, lambda desk: desk.step(number=number, wanted=wanted, by="bob"))


def listed(town, asked=None, **values):
    given = {"state": None, "kind": None, "device": None, "q": None, "asked": asked or Asked(), **values}
    return town.ask(WorkOrdersDesk, lambda desk: desk.orders(**given))


def test_an_order_is_numbered_and_says_where_why_and_who(fresh_station):
    done = opened(fresh_station, "terminal-1", assigned_to="crew 1", alarm="a1")
    (order,) = done.orders
    assert (done.opened, done.existed, order.number, order.device_kind, order.state) == (1, 0, "WO-000001", "terminal", "open")
    assert (order.reason, order.assigned_to, order.alarm, order.opened_by, order.opened_at) == (
        "silent since noon",
        "crew 1",
        "a1",
        "ann",
        NOW,
    )
    assert order.kind_text.en == "No contact"
    assert [(one.state, one.by, one.note) for one in order.steps] == [("open", "ann", "silent since noon")]


def test_a_second_asking_shows_the_first_and_another_kind_is_another_order(fresh_station):
    first = opened(fresh_station, "terminal-1").orders[0]
    again = opened(fresh_station, "terminal-1", DEAD, "terminal-1", reason="still silent")
    assert (again.opened, again.existed, [one.number for one in again.orders]) == (1, 1, ["WO-000001", "WO-000002"])
    assert again.orders[0].reason == first.reason
    assert opened(fresh_station, "terminal-1", kind="clock").orders[0].number == "WO-000003"


def test_the_books_themselves_hold_a_second_unfinished_one_off(fresh_station):
    opened(fresh_station, "terminal-1")
    row = {"number": 9, "device": "terminal-1", "kind": "no_contact", "state": "open", "reason": "", "assigned_to": ""}
    row |= {"opened_by": "", "opened_at": 0, "changed_at": 0, "note": ""}
    with pytest.raises(IntegrityError):
        fresh_station.node.write_now("metering", lambda work: work.context.connection.execute(insert(work_order).values(row)))


def test_from_open_by_in_progress_to_done_and_then_anew(fresh_station):
    number = opened(fresh_station, "terminal-1").orders[0].number
    assert step(fresh_station, number, "in_progress", assigned_to="li").assigned_to == "li"
    handed = step(fresh_station, number, "in_progress", note="needs a ladder", assigned_to="crew 2")
    assert (handed.assigned_to, handed.next) == ("crew 2", ["in_progress", "done", "cancelled"])
    done = step(fresh_station, number, "done", note="antenna mended")
    assert (done.state, done.closed_at, done.assigned_to, done.next) == ("done", NOW, "crew 2", [])
    assert [one.state for one in done.steps] == ["open", "in_progress", "in_progress", "done"]
    assert opened(fresh_station, "terminal-1").orders[0].number == "WO-000002"


@pytest.mark.parametrize(
    ("before", "state"), [("open", "done"), ("open", "open"), ("cancelled", "in_progress"), ("cancelled", "done")]
)
def test_a_state_that_cannot_follow_is_refused(fresh_station, before, state):
    number = opened(fresh_station, "terminal-1").orders[0].number
    if before == "cancelled":
        step(fresh_station, number, "cancelled", note="by mistake")
    with pytest.raises(Conflict):
        step(fresh_station, number, state, note="x")


def test_an_end_needs_words_and_a_device_must_exist(fresh_station):
    number = opened(fresh_station, "terminal-1").orders[0].number
    with pytest.raises(Invalid):
        step(fresh_station, number, "cancelled", note="  ")
    for action in (
        lambda: opened(fresh_station, "terminal-1", "terminal-9", kind="other"),
        lambda: step(fresh_station, "WO-000099", "cancelled", note="x"),
        lambda: fresh_station.ask(WorkOrdersDesk, lambda desk: desk.one(number="nonsense")),
    ):
        with pytest.raises(NotFound):
            action()
    assert listed(fresh_station).total == 1, "nothing of a refused asking is kept"
    with pytest.raises(ValidationError):
        NewWorkOrders(devices=[], kind="other", reason="x")


def test_lists_filter_sort_and_put_unfinished_ones_first(fresh_station):
    opened(fresh_station, "terminal-1", DEAD)
    opened(fresh_station, DEAD, kind="damage", reason="100% wet", assigned_to="Wang")
    step(fresh_station, "WO-000001", "cancelled", note="came back")
    assert [one.number for one in listed(fresh_station).rows] == ["WO-000003", "WO-000002", "WO-000001"]
    assert [one.number for one in listed(fresh_station, device=DEAD, state="unfinished").rows] == ["WO-000003", "WO-000002"]
    assert [one.number for one in listed(fresh_station, q="wang").rows] == ["WO-000003"]
    assert [one.number for one in listed(fresh_station, q="100%").rows] == ["WO-000003"]
    assert listed(fresh_station, q="10_%").total == 0
    by_number = Asked(size=2, sort=(Sort("number", descending=False),))
    page = listed(fresh_station, by_number)
    assert ([one.number for one in page.rows], page.total) == (["WO-000001", "WO-000002"], 3)
    with pytest.raises(Invalid):
        listed(fresh_station, Asked(sort=(Sort("steps", descending=False),)))
