"""What a data identifier (数据标识) means: items.csv and items_1997.csv, looked up."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from metropool.devices.dlt645.values import Part, parse_part

_PHASES = {1: ("A相", " phase A"), 2: ("B相", " phase B"), 3: ("C相", " phase C"), 0xFF: ("", ", all phases")}


@dataclass(frozen=True)
class Item:
    """One row of the table.

    Attributes:
        pattern: Per byte, highest first, the values that match.
        parts: The values in wire order, each with how often it comes (0: to the end).
        unit: Unit of the numbers without one in their key.
        zh: Name with placeholders ``{t}`` tariff, ``{s}`` settlement, ``{p}`` phase, ``{n}`` lowest byte.
        en: The same in English.
        confidence: V, S or U as in the README.
    """

    pattern: tuple[frozenset[int], ...]
    parts: tuple[tuple[Part, int], ...]
    unit: str
    zh: str
    en: str
    confidence: str

    def matches(self, data_id: tuple[int, ...]) -> bool:
        """This row is about ``data_id`` (bytes, highest first)."""
        return all(byte in values for byte, values in zip(data_id, self.pattern, strict=True))


def find_item(data_id: int, *, generation: int = 2007) -> Item | None:
    """The row about a data identifier; None for one the tables do not know."""
    key = tuple(data_id.to_bytes(4 if generation == 2007 else 2, "big"))
    return next((item for item in _table(generation).get(key[0], ()) if item.matches(key)), None)


def names_of(item: Item, data_id: int, *, generation: int = 2007) -> tuple[str, str]:
    """Its names (zh, en) with tariff, phase and index filled in."""
    words = _words_2007(data_id) if generation == 2007 else _words_1997(data_id)
    return (
        item.zh.format(**{key: zh for key, (zh, _) in words.items()}),
        item.en.format(**{key: en for key, (_, en) in words.items()}),
    )


def is_block(data_id: int, *, generation: int = 2007) -> bool:
    """The identifier asks for several values at once (FF in one of its places; F in 1997)."""
    if generation == 1997:
        return data_id & 0x0F == 0x0F
    return data_id & 0xFF == 0xFF or data_id >> 8 & 0xFF == 0xFF


def _words_2007(data_id: int) -> dict[str, tuple[str, str]]:
    middle, low = data_id >> 8 & 0xFF, data_id & 0xFF
    number = ("块", ", all") if low == 0xFF else (str(low), f" {low}")
    return {
        "t": _tariff(middle, block=0xFF),
        "s": _settlement(low),
        "p": _PHASES.get(middle, ("总", ", total")),
        "n": number,
        "c": (f"第{low - 1}类", f" {low - 1}"),
        "l": (str(low - 1), f" {low - 1}"),
    }


def _settlement(number: int) -> tuple[str, str]:
    if number == 0:
        return "", ""
    if number == 0xFF:
        return "（当前及各结算日）", ", now and at each settlement"
    return f"（上{number}结算日）", f", settlement {number} back"


def _words_1997(data_id: int) -> dict[str, tuple[str, str]]:
    low = data_id & 0x0F
    phase = _PHASES.get(0xFF if low == 0x0F else low, ("总", ", total"))
    return {"t": _tariff(low, block=0x0F), "p": phase}


def _tariff(number: int, *, block: int) -> tuple[str, str]:
    if number == 0:
        return "（总）", ", total"
    return ("（总及各费率）", ", total and tariffs") if number == block else (f"（费率{number}）", f", tariff {number}")


@cache
def _table(generation: int) -> dict[int, list[Item]]:
    name = "items.csv" if generation == 2007 else "items_1997.csv"
    text = files("metropool.devices.dlt645").joinpath(name).read_text(encoding="utf-8")
    table: dict[int, list[Item]] = {}
    for row in csv.DictReader(text.splitlines(), delimiter=";"):
        pattern = tuple(_values(token) for token in row["data_id"].split())
        item = Item(pattern, _parts(row["parts"]), row["unit"], row["zh"], row["en"], row["confidence"])
        for first in pattern[0]:
            table.setdefault(first, []).append(item)
    return table


def _values(token: str) -> frozenset[int]:
    found: set[int] = set()
    for piece in token.split(","):
        first, _, last = piece.partition("-")
        found.update(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(found)


def _parts(text: str) -> tuple[tuple[Part, int], ...]:
    return tuple(_part(token) for token in text.split())


def _part(text: str) -> tuple[Part, int]:
    if text.endswith((":*", "=load")):
        key, _, _ = text.partition("=")
        return Part(key=key, form="hex" if key == "rest" else "load", width=0), 0
    text, _, count = text.partition("*")
    return parse_part(text), int(count or 1)
