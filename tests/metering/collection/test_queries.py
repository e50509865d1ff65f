"""What the Collection page shows."""

from datetime import date

import numpy as np

from metering.collection.test_ingest import FREEZE, MIDNIGHT, TERMINALS, apply, batch, city, freezes
from metering.collection.test_plan import at, due, plan
from metropool.capabilities.metering.collection import operations, queries
from metropool.capabilities.metering.frontend.tasks import Answer, Contact, DeviceEvent

JUNE_30 = date(2026, 6, 30)


def half_collected(head_end):
    """Four meters on two terminals; two freezes of the first are in, the first was heard."""
    index = city(4)
    plan(at(head_end, 700), index, FREEZE)
    apply(head_end, index, [(1, batch(freezes(1, 2)))])
    contact = Contact(terminal=TERMINALS[0], state="online", since=MIDNIGHT * 1000, last_heard_at=(MIDNIGHT + 60) * 1000)
    head_end.unit(lambda work: operations.record_contacts(work=work, contacts=[contact]))
    return index


def test_heat_map_and_rates_show_what_is_stored_of_what_was_planned(head_end):
    half_collected(head_end)
    (rate,) = head_end.unit(lambda work: queries.day_rates(work=work, first=JUNE_30, last=JUNE_30))
    assert (rate.day, rate.rate.planned, rate.rate.collected, rate.rate.share) == ("2026-06-30", 4, 2, 0.5)
    cells = head_end.unit(lambda work: queries.heat_map(work=work, item=FREEZE, first=JUNE_30, last=date(2026, 7, 1)))
    assert [(row["day"], row["terminal"], row["planned"], row["collected"]) for row in cells.to_pylist()][:2] == [
        ("2026-06-30", "T1", 2, 2),
        ("2026-06-30", "T2", 2, 0),
    ]


def test_the_funnel_narrows_from_planned_to_stored(head_end):
    index = half_collected(head_end)
    (read,) = due(head_end, index)
    steps = head_end.unit(lambda work: queries.funnel(work=work, item=FREEZE, day=JUNE_30))
    assert (steps.planned, steps.reached, steps.read, steps.stored) == (4, 2, 2, 2)
    answer = Answer(task=read.id, result="answered", at=0)
    head_end.unit(lambda work: operations.record_answers(work=work, answers=[(read, answer)]))
    steps = head_end.unit(lambda work: queries.funnel(work=work, item=FREEZE, day=JUNE_30))
    assert (steps.planned, steps.reached, steps.read, steps.stored) == (4, 4, 4, 2)


def test_terminals_never_heard_come_first_and_silent_ones_are_named(head_end):
    half_collected(head_end)
    states = head_end.unit(lambda work: queries.terminal_states(work=work))
    assert [(state.device, state.state) for state in states] == [("T2", "never"), ("T1", "online")]
    silent = head_end.unit(lambda work: queries.silent_terminals(work=work, silent_s=3600))
    assert [state.device for state in silent] == ["T2"]


def test_newest_readings_are_given_for_the_channels_that_have_one(head_end):
    index = half_collected(head_end)
    channels = np.flatnonzero(index.item_of == FREEZE).tolist()
    found = head_end.unit(lambda work: queries.newest_readings(work=work, channels=channels))
    assert sorted(found["value"].to_pylist()) == [10_001, 10_002]


def test_an_event_told_again_is_one_event(head_end):
    head_end.index = city(2)
    event = DeviceEvent(device=TERMINALS[0], code="erc_14", at=MIDNIGHT, received_at=1, detail={"a": 1})
    stranger = DeviceEvent(device=1 << 60 | 0x9999 << 32, code="login_unknown", at=MIDNIGHT, received_at=1)
    counts = [head_end.unit(lambda work: operations.record_events(work=work, events=[event, stranger])) for _ in range(2)]
    assert counts == [2, 0]
    told = head_end.unit(lambda work: [row.device for row in work.events.of()])
    assert sorted(told) == ["T1", "gdw1376:9999-00000"]
