"""What operators are told: numbers worked by hand from the made-up readings, holes that are said to be holes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from metropool.capabilities.metering.clocks.operations import note_shown
from metropool.capabilities.metering.collection import operations as collection
from metropool.capabilities.metering.frontend.tasks import ClockShown, Contact
from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.core.periods import BUSINESS_ZONE
from metropool.facts.events import EndDeviceEvent
from metropool.portal.desks.operator.metering import MeteringDesk
from metropool.portal.ports.asked import Asked, Sort
from metropool.portal.schemas.metering import Recollect
from portal.desks.conftest import DEAD, FALLING, MIDNIGHT, NEVER, NOW, NOW_S, PROFILE

START = datetime.fromtimestamp(MIDNIGHT, UTC)
TWO_DAYS = START + timedelta(days=2)
ALL = Asked(size=200)
LOAD_KW = (1 + 2 + 3 + 4 + 5 + 6 + 7) * Decimal("0.04") + 9 * 40 * Decimal("0.04")
"""Meter n uses n x 0.01 kWh a quarter hour; the shop is the ninth, behind 40:1; the eighth is dead."""


def note_clock(work):
    """The gas meter's clock was read: 37 minutes late."""
    now_ms = int(NOW.timestamp() * 1000)
    work.clocks.enrol(due_at=0)
    shown = ClockShown(device=1, shown_at=now_ms // 1000 - 2220, asked_at=now_ms, heard_at=now_ms)
    note_shown(work=work, told={"meter-gas-0001": shown})


class TestOverview:
    def test_sums_the_newest_load_with_multipliers_and_says_that_some_is_missing(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.overview(service=None))
        assert (found.load.value, found.load.unit, found.load.quality) == (LOAD_KW, "kW", "missing")
        assert found.load.as_of == datetime(2026, 7, 2, 2, 0, tzinfo=UTC)

    def test_counts_what_there_is(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.overview(service=None))
        assert (found.meters, found.terminals, found.silent_terminals, found.waiting_commands) == (29, 2, 0, 0)

    def test_of_a_service_without_meters_is_no_data_and_not_zero(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.overview(service="heat"))
        assert (found.meters, found.load.value, found.collection_rate.value) == (0, None, None)
        assert found.load.reason
        assert found.collection_rate.reason

    def test_load_of_water_is_a_flow(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.overview(service="water"))
        assert (found.load.value, found.load.unit, found.load.quality) == (Decimal("0.36"), "m3/h", "measured")


class TestMap:
    def test_draws_the_registry(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.city_map(service=None))
        features = found.features["features"]
        kinds = {(one["properties"]["layer"], one["geometry"]["type"]) for one in features}
        assert {("district", "Polygon"), ("community", "Polygon"), ("supply_area", "Polygon")} <= kinds
        assert {("line", "LineString"), ("pipe", "LineString"), ("terminal", "Point"), ("home", "Point")} <= kinds
        homes = {one["properties"]["id"]: one["properties"]["state"] for one in features if one["properties"]["layer"] == "home"}
        assert (homes["home-0001"], homes["home-0007"], homes["home-0008"]) == ("good", "bad", "late")

    def test_of_one_service_draws_only_what_carries_it(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.city_map(service="water"))
        carried = {one["properties"]["service"] for one in found.features["features"] if one["properties"]["layer"] != "district"}
        assert carried <= {"water", None}

    def test_values_of_an_area_are_its_own(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.city_map(service=None))
        areas = {one["properties"]["id"]: one["properties"] for one in found.features["features"]}
        assert areas["transformer-1"]["value"] == pytest.approx(float(LOAD_KW))
        assert areas["district-1"]["value"] is None
        assert areas["district-1"]["state"] == "unknown"

    def test_bounds_hold_every_point(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.city_map(service=None))
        west, south, east, north = found.bounds
        points = [one["geometry"]["coordinates"] for one in found.features["features"] if one["geometry"]["type"] == "Point"]
        assert all(west <= lon <= east and south <= lat <= north for lon, lat in points)


class TestArea:
    def test_tells_energy_since_midnight_and_the_last_sealed_day(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.area(area="transformer-1", service=None))
        assert found.energy_today.value == LOAD_KW * 10
        assert len(found.profile.values) == 96
        assert found.profile.values[0] == pytest.approx(float(LOAD_KW) + 8 * 0.04)
        assert found.profile.values[50] == pytest.approx(float(LOAD_KW))
        assert [(one.service, one.total, one.silent) for one in found.meters] == [("electricity", 11, 1)]
        assert found.parent.id == "feeder-1"

    def test_of_water_says_why_energy_is_not_known(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.area(area="water-zone-1", service=None))
        assert (found.load.value, found.energy_today.value) == (Decimal("0.36"), None)
        assert found.energy_today.reason

    def test_of_nothing_is_not_found(self, station):
        with pytest.raises(NotFound):
            station.ask(MeteringDesk, lambda desk: desk.area(area="home-0001", service=None))


class TestAlarms:
    def test_tell_findings_events_and_their_place(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.alarms(area=None, state="open", asked=ALL))
        assert {(one.meter or one.terminal, one.name.en, one.severity) for one in found.rows} == {
            (FALLING, "Register fell and stayed low", "critical"),
            ("terminal-1", "Terminal power off or on", "warning"),
        }
        assert {one.area for one in found.rows} == {"transformer-1"}

    def test_of_another_area_are_none(self, station):
        assert station.ask(MeteringDesk, lambda desk: desk.alarms(area="water-zone-1", state=None, asked=ALL)).total == 1

    def test_close_when_a_later_day_is_sealed_without_them(self, fresh_station):
        row = {"business_date": "2026-07-02", "snapshot": 9, "registry_version": 0, "holes": -1}
        row |= {"is_estimated": False, "sealed_at": NOW.isoformat()}
        fresh_station.node.write_now("metering", lambda work: work.sealing.note_sealed(row))
        found = fresh_station.ask(MeteringDesk, lambda desk: desk.alarms(area=None, state="closed", asked=ALL))
        assert [(one.meter, one.state) for one in found.rows] == [(FALLING, "closed")]
        assert found.rows[0].closed_at == START + timedelta(hours=12)

    def test_power_that_flickers_is_one_alarm(self, fresh_station):
        """F32: off and on twenty times a minute for five minutes; half an hour later once more is another."""
        begins = NOW_S - 3000
        told = [EndDeviceEvent(device="terminal-1", code="erc_13", at=begins + 3 * i, received_at=0) for i in range(100)]
        again = EndDeviceEvent(device="terminal-1", code="erc_13", at=begins + 2400, received_at=0)
        fresh_station.node.write_now("metering", lambda work: work.events.add([*told, again]))
        found = fresh_station.ask(MeteringDesk, lambda desk: desk.alarms(area=None, state="open", asked=ALL))
        flickers = sorted(one.at.timestamp() for one in found.rows if one.severity == "critical" and one.meter is None)
        assert flickers == [begins, begins + 2400]

    def test_a_terminal_that_lost_its_link_is_one(self, fresh_station):
        lost = Contact(terminal=number_of_terminal(fresh_station), state="offline", since=MIDNIGHT * 1000, last_heard_at=1)
        fresh_station.node.write_now("metering", lambda work: collection.record_contacts(work=work, contacts=[lost]))
        found = fresh_station.ask(MeteringDesk, lambda desk: desk.alarms(area=None, state="open", asked=ALL))
        assert ("terminal-1", "Terminal silent") in {(one.terminal, one.name.en) for one in found.rows}
        assert fresh_station.ask(MeteringDesk, lambda desk: desk.overview(service=None)).silent_terminals == 1


def number_of_terminal(station) -> int:
    index = station.node.read_now("metering", lambda work: work.collection.index()[0])
    return int(index.terminals[index.terminal_devices.index("terminal-1")])


class TestCollection:
    @pytest.fixture
    def page(self, station):
        return station.ask(
            MeteringDesk,
            lambda desk: desk.collection(service="electricity", start=START, end=TWO_DAYS, item="interval"),
        )

    def test_counts_only_slots_that_are_due(self, page):
        quarter_hours = 96 + 40
        missing = quarter_hours - 16
        assert page.funnel.planned == 10 * quarter_hours
        assert page.funnel.stored == 10 * quarter_hours - missing
        assert page.rates.interval.value == Decimal(str(round(100 * page.funnel.stored / page.funnel.planned, 2)))

    def test_shows_where_values_were_lost(self, page):
        assert page.funnel.reached == page.funnel.planned
        assert page.funnel.read == page.funnel.planned - 40
        assert [(one.terminal, one.count, one.oldest) for one in page.missing] == [
            ("terminal-1", 120, START + timedelta(hours=4)),
        ]

    def test_heat_map_is_terminal_by_day(self, page):
        assert [one.id for one in page.terminals] == ["meter-electricity-0010", "terminal-1"]
        assert page.cells == [[None, None], [pytest.approx(100 * (9 * 96 + 16) / 960, abs=0.01), pytest.approx(90.0)]]

    def test_the_monthly_rate_is_of_the_newest_month_that_is_over(self, page):
        told, planned = 9, 11
        assert page.rates.monthly_of == "2026-06"
        assert page.rates.monthly.value == Decimal(str(round(100 * told / planned, 2)))

    def test_nothing_monthly_is_said_to_be_nothing(self, station):
        page = station.ask(MeteringDesk, lambda desk: desk.collection(service="heat", start=START, end=TWO_DAYS, item="monthly"))
        assert (page.rates.monthly.value, page.rates.monthly_of) == (None, None)
        assert page.rates.monthly.reason.en == "No monthly item planned yet."

    def test_of_days_without_a_plan_is_no_data(self, station):
        long_ago = START - timedelta(days=400)
        found = station.ask(
            MeteringDesk,
            lambda desk: desk.collection(service=None, start=long_ago, end=long_ago + timedelta(days=1), item="all"),
        )
        assert (found.rates.daily.value, found.funnel.planned, found.missing) == (None, 0, [])

    def test_recollection_asks_for_what_the_terminals_owe(self, fresh_station):
        wanted = Recollect(terminal_ids=["terminal-1"], start=START, end=START + timedelta(days=1))
        fresh_station.node.write_now("metering", lambda work: collection.due_reads(work=work))
        found = fresh_station.do(MeteringDesk, lambda desk: desk.recollect(wanted=wanted, by="ann"))
        schedules = fresh_station.node.read_now("metering", lambda work: work.collection.schedules())
        assert found.tasks >= 1
        assert schedules[PROFILE].due_at == int(NOW.timestamp())

    def test_recollection_of_an_unknown_terminal_is_not_found(self, fresh_station):
        wanted = Recollect(terminal_ids=["terminal-9"], start=START, end=TWO_DAYS)
        with pytest.raises(NotFound):
            fresh_station.do(MeteringDesk, lambda desk: desk.recollect(wanted=wanted, by="ann"))


class TestMeters:
    def test_silent_are_those_not_read_for_a_day_or_never(self, station):
        found = station.ask(MeteringDesk, lambda desk: meters(desk, state="silent"))
        assert [(one.id, one.register_.value) for one in found.rows] == [(DEAD, Decimal("1801.2800")), (NEVER, None)]
        assert found.rows[1].last_read_at is None

    def test_off_and_faulty_are_told_apart(self, station):
        assert [one.id for one in station.ask(MeteringDesk, lambda desk: meters(desk, state="off")).rows] == [
            "meter-electricity-0002"
        ]
        assert [one.id for one in station.ask(MeteringDesk, lambda desk: meters(desk, state="fault")).rows] == [FALLING]

    def test_search_area_and_terminal_narrow_the_list(self, station):
        assert station.ask(MeteringDesk, lambda desk: meters(desk, q="440126000003")).total == 1
        assert station.ask(MeteringDesk, lambda desk: meters(desk, area="building-1-2", service="gas")).total == 4
        assert station.ask(MeteringDesk, lambda desk: meters(desk, terminal="terminal-1")).total == 28

    def test_sorted_by_register_puts_no_data_last_both_ways(self, station):
        for descending in (False, True):
            asked = Asked(size=50, sort=(Sort("register", descending),))
            rows = station.ask(MeteringDesk, lambda desk, asked=asked: meters(desk, service="gas", asked=asked)).rows
            values = [one.register_.value for one in rows]
            assert values[-1] is None
            assert values[:-1] == sorted(values[:-1], reverse=descending)

    def test_an_unknown_column_is_refused(self, station):
        with pytest.raises(Invalid):
            station.ask(MeteringDesk, lambda desk: meters(desk, asked=Asked(sort=(Sort("colour", False),))))

    def test_addresses_are_masked(self, station):
        rows = station.ask(MeteringDesk, lambda desk: meters(desk, q="meter-water-0001")).rows
        assert rows[0].address.endswith("**栋**室")


def meters(desk, *, q=None, service=None, state=None, area=None, terminal=None, asked=ALL):
    return desk.meters(q=q, service=service, state=state, area=area, terminal=terminal, asked=asked)


class TestMeter:
    def test_tells_switch_usage_point_and_abilities(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.meter(meter="meter-electricity-0002"))
        assert (found.switch.kind, found.switch.supply, found.switch.supply_guaranteed) == ("relay", "off", False)
        assert (found.usage_point.number, found.multiplier) == ("electricity-0002", Decimal(1))
        switching, harmless = ["disconnect", "limit_supply", "reconnect"], ["read_on_demand", "set_profile", "synchronize_clock"]
        assert found.commands_allowed == sorted(switching + harmless)
        assert (found.limit, found.limit_refusal) == (None, None)
        assert {one.reading_type for one in found.measures} == {
            "electricity_forward_register",
            "electricity_forward_profile_register",
            "electricity_forward_month_register",
        }

    def test_of_the_shop_has_its_multiplier(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.meter(meter="meter-electricity-0009"))
        assert (found.multiplier, found.installations[0].multiplier) == (Decimal(40), Decimal(40))

    def test_with_a_valve_never_read_is_unknown(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.meter(meter="meter-water-0001"))
        assert (found.switch.kind, found.switch.supply, found.switch.confirmed_at) == ("valve", "unknown", None)
        assert found.commands_allowed == ["close_valve", "open_valve", "read_on_demand", "synchronize_clock"]
        assert "no order that ends by itself" in found.limit_refusal.en

    def test_on_a_line_of_its_own_has_no_terminal_that_keeps_its_profile(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.meter(meter="meter-electricity-0010"))
        assert (found.protocol, "set_profile" in found.commands_allowed) == ("dlt645-2007", False)
        assert "synchronize_clock" in found.commands_allowed

    def test_that_is_not_there_is_not_found(self, station):
        with pytest.raises(NotFound):
            station.ask(MeteringDesk, lambda desk: desk.meter(meter="meter-9"))

    def test_says_how_far_the_clock_is_off_and_when_it_is_not_known(self, fresh_station):
        def clock(meter):
            found = fresh_station.ask(MeteringDesk, lambda desk: desk.meter(meter=meter))
            return found.clock_drift_s, found.clock_state, found.clock_checked_at

        assert clock("meter-gas-0001") == (None, "unknown", None)
        fresh_station.node.write_now("metering", note_clock)
        assert clock("meter-gas-0001") == (-2220.0, "off", NOW)
        found = fresh_station.ask(MeteringDesk, lambda desk: desk.alarms(area=None, state="open", asked=ALL))
        assert [alarm.meter for alarm in found.rows if alarm.name.en.startswith("Clock off")] == ["meter-gas-0001"]

    def test_has_neighbours_of_its_own_service_the_nearest_first(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.neighbours(meter="meter-water-0001")).rows
        assert {row.id.rpartition("-")[0] for row in found} == {"meter-water"}
        assert "meter-water-0001" not in {row.id for row in found}
        assert all("**" in row.address for row in found), "masked"


class TestCurve:
    def test_beside_a_neighbour_tells_days_and_difference(self, station):
        found = curve(station, "meter-electricity-0003", neighbour="meter-electricity-0002")
        first = found.neighbour.days[0]
        assert (found.neighbour.id, first.day, first.energy, first.neighbour) == (
            "meter-electricity-0002",
            START.astimezone(BUSINESS_ZONE).date(),
            pytest.approx(2.88),
            pytest.approx(1.92),
        )
        assert first.difference_percent == 50.0
        assert found.neighbour.days[1].energy is None, "the day is not over"

    def test_cannot_be_beside_itself_another_service_or_nobody(self, station):
        for neighbour in ("meter-electricity-0003", "meter-water-0001"):
            with pytest.raises(Conflict):
                curve(station, "meter-electricity-0003", neighbour=neighbour)
        with pytest.raises(NotFound):
            curve(station, "meter-electricity-0003", neighbour="meter-9")

    def test_is_sealed_until_midnight_and_read_after_it(self, station):
        found = curve(station, "meter-electricity-0003")
        known = [value for value in found.load.values if value is not None]
        assert len(found.load.values) == 192
        assert known == [pytest.approx(0.12)] * (96 + 40)
        assert found.as_of == datetime(2026, 7, 2, 2, 0, tzinfo=UTC)

    def test_counts_the_multiplier(self, station):
        found = curve(station, "meter-electricity-0009")
        assert found.energy.values[0] == found.energy.values[100] == pytest.approx(9 * 0.01 * 40)

    def test_leaves_a_hole_where_the_register_fell_and_marks_it(self, station):
        found = curve(station, FALLING)
        assert [i for i, value in enumerate(found.load.values[:96]) if value is None] == [47]
        assert [(one.code, one.severity) for one in found.events] == [("reset", "critical")]

    def test_shows_the_frozen_registers(self, station):
        found = curve(station, "meter-electricity-0004")
        assert [(one.at, one.value) for one in found.register_] == [
            (START, Decimal("1400.0000")),
            (START + timedelta(days=1), Decimal("1403.8400")),
        ]

    def test_puts_an_earlier_period_beside(self, station):
        found = curve(station, "meter-water-0002", compare_start=START - timedelta(days=1))
        assert found.compare.values[:24] == [None] * 24
        assert found.compare.values[24:48] == [pytest.approx(0.02)] * 24

    def test_of_a_meter_never_read_is_holes(self, station):
        found = curve(station, NEVER)
        assert set(found.load.values) == {None}
        assert (found.as_of, found.register_) == (None, [])


def curve(station, meter, *, compare_start=None, neighbour=None):
    return station.ask(
        MeteringDesk,
        lambda desk: desk.curve(meter=meter, start=START, end=TWO_DAYS, compare_start=compare_start, neighbour=neighbour),
    )


class TestEvents:
    def test_hold_what_validation_found_with_its_words(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.events(meter=FALLING, start=None, end=None, asked=ALL))
        assert [one.code for one in found.rows] == ["reset"]
        assert found.rows[0].at == START + timedelta(hours=12)
        assert found.rows[0].received_at == NOW
        assert found.rows[0].detail.en


class TestTerminals:
    def test_tell_link_and_rate(self, station):
        found = station.ask(MeteringDesk, lambda desk: desk.terminals(state=None, area=None, q="440100001", asked=ALL))
        [row] = found.rows
        assert (row.id, row.kind, row.state, row.meters, row.area) == (
            "terminal-1",
            "concentrator",
            "online",
            28,
            "transformer-1",
        )
        assert row.clock_drift_s is None
        assert 80 < row.collection_rate < 100

    def test_of_a_state_are_the_others_left_out(self, station):
        assert station.ask(MeteringDesk, lambda desk: desk.terminals(state="never_seen", area=None, q=None, asked=ALL)).total == 0
