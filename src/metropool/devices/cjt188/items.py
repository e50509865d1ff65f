"""Tables of CJ/T 188: data identifiers, units, status bits, layouts of metering data. Confidence: README.md."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Order = Literal["be", "le"]

_NAMES = {
    0x901F: ("计量数据", "current metering data"),
    0x903F: ("计量数据", "metering data, further set"),
    0x904F: ("计量数据", "metering data, further set"),
    0x905F: ("计量数据", "metering data, further set"),
    0x906F: ("计量数据", "metering data, further set"),
    0x907F: ("时钟", "clock"),
    0x911F: ("冷热量数据", "heat and cooling data"),
    0x8102: ("价格表", "price table"),
    0x8103: ("结算日", "settlement day"),
    0x8104: ("抄表日", "reading day"),
    0x8105: ("购入金额", "purchase"),
    0x8106: ("密钥版本号", "key version"),
    0x810A: ("地址", "address"),
    0xA010: ("写价格表", "write price table"),
    0xA011: ("写结算日", "write settlement day"),
    0xA012: ("写抄表日", "write reading day"),
    0xA013: ("写购入金额", "write purchase"),
    0xA014: ("写新密钥", "write key"),
    0xA015: ("写标准时间", "set clock"),
    0xA016: ("写机电同步数据", "set meter base"),
    0xA017: ("写阀门控制", "valve control"),
    0xA018: ("写地址", "write address"),
    0xA019: ("出厂启用", "enable factory settings"),
} | {0xA100 + n: ("写参数（2018）", "setting (2018)") for n in range(1, 8)}
_NAMES |= {0xD120 + n: (f"上{n + 1}月结算日数据", f"settlement value, {n + 1} month{'s' if n else ''} back") for n in range(12)}
_HIGH_BYTES = {
    0xD2: ("月冻结数据", "monthly value"),
    0xD3: ("定时冻结数据", "timed freeze"),
    0xD4: ("瞬时冻结数据", "instant freeze"),
}
METERING_DATA = {0x901F, 0x903F, 0x904F, 0x905F, 0x906F, 0x911F}
VALVE_CONTROL = 0xA017
OPEN_VALVE, CLOSE_VALVE = 0x55, 0x99
VALVE_COMMANDS = {OPEN_VALVE: "open", CLOSE_VALVE: "close"}
VALVE_STATES = {0: "open", 1: "closed", 2: "unknown", 3: "fault"}

METER_TYPES = {
    0x10: ("冷水表", "cold water"),
    0x11: ("热水表", "hot water"),
    0x12: ("直饮水表", "drinking water"),
    0x13: ("中水表", "reclaimed water"),
    0x20: ("热量表（计热量）", "heat"),
    0x21: ("热量表（计冷量）", "cooling"),
    0x22: ("热量表（冷热）", "heat and cooling"),
    0x30: ("燃气表", "gas"),
    0x40: ("电度表", "electricity or other"),
    0x49: ("自定义表", "other"),
    0xAA: ("任意表", "any"),
} | dict.fromkeys(range(20, 26), ("其他水表", "other water"))


@dataclass(frozen=True)
class Unit:
    """What a unit byte says: ``factor`` times ``name``."""

    name: str
    factor: int


def _tens(first: int, *names: str) -> dict[int, Unit]:
    return {first + 3 * i + power: Unit(name, 10**power) for i, name in enumerate(names) for power in range(3)}


UNITS = (
    {0x01: Unit("J", 1), 0x40: Unit("J/h", 1)}
    | _tens(0x02, "Wh", "kWh", "MWh", "kJ", "MJ", "GJ", "W", "kW", "MW")
    | _tens(0x29, "L", "m3")
    | _tens(0x32, "L/h", "m3/h")
    | _tens(0x43, "kJ/h", "MJ/h", "GJ/h")
)
_JOULES_PER_KWH = Decimal(3_600_000)
TO_KWH = {
    "J": 1 / _JOULES_PER_KWH,
    "kJ": Decimal(1000) / _JOULES_PER_KWH,
    "MJ": Decimal(10**6) / _JOULES_PER_KWH,
    "GJ": Decimal(10**9) / _JOULES_PER_KWH,
    "Wh": Decimal("0.001"),
    "kWh": Decimal(1),
    "MWh": Decimal(1000),
}
TO_M3 = {"L": Decimal("0.001"), "m3": Decimal(1)}


@dataclass(frozen=True)
class Quantity:
    """One number of a layout: its key, bytes, decimals; ``unit_key`` where a unit byte stands beside it."""

    key: str
    width: int
    decimals: int
    unit_key: str
    units: str
    zh: str
    en: str


ENERGY, POWER, FLOW, VOLUME = "Wh kWh MWh J kJ MJ GJ", "W kW MW J/h kJ/h MJ/h GJ/h", "L/h m3/h", "L m3"
_HEAT = (
    Quantity("settlement_heat", 4, 2, "heat_unit", ENERGY, "结算日热量", "heat at settlement day"),
    Quantity("current_heat", 4, 2, "current_heat_unit", ENERGY, "当前热量", "current heat"),
    Quantity("power", 4, 2, "power_unit", POWER, "热功率", "thermal power"),
    Quantity("flow_rate", 4, 4, "flow_rate_unit", FLOW, "流量", "flow rate"),
    Quantity("volume", 4, 2, "volume_unit", VOLUME, "累积流量", "volume"),
)
_TEMPERATURES = (
    Quantity("supply_temp", 3, 2, "", "", "供水温度", "supply temperature"),
    Quantity("return_temp", 3, 2, "", "", "回水温度", "return temperature"),
    Quantity("hours", 3, 0, "", "", "累积工作时间", "working hours"),
)
CURRENT_VOLUME = Quantity("flow", 4, 2, "flow_unit", VOLUME, "当前累积流量", "current volume")
SETTLEMENT_VOLUME = Quantity("settlement", 4, 2, "settlement_unit", VOLUME, "结算日累积流量", "volume at settlement day")
WATER_AND_GAS = (CURRENT_VOLUME, SETTLEMENT_VOLUME)
HEAT_2E = _HEAT + _TEMPERATURES
# The 2018 layout of 43 bytes [U]: shorter power, flow and temperatures, longer hours.
HEAT_2018 = (
    _HEAT[0],
    _HEAT[1],
    Quantity("power", 3, 2, "power_unit", POWER, "热功率", "thermal power"),
    Quantity("flow_rate", 3, 2, "flow_rate_unit", FLOW, "流量", "flow rate"),
    _HEAT[4],
    Quantity("supply_temp", 2, 2, "", "", "供水温度", "supply temperature"),
    Quantity("return_temp", 2, 2, "", "", "回水温度", "return temperature"),
    Quantity("hours", 4, 0, "", "", "累积工作时间", "working hours"),
)
FREEZE_WATER_AND_GAS = (
    CURRENT_VOLUME,
    Quantity("flow_rate", 4, 4, "flow_rate_unit", FLOW, "流量", "flow rate"),
    Quantity("temperature", 3, 2, "", "", "温度", "temperature"),
    Quantity("pressure", 3, 2, "", "", "压力", "pressure"),
)


def names_of(data_id: int) -> tuple[str, str] | None:
    """Names (zh, en) of a data identifier; None for one the tables do not know."""
    return _NAMES.get(data_id) or _HIGH_BYTES.get(data_id >> 8)


def read_order(wire: bytes) -> tuple[int, Order]:
    """The data identifier of two wire bytes and the order they came in; the 2004 order ``be`` when neither is known."""
    high_first, low_first = int.from_bytes(wire, "big"), int.from_bytes(wire, "little")
    if names_of(high_first) is None and names_of(low_first) is not None:
        return low_first, "le"
    return high_first, "be"


def wire_order(data_id: int, order: Order) -> bytes:
    """A data identifier as its meter wants it on the wire."""
    return data_id.to_bytes(2, "big" if order == "be" else "little")
