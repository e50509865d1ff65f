"""What a terminal can tell of an electricity meter: the data units of AFN 0C and 0D, by function number.

Times in data units are those of the terminal's clock. An item is asked for with a label (a day, or the start, density and
number of points of a curve); the answer repeats it. A value that is not there is EE bytes, never zero.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cityinabox.clock import local, midnight, unix
from cityinabox.codec import gdw1376 as wire
from cityinabox.codec.bcd import instant
from cityinabox.energymeters import EnergyMeter, cut
from cityinabox.journal import Told

TARIFFS = 4
KEPT_S = 62 * 86400
KEPT_MONTHS = 12
DENSITY_S = {1: 900, 2: 1800, 3: 3600, 254: 300, 255: 60}


@dataclass(frozen=True)
class Ask:
    """One item asked of one meter.

    Args:
        meter: The meter; None when the point has none.
        label: The label bytes as asked, empty for current data.
        now_s: The terminal's clock [Unix seconds].
        late_s: How far the terminal's clock is behind the true time.
        is_missed: The meter does not answer this time.
    """

    meter: EnergyMeter
    label: bytes
    now_s: int
    late_s: int = 0
    is_missed: bool = False

    def told(self, item: str, at_s: int, value: int) -> Told:
        return Told(self.meter.id, self.meter.point, item, at_s, value)


Content = tuple[bytes, list[Told]]


def current_registers(ask: Ask, way: str) -> Content:
    """F129 forward, F131 reverse: read time A15, number of tariffs, total and tariffs A14."""
    read_s = ask.now_s // 60 * 60
    if ask.is_missed:
        return wire.a15(None) + bytes((TARIFFS,)) + wire.a14(None) * (TARIFFS + 1), []
    registers = _registers(ask, way, read_s)
    values, told = _with_tariffs(ask, way, registers, read_s)
    return wire.a15(read_s) + values, told


def instantaneous(ask: Ask) -> Content:
    """F25: read time, active and reactive power, power factor, voltages, currents, apparent power; phases B and C absent."""
    if ask.is_missed:
        return wire.a15(None) + b"\xee" * (24 + 8 + 6 + 12 + 12), []
    read_s = ask.now_s // 60 * 60
    true_s = read_s + ask.late_s
    power, volt, current = ask.meter.power(true_s), ask.meter.voltage(true_s), ask.meter.current(true_s)
    none9, none5, none7, none25 = wire.a9(None), wire.a5(None), wire.a7(None), wire.a25(None)
    reactive, apparent = power // 4, abs(power) * 100 // 97
    content = wire.a15(read_s)
    content += wire.a9(power) * 2 + none9 * 2 + wire.a9(reactive) * 2 + none9 * 2
    content += wire.a5(970) * 2 + none5 * 2 + wire.a7(volt) + none7 * 2
    content += wire.a25(current) + none25 * 3 + wire.a9(apparent) * 2 + none9 * 2
    told = [
        ask.told("electricity_active_power", read_s, power),
        ask.told("electricity_voltage_a", read_s, volt),
        ask.told("electricity_current_a", read_s, current),
    ]
    return content, told


def daily_registers(ask: Ask, way: str) -> Content:
    """F161 forward, F163 reverse: the day A20 whose end was frozen, read time A15, tariffs, total and tariffs A14."""
    frozen_s = instant(ask.label, "DMY") + 86400
    if ask.is_missed or not ask.now_s - KEPT_S <= frozen_s <= ask.now_s:
        return ask.label + wire.a15(None) + bytes((TARIFFS,)) + wire.a14(None) * (TARIFFS + 1), []
    values, told = _with_tariffs(ask, way, _registers(ask, way, frozen_s), frozen_s)
    return ask.label + wire.a15(frozen_s) + values, told


def monthly_registers(ask: Ask) -> Content:
    """F177 forward: the month A21 whose end was frozen, read time A15, tariffs, total and tariffs A14; twelve months back."""
    month = local(instant(b"\x01" + ask.label, "DMY"))
    frozen_s = unix(month.year + month.month // 12, month.month % 12 + 1, 1)
    now = local(ask.now_s)
    back = (now.year - month.year) * 12 + now.month - month.month
    if ask.is_missed or not 1 <= back <= KEPT_MONTHS:
        return ask.label + wire.a15(None) + bytes((TARIFFS,)) + wire.a14(None) * (TARIFFS + 1), []
    registers = _registers(ask, "forward", frozen_s)
    values, _ = _with_tariffs(ask, "forward", registers, frozen_s)
    return ask.label + wire.a15(frozen_s) + values, [ask.told("electricity_forward_month_register", frozen_s, sum(registers))]


def register_curve(ask: Ask) -> Content:
    """F101: forward register A11 at start, start + step, ... (two decimals, as the meter shows it)."""
    content, told = ask.label, []
    for at_s in _points(ask):
        value = None if _is_unknown(ask, at_s) else cut(ask.meter.register(at_s + ask.late_s))
        content += wire.a11(None if value is None else value // 100)
        told += [] if value is None else [ask.told("electricity_forward_profile_register", at_s, value)]
    return content, told


def energy_curve(ask: Ask) -> Content:
    """F97: forward energy A13 of the intervals that begin at start, start + step, ..."""
    content, told = ask.label, []
    step_s = DENSITY_S.get(ask.label[5], 900)
    for at_s in _points(ask):
        if _is_unknown(ask, at_s + step_s):
            content += wire.a13(None)
            continue
        true_s = at_s + ask.late_s
        value = max(0, ask.meter.register(true_s + step_s) - ask.meter.register(true_s))
        content += wire.a13(value)
        told.append(ask.told("electricity_forward_energy", at_s, value))
    return content, told


ITEMS: dict[tuple[int, int], tuple[int, Callable[[Ask], Content]]] = {
    (wire.CURRENT, 129): (0, lambda ask: current_registers(ask, "forward")),
    (wire.CURRENT, 131): (0, lambda ask: current_registers(ask, "reverse")),
    (wire.CURRENT, 25): (0, instantaneous),
    (wire.HISTORY, 161): (3, lambda ask: daily_registers(ask, "forward")),
    (wire.HISTORY, 163): (3, lambda ask: daily_registers(ask, "reverse")),
    (wire.HISTORY, 177): (2, monthly_registers),
    (wire.HISTORY, 101): (7, register_curve),
    (wire.HISTORY, 97): (7, energy_curve),
}
"""AFN and function number → length of the label in the request, and who answers."""


def curve_label(start_s: int, points: int) -> bytes:
    """Label of a 15-minute curve."""
    return wire.a15(start_s) + bytes((1, points))


def day_label(day_s: int) -> bytes:
    """Label of the civil day in which ``day_s`` lies."""
    return wire.a20(midnight(day_s))


def _points(ask: Ask) -> list[int]:
    start_s, step_s = instant(ask.label[:5], "mhDMY"), DENSITY_S.get(ask.label[5], 900)
    return [start_s + i * step_s for i in range(ask.label[6])]


def _is_unknown(ask: Ask, at_s: int) -> bool:
    return ask.is_missed or not ask.now_s - KEPT_S <= at_s <= ask.now_s


def _registers(ask: Ask, way: str, at_s: int) -> tuple[int, ...]:
    registers = ask.meter.registers if way == "forward" else ask.meter.reverse_registers
    return registers(at_s + ask.late_s)


def _with_tariffs(ask: Ask, way: str, registers: tuple[int, ...], at_s: int) -> Content:
    """Number of tariffs, total, tariffs; and what that tells."""
    name, total = f"electricity_{way}_register", sum(registers)
    content = bytes((TARIFFS,)) + wire.a14(total) + b"".join(wire.a14(register) for register in registers)
    told = [ask.told(name, at_s, total)]
    told += [ask.told(f"{name}_t{k}", at_s, register) for k, register in enumerate(registers, 1)]
    return content, told
