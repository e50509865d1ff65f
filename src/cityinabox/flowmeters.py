"""How a water, gas or heat meter of the city answers CJ/T 188. Registers are in 0.001 m3 or kWh; the meter shows 0.01 of them."""

from cityinabox.clock import local, midnight, unix
from cityinabox.codec import cjt188
from cityinabox.codec.bcd import BadFrame, instant, low_first, times
from cityinabox.codec.cjt188 import Frame188
from cityinabox.journal import Told
from cityinabox.meters import Meter

MOTOR_S = 15
"""How long the valve motor runs; the answer to a valve command still tells the old position."""
SPREAD = 1400
"""Supply less return temperature of every home [0.01 degrees C]."""
WATER_HEAT = 1628
"""Heat that a cubic metre gives off over that spread [0.01 kWh]: 1.163 kWh a degree."""
SINCE_S = unix(2020, 1, 1)
"""From when on heat meters count their hours."""


class FlowMeter(Meter):
    """Water or gas meter with a valve; ``meter_type`` of its row is 10 or 30."""

    def answer(self, raw: bytes, at_s: int) -> tuple[bytes, list[Told]]:
        """The answer to one frame, empty when the meter stays silent, and what it told."""
        try:
            frame = cjt188.decode(raw)
        except BadFrame:
            return b"", []
        if frame.address != self.address or frame.kind not in (int(self.row["meter_type"], 16), 0xAA):
            return b"", []
        told = self._told(at_s) if (frame.control, frame.data_id) == (cjt188.READ, cjt188.METERING) else []
        return self._reply(frame, at_s), told

    def _reply(self, frame: Frame188, at_s: int) -> bytes:
        if (frame.control, frame.data_id) == (cjt188.READ, cjt188.METERING):
            return self._good(frame, self._metering(at_s))
        if frame.control == cjt188.READ and 0xD120 <= frame.data_id < 0xD12C:
            return self._good(frame, self._volume(self._settled(at_s, frame.data_id - 0xD120 + 1)))
        if (frame.control, frame.data_id) == (cjt188.READ, 0x8103):
            return self._good(frame, b"\x01")
        if frame.control == cjt188.READ_ADDRESS:
            return self._good(frame, b"")
        return self._write(frame, at_s)

    def status(self, at_s: int) -> bytes:
        """ST: bit 0 valve closed."""
        return bytes((int(self.is_off(at_s)), 0x00))

    def _write(self, frame: Frame188, at_s: int) -> bytes:
        if frame.control == cjt188.WRITE and frame.data_id == cjt188.VALVE and len(frame.content) == 1 and self.can_switch:
            if frame.content[0] == cjt188.VALVE_CLOSE:
                self.journal.switch_off(self.id, at_s + MOTOR_S)
                return self._good(frame, self.status(at_s))
            if frame.content[0] == cjt188.VALVE_OPEN:
                self.journal.switch_on(self.id, at_s + MOTOR_S)
                return self._good(frame, self.status(at_s))
        if frame.control == cjt188.WRITE and frame.data_id == 0xA015 and len(frame.content) == 7:
            self.set_clock(instant(frame.content, "smhDMYC"), at_s)
            return self._good(frame, b"")
        control = frame.control | cjt188.ANSWER | cjt188.ABNORMAL
        return Frame188(frame.kind, self.address, control, 0, frame.serial, self.status(at_s)).encode()

    def _metering(self, at_s: int) -> bytes:
        now, settled = self._volume(self.register(at_s)), self._volume(self._settled(at_s, 1))
        return now + settled + times(self.clock(at_s), "smhDMYC") + self.status(at_s)

    def _settled(self, at_s: int, months: int) -> int:
        """The register at the start of the present month, or ``months`` - 1 months before it, by the meter's clock."""
        first = midnight(self.clock(at_s))
        for month in range(months):
            first -= (local(first).day - 1) * 86400
            first -= 86400 * (month + 1 < months)
        return self.register(first - self.clock_off_s())

    def _volume(self, register: int) -> bytes:
        return low_first(register // 10, 4) + bytes((cjt188.CUBIC_METRE,))

    def _told(self, at_s: int) -> list[Told]:
        service, when = self.row["service"], self.clock(at_s)
        shown = {
            f"{service}_register": self.register(at_s) // 10 * 10,
            f"{service}_settlement_register": self._settled(at_s, 1) // 10 * 10,
            f"{service}_valve_state": int(self.is_off(at_s)),
        }
        return [Told(self.id, self.point, item, when, value) for item, value in shown.items()]

    def _good(self, frame: Frame188, content: bytes) -> bytes:
        kind = int(self.row["meter_type"], 16)
        control = frame.control | cjt188.ANSWER
        return Frame188(kind, self.address, control, frame.data_id, frame.serial, content, frame.high_first).encode()


class HeatMeter(FlowMeter):
    """Heat meter without a valve, ``meter_type`` 20: energy in kWh, power, flow, volume, temperatures, hours (layout of 2EH)."""

    def _metering(self, at_s: int) -> bytes:
        counted = self.register(at_s)
        power = counted - self.register(at_s - 3600)
        water = (
            low_first(power // 10, 4)
            + bytes((cjt188.KILOWATT,))
            + low_first(power * 1000 // WATER_HEAT, 4)
            + bytes((cjt188.CUBIC_METRE_AN_HOUR,))
            + low_first(counted * 10 // WATER_HEAT, 4)
            + bytes((cjt188.CUBIC_METRE,))
        )
        supply = 5500 + self.noise(at_s, "supply", 200)
        temperatures = low_first(supply, 3) + low_first(supply - SPREAD, 3) + low_first((at_s - SINCE_S) // 3600, 3)
        settled = self._energy(self._settled(at_s, 1))
        return settled + self._energy(counted) + water + temperatures + times(self.clock(at_s), "smhDMYC") + self.status(at_s)

    def _told(self, at_s: int) -> list[Told]:
        return [Told(self.id, self.point, "heat_register", self.clock(at_s), self.register(at_s) // 10)]

    def _energy(self, register: int) -> bytes:
        return low_first(register // 10, 4) + bytes((cjt188.KILOWATT_HOUR,))


METERS = {"heat": HeatMeter}
"""What answers for a service in its own way; all others are ``FlowMeter``."""
