"""What a schema finds wrong with the data of a file, as faults with their line, in words of ours. Pure."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from pydantic import ValidationError

from metropool.core.misfits import either, wanted
from metropool.core.texts import Sentence, printable
from metropool.plan.source import ROOM, PathInFile, PlanFault, Source

SHOWN = 200
"""Of a wrong value, the letters that a fault shows."""
OWN = {
    kind: Sentence(ROOM, f"wanted_{text}")
    for kind, text in (
        ("^[a-z][a-z0-9_]*$", "name"),
        ("^[a-z][a-z0-9_-]*$", "server"),
        ("^[A-Za-z0-9.:-]+$", "host"),
        ("^[^\\s\\x00-\\x1f\\x7f]+$", "place"),
        ("^[A-Za-z0-9.]+$", "row"),
        ("^[A-Z][A-Za-z]+$", "class"),
        ("value_error", "seen"),
    )
}
"""Patterns and kinds of errors that have a text of their own here."""


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
    should = reduce(either, (wanted(each, own=OWN) for each in errors))
    return source.fault(key, *path, name=name, value=_short(first["input"]), wanted=should)


def _short(value: Any) -> Any:
    """A value as it is shown: a text whole, of anything larger its beginning."""
    shown = repr(value)
    return value if len(shown) <= SHOWN else _Cut(f"{shown[:SHOWN]}…")


class _Cut(str):
    """Shown as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
