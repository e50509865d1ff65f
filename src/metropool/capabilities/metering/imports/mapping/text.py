"""The YAML text of a mapping with the line of everything in it, so that a fault can say where it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from metropool.core.errors import Fault, Invalid

Path = tuple[str | int, ...]
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_NAMED = re.compile(r"field `([^`]+)`")


@dataclass(frozen=True)
class MappingText:
    """A text as plain values; ``where`` names the file."""

    where: str
    values: Any
    root: yaml.Node | None

    def place(self, path: Path) -> str:
        """File and line of what lies at a path such as ``("channels", 0, "unit")``, or of the nearest thing around it."""
        return f"{self.where}, line {_line_of(self.root, path)}"

    def fault(self, message: str) -> Fault:
        """What a validation says (``Expected `int` - at `$.channels[0].interval_s```), with its line."""
        what, _, at = message.partition(" - at `$")
        path: Path = tuple(int(number) if number else name for name, number in _STEP.findall(at.rstrip("`")))
        named = _NAMED.search(what)
        shown = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        place = self.place((*path, named[1]) if named else path)
        return Fault(place, f"{shown}: {_plain(what)}" if shown else _plain(what), "the fields are in docs/integrators.md")


def parse_mapping(text: str, *, where: str) -> MappingText:
    """Read the YAML.

    Raises:
        Invalid: It is no YAML, or says a field twice; with the line.
    """
    try:
        found = MappingText(where, yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as cause:
        mark = cause.problem_mark or cause.context_mark
        place = f"{where}, line {mark.line + 1}, column {mark.column + 1}" if mark else where
        fault = Fault(place, f"no YAML: {cause.problem}", "mind the indentation, the brackets and a space after each colon")
        raise Invalid(f"{where} is not a mapping", faults=[fault]) from cause
    except yaml.YAMLError as cause:
        raise Invalid(f"{where} is not a mapping: {str(cause).splitlines()[0]}") from cause
    twice = [Fault(f"{where}, line {line}", f"{key} is said twice", "leave one of them") for key, line in _repeats(found.root)]
    if twice:
        raise Invalid(f"{where} is not a mapping", faults=twice)
    return found


def _line_of(node: yaml.Node | None, path: Path) -> int:
    line = 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == step), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def _repeats(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.SequenceNode):
        for part in node.value:
            yield from _repeats(part)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            yield str(key.value), key.start_mark.line + 1
        seen.add(str(key.value))
        yield from _repeats(value)


def _plain(what: str) -> str:
    """A validation's words in ours."""
    plain = what.replace("Object contains unknown field", "there is no field").replace(
        "Object missing required field", "missing field"
    )
    return (
        plain.replace("`object`", "fields with values").replace("`array`", "a list").replace("`null`", "nothing").replace("`", "")
    )
