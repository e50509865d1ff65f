"""The YAML text of a mapping with the line of everything in it, so that a fault can say where it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from metropool.capabilities.metering.imports.faults import fault, sentence
from metropool.core.errors import Fault, Invalid
from metropool.core.misfits import misfit_said
from metropool.core.yaml_words import trouble_of

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
        """``file:line`` of what lies at a path such as ``("channels", 0, "unit")``, or of the nearest thing around it."""
        return f"{self.where}:{_line_of(self.root, path)}"

    def fault(self, message: str) -> Fault:
        """What a validation says (``Expected `int` - at `$.channels[0].interval_s```), with its line."""
        what, _, at = message.partition(" - at `$")
        path: Path = tuple(int(number) if number else name for name, number in _STEP.findall(at.rstrip("`")))
        named = _NAMED.search(what)
        path = (*path, named[1]) if named else path
        shown = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        return fault(self.place(path), "field", name=shown or sentence("the_file"), reason=misfit_said(what))


def parse_mapping(text: str, *, where: str) -> MappingText:
    """Read the YAML.

    Raises:
        Invalid: It is no YAML, or says a field twice; with the line.
    """
    try:
        found = MappingText(where, yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as cause:
        met = trouble_of(cause, text)
        found_fault = Fault(f"{where}:{met.line}", met.placed, met.remedy)
        raise Invalid.that(sentence("not_a_mapping", file=where), faults=[found_fault]) from cause
    twice = [fault(f"{where}:{line}", "field_twice", name=key) for key, line in _repeats(found.root)]
    if twice:
        raise Invalid.that(sentence("not_a_mapping", file=where), faults=twice)
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
