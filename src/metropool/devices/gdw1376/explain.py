"""A 376.1 frame as fields a person can read."""

from metropool.core.errors import Invalid
from metropool.devices import bcd
from metropool.devices.fields import Explained, FieldReader, hex_text, number_text
from metropool.devices.gdw1376 import frame as frames
from metropool.devices.gdw1376.addressing import ALL_POINTS, functions_of, points_of
from metropool.devices.gdw1376.items import find_function
from metropool.devices.gdw1376.units import Unit, Units, read_units

_AFN_NAMES = {
    0x00: ("确认/否认", "confirm or deny"),
    0x01: ("复位", "reset"),
    0x02: ("链路接口检测", "link"),
    0x03: ("中继站命令", "relay station"),
    0x04: ("设置参数", "set parameters"),
    0x05: ("控制命令", "control"),
    0x06: ("身份认证及密钥协商", "authentication"),
    0x08: ("请求被级联终端主动上报", "cascade request"),
    0x09: ("请求终端配置", "terminal configuration"),
    0x0A: ("查询参数", "query parameters"),
    0x0B: ("请求任务数据", "request task data"),
    0x0C: ("请求1类数据", "class 1: current data"),
    0x0D: ("请求2类数据", "class 2: history and curves"),
    0x0E: ("请求3类数据", "class 3: events"),
    0x0F: ("文件传输", "file transfer"),
    0x10: ("数据转发", "data forwarding"),
}
_INNER_PROTOCOLS = ("dlt645", "cjt188")
_SETTINGS = {0x04, 0x0A}


def explain_frame(raw: bytes) -> Explained:
    """Explain one frame; see ``devices.explain``.

    Raises:
        Invalid: It is no whole, sound frame.
    """
    frame = frames.decode_frame(raw)
    head = FieldReader(plain=raw, wire=raw)
    found = _head(frame, head)
    units_end = head.at + len(frame.units)
    reader = FieldReader(raw[head.at : units_end], raw[head.at : units_end], base=head.at, fields=head.fields)
    found |= _told(frame, read_units(frame, reader))
    head.at = units_end
    found = _auxiliary(frame, head) | found
    head.take(1, "checksum", "校验和", "checksum", hex_text)
    head.take(1, "end", "结束字符", "end", hex_text)
    return found | {"fields": head.fields}


def _head(frame: frames.Frame, head: FieldReader) -> Explained:
    head.take(1, "start", "起始字符", "start", hex_text)
    for name in ("length", "length_2"):
        head.take(2, name, "长度L", "length: bytes of user data", lambda raw: number_text(raw) >> 2)
    head.take(1, "start_2", "起始字符", "second start", hex_text)
    head.take(1, "ctrl", "控制域C", "control", hex_text)
    head.take(2, "a1", "行政区划码A1", "region A1", bcd.digits_of)
    head.take(2, "a2", "终端地址A2", "terminal A2", number_text)
    head.take(1, "a3", "主站地址和组地址标志A3", "master station and group flag A3", hex_text)
    zh, en = _AFN_NAMES.get(frame.afn, ("未知功能", "unknown"))
    head.take(1, "afn", f"应用层功能码：{zh}", f"application function: {en}", hex_text)
    head.take(1, "seq", "帧序列域SEQ", "sequence", hex_text)
    return {
        "proto": frame.protocol,
        "ctrl": f"{frame.control:02X}",
        "direction": "up" if frame.from_terminal else "down",
        "dir": frame.control >> 7,
        "prm": frame.control >> 6 & 1,
        "acd": int(frame.has_events),
        "fn_code": frame.control & 0x0F,
        "a1": frame.region,
        "a2": frame.terminal,
        "msa": frame.station,
        "group": int(frame.is_group),
        "afn": f"{frame.afn:02X}",
        "afn_en": en,
        "seq": f"{frame.seq:02X}",
        "tpv": frame.seq >> 7,
        "fir": frame.seq >> 6 & 1,
        "fin": frame.seq >> 5 & 1,
        "con": frame.seq >> 4 & 1,
        "seq_no": frame.seq & 0x0F,
    }


def _told(frame: frames.Frame, units: Units) -> Explained:
    """What the data units say: the first unit's values on top, all of them under ``units``."""
    found: Explained = {"pn": list(units.points), "fn": list(units.functions)}
    told = [_unit_told(frame, unit) for unit in units.units]
    for content in told:
        found |= {key: value for key, value in content.items() if key not in found}
    curves = {f"F{unit.function}": _curve(unit) for unit in reversed(units.units) if "values" in unit.content}
    if curves:
        found["values"] = dict(reversed(curves.items()))
    if units.units:
        found["units"] = told
    if units.raw:
        found["raw"] = hex_text(units.raw)
    elif frame.afn in _SETTINGS and units.units and len(frame.units) > 4:
        found["raw"] = hex_text(frame.units[4:])
    if units.unknown:
        found["unknown"] = [{"pn": point, "fn": function} for point, function in units.unknown]
    return found


def _unit_told(frame: frames.Frame, unit: Unit) -> Explained:
    known = find_function(frame.afn, unit.function)
    content = dict(unit.content)
    if isinstance(content.get("inner"), str):
        content |= _inner(str(content["inner"]))
    if "units_confirmed" in content:
        content["units_confirmed"] = [_confirmed(row) for row in content["units_confirmed"]]  # type: ignore[attr-defined]
    point: object = "all" if unit.point == ALL_POINTS else unit.point
    names = {"name_zh": known.zh, "name_en": known.en, "confidence": known.confidence} if known else {}
    return {"pn": point, "fn": unit.function} | names | content


def _confirmed(row: Explained) -> Explained:
    points, functions = points_of(bytes.fromhex(str(row["da"]))), functions_of(bytes.fromhex(str(row["dt"])))
    return {"pn": list(points), "fn": list(functions), "err": row["err"]}


def _inner(text: str) -> Explained:
    """The forwarded frame, explained by the first meter protocol that accepts it."""
    from metropool.devices.explain import explain

    refused = {}
    for protocol in _INNER_PROTOCOLS if text else ():
        try:
            return {"inner_protocol": protocol, "inner_explained": explain(protocol, bytes.fromhex(text))}
        except Invalid as cause:
            refused[protocol] = cause.what
    return {"silent": True} if not text else {"inner_refused": refused}


def _curve(unit: Unit) -> object:
    values = unit.content["values"]
    return values[0] if isinstance(values, list) and len(values) == 1 else values


def _auxiliary(frame: frames.Frame, head: FieldReader) -> Explained:
    found: Explained = {}
    if frame.password:
        found["pw"] = head.take(frames.PW, "pw", "消息认证码字段PW", "password PW", hex_text)
    if frame.events:
        found["ec"] = [
            head.take(1, "aux_ec1", "重要事件计数器EC1", "counter of important events", lambda one: one[0]),
            head.take(1, "aux_ec2", "一般事件计数器EC2", "counter of ordinary events", lambda one: one[0]),
        ]
        found |= {"ec1": frame.events[0], "ec2": frame.events[1]}
    if frame.time_label:
        found["tp"] = {
            "counter": head.take(1, "tp_counter", "启动帧帧序号计数器PFC", "counter of starting frames", lambda one: one[0]),
            "time": head.take(4, "tp_time", "启动帧发送时标", "time of sending", lambda raw: bcd.time_of("DDhhmmss", raw)),
            "delay_min": head.take(1, "tp_delay", "允许发送传输延时 [min]", "allowed delay [min]", lambda one: one[0]),
        }
    return found
