"""YAML as plain values with the line of each, so that a fault in a tariff file is told with file and line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from metropool.core.errors import Fault, Invalid

_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"


@dataclass
class Document:
    """One YAML file.

    Attributes:
        name: Name of the file, for messages.
        value: Mappings, lists, texts and None; numbers and dates stay texts, so no digit of a price is lost.
        lines: Line (from 1) of each value by its path, such as ``$.tariffs[0].versions[1].charges``.
    """

    name: str
    value: Any = None
    lines: dict[str, int] = field(default_factory=dict)

    def where(self, path: str) -> str:
        """``file:line`` of a path, or of the nearest thing around it."""
        while path not in self.lines and path != "$":
            path = path[: max(path.rfind("."), path.rfind("["))] or "$"
        return f"{self.name}:{self.lines.get(path, 1)}"


def read_document(name: str, text: str) -> Document:
    """Read a YAML text.

    Raises:
        Invalid: Not YAML, or a key twice; with file and line.
    """
    document = Document(name)
    try:
        root = YAML().compose(text)
    except MarkedYAMLError as cause:
        line = cause.problem_mark.line + 1 if cause.problem_mark else 1
        fault = Fault(f"{name}:{line}", f"not YAML: {cause.problem}", "mind the indentation and the colons")
        raise Invalid(f"{name} is not a YAML file", faults=[fault]) from cause
    if root is not None:
        document.value = _value(document, root, "$")
    return document


def _value(document: Document, node: Node, path: str) -> Any:
    document.lines[path] = node.start_mark.line + 1
    if isinstance(node, MappingNode):
        return _mapping(document, node, path)
    if isinstance(node, SequenceNode):
        return [_value(document, item, f"{path}[{i}]") for i, item in enumerate(node.value)]
    assert isinstance(node, ScalarNode)
    return None if node.tag == _NULL else node.value


def _mapping(document: Document, node: MappingNode, path: str) -> Mapping[str, Any]:
    merged: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for key, value in node.value:
        if key.tag == _MERGE:
            merged.update(_value(document, value, path))
        elif key.value in own:
            fault = Fault(f"{document.name}:{key.start_mark.line + 1}", f"{key.value!r} is there twice", "keep one of them")
            raise Invalid(f"{document.name} says {key.value!r} twice", faults=[fault])
        else:
            own[key.value] = _value(document, value, f"{path}.{key.value}")
    return {**merged, **own}
