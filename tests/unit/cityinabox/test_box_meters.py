"""Meters answer as the standards say, and a restart changes nothing."""

import pytest

from cityinabox.clock import unix
from cityinabox.codec import cjt188, dlt645
from cityinabox.codec.bcd import instant, number, times
from cityinabox.energymeters import BUTTON_DELAY_S, TRIP_DELAY_S, EnergyMeter
from cityinabox.flowmeters import MOTOR_S, FlowMeter, HeatMeter
from cityinabox.journal import Journal
from metropool.devices.explain import explain

NOW = unix(2026, 7, 15, 18, 20)
ROW = {"id": "m", "address": "440126000001", "point": 1, "password": "02000000", "service": "electricity"}
USE = {"source": "fr_sceaux", "offset_weeks": 30, "monthly": 2_500_000, "start": 8_000_000}
WATER = {"id": "w", "address": "11112400000001", "point": 0, "service": "water", "meter_type": "10"}
HEAT = {"id": "h", "address": "22222400000001", "point": 0, "service": "heat", "meter_type": "20", "switches_supply": False}
WATER_USE = {"source": "ca_water", "offset_weeks": 30, "monthly": 18_000, "start": 54_000}


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.sqlite") as journal:
        yield journal


def meter(journal, *faults):
    return EnergyMeter(ROW, USE, list(faults), journal)


def ask(meter, data_id, at=NOW):
    answer, told = meter.answer(dlt645.read_request(meter.address, data_id).encode(), at)
    frame = dlt645.decode(answer)
    assert frame.control == 0x91
    assert frame.data_id == data_id
    return frame.data[4:], told


def command(meter, code, at=NOW, password="02000000", valid_s=600, units=0):
    until = times(at + valid_s, "smhDMY")
    request = dlt645.control_request(
        address=meter.address, command=code, password=password, operator="00000001", valid_until=until, units=units
    )
    answer, _ = meter.answer(request.encode(), at)
    return dlt645.decode(answer)


