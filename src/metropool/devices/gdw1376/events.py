"""Event records (AFN 0E) of Q/GDW 376.1."""

from metropool.devices import bcd
from metropool.devices.fields import Explained, FieldReader, hex_text

_NAMES = {
    1: ("数据初始化和版本变更", "data initialised or version changed"),
    2: ("参数丢失", "parameters lost"),
    3: ("参数变更", "parameters changed"),
    4: ("状态量变位", "switch input changed"),
    5: ("遥控跳闸", "remote trip"),
    6: ("功控跳闸", "power-control trip"),
    7: ("电控跳闸", "energy-control trip"),
    8: ("电能表参数变更", "meter parameters changed"),
    9: ("电流回路异常", "current circuit"),
    10: ("电压回路异常", "voltage circuit"),
    11: ("相序异常", "phase sequence"),
    12: ("电能表时间超差", "meter clock off"),
    13: ("电表故障信息", "meter fault"),
    14: ("终端停/上电", "terminal power off or on"),
    17: ("电压/电流不平衡度越限", "voltage or current unbalance"),
    21: ("终端故障", "terminal fault"),
    24: ("电压越限", "voltage over limit"),
    25: ("电流越限", "current over limit"),
    27: ("电能表示度下降", "meter register decreased"),
    28: ("电能量超差", "energy difference"),
    29: ("电能表飞走", "meter running away"),
    30: ("电能表停走", "meter stopped"),
    31: ("终端485抄表失败", "reading over RS-485 failed"),
    33: ("电能表运行状态字变位", "meter status word changed"),
    34: ("CT异常", "current transformer circuit"),
    35: ("发现未知电表", "unknown meter found"),
}
POWER = 14


def read_events(reader: FieldReader) -> Explained:
    """Read event records to the end; the first one's values also stand alone.

    Raises:
        Invalid: A record ends early (``length``).
    """
    events: list[Explained] = []
    while reader.left >= 2:
        events.append(_read_event(reader))
    return {"events": events} | (events[0] if events else {})


def _read_event(reader: FieldReader) -> Explained:
    code = reader.plain[reader.at]
    zh, en = _NAMES.get(code, ("其他事件", "other event"))
    reader.take(1, "erc", f"事件代码：{zh}", f"event code: {en}", lambda one: one[0])
    size = reader.take(1, "event_length", "长度", "length", lambda one: one[0])
    raw = reader.plain[reader.at : reader.at + size]
    found: Explained = {"erc": code, "event_zh": zh, "event_en": en}
    if code == POWER and size >= 10:
        found["off_time"] = reader.take(5, "off_time", "停电时间", "off time", _minute)
        found["on_time"] = reader.take(5, "on_time", "上电时间", "on time", _minute)
        size -= 10
    elif size >= 5:
        found["event_time"] = reader.take(5, "event_time", "发生时间", "time of the event", _minute)
        size -= 5
    if size:
        reader.take(size, "event_data", "事件内容", "event data", hex_text)
    return found | {"event_data": hex_text(raw)}


def _minute(raw: bytes) -> str | None:
    return bcd.time_of("YYMMDDhhmm", raw)
