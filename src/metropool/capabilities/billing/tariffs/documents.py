"""YAML as plain values with the line of each, so that a fault in a tariff file is told with file and line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from metropool.capabilities.billing.faults import fault, sentence
from metropool.core.errors import Fault, Invalid
from metropool.core.yaml_words import trouble_of

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
    except YAMLError as cause:
        met = trouble_of(cause, text)
        found = Fault(f"{name}:{met.line}", met.placed, met.remedy)
        raise Invalid.that(sentence("no_yaml", name=name), faults=[found]) from cause
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
            twice = fault(f"{document.name}:{key.start_mark.line + 1}", "key_twice", name=key.value)
            raise Invalid.that(sentence("key_twice_in", file=document.name, name=key.value), faults=[twice])
        else:
            own[key.value] = _value(document, value, f"{path}.{key.value}")
    return {**merged, **own}
