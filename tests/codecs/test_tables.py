"""Every row of the tables is read: an answer of the length the row says leaves nothing over."""

import csv
from pathlib import Path

import frame_builders as builders
import pytest

import metropool.devices.dlt645
import metropool.devices.gdw1376
from metropool.devices.dlt645.items import find_item, names_of
from metropool.devices.explain import explain
from metropool.devices.gdw1376.items import Step, find_function
from metropool.devices.gdw1376.values import FORMS

COUNT = 2


def table(package: str, name: str) -> list[dict[str, str]]:
    with (Path(package).parent / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def first_id(pattern: str) -> int:
    return int("".join(token.split(",")[0].split("-")[0] for token in pattern.split()), 16)


def last_id(pattern: str) -> int:
    return int("".join(token.split(",")[-1].split("-")[-1] for token in pattern.split()), 16)


ITEMS = [
    pytest.param(generation, pick(row["data_id"]), id=f"{generation}-{row['data_id']}-{pick.__name__}")
    for generation, name in ((2007, "items.csv"), (1997, "items_1997.csv"))
    for row in table(metropool.devices.dlt645.__file__, name)
    for pick in (first_id, last_id)
]
FUNCTIONS = [(int(row["afn"], 16), int(row["fn"])) for row in table(metropool.devices.gdw1376.__file__, "functions.csv")]


@pytest.mark.parametrize(("generation", "data_id"), ITEMS)
def test_an_item_reads_all_its_bytes(generation: int, data_id: int) -> None:
    item = find_item(data_id, generation=generation)
    assert item is not None
    size = sum(part.width * count for part, count in item.parts)
    wire = data_id.to_bytes(4 if generation == 2007 else 2, "little")
    control = 0x91 if generation == 2007 else 0x81
    fill = b"1" if item.parts[0][0].form == "ascii" else b"\x01"
    found = explain("dlt645", builders.dlt645(wire + fill * size, control=control))
    assert found["di"] == wire[::-1].hex().upper()
    assert "incomplete" not in found
    if item.parts[0][0].form != "load":
        assert "raw" not in found
    assert all("{" not in name and name for name in names_of(item, data_id, generation=generation))


@pytest.mark.parametrize("data_id", [0x0001FF00, 0x000100FF, 0x0101FF00, 0x0201FF00, 0x0203FF00, 0x020A01FF, 0x040005FF])
def test_an_item_of_a_block_is_repeated(data_id: int) -> None:
    item = find_item(data_id)
    assert item is not None
    size = sum(part.width * count for part, count in item.parts)
    found = explain("dlt645", builders.dlt645(data_id.to_bytes(4, "little") + b"\x01" * size * 3))
    assert isinstance(found["values"], list)
    assert len(found["values"]) == 3


def filled(steps: tuple[Step, ...]) -> bytes:
    """Content for some steps: every number 1, every count COUNT, every repetition as its count says."""
    return b"".join(repeated(step) for step in steps)


def repeated(step: Step) -> bytes:
    counted = step.key in {"tariffs", "points", "count"}
    one = filled(step.group) if step.group else (bytes([COUNT]) if counted else b"\x01") + bytes(width(step) - 1)
    if step.form in {"REST", "EVENTS"}:
        return b""
    if step.form == "INNER":
        return b"\x01"
    times = {"": 1, "M": COUNT + 1, "N": COUNT, "count": COUNT, "rest": COUNT}
    return one * (int(step.count) if step.count.isdigit() else times[step.count])


def width(step: Step) -> int:
    return FORMS[step.form].width if step.form in FORMS else 1


@pytest.mark.parametrize(("afn", "fn"), FUNCTIONS)
@pytest.mark.parametrize("up", [True, False])
def test_a_function_reads_all_its_bytes(afn: int, fn: int, up: bool) -> None:
    known = find_function(afn, fn)
    assert known is not None
    steps = known.up if up else known.down
    content = builders.unit(points=(1, 1), fn=fn) + filled(steps)
    password = b"" if up or afn not in {1, 4, 5, 6, 0x0F, 0x10} else bytes(16)
    found = explain("gdw1376", builders.gdw1376(content + password, afn=afn, control=0x88 if up else 0x4B))
    assert "unknown" not in found
    assert isinstance(found["units"], list)
    told = found["units"][0]
    for step in steps:
        if step.form and step.form not in {"EVENTS", "INNER"} and step.key != "inner_length":
            assert step.key in told
        assert all(inner.key in told for inner in step.group if not step.key)
    assert told["name_zh"]
