"""A CJ/T 188 frame as fields a person can read."""

from metropool.core.errors import Invalid
from metropool.devices import bcd
from metropool.devices.cjt188 import frame as frames
from metropool.devices.cjt188 import items, values
from metropool.devices.fields import Explained, FieldReader, hex_text

_CONTROL_NAMES = {
    0x01: ("读数据", "read data"),
    0x03: ("读地址", "read address"),
    0x04: ("写数据", "write data"),
    0x09: ("读密钥版本号", "read key version"),
    0x15: ("写地址", "write address"),
    0x16: ("写机电同步数据", "write meter base"),
}
_PRICE = items.Quantity("price", 3, 2, "", "", "价格", "price")
_FROM_VOLUME = items.Quantity("from_volume", 3, 0, "", "", "用量", "from volume")
_PURCHASE = items.Quantity("purchase", 4, 2, "", "", "本次购入金额", "this purchase")
_PURCHASES = (
    _PURCHASE,
    items.Quantity("purchase_total", 4, 2, "", "", "累计购入金额", "total purchased"),
    items.Quantity("remaining", 4, 2, "", "", "剩余金额", "remaining"),
)


def explain_frame(raw: bytes) -> Explained:
    """Explain one frame, preamble allowed; see ``devices.explain``.

    Raises:
        Invalid: It is no whole, sound frame.
    """
    frame = frames.decode_frame(raw)
    reader = FieldReader(plain=raw[: -frames.TRAILER], wire=raw[: -frames.TRAILER])
    found = _head(frame, reader, raw.index(frames.START))
    try:
        found |= _refusal(reader) if frame.is_refusal else _data(frame, reader)
    except Invalid as cause:
        found |= {"incomplete": str(cause.values.get("field", cause.what))}
    if reader.left:
        found["raw"] = reader.rest("raw", "未解释的数据", "not interpreted")
    tail = FieldReader(plain=raw, wire=raw, at=len(raw) - frames.TRAILER, fields=reader.fields)
    tail.take(1, "checksum", "校验码", "checksum", hex_text)
    tail.take(1, "end", "结束符", "end", hex_text)
    return found | {"fields": reader.fields}


def _head(frame: frames.Frame, reader: FieldReader, preamble: int) -> Explained:
    if preamble:
        reader.take(preamble, "preamble", "前导字节", "wake-up preamble", hex_text)
    reader.take(1, "start", "帧起始符", "start", hex_text)
    zh, en = items.METER_TYPES.get(frame.meter_type, ("未知类型", "unknown"))
    found: Explained = {"type": reader.take(1, "type", f"仪表类型：{zh}", f"meter type: {en}", hex_text), "type_name": en}
    found["addr"] = reader.take(7, "addr", "地址域", "address", bcd.digits_of)
    zh, en = _CONTROL_NAMES.get(frame.function, ("未知功能", "unknown function"))
    found["ctrl"] = reader.take(1, "ctrl", f"控制码：{zh}", f"control: {en}", hex_text)
    reader.take(1, "length", "数据长度域", "length of data", lambda one: one[0])
    return found | {"direction": "up" if frame.from_meter else "down", "function": en}


def _refusal(reader: FieldReader) -> Explained:
    """SER and ST; no data identifier."""
    found: Explained = {"refused": True, "ser": None}
    if reader.left != values.STATUS:
        found["ser"] = reader.take(1, "ser", "序列号", "serial number", lambda one: one[0])
    return found | values.read_status(reader)


def _data(frame: frames.Frame, reader: FieldReader) -> Explained:
    if not reader.left:
        return {}
    data_id, order = items.read_order(frame.data[:2])
    zh, en = items.names_of(data_id) or ("未知数据项", "unknown item")
    reader.take(2, "di", f"数据标识：{zh}", f"data identifier: {en}", hex_text)
    found: Explained = {"di": f"{data_id:04X}", "di_order": order, "ser": None, "name_zh": zh, "name_en": en}
    if reader.left:
        found["ser"] = reader.take(1, "ser", "序列号", "serial number", lambda one: one[0])
    if not reader.left:
        return found
    return found | (_answer(data_id, reader) if frame.from_meter else _order(data_id, reader))


def _answer(data_id: int, reader: FieldReader) -> Explained:
    if data_id in items.METERING_DATA:
        return _metering_data(reader)
    if data_id == items.VALVE_CONTROL:
        return values.read_status(reader) if reader.left >= values.STATUS else {}
    if data_id >> 8 in {0xD1, 0xD2}:
        return _settlement(reader)
    if data_id >> 8 in {0xD3, 0xD4}:
        return _freeze(reader)
    return _parameter(data_id, reader)


