"""How an electricity meter of the city answers DL/T 645. Registers are in 0.0001 kWh; the meter shows 0.01 kWh."""

from collections.abc import Callable

from cityinabox.clock import local, midnight, unix
from cityinabox.codec import dlt645
from cityinabox.codec.bcd import BadFrame, digits, instant, low_first, signed_low_first, times
from cityinabox.codec.dlt645 import Frame645
from cityinabox.journal import Told
from cityinabox.meters import Meter

FREEZES_KEPT = 62
TRIP_DELAY_S = 3
LIMIT_UNIT_S = 300
"""What one unit of N2 of a limited trip (1D) stands for."""
CLOCK_DATE, CLOCK_TIME = 0x04000101, 0x04000102
TIME_SET_MAX_S = 300
"""A time set (08) is taken when the clock is off by at most this, and once a day."""
BUTTON_DELAY_S = 30
"""How long after closing was allowed the customer presses the button."""
FREEZE_TIME, FREEZE_FORWARD, FREEZE_REVERSE = 0x050600, 0x050601, 0x050602
SHOWN = {
    0x00010000: "electricity_forward_register",
    0x0001FF00: "electricity_forward_register",
    0x00020000: "electricity_reverse_register",
    0x0002FF00: "electricity_reverse_register",
    0x02010100: "electricity_voltage_a",
    0x0201FF00: "electricity_voltage_a",
    0x02020100: "electricity_current_a",
    0x0202FF00: "electricity_current_a",
    0x02030000: "electricity_active_power",
    0x0203FF00: "electricity_active_power",
    0x04000503: "electricity_relay_state",
}
"""Reading type that a data identifier tells first."""
Answer = tuple[bytes, list[Told]]
SILENCE: Answer = (b"", [])


