"""What operators are told of loss: rates worked by hand, and why there is none, never a wrong one."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import insert, update

from metropool.capabilities.metering.collection import ingest
from metropool.capabilities.metering.sealing import operations as sealing
from metropool.capabilities.metering.validation.flags import FLAGS
from metropool.facts.registry.tables import channel, link
from metropool.portal.desks.operator.metering import MeteringDesk
from portal.desks.conftest import DAY, GAS, MIDNIGHT, NEVER, NOW_S, batch_of

CLOSED = datetime(2026, 7, 1, 16, tzinfo=UTC)
UNREAD = {"electricity-0010", "gas-0003"}
WATER_SOLD = Decimal("0.36") * 24
WATER_SUPPLIED = Decimal("0.40") * 24


def overview(station, service):
    return station.ask(MeteringDesk, lambda desk: desk.overview(service=service)).loss


def area_of(station, area, service):
    return station.ask(MeteringDesk, lambda desk: desk.area(area=area, service=service)).loss


def properties(station, service):
    found = station.ask(MeteringDesk, lambda desk: desk.city_map(service=service)).features["features"]
    return {one["properties"]["id"]: one["properties"] for one in found if one["properties"]["layer"] != "label"}


class TestOfWater:
    def test_is_supplied_less_sold_of_the_last_sealed_day(self, station):
        found = overview(station, "water")
        assert (found.day, found.rate.as_of) == (date(2026, 7, 1), CLOSED)
        assert (found.supplied.value, found.sold.value) == (WATER_SUPPLIED, WATER_SOLD)
        assert (found.lost.value, found.lost.unit) == (WATER_SUPPLIED - WATER_SOLD, "m3")
        assert (found.rate.value, found.rate.unit, found.rate.quality) == (Decimal("10.0"), "%", "measured")

    def test_is_held_against_its_target_band(self, station):
        found = overview(station, "water")
        assert (found.state, found.target_percent, found.limit_percent) == ("good", 12, 20)

    def test_says_whose_data_it_is_made_of(self, station):
        found = overview(station, "water")
        assert (found.meters, found.meters_with_data, found.areas, found.areas_with_rate) == (8, 8, 1, 1)

    @pytest.mark.parametrize("area", ["water-zone-1", "community-1"])
    def test_an_area_has_that_of_what_lies_in_it(self, station, area):
        assert area_of(station, area, "water").rate.value == Decimal("10.0")

    def test_the_map_has_it_for_each_area(self, station):
        found = properties(station, "water")
        told = {name: found["water-zone-1"][name] for name in ("loss_rate", "lost", "lost_unit", "loss_day", "loss_state")}
        lost = float(WATER_SUPPLIED - WATER_SOLD)
        assert told == {"loss_rate": 10.0, "lost": lost, "lost_unit": "m3", "loss_day": "2026-07-01", "loss_state": "good"}
        assert found["community-1"]["loss_rate"] == 10.0
        empty = next(one for one in found.values() if one["layer"] == "district" and one["value"] is None)
        assert (empty["loss_rate"], empty["loss_state"]) == (None, "unknown")


class TestWithoutARate:
    def test_says_how_many_meters_lack_the_day(self, station):
        """Of ten, one is dead, one fell, and the one on its own link was not read at midnight."""
        found = overview(station, None)
        assert (found.service, found.rate.value, found.lost.value, found.state) == ("electricity", None, None, "unknown")
        assert (found.meters, found.meters_with_data) == (10, 7)
        assert "7 of 10" in found.rate.reason.en
        assert "10 块用户表中 7 块" in found.rate.reason.zh

    def test_of_a_service_nobody_supplies_says_so(self, station):
        found = overview(station, "heat")
        assert (found.rate.value, found.areas) == (None, 0)
        assert "feeds in" in found.rate.reason.en

    def test_the_map_shows_none(self, station):
        assert properties(station, "electricity")["transformer-1"]["loss_rate"] is None


def tell_late(station, *, m3_an_hour):
    """The gas meter that was never read is, and the day is sealed anew; what was told of it."""
    row = next(
        row
        for row in station.node.read_now("metering", lambda work: work.registry.rows(channel))
        if row["device"] == NEVER and row["reading_type"] == GAS
    )
    at = np.arange(MIDNIGHT, NOW_S, 3600)
    batch = batch_of([(row["address"], row["point"], GAS, at, (at - MIDNIGHT) // 3600 * int(m3_an_hour * 1000))])
    index, schedules = station.node.read_now("metering", lambda work: (work.collection.index()[0], work.collection.schedules()))
    prepared = ingest.prepare([(2, batch)], index=index, schedules=schedules)
    files = ingest.write(prepared, lake=station.node.lake)
    station.node.write_now("metering", lambda work: ingest.commit(work=work, prepared=prepared, files=files, stream="log"))
    told = []
    for _ in range(2):
        ready = station.node.read_now("metering", lambda work: sealing.prepare(work=work))
        station.node.write_now("metering", lambda work, ready=ready: sealing.commit(work=Listening(work, told), prepared=ready))
    assert ready.day == DAY
    return told


class Listening:
    """A unit of work that notes what it tells."""

    def __init__(self, work, told):
        self._work, self._told = work, told

    def __getattr__(self, name):
        return getattr(self._work, name)

    def tell(self, message, *, key, to=None):
        self._told.append(message)


class TestWhatChanges:
    def test_a_late_reading_counts_on_the_next_look(self, fresh_station):
        assert overview(fresh_station, "gas").rate.value is None
        tell_late(fresh_station, m3_an_hour=0.03)
        found = overview(fresh_station, "gas")
        assert (found.meters_with_data, found.rate.value) == (8, Decimal("10.0"))
        assert found.state == "bad"

    def test_more_sold_than_supplied_is_shown_as_such(self, fresh_station):
        tell_late(fresh_station, m3_an_hour=0.09)
        found = overview(fresh_station, "gas")
        assert (found.rate.value, found.lost.value, found.state) == (Decimal("-5.0"), Decimal("-0.48"), "negative")
        assert properties(fresh_station, "gas")["gas-zone-1"]["loss_rate"] == -5.0

    def test_a_corrected_link_counts_from_its_day(self, fresh_station):
        """Home 8 turns out to be supplied from elsewhere since 1 July: what it used is lost no more to this zone."""
        assert overview(fresh_station, "water").rate.value == Decimal("10.0")

        def move(work):
            moved = update(link).where(link.c.to_node == "water-0008").values(valid_to="2026-07-01")
            work.context.connection.execute(moved)
            row = {"kind": "supplies", "from_node": "water-zone-2", "to_node": "water-0008", "valid_from": "2026-07-01"}
            work.context.connection.execute(insert(link).values(**row))

        fresh_station.node.write_now("metering", move)
        found = overview(fresh_station, "water")
        assert (found.meters, found.sold.value) == (7, WATER_SOLD - Decimal("0.08") * 24)
        assert found.rate.value == Decimal("30.0")

    def test_nobody_is_told_what_a_supply_meter_counted(self, fresh_station):
        node, told = fresh_station.node, []
        supply = {point for point in ids(node) if point.startswith("supply-")}
        blocks, row = node.read_now("metering", lambda work: (work.readings.blocks_of_day(DAY), work.sealing.sealed()[str(DAY)]))
        assert len(supply) == 3
        assert numbers(node, supply) <= set(blocks["usage_point"].to_pylist())
        day = sealing.Prepared(day=DAY, row=row, blocks=blocks, files=(), flags=FLAGS.empty_table())
        node.write_now("metering", lambda work: sealing.commit(work=Listening(work, told), prepared=day))
        points = {point for message in told for point in message.rows["usage_point"].to_pylist()}
        assert points == {point for point in ids(node) if point.startswith(("electricity", "water", "gas"))} - UNREAD


def ids(node):
    return node.read_now("metering", lambda work: work.registry.usage_points())["id"].to_pylist()


def numbers(node, wanted):
    points = node.read_now("metering", lambda work: work.registry.usage_points()).to_pylist()
    return {row["usage_point"] for row in points if row["id"] in wanted}


def test_a_supply_meter_is_a_meter_that_cannot_be_switched(station):
    found = station.ask(MeteringDesk, lambda desk: desk.meter(meter="meter-supply-water-zone-1"))
    assert (found.usage_point.number, found.usage_point.category.en) == ("supply-water-zone-1", "Feed-in of the network")
    assert (found.switch, found.commands_allowed) == (None, ["read_on_demand", "synchronize_clock"])
