"""A plain DL/T 645 meter behind a transparent TCP modem, spoken by the public ``dlt645`` library.

The library keeps values that were set; this module sets the registers of the moment, and of the last settlement days, before each
answer, and has the city's own meter answer for its clock. The library knows no freezes and no command 1C, and answers a wrong
address with an error where real meters stay silent.
"""

from typing import Any

from dlt645.aio import AsyncMeterServerService

from cityinabox.clock import CityClock
from cityinabox.codec import dlt645
from cityinabox.codec.bcd import digits
from cityinabox.codec.dlt645 import Frame645
from cityinabox.energymeters import CLOCK_DATE, CLOCK_TIME, EnergyMeter


class FreshMeter(AsyncMeterServerService):  # type: ignore[misc]
    """A meter of the library whose values follow the city's clock."""

    meter: EnergyMeter
    clock: CityClock

    def handle_request(self, frame: Any) -> Any:
        """Answer with the registers and the clock of this moment."""
        at_s = int(self.clock.time())
        asked = Frame645(bytes(frame.addr)[::-1].hex().upper(), frame.ctrl_code, bytes(frame.data))
        is_clock = len(asked.data) >= 4 and asked.data_id in (CLOCK_DATE, CLOCK_TIME)
        if is_clock or asked.control == dlt645.BROADCAST_TIME:
            return self.meter.answer(asked.encode(), at_s)[0] or None
        self.refresh(at_s)
        return super().handle_request(frame)

    def refresh(self, at_s: int) -> None:
        registers = self.meter.registers(at_s)
        self.set_00(0x00010000, sum(registers) // 100 / 100)
        for k, register in enumerate(registers, 1):
            self.set_00(0x00010000 | k << 8, register // 100 / 100)
        self.set_04(0x04000B01, "0100")
        for k, settled in enumerate(self.meter.month_ends(at_s), 1):
            self.set_00(0x00010000 | k, sum(self.meter.registers(settled)) // 100 / 100)
        self.set_00(0x00020000, sum(self.meter.reverse_registers(at_s)) // 100 / 100)
        self.set_02(0x02010100, self.meter.voltage(at_s) / 10)
        self.set_02(0x02020100, self.meter.current(at_s) / 1000)
        self.set_02(0x02030000, self.meter.power(at_s) / 10000)


async def open_meter(meter: EnergyMeter, clock: CityClock, host: str, port: int) -> FreshMeter:
    """Listen as ``meter``; the port is ``.server.port``.

    Raises:
        OSError: The port cannot be had.
    """
    service = FreshMeter.new_tcp_server(host, port)
    service.meter, service.clock = meter, clock
    service.set_address(digits(meter.address))
    if not await service.start():
        raise OSError(f"port {port} of {host} is taken; choose another with --listen")
    return service  # type: ignore[no-any-return]
