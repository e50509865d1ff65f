"""Monthly freezes: which days they are expected on, what fills them, what is asked for."""

from datetime import date

import numpy as np
import pyarrow as pa

from metering.collection.test_ingest import TERMINALS, batch, schedules
from metropool.capabilities.metering.collection import ingest, operations
from metropool.capabilities.metering.collection.index import index_of
from metropool.capabilities.metering.collection.model import asked_days, day_number, day_start_s, places, wanted_slots
from metropool.core.quantities import reading_type

ELECTRICITY, WATER = (reading_type(f"{name}_register").id for name in ("electricity_forward_month", "water_settlement"))
JUNE_30, JULY_31 = day_number(date(2026, 6, 30)), day_number(date(2026, 7, 31))
JULY_1_S = day_start_s(JUNE_30 + 1)


def at(head_end, seconds):
    head_end.now = head_end.now.fromtimestamp(seconds, head_end.now.tzinfo)


def days(item, now_s):
    return list(asked_days(schedules()[item], now_s=now_s))


def two_meters():
    channels = pa.table({"channel": [1, 2], "address": [TERMINALS[0]] * 2, "point": [1, 2], "item": [ELECTRICITY] * 2})
    links = pa.table({"address": list(TERMINALS), "terminal": list(TERMINALS), "device": ["T1", "T2"]})
    return index_of(channels, terminal_of_address=links, installed=channels["channel"])


def test_only_last_days_of_months_are_expected_from_the_month_before_the_start_on():
    august_2 = day_start_s(JULY_31 + 3)
    assert days(ELECTRICITY, august_2) == [JUNE_30 - 30, JUNE_30, JULY_31]
    assert days(ELECTRICITY, day_start_s(JULY_31)) == [JUNE_30 - 30, JUNE_30, JULY_31]


def test_what_a_water_meter_kept_can_be_asked_for_until_it_settles_again():
    assert days(WATER, JULY_1_S + 3600) == [JUNE_30]
    assert days(WATER, day_start_s(JULY_31) + 3600) == [JUNE_30, JULY_31]
    assert days(WATER, day_start_s(JULY_31 + 1)) == [JULY_31]


def test_a_month_is_wanted_once_it_is_over_and_the_delay_has_passed():
    freeze = schedules()[ELECTRICITY]
    assert (freeze.slots, freeze.slot_s) == (1, 86_400)
    assert wanted_slots(freeze, day=JUNE_30, now_s=JULY_1_S + 3_599) == (0, 0)
    assert wanted_slots(freeze, day=JUNE_30, now_s=JULY_1_S + 3_600) == (0, 1)


def test_a_freeze_fills_the_last_day_of_its_month_and_no_other_midnight_fills_any():
    instants = np.array([JULY_1_S, JULY_1_S + 86_400, JULY_1_S + 3_600])
    day, slot, fills = places(schedules()[ELECTRICITY], instants)
    assert (day[0], slot[0], fills.tolist()) == (JUNE_30, 0, [True, False, False])


def test_a_settlement_read_at_any_time_of_the_month_after_fills_it():
    instants = np.array([JULY_1_S - 60, JULY_1_S, JULY_1_S + 20 * 86_400, day_start_s(JULY_31 + 1)])
    day, _, fills = places(schedules()[WATER], instants)
    assert day.tolist() == [JUNE_30 - 30, JUNE_30, JUNE_30, JULY_31]
    assert fills.all()


def test_a_month_is_planned_asked_for_and_collected_and_nobody_is_woken_for_it_again(head_end):
    head_end.index = index = two_meters()
    at(head_end, JULY_1_S + 4_000)
    head_end.unit(lambda work: work.collection.set_schedules([schedules()[ELECTRICITY]]))
    assert head_end.unit(lambda work: operations.is_due(work=work))
    assert head_end.unit(lambda work: operations.plan_days(work=work)) == 4, "May and June, two meters each"
    reads = head_end.unit(lambda work: operations.due_reads(work=work))
    assert sorted((read.day, read.points) for read in reads) == [(JUNE_30 - 30, [1, 2]), (JUNE_30, [1, 2])]
    assert not head_end.unit(lambda work: operations.is_due(work=work))
    told = batch([(TERMINALS[0], 1, ELECTRICITY, JULY_1_S, 5)], received_s=JULY_1_S + 4_100)
    prepared = ingest.prepare([(1, told)], index=index, schedules=schedules())
    files = ingest.write(prepared, lake=head_end.lake)
    head_end.unit(lambda work: ingest.commit(work=work, prepared=prepared, files=files, stream="readings"))
    rates = head_end.unit(lambda work: work.sheets.rates(first_day=JUNE_30, last_day=JUNE_30))
    assert [(item, rate.planned, rate.collected) for item, _, rate in rates] == [(ELECTRICITY, 2, 1)]