class TestElectricityMeter:
    def test_shows_its_registers_with_two_decimals(self, journal):
        content, told = ask(meter(journal), 0x00010000)
        assert number(content) == meter(journal).register(NOW) // 100
        assert (told[0].item, told[0].value) == ("electricity_forward_register", number(content) * 100)

    def test_the_block_is_the_total_then_the_tariffs(self, journal):
        content, _ = ask(meter(journal), 0x0001FF00)
        values = [number(content[i : i + 4]) for i in range(0, 20, 4)]
        assert values[1:] == [register // 100 for register in meter(journal).registers(NOW)]
        assert 0 <= values[0] - sum(values[1:]) <= 4

    def test_a_freeze_is_the_register_at_midnight_of_its_time(self, journal):
        for index in (1, 2, 62):
            at = instant(ask(meter(journal), 0x05060000 | index)[0], "mhDMY")
            assert at == unix(2026, 7, 15) - (index - 1) * 86400
            content, told = ask(meter(journal), 0x05060100 | index)
            assert number(content[:4]) == meter(journal).register(at) // 100
            assert told[0].at == at

    @pytest.mark.parametrize("data_id", [0x0506013F, 0x05060100, 0x06000001, 0xDEADBEEF])
    def test_says_when_it_has_no_such_data(self, journal, data_id):
        answer, _ = meter(journal).answer(dlt645.read_request(ROW["address"], data_id).encode(), NOW)
        assert (dlt645.decode(answer).control, dlt645.decode(answer).data) == (0xD1, b"\x02")

    def test_stays_silent_for_another_address_or_a_bad_checksum(self, journal):
        raw = dlt645.read_request("440126000009", 0x00010000).encode()
        assert meter(journal).answer(raw, NOW) == (b"", [])
        raw = dlt645.read_request(ROW["address"], 0x00010000).encode()
        assert meter(journal).answer(raw[:-2] + b"\x00\x16", NOW) == (b"", [])

    def test_a_trip_opens_the_relay_after_its_delay_and_the_register_stands_still(self, journal):
        subject = meter(journal)
        assert command(subject, dlt645.TRIP).control == 0x9C
        word = [ask(subject, 0x04000503, NOW + s)[0][0] for s in (0, 9)]
        assert word == [0x40, 0x50]
        opened = NOW + TRIP_DELAY_S
        assert subject.register(NOW + 86400) == subject.register(opened)
        assert subject.power(NOW + 60) == 0
        assert command(subject, dlt645.ALLOW_CLOSING, NOW + 86400).control == 0x9C
        closed = NOW + 86400 + BUTTON_DELAY_S
        assert ask(subject, 0x04000503, closed - 1)[0][0] == 0x10
        assert ask(subject, 0x04000503, closed)[0][0] == 0
        used = subject.use.interval(closed, closed + 7200)
        assert subject.register(closed + 7200) - subject.register(opened) == used > 0

    def test_a_limited_trip_counts_from_the_opening_and_closes_by_itself(self, journal):
        subject = meter(journal)
        assert command(subject, dlt645.LIMITED_TRIP, units=2).control == 0x9C
        opened = NOW + TRIP_DELAY_S
        closed = opened + 600
        words = [ask(subject, 0x04000503, at)[0][0] for at in (NOW, opened, closed - 1, closed)]
        assert words == [0x40, 0x50, 0x50, 0]
        assert subject.register(closed) == subject.register(opened)
        assert subject.register(closed + 7200) - subject.register(opened) == subject.use.interval(closed, closed + 7200)

    def test_a_limited_trip_that_comes_again_is_not_longer_and_one_without_end_is_refused(self, journal):
        subject = meter(journal)
        assert command(subject, dlt645.LIMITED_TRIP).control == 0xDC
        assert not subject.is_off(NOW + 60)
        command(subject, dlt645.LIMITED_TRIP, units=1)
        assert command(subject, dlt645.LIMITED_TRIP, NOW + 200, units=1).control == 0x9C
        assert not subject.is_off(NOW + TRIP_DELAY_S + 300)
        assert command(subject, dlt645.LIMITED_TRIP, NOW + 400, valid_s=-1, units=1).control == 0xDC

    def test_a_limited_trip_ends_with_a_closing_and_never_a_cut_for_good(self, journal):
        subject = meter(journal)
        command(subject, dlt645.LIMITED_TRIP, units=6)
        command(subject, dlt645.CLOSE, NOW + 60)
        assert not subject.is_off(NOW + 60)
        assert ask(subject, 0x04000503, NOW + 61)[0][0] == 0
        command(subject, dlt645.TRIP, NOW + 100)
        assert command(subject, dlt645.LIMITED_TRIP, NOW + 200, units=1).control == 0xDC
        assert subject.is_off(NOW + 86400)

    def test_a_cut_for_good_during_a_limited_trip_outlasts_it(self, journal):
        subject = meter(journal)
        command(subject, dlt645.LIMITED_TRIP, units=1)
        assert command(subject, dlt645.TRIP, NOW + 100).control == 0x9C
        assert all(subject.is_off(at) for at in (NOW + 100, NOW + 303, NOW + 86400))

    def test_a_restart_in_a_limited_trip_keeps_its_end(self, tmp_path):
        with Journal(tmp_path / "j.sqlite") as before:
            command(meter(before), dlt645.LIMITED_TRIP, units=1)
            command(meter(before), dlt645.LIMITED_TRIP, NOW + 1000, units=2)
            command(meter(before), dlt645.CLOSE, NOW + 1100)
        with Journal(tmp_path / "j.sqlite") as after:
            assert [meter(after).is_off(NOW + s) for s in (4, 302, 303, 1003, 1099, 1100)] == [
                True,
                True,
                False,
                True,
                True,
                False,
            ]

    def test_refuses_a_wrong_password_an_expired_command_and_a_trip_while_power_is_kept(self, journal):
        subject = meter(journal)
        assert command(subject, dlt645.TRIP, password="02111111").data == b"\x04"
        assert command(subject, dlt645.TRIP, valid_s=-1).control == 0xDC
        assert command(subject, dlt645.KEEP_POWER).control == 0x9C
        assert command(subject, dlt645.TRIP).control == 0xDC
        assert ask(subject, 0x04000503)[0][1] == 0x10
        assert not subject.is_off(NOW + 3600)
        command(subject, dlt645.END_KEEP_POWER)
        assert command(subject, dlt645.TRIP).control == 0x9C

    def test_a_restart_keeps_the_relay_and_every_register(self, tmp_path):
        with Journal(tmp_path / "j.sqlite") as before:
            command(meter(before), dlt645.TRIP)
            command(meter(before), dlt645.CLOSE, NOW + 5000)
            command(meter(before), dlt645.TRIP, NOW + 9000)
            registers = [meter(before).registers(NOW + 700 * i) for i in range(40)]
        with Journal(tmp_path / "j.sqlite") as after:
            assert [meter(after).registers(NOW + 700 * i) for i in range(40)] == registers
            assert meter(after).is_off(NOW + 9003)

    def test_faults_do_what_they_say(self, journal):
        honest = meter(journal)
        step = meter(journal, {"kind": "reverse_step", "at": "2026-07-15T10:20:00+00:00", "amount": 500_000})
        assert step.register(NOW - 1) == honest.register(NOW - 1)
        assert step.register(NOW) == honest.register(NOW) - 500_000
        stuck = meter(journal, {"kind": "stuck", "from": "2026-07-15T10:20:00+00:00", "to": "2026-07-15T16:20:00+00:00"})
        assert stuck.register(NOW + 21599) == honest.register(NOW)
        assert stuck.register(NOW + 21600) == honest.register(NOW + 21600)

    def test_a_time_set_is_taken_within_five_minutes_and_once_a_day_and_never_answered(self, journal):
        def set_to(subject, shown, at=NOW, address=ROW["address"]):
            frame = dlt645.Frame645(address, dlt645.BROADCAST_TIME, times(shown, "smhDMY"))
            assert subject.answer(frame.encode(), at) == (b"", [])

        subject = meter(journal, {"kind": "clock_off", "seconds": 250})
        set_to(subject, NOW - 51)
        assert subject.clock(NOW) == NOW + 250, "off by more than five minutes"
        set_to(subject, NOW)
        assert subject.clock(NOW) == NOW
        set_to(subject, NOW + 9, address="9" * 12)
        assert subject.clock(NOW) == NOW, "a second one on the same day"
        set_to(subject, NOW + 86409, NOW + 86400, address="9" * 12)
        assert subject.clock(NOW + 86400) == NOW + 86409

    def test_date_and_time_are_written_with_the_password_only(self, journal):
        subject = meter(journal, {"kind": "clock_off", "seconds": -90_000})

        def write(data_id, content, password="02000000"):
            authority = bytes.fromhex(password[:2]) + bytes.fromhex(password[2:])[::-1] + bytes(4)
            raw = dlt645.Frame645(ROW["address"], dlt645.WRITE, data_id.to_bytes(4, "little") + authority + content)
            return dlt645.decode(subject.answer(raw.encode(), NOW)[0])

        assert write(0x04000101, times(NOW, "WDMY"), password="02111111").data == b"\x04"
        assert subject.clock(NOW) == NOW - 90_000
        assert write(0x04000101, times(NOW, "WDMY")).control == 0x94
        assert subject.clock(NOW) == NOW - 3600
        assert write(0x04000102, times(NOW, "smh")).control == 0x94
        assert subject.clock(NOW) == NOW
        assert write(0x04000401, bytes(6)).data == b"\x04"


class TestFlowMeter:
    def send(self, subject, control, data_id, content=b"", *, at=NOW, high_first=True):
        request = cjt188.Frame188(0x10, subject.address, control, data_id, 7, content, high_first)
        answer, told = subject.answer(request.encode(), at)
        return cjt188.decode(answer), told

    @pytest.mark.parametrize("high_first", [True, False])
    def test_tells_volume_settlement_time_and_status(self, journal, high_first):
        subject = FlowMeter(WATER, WATER_USE, [], journal)
        frame, told = self.send(subject, 0x01, 0x901F, high_first=high_first)
        assert (frame.control, frame.data_id, frame.serial, frame.high_first) == (0x81, 0x901F, 7, high_first)
        assert len(frame.content) == 0x16 - 3
        assert number(frame.content[:4]) == subject.register(NOW) // 10
        assert number(frame.content[5:9]) == subject.register(unix(2026, 7, 1)) // 10
        assert instant(frame.content[10:17], "smhDMYC") == NOW
        assert [value.item for value in told] == ["water_register", "water_settlement_register", "water_valve_state"]

    def test_the_valve_moves_after_the_answer(self, journal):
        subject = FlowMeter(WATER, WATER_USE, [], journal)
        frame, _ = self.send(subject, 0x04, 0xA017, b"\x99")
        assert (frame.control, frame.content[0]) == (0x84, 0)
        assert self.send(subject, 0x01, 0x901F, at=NOW + MOTOR_S)[0].content[17] == 1
        self.send(subject, 0x04, 0xA017, b"\x55", at=NOW + 7200)
        assert self.send(subject, 0x01, 0x901F, at=NOW + 7200 + MOTOR_S)[0].content[17] == 0
        assert subject.register(NOW + 7200) == subject.register(NOW + MOTOR_S)

    def test_a_clock_that_is_off_shows_and_can_be_set(self, journal):
        subject = FlowMeter(WATER, WATER_USE, [{"kind": "clock_off", "seconds": -2220}], journal)
        assert instant(self.send(subject, 0x01, 0x901F)[0].content[10:17], "smhDMYC") == NOW - 2220
        self.send(subject, 0x04, 0xA015, times(NOW, "smhDMYC"))
        assert instant(self.send(subject, 0x01, 0x901F)[0].content[10:17], "smhDMYC") == NOW

    def test_refuses_what_it_does_not_know(self, journal):
        frame, _ = self.send(FlowMeter(WATER, WATER_USE, [], journal), 0x04, 0xA010, b"\x01")
        assert frame.control == 0xC4


class TestHeatMeter:
    def send(self, subject, control, data_id, content=b""):
        request = cjt188.Frame188(0x20, subject.address, control, data_id, 7, content, True)
        answer, told = subject.answer(request.encode(), NOW)
        return answer, cjt188.decode(answer), told

    def test_tells_heat_in_the_form_the_standard_gives(self, journal):
        subject = HeatMeter(HEAT, WATER_USE, [], journal)
        raw, frame, told = self.send(subject, 0x01, 0x901F)
        assert len(frame.content) == 0x2E - 3
        assert [(value.item, value.value) for value in told] == [("heat_register", subject.register(NOW) // 10)]
        explained = explain("cjt188", raw)
        assert explained["current_heat"] * 100 == subject.register(NOW) // 10
        assert explained["settlement_heat"] * 100 == subject.register(unix(2026, 7, 1)) // 10
        assert explained["power"] == (subject.register(NOW) - subject.register(NOW - 3600)) // 10 / 100
        assert explained["supply_temp"] - explained["return_temp"] == pytest.approx(14.0)
        assert explained["hours"] == (NOW - unix(2020, 1, 1)) // 3600
        heat_kwh = explained["volume"] * 14 * 1.163
        assert heat_kwh == pytest.approx(explained["current_heat"], abs=0.3)

    def test_has_no_valve(self, journal):
        _, frame, _ = self.send(HeatMeter(HEAT, WATER_USE, [], journal), 0x04, 0xA017, b"\x99")
        assert frame.control == 0xC4
