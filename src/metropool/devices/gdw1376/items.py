"""What each function Fn of each AFN carries: functions.csv, parsed. The little language of its columns is in README.md."""

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_TOKEN = re.compile(r"(?P<key>\w*)(?::(?P<form>\w+)|=\((?P<group>[^)]*)\))(?:\*(?P<count>\w+))?")


@dataclass(frozen=True)
class Step:
    """One step of reading a content.

    Attributes:
        key: Name of the value; empty for a group whose keys stand for themselves.
        form: Format name, empty for a group.
        group: Steps repeated together.
        count: How often: a number, ``M`` (tariffs + 1), ``N`` (points), ``rest``, or the key of a value read before.
    """

    key: str
    form: str
    group: tuple["Step", ...]
    count: str


@dataclass(frozen=True)
class Function:
    """One Fn of one AFN: its content downwards and upwards, its names, how sure we are."""

    down: tuple[Step, ...]
    up: tuple[Step, ...]
    zh: str
    en: str
    confidence: str


def find_function(afn: int, fn: int) -> Function | None:
    """What AFN ``afn`` Fn ``fn`` carries; None when the table does not know."""
    return _functions().get((afn, fn))


@cache
def _functions() -> dict[tuple[int, int], Function]:
    text = files("metropool.devices.gdw1376").joinpath("functions.csv").read_text(encoding="utf-8")
    return {
        (int(row["afn"], 16), int(row["fn"])): Function(
            _steps(row["down"]), _steps(row["up"]), row["zh"], row["en"], row["confidence"]
        )
        for row in csv.DictReader(text.splitlines(), delimiter=";")
    }


@cache
def _steps(text: str) -> tuple[Step, ...]:
    return tuple(
        Step(key=found["key"], form=found["form"] or "", group=_steps(found["group"] or ""), count=found["count"] or "")
        for found in _TOKEN.finditer(text)
    )
