"""A DL/T 645 frame as fields a person can read."""

from metropool.core.errors import Invalid
from metropool.devices import bcd
from metropool.devices.dlt645 import frame as frames
from metropool.devices.dlt645.content import explain_value
from metropool.devices.dlt645.items import find_item, names_of
from metropool.devices.dlt645.status import error_names, speed_bd
from metropool.devices.fields import Explained, FieldReader, hex_text

_FUNCTIONS_1997 = {0x01, 0x02, 0x04, 0x0A, 0x0C, 0x0F, 0x10}
_CONTROL_NAMES = {
    0x03: ("安全认证", "security authentication"),
    0x08: ("广播校时", "broadcast time"),
    0x11: ("读数据", "read data"),
    0x12: ("读后续数据", "read following data"),
    0x13: ("读通信地址", "read address"),
    0x14: ("写数据", "write data"),
    0x15: ("写通信地址", "write address"),
    0x16: ("冻结命令", "freeze"),
    0x17: ("更改通信速率", "change speed"),
    0x18: ("修改密码", "change password"),
    0x19: ("最大需量清零", "clear maximum demand"),
    0x1A: ("电表清零", "clear meter"),
    0x1B: ("事件清零", "clear events"),
    0x1C: ("跳合闸、报警、保电", "trip, close, alarm, keep power"),
    0x01: ("读数据（1997）", "read data (1997)"),
    0x02: ("读后续数据（1997）", "read following data (1997)"),
    0x04: ("写数据（1997）", "write data (1997)"),
    0x0A: ("写设备地址（1997）", "write address (1997)"),
    0x0C: ("更改通信速率（1997）", "change speed (1997)"),
    0x0F: ("修改密码（1997）", "change password (1997)"),
    0x10: ("最大需量清零（1997）", "clear maximum demand (1997)"),
}
_COMMANDS = {
    "1A": ("跳闸", "trip"),
    "1B": ("合闸允许", "allow closing"),
    "1C": ("直接合闸", "close directly"),
    "1D": ("跳闸后自动合闸", "limited trip, closes by itself"),
    "1E": ("跳闸后合闸允许", "limited trip, then closing allowed"),
    "2A": ("报警", "alarm on"),
    "2B": ("报警解除", "alarm off"),
    "3A": ("保电", "keep power on"),
    "3B": ("保电解除", "keep power off"),
}


def explain_frame(raw: bytes) -> Explained:
    """Explain one frame, preamble allowed; see ``devices.explain``.

    Raises:
        Invalid: It is no whole, sound frame.
    """
    frame = frames.decode_frame(raw)
    start = raw.index(frames.START)
    head = FieldReader(plain=raw, wire=raw)
    if start:
        head.take(start, "preamble", "前导字节", "wake-up preamble", hex_text)
    head.take(1, "start", "帧起始符", "start", hex_text)
    found: Explained = {"addr": head.take(6, "addr", "地址域", "address", bcd.digits_of)}
    head.take(1, "start_2", "帧起始符", "second start", hex_text)
    zh, en = _CONTROL_NAMES.get(frame.function, ("未知功能", "unknown function"))
    found["ctrl"] = head.take(1, "ctrl", f"控制码：{zh}", f"control: {en}", hex_text)
    head.take(1, "length", "数据域长度", "length of DATA", lambda one: one[0])
    reader = FieldReader(plain=frame.data, wire=raw[head.at : -frames.TRAILER], base=head.at, fields=head.fields)
    found |= {"version": _generation(frame), "direction": "up" if frame.from_meter else "down", "function": en}
    found |= _explain_data(frame, reader)
    head.at = len(raw) - frames.TRAILER
    head.take(1, "checksum", "校验码", "checksum", hex_text)
    head.take(1, "end", "结束符", "end", hex_text)
    return found | {"fields": head.fields}


def _generation(frame: frames.Frame) -> int:
    is_short_rereading = frame.function == 0x03 and len(frame.data) in {1, 2}
    return 1997 if frame.function in _FUNCTIONS_1997 or is_short_rereading else 2007