def _metering_data(reader: FieldReader) -> Explained:
    layout = values.find_layout(reader.plain[reader.at :])
    if layout is None:
        return {}
    found = values.read_layout(reader, layout)
    if layout.quantities[0].key == "settlement_heat":
        found["layout"] = "unit_first" if layout.unit_first else "unit_last"
    elif layout.unit_first:
        found["layout"] = "unit_first"
    return found


def _settlement(reader: FieldReader) -> Explained:
    found = values.read_quantity(reader, items.SETTLEMENT_VOLUME, has_unit=reader.left > 4)
    return found | {"value": found["settlement"], "unit": found.get("settlement_unit_name")}


def _freeze(reader: FieldReader) -> Explained:
    found = values.read_time(reader)
    for quantity in items.FREEZE_WATER_AND_GAS:
        found |= values.read_quantity(reader, quantity)
    return found


def _parameter(data_id: int, reader: FieldReader) -> Explained:
    if data_id == 0x8102:
        return _prices(reader)
    if data_id in {0x8103, 0x8104}:
        return {"value": reader.take(1, "value", "日", "day of the month", bcd.integer)}
    if data_id == 0x8105 and reader.left >= 13:
        return _purchase(reader)
    if data_id == 0x8106:
        return {"value": reader.take(1, "value", "密钥版本号", "key version", lambda one: one[0])}
    if data_id == 0x907F and reader.left == values.TIME:
        return values.read_time(reader)
    return {"data": reader.rest("data", "数据", "data")}


def _prices(reader: FieldReader) -> Explained:
    prices: list[object] = []
    volumes: list[object] = []
    while reader.left >= 6:
        prices.append(_amount(reader, _PRICE))
        volumes.append(_amount(reader, _FROM_VOLUME))
    return {"prices": prices, "from_volumes": volumes}


def _purchase(reader: FieldReader) -> Explained:
    found: Explained = {"purchase_no": reader.take(1, "purchase_no", "本次购买序号", "purchase number", lambda one: one[0])}
    for quantity in _PURCHASES:
        found[quantity.key] = _amount(reader, quantity)
    return found | values.read_status(reader)


def _amount(reader: FieldReader, quantity: items.Quantity) -> int | float | None:
    def read(raw: bytes) -> int | float | None:
        return values.plain_number(bcd.decimal(raw, decimals=quantity.decimals), quantity)

    return reader.take(quantity.width, quantity.key, quantity.zh, quantity.en, read)


def _order(data_id: int, reader: FieldReader) -> Explained:
    """What a master writes; ``data`` is the content as it is on the wire, keys excepted."""
    if data_id == 0xA014:
        return _new_key(reader)
    found: Explained = {"data": hex_text(reader.plain[reader.at :])}
    found |= _ORDERS.get(data_id, _no_order)(reader)
    if reader.left:
        reader.rest("data", "数据", "data")
    return found


def _no_order(_: FieldReader) -> Explained:
    return {}


def _valve_order(reader: FieldReader) -> Explained:
    code = reader.take(1, "code", "阀门命令", "valve command", hex_text)
    return {"code": code, "valve": items.VALVE_COMMANDS.get(int(code, 16), "vendor")}


def _day_order(reader: FieldReader) -> Explained:
    return {"value": reader.take(1, "value", "日", "day of the month", bcd.integer)}


def _purchase_order(reader: FieldReader) -> Explained:
    number = reader.take(1, "purchase_no", "本次购买序号", "purchase number", lambda one: one[0])
    return {"purchase_no": number, "purchase": _amount(reader, _PURCHASE)}


def _base_order(reader: FieldReader) -> Explained:
    return values.read_quantity(reader, items.CURRENT_VOLUME)


def _address_order(reader: FieldReader) -> Explained:
    return {"value": reader.take(7, "value", "新地址", "new address", bcd.digits_of)}


def _prices_and_day(reader: FieldReader) -> Explained:
    found = _prices(reader)
    return found | ({"value": reader.take(1, "value", "启用日", "start day", bcd.integer)} if reader.left == 1 else {})


def _new_key(reader: FieldReader) -> Explained:
    """A key is never shown, neither as a value nor as bytes."""
    version = reader.take(1, "key_version", "密钥版本号", "key version", lambda one: one[0])
    reader.take(reader.left, "key", "密钥（不显示）", "key (not shown)", lambda _: None)
    reader.fields[-1]["bytes"] = ""
    return {"key_version": version, "key": None}


_ORDERS = {
    0xA010: _prices_and_day,
    0xA011: _day_order,
    0xA012: _day_order,
    0xA013: _purchase_order,
    0xA015: values.read_time,
    0xA016: _base_order,
    items.VALVE_CONTROL: _valve_order,
    0xA018: _address_order,
}
