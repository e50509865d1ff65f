"""The values that follow a data identifier in an answer."""

from metropool.devices import bcd
from metropool.devices.dlt645.items import Item, find_item, is_block
from metropool.devices.dlt645.records import read_records
from metropool.devices.dlt645.status import relay_state, status_names
from metropool.devices.dlt645.values import Part, is_absent
from metropool.devices.fields import Explained, FieldReader

_PLURALS = {"value": "values", "time": "times"}
_REPEATED = {"values", "counts"}
_STATUS_WORDS = 0x04000500
_UNUSED_DAY = b"\x99\x99"


def explain_value(reader: FieldReader, data_id: int, *, generation: int) -> Explained:
    """Explain what follows a data identifier; bytes without a meaning stay unread in ``reader``."""
    item = find_item(data_id, generation=generation)
    if item is None or not reader.left:
        return {"values": []} if item and is_block(data_id, generation=generation) else {}
    if item.parts[0][0].form == "load":
        return _load_records(reader)
    found = _repeated(reader, item) if _repeats(item, data_id, generation) else _once(reader, item)
    if item.unit or "value" in found or "values" in found:
        found["unit"] = item.unit
    return found | _extras(reader, item, data_id, found)


def _repeats(item: Item, data_id: int, generation: int) -> bool:
    first = item.parts[0][0].key
    return first in _REPEATED or (first == "value" and is_block(data_id, generation=generation))


def _once(reader: FieldReader, item: Item) -> Explained:
    """Each part once (or its count of times); a value of the wrong length or with non-decimal digits is invalid."""
    raw = reader.plain[reader.at :]
    if len(item.parts) == 1 and item.parts[0][1] == 1 and len(raw) != item.parts[0][0].width:
        return {"value": None, "invalid": True}
    found: Explained = {}
    for part, count in item.parts:
        if part.width == 0:
            found["data"] = reader.rest("data", "数据（未细分）", "data, not split")
        elif count == 1:
            found[part.key] = _take(reader, part, item)
        else:
            size = min(count, reader.left // part.width)
            found[part.key] = [_take(reader, part, item) for _ in range(size)]
    if "value" in found and found["value"] is None:
        found |= {_why_none(item, raw): True}
        found["raw"] = raw.hex().upper()
    return found


def _why_none(item: Item, raw: bytes) -> str:
    """Why there is no value: the meter has none, the place is not used (settlement day 9999), or the digits are no digits."""
    if is_absent(raw):
        return "absent"
    return "unused" if item.parts[0][0].form == "DDhh" and raw == _UNUSED_DAY else "invalid"


def _repeated(reader: FieldReader, item: Item) -> Explained:
    """The parts again and again to the end of the data."""
    found: dict[str, list[object]] = {_PLURALS.get(part.key, part.key): [] for part, _ in item.parts}
    width = sum(part.width for part, _ in item.parts)
    while reader.left >= width:
        for part, _ in item.parts:
            found[_PLURALS.get(part.key, part.key)].append(_take(reader, part, item))
    return dict(found)


def _take(reader: FieldReader, part: Part, item: Item) -> object:
    unit = f" [{item.unit}]" if item.unit and "X" in part.form else ""
    zh, en = item.zh.split("{")[0] or part.key, item.en.split("{")[0]
    return reader.take(part.width, part.key, f"{zh}{unit}", f"{en}{unit}", part.read)


def _load_records(reader: FieldReader) -> Explained:
    records, rest = read_records(reader.plain[reader.at :])
    size = reader.left - len(rest)
    if size:
        reader.take(size, "records", "负荷记录", "load records", lambda _: records)
    return {"records": records} | (records[0] if len(records) == 1 else {})


def _extras(reader: FieldReader, item: Item, data_id: int, found: Explained) -> Explained:
    """What some items say besides their value: the weekday, the names of status bits."""
    form = item.parts[0][0].form
    if form in {"YYMMDDWW", "YYMMDDNN"} and found.get("value") is not None:
        number = bcd.integer(reader.plain[reader.at - 4 : reader.at - 3])
        return {"weekday" if form == "YYMMDDWW" else "number": number}
    if form != "word":
        return {}
    words = found.get("values", [found.get("value")])
    if not isinstance(words, list) or None in words:
        return {}
    first = 1 if data_id & 0xFF == 0xFF else data_id - _STATUS_WORDS
    names = {n: status_names(n, word) for n, word in enumerate(words, start=first) if n <= 7}
    state = {n: relay_state(word) for n, word in enumerate(words, start=first) if n == 3}
    flags = [name for group in names.values() for name in group] if len(names) == 1 else names
    return {"words": words, "flags": flags} | dict(state.get(3, {}))