def _explain_data(frame: frames.Frame, reader: FieldReader) -> Explained:
    if frame.is_refusal:
        return _refusal(reader)
    try:
        found = _SHAPES.get(frame.control, _data_id_first)(frame, reader)
    except Invalid as cause:
        found = {"incomplete": str(cause.values.get("field", cause.what))}
    if reader.left:
        found["raw"] = reader.rest("raw", "未解释的数据", "not interpreted")
    return found


def _refusal(reader: FieldReader) -> Explained:
    if not reader.left:
        return {"err": "", "bits": []}
    error = reader.take(1, "err", "错误信息字", "error byte", hex_text)
    found: Explained = {"err": error, "bits": error_names(int(error, 16))}
    if reader.left:
        found["raw"] = reader.rest("raw", "附加错误信息", "further error bytes")
    return found


def _data_id_first(frame: frames.Frame, reader: FieldReader) -> Explained:
    """Every exchange whose DATA begins with a data identifier."""
    if not reader.left:
        return {"accepted": True} if frame.from_meter else {}
    generation = _generation(frame)
    width = 4 if generation == 2007 else 2
    number = int.from_bytes(frame.data[:width], "little")
    item = find_item(number, generation=generation)
    zh, en = names_of(item, number, generation=generation) if item else ("未知数据项", "unknown item")
    data_id = reader.take(width, "di", f"数据标识：{zh}", f"data identifier: {en}", bcd.digits_of)
    found: Explained = {"di": data_id, "name_zh": zh, "name_en": en}
    if item:
        found["confidence"] = item.confidence
    if not frame.from_meter:
        return found | _request_tail(frame, reader)
    return found | _answer_tail(frame, reader, number)


def _request_tail(frame: frames.Frame, reader: FieldReader) -> Explained:
    found: Explained = {}
    if frame.function in {0x12, 0x02} and reader.left == 1:
        return {"seq": reader.take(1, "seq", "帧序号", "sequence number", lambda one: one[0])}
    if frame.function in {0x14, 0x04}:
        if frame.function == 0x14:
            found = _authority(reader)
        else:
            found["password_wire"] = reader.take(4, "password_wire", "密码", "password", hex_text)
        return found | {"data": reader.rest("data", "数据", "data to write")}
    if frame.function == 0x11 and reader.left in {1, 6}:
        found["n"] = reader.take(1, "n", "负荷记录块数", "number of load records", bcd.integer)
        if reader.left:
            found["from"] = reader.take(5, "from", "给定时间", "from time", _minute)
    return found


def _answer_tail(frame: frames.Frame, reader: FieldReader, data_id: int) -> Explained:
    found: Explained = {"more": True} if frame.more_follows else {}
    tail: Explained = {}
    if frame.function == 0x12 and reader.left:
        part = FieldReader(reader.plain[:-1], reader.wire[:-1], reader.base, reader.at, reader.fields)
        found["data"] = part.plain[part.at :].hex().upper()
        tail = explain_value(part, data_id, generation=2007)
        reader.at = len(reader.plain) - 1
        found["seq"] = reader.take(1, "seq", "帧序号", "sequence number", lambda one: one[0])
        return found | tail
    return found | explain_value(reader, data_id, generation=_generation(frame))


def _authority(reader: FieldReader) -> Explained:
    return {
        "pa": reader.take(1, "pa", "密码级别", "password level", hex_text),
        "password_wire": reader.take(3, "password_wire", "密码", "password", hex_text),
        "operator_wire": reader.take(4, "operator_wire", "操作者代码", "operator code", hex_text),
    }


