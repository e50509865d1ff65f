"""What a schema finds wrong with the data of a file, as faults with their line, in words of ours. Pure."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from pydantic import ValidationError

from metropool.core.texts import Sentence
from metropool.plan.source import ROOM, PathInFile, PlanFault, Source, printable

SHOWN = 200
"""Of a wrong value, the letters that a fault shows."""
WANTED: Mapping[str, str] = {
    "tuple_type": "list",
    "list_type": "list",
    "dict_type": "mapping",
    "mapping_type": "mapping",
    "model_type": "mapping",
    "literal_error": "one_of",
    "string_pattern_mismatch": "form",
    "string_type": "text",
    "string_too_short": "at_least",
    "string_too_long": "at_most",
    "too_short": "items_at_least",
    "too_long": "items_at_most",
    "bool_type": "yes_no",
    "bool_parsing": "yes_no",
    "int_type": "number",
    "int_parsing": "number",
    "value_error": "seen",
}
"""Kinds of errors, and the text (``wanted_<name>``) of what should be there."""
FORMS = {"^[a-z][a-z0-9_]*$": "name", "^[A-Za-z0-9.]+$": "row", "^[A-Z][A-Za-z]+$": "class"}
"""Patterns that have a text of their own (``wanted_<name>``)."""


def faults_of(error: ValidationError, *, data: Any, source: Source) -> list[PlanFault]:
    """Every fault, one for each place: where a thing may be of two kinds and is of neither, one says so."""
    found: dict[PathInFile, list[Mapping[str, Any]]] = {}
    for each in error.errors(include_url=False):
        found.setdefault(_place(each, data), []).append(dict(each))
    return [_fault(source, path, several) for path, several in found.items()]


def _place(error: Mapping[str, Any], data: Any) -> PathInFile:
    """Where it is in the file: the schema's own marks, of keys and of kinds that a thing may be of, left out."""
    path: list[str | int] = []
    for step in error["loc"]:
        within = _within(data)
        if str(step) in within:
            data = within[str(step)]
        elif error["type"] != "missing" or step != error["loc"][-1]:
            continue
        path.append(step if isinstance(step, int) else str(step))
    return tuple(path)


def _within(data: Any) -> dict[str, Any]:
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return {str(step): value for step, value in pairs}


def _fault(source: Source, path: PathInFile, errors: Sequence[Mapping[str, Any]]) -> PlanFault:
    first = errors[0]
    name: Any = printable(".".join(str(step) for step in path)) if path else Sentence(ROOM, "the_file")
    key = {"extra_forbidden": "unknown_key", "missing": "missing_key", "string_type": "not_text"}.get(
        first["type"], "wrong_value"
    )
    if first["input"] is None and key in ("wrong_value", "not_text"):
        key = "no_value" if path else "empty"
    wanted = reduce(_either, (_wanted(each) for each in errors))
    return source.fault(key, *path, name=name, value=_short(first["input"]), wanted=wanted)


def _wanted(error: Mapping[str, Any]) -> Sentence:
    told = error.get("ctx", {})
    expected = str(told.get("expected", "")).replace(" or ", ", ")
    limit = told.get("min_length", told.get("max_length"))
    text = WANTED.get(error["type"], "other")
    if text == "form":
        text = FORMS.get(told["pattern"], text)
    if text == "one_of" and "," not in expected:
        text = "just"
    return Sentence(
        ROOM, f"wanted_{text}", {"expected": expected, "form": told.get("pattern"), "limit": limit, "reason": error["msg"]}
    )


def _either(one: Sentence, other: Sentence) -> Sentence:
    return Sentence(ROOM, "wanted_either", {"one": one, "other": other})


def _short(value: Any) -> Any:
    """A value as it is shown: a text whole, of anything larger its beginning."""
    shown = repr(value)
    return value if len(shown) <= SHOWN else _Cut(f"{shown[:SHOWN]}…")


class _Cut(str):
    """Shown as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