class EnergyMeter(Meter):
    """Single-phase electricity meter with a relay."""

    def forward(self, at_s: int) -> int:
        """Total forward register as the display shows it, in 0.0001 kWh."""
        return cut(self.register(at_s))

    def reverse(self, at_s: int) -> int:
        """Total reverse register as the display shows it, in 0.0001 kWh."""
        return cut(sum(self.reverse_registers(at_s)))

    def power(self, at_s: int) -> int:
        """Active power in 0.1 W, mean of the quarter hour; negative when the home gives back."""
        if self.is_off(at_s):
            return 0
        start = at_s // 900 * 900
        back = self.reverse_use.interval(start, start + 900) if self.reverse_use else 0
        return (self.use.interval(start, start + 900) - back) * 4

    def voltage(self, at_s: int) -> int:
        """Tenths of a volt."""
        return 2170 + self.noise(at_s, "u", 90)

    def current(self, at_s: int) -> int:
        """mA, at a power factor of 0.97."""
        power = self.power(at_s)
        return (abs(power) * 100_000 // (self.voltage(at_s) * 97)) * (1 if power >= 0 else -1)

    def frequency(self, at_s: int) -> int:
        """Hundredths of a hertz."""
        return 4998 + self.noise(at_s, "f", 5)

    def status_word_3(self, at_s: int) -> int:
        """Bit 4 relay open, bit 6 ordered open, bit 12 keep-power."""
        keep = self.journal.fact(f"keep/{self.id}")
        return self.is_off(at_s) << 4 | self.is_ordered_off(at_s) << 6 | keep << 12

    def freeze_time(self, index: int, at_s: int) -> int:
        """True time of the ``index``-th newest daily freeze, 1 the newest: midnight of the meter's own clock."""
        return midnight(self.clock(at_s)) - (index - 1) * 86400 - self.clock_off_s()

    def month_ends(self, at_s: int) -> list[int]:
        """True times of the twelve newest first instants of a month by the meter's own clock, newest first."""
        now = local(self.clock(at_s))
        months = [now.year * 12 + now.month - 1 - back for back in range(12)]
        return [unix(month // 12, month % 12 + 1, 1) - self.clock_off_s() for month in months]

    def answer(self, raw: bytes, at_s: int) -> Answer:
        """The answer to one frame, empty when the meter stays silent, and what it told."""
        try:
            frame = dlt645.decode(raw)
            if frame.address in (self.address, "9" * 12) and frame.control == dlt645.BROADCAST_TIME:
                self._take_time(instant(frame.data, "smhDMY"), at_s)
            if frame.address not in (self.address, "A" * 12):
                return SILENCE
            answers: dict[int, Callable[[Frame645, int], Answer]] = {
                dlt645.READ: self._read,
                dlt645.READ_ADDRESS: lambda frame, _: (self._good(frame, digits(self.address)), []),
                dlt645.CONTROL: self._control,
                dlt645.WRITE: self._write,
            }
            return answers[frame.control](frame, at_s) if frame.control in answers else SILENCE
        except BadFrame:
            return SILENCE

    def _read(self, frame: Frame645, at_s: int) -> Answer:
        content = self._content(frame.data_id, at_s)
        if content is None:
            return self._bad(frame, dlt645.NO_DATA), []
        return self._good(frame, frame.data[:4] + content), self._told(frame.data_id, at_s)

    def _take_time(self, shown_s: int, at_s: int) -> None:
        """A time set, never answered: taken within five minutes and once a day only."""
        day, name = midnight(shown_s) // 86400, f"clock_day/{self.id}"
        if abs(shown_s - self.clock(at_s)) <= TIME_SET_MAX_S and self.journal.fact(name) != day:
            self.set_clock(shown_s, at_s)
            self.journal.remember(name, day)

    def _write(self, frame: Frame645, at_s: int) -> Answer:
        """Command 14: date and time with the password; nothing else can be written."""
        password, content = self.row["password"], frame.data[12:]
        allowed = frame.data[4:8] == bytes.fromhex(password[:2]) + digits(password[2:])
        sizes = {CLOCK_DATE: 4, CLOCK_TIME: 3}
        if not allowed or len(content) != sizes.get(frame.data_id, -1):
            return self._bad(frame, dlt645.NOT_AUTHORISED), []
        shown = self.clock(at_s)
        date, time = times(shown, "DMY"), times(shown, "smh")
        written = time + content[1:] if frame.data_id == CLOCK_DATE else content + date
        self.set_clock(instant(written, "smhDMY"), at_s)
        return self._good(frame, b""), []

    def _content(self, data_id: int, at_s: int) -> bytes | None:
        now = self._shown_now()
        if data_id in now:
            return now[data_id](at_s)
        kind, index = data_id >> 8, data_id & 0xFF
        if kind not in (FREEZE_TIME, FREEZE_FORWARD, FREEZE_REVERSE) or not 1 <= index <= FREEZES_KEPT:
            return None
        frozen_s = self.freeze_time(index, at_s)
        if kind == FREEZE_TIME:
            return times(self.clock(frozen_s), "mhDMY")
        return _block(self.registers(frozen_s) if kind == FREEZE_FORWARD else self.reverse_registers(frozen_s))

    def _shown_now(self) -> dict[int, Callable[[int], bytes]]:
        """What can be read of this instant, by data identifier; phases B and C do not exist."""
        return {
            0x00010000: lambda t: _kwh(self.register(t)),
            0x00010100: lambda t: _kwh(self.registers(t)[0]),
            0x00010200: lambda t: _kwh(self.registers(t)[1]),
            0x00010300: lambda t: _kwh(self.registers(t)[2]),
            0x00010400: lambda t: _kwh(self.registers(t)[3]),
            0x0001FF00: lambda t: _block(self.registers(t)),
            0x00020000: lambda t: _kwh(sum(self.reverse_registers(t))),
            0x0002FF00: lambda t: _block(self.reverse_registers(t)),
            0x02010100: lambda t: low_first(self.voltage(t), 2),
            0x0201FF00: lambda t: low_first(self.voltage(t), 2) + b"\xff" * 4,
            0x02020100: lambda t: signed_low_first(self.current(t), 3),
            0x0202FF00: lambda t: signed_low_first(self.current(t), 3) + b"\xff" * 6,
            0x02030000: lambda t: signed_low_first(self.power(t), 3),
            0x02030100: lambda t: signed_low_first(self.power(t), 3),
            0x0203FF00: lambda t: signed_low_first(self.power(t), 3) * 2 + b"\xff" * 6,
            0x02800002: lambda t: low_first(self.frequency(t), 2),
            CLOCK_DATE: lambda t: times(self.clock(t), "WDMY"),
            CLOCK_TIME: lambda t: times(self.clock(t), "smh"),
            0x04000401: lambda _: digits(self.address),
            0x04000503: lambda t: self.status_word_3(t).to_bytes(2, "little"),
        }

    def _told(self, data_id: int, at_s: int) -> list[Told]:
        kind, index = data_id >> 8, data_id & 0xFF
        if kind in (FREEZE_FORWARD, FREEZE_REVERSE):
            frozen_s = self.freeze_time(index, at_s)
            way, value = ("forward", self.forward) if kind == FREEZE_FORWARD else ("reverse", self.reverse)
            return [Told(self.id, self.point, f"electricity_{way}_register", self.clock(frozen_s), value(frozen_s))]
        values: dict[str, Callable[[int], int]] = {
            "electricity_forward_register": self.forward,
            "electricity_reverse_register": self.reverse,
            "electricity_voltage_a": self.voltage,
            "electricity_current_a": self.current,
            "electricity_active_power": self.power,
            "electricity_relay_state": lambda t: int(self.is_off(t)),
        }
        item = SHOWN.get(data_id)
        return [Told(self.id, self.point, item, at_s, values[item](at_s))] if item else []

    def _control(self, frame: Frame645, at_s: int) -> Answer:
        """Command 1C: accepted (9C), or refused (DC) for its form, password, expiry, no relay, or because power must be kept."""
        data, password = frame.data, self.row["password"]
        if len(data) != 16 or not self.can_switch:
            return self._bad(frame, dlt645.OTHER_ERROR), []
        if data[:4] != bytes.fromhex(password[:2]) + digits(password[2:]):
            return self._bad(frame, dlt645.NOT_AUTHORISED), []
        done = self.clock(at_s) <= instant(data[10:16], "smhDMY") and self._switch(data[8], data[9], at_s)
        return (self._good(frame, b"") if done else self._bad(frame, dlt645.OTHER_ERROR)), []

    def _switch(self, command: int, units: int, at_s: int) -> bool:
        keep = f"keep/{self.id}"
        if command == dlt645.TRIP and not self.journal.fact(keep):
            self.journal.switch_off(self.id, at_s + TRIP_DELAY_S)
        elif command == dlt645.LIMITED_TRIP and units and not self.journal.fact(keep):
            return self._limit(units * LIMIT_UNIT_S, at_s)
        elif command == dlt645.ALLOW_CLOSING:
            self.journal.switch_on(self.id, at_s + BUTTON_DELAY_S)
        elif command == dlt645.CLOSE:
            self.journal.switch_on(self.id, at_s)
        elif command in (dlt645.KEEP_POWER, dlt645.END_KEEP_POWER):
            self.journal.remember(keep, int(command == dlt645.KEEP_POWER))
        else:
            return False
        return True

    def _limit(self, lasts_s: int, at_s: int) -> bool:
        """Open and close by itself, counted from the actual opening: a repeat changes nothing, a cut for good is left alone."""
        if self.is_ordered_off(at_s):
            return self.journal.off_times(self.id)[-1][1] is not None
        ends_s = at_s + TRIP_DELAY_S + lasts_s
        self.journal.switch_off(self.id, at_s + TRIP_DELAY_S, ends_s)
        self.journal.remember(f"limit/{self.id}", ends_s)
        return True

    def _good(self, frame: Frame645, data: bytes) -> bytes:
        return Frame645(self.address, frame.control | dlt645.ANSWER, data).encode()

    def _bad(self, frame: Frame645, error: int) -> bytes:
        return Frame645(self.address, frame.control | dlt645.ANSWER | dlt645.ABNORMAL, bytes((error,))).encode()


def cut(register: int) -> int:
    """A register in 0.0001 kWh as a two-decimal display shows it."""
    return register // 100 * 100


def _kwh(register: int) -> bytes:
    return low_first(register // 100, 4)


def _block(registers: tuple[int, ...]) -> bytes:
    return _kwh(sum(registers)) + b"".join(_kwh(register) for register in registers)
