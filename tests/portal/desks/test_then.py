"""An earlier hour: load from blocks or registers, marks, alarms; what is not known is no zero."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from metropool.core.errors import Invalid
from metropool.portal.desks.operator.metering import MeteringDesk
from portal.desks.conftest import FALLING, MIDNIGHT, NOW
from portal.desks.test_metering_desk import LOAD_KW

START = datetime.fromtimestamp(MIDNIGHT, UTC)
DEAD_KW = 8 * Decimal("0.04")


def then(station, at, service=None):
    return station.ask(MeteringDesk, lambda desk: desk.overview_then(service=service, at=at))


def features(station, at):
    found = station.ask(MeteringDesk, lambda desk: desk.city_map(service=None, at=at))
    return found, {one["properties"]["id"]: one["properties"] for one in found.features["features"]}


def test_of_a_sealed_hour_the_load_is_the_blocks_and_all_values_were_there(station):
    found = then(station, START + timedelta(hours=2, minutes=59))
    assert (found.start, found.as_of) == (START + timedelta(hours=1), START + timedelta(hours=2))
    assert (found.load.value, found.load.as_of) == (LOAD_KW + DEAD_KW, found.as_of)
    assert found.load.quality == "missing", "the direct meter tells no curve"
    assert found.collection_rate.value == Decimal("100.0")


def test_of_an_hour_in_which_a_meter_was_dead_its_load_is_not_a_zero_and_its_values_are_missing(station):
    found = then(station, START + timedelta(hours=8))
    assert found.load.value == LOAD_KW
    electric = then(station, START + timedelta(hours=8), service="electricity")
    assert electric.collection_rate.value == Decimal(str(round(100 * 9 / 10, 2)))


def test_of_a_day_that_is_not_sealed_the_load_is_what_registers_show(station):
    found = then(station, START + timedelta(hours=30))
    assert found.load.value == LOAD_KW
    assert then(station, START + timedelta(hours=30), service="water").load.value == Decimal("0.36")


def test_the_hour_in_which_a_register_fell_is_not_known_for_that_meter(station):
    found = then(station, START + timedelta(hours=12))
    assert found.load.value <= LOAD_KW
    assert found.load.value >= LOAD_KW - 7 * Decimal("0.04")


def test_before_the_first_reading_nothing_is_known_and_nothing_is_zero(station):
    found = then(station, START - timedelta(hours=5))
    assert (found.load.value, found.collection_rate.value) == (None, None)
    assert found.load.reason
    assert found.collection_rate.reason
    _, areas = features(station, START - timedelta(hours=5))
    assert areas["transformer-1"]["value"] is None
    assert {areas[name]["state"] for name in ("terminal-1", "home-0001", "home-0008")} == {"unknown"}


def test_the_map_of_an_hour_shades_by_that_hour(station):
    found, areas = features(station, START + timedelta(hours=8))
    assert found.as_of == START + timedelta(hours=8)
    assert areas["transformer-1"]["value"] == pytest.approx(float(LOAD_KW))
    assert areas["transformer-1"]["collection_rate"] == pytest.approx(90.0)
    assert (areas["home-0001"]["state"], areas["home-0008"]["state"], areas["terminal-1"]["state"]) == ("good", "late", "bad")
    live = station.ask(MeteringDesk, lambda desk: desk.city_map(service=None))
    assert live.as_of == NOW


def test_alarms_are_those_that_were_open_then(station):
    before, after = then(station, START + timedelta(hours=11)), then(station, START + timedelta(hours=13))
    assert (before.open_alarms, after.open_alarms) == (0, 1)
    assert before.loss.rate.value is None, "of the day before nothing is known"
    _, areas = features(station, START + timedelta(hours=13))
    assert areas[f"home-{FALLING[-4:]}"]["state"] == "bad"


def test_the_future_and_what_is_too_long_ago_are_refused(station):
    for at in (NOW + timedelta(minutes=1), NOW - timedelta(days=31)):
        with pytest.raises(Invalid):
            then(station, at)
