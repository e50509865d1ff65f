"""Reading the content of one data unit by the steps of its function."""

from typing import cast

from metropool.core.errors import Invalid
from metropool.devices.fields import Explained, FieldReader, hex_text
from metropool.devices.gdw1376.events import read_events
from metropool.devices.gdw1376.items import Step
from metropool.devices.gdw1376.names import names_of_key
from metropool.devices.gdw1376.values import FORMS


def read_steps(reader: FieldReader, steps: tuple[Step, ...]) -> Explained:
    """Read a content.

    Raises:
        Invalid: It ends early or a count makes no sense (``length``); ``reader`` may then stand inside it.
    """
    found: Explained = {}
    for step in steps:
        if step.group:
            _read_group(reader, step, found)
        elif step.form == "REST":
            found[step.key] = reader.rest(step.key, "数据（未细分）", "not split")
        elif step.form == "EVENTS":
            found |= read_events(reader)
        elif step.form == "INNER":
            size = cast(int, found.pop("inner_length"))
            found[step.key] = reader.take(size, step.key, "转发内容", "forwarded frame", hex_text)
        elif step.count:
            found[step.key] = [_read(reader, step, found) for _ in range(_count(step, found))]
        else:
            found[step.key] = _read(reader, step, found)
    return found


def _read(reader: FieldReader, step: Step, found: Explained) -> object:
    form = FORMS[step.form]
    zh, en = names_of_key(step.key)
    value = reader.take(form.width, step.key, zh, en, form.read)
    if step.form == "A1":
        found["weekday"] = reader.plain[reader.at - 2] >> 5
    return value


def _read_group(reader: FieldReader, step: Step, found: Explained) -> None:
    if step.count == "rest":
        rows = []
        while reader.left:
            rows.append(read_steps(reader, step.group))
    else:
        rows = [read_steps(reader, step.group) for _ in range(_count(step, found))]
    if step.key:
        found[step.key] = rows
    else:
        found |= {one.key: [row[one.key] for row in rows] for one in step.group}


def _count(step: Step, found: Explained) -> int:
    if step.count.isdigit():
        return int(step.count)
    key = {"M": "tariffs", "N": "points"}.get(step.count, step.count)
    count = found.get(key)
    if not isinstance(count, int):
        raise Invalid("length", values={"field": step.key})
    return count + 1 if step.count == "M" else count