def _control(_: frames.Frame, reader: FieldReader) -> Explained:
    """Control 1C: plain form of 16 bytes, or the encrypted one of 28 (PA 98)."""
    found = _authority(reader)
    if found["pa"] == "98" and reader.left >= 20:
        found["ciphertext"] = reader.take(reader.left - 4, "ciphertext", "密文", "ciphertext", hex_text)
        return found | {"mac": reader.take(4, "mac", "消息鉴别码", "message authentication code", hex_text)}
    command = hex_text(reader.plain[reader.at : reader.at + 1])
    zh, en = _COMMANDS.get(command, ("未知命令", "unknown command"))
    found["command"] = reader.take(1, "command", f"控制命令：{zh}", f"command: {en}", hex_text)
    minutes = reader.take(1, "n2", "限时（5分钟为单位）", "time limit in units of 5 min", lambda one: one[0] * 5)
    if command in {"1D", "1E"}:
        found["limit_min"] = minutes
    found["command_name"] = en
    found["valid_until"] = reader.take(6, "valid_until", "命令有效截止时间", "valid until", _second)
    return found


def _broadcast_time(_: frames.Frame, reader: FieldReader) -> Explained:
    return {"time": reader.take(6, "time", "时间", "time to set", _second)} if reader.left else {"accepted": True}


def _freeze(_: frames.Frame, reader: FieldReader) -> Explained:
    if not reader.left:
        return {"accepted": True}
    pattern = reader.take(4, "freeze", "冻结时间 分时日月", "freeze at mm hh DD MM, 99 = any", hex_text)
    any_parts = [pattern[i : i + 2] == "99" for i in range(0, 8, 2)]
    kind = {0: "once", 1: "monthly", 2: "daily", 3: "hourly", 4: "now"}[sum(any_parts)]
    return {"freeze": pattern, "freeze_kind": kind}


def _address(frame: frames.Frame, reader: FieldReader) -> Explained:
    if not reader.left:
        return {"accepted": True} if frame.from_meter else {}
    return {"value": reader.take(6, "value", "通信地址", "communication address", bcd.digits_of)}


def _speed(_: frames.Frame, reader: FieldReader) -> Explained:
    bits = reader.take(1, "speed", "通信速率特征字", "speed byte", lambda one: one[0])
    return {"speed_bits": f"{bits:02X}", "speed_bd": speed_bd(bits)}


def _clear(frame: frames.Frame, reader: FieldReader) -> Explained:
    """Clear demand, meter or events: level, password, operator, and for events the identifier."""
    if not reader.left:
        return {"accepted": True}
    if frame.control == 0x10:
        return {"password_wire": reader.take(4, "password_wire", "密码", "password", hex_text)}
    found = _authority(reader)
    return found | ({"di": reader.take(4, "di", "数据标识", "data identifier", bcd.digits_of)} if reader.left else {})


def _password(frame: frames.Frame, reader: FieldReader) -> Explained:
    if frame.from_meter:
        return {"accepted": True}
    found: Explained = {}
    if reader.left == 12:
        found["di"] = reader.take(4, "di", "数据标识", "data identifier", bcd.digits_of)
    found["old_password_wire"] = reader.take(4, "old_password_wire", "原密码级别和密码", "old level and password", hex_text)
    return found | {"new_password_wire": reader.take(4, "new_password_wire", "新密码级别和密码", "new ones", hex_text)}


def _minute(raw: bytes) -> str | None:
    return bcd.time_of("YYMMDDhhmm", raw)


def _second(raw: bytes) -> str | None:
    return bcd.time_of("YYMMDDhhmmss", raw)


_SHAPES = {
    0x08: _broadcast_time,
    0x88: _broadcast_time,
    0x13: _address,
    0x93: _address,
    0x15: _address,
    0x95: _address,
    0x0A: _address,
    0x8A: _address,
    0x16: _freeze,
    0x96: _freeze,
    0x17: _speed,
    0x97: _speed,
    0x0C: _speed,
    0x8C: _speed,
    0x18: _password,
    0x98: _password,
    0x0F: _password,
    0x8F: _password,
    0x19: _clear,
    0x1A: _clear,
    0x1B: _clear,
    0x10: _clear,
    0x1C: _control,
}
