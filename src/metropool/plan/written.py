"""A YAML text as plain data, with the line of every key and item; each way in which it is none is a fault with its line. Pure.

Anchors and aliases are refused: what a plan says stands where it is said, and a text of a few lines cannot grow into millions of values.
So are tags: there are texts, numbers, yes and no, lists and mappings.
"""

from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from metropool.core.texts import printable
from metropool.core.yaml_words import YamlTrouble, trouble, trouble_of
from metropool.plan.source import PathInFile, PlanFault, Source

TAG = "tag:yaml.org,2002:"
SHOWN = 40
"""Of a value that cannot be read, the letters that a fault shows."""
TEXTS = ("str", "timestamp", "merge", "value")
"""Kinds of scalars that are the text they are written as."""


class Unwritten(Exception):
    """The text is no YAML that we take."""

    def __init__(self, *plan_faults: PlanFault) -> None:
        super().__init__(plan_faults)
        self.plan_faults = plan_faults


def parse(file: str, text: str) -> tuple[Source, list[PlanFault], Any]:
    """Lines of every key and item, duplicate keys, and the plain data.

    Raises:
        Unwritten: No YAML, or YAML with anchors or tags; with the line.
    """
    reading = _Reading(file)
    try:
        root = reading.reader.compose(text)
        if anchored := [reading.fault(node, "anchor", name=printable(node.anchor)) for node in _anchored(root)]:
            raise Unwritten(*anchored)
        data = None if root is None else reading.value(root, ())
    except YAMLError as error:
        raise Unwritten(_not_yaml(file, trouble_of(error, text))) from error
    except RecursionError as error:
        parser = reading.reader.reader
        raise Unwritten(_not_yaml(file, trouble("deep", line=parser.line + 1, column=parser.column + 1))) from error
    return Source(file=file, lines=reading.lines), reading.faults, data


class _Reading:
    """What is read of one text."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.reader = YAML(typ="safe", pure=True)
        self.lines: dict[PathInFile, int] = {}
        self.faults: list[PlanFault] = []

    def value(self, node: Node, path: PathInFile) -> Any:
        """A node as plain data; notes its lines."""
        self.lines.setdefault(path, node.start_mark.line + 1)
        kind = str(node.tag).removeprefix(TAG)
        if isinstance(node, MappingNode) and kind == "map":
            return {key: self.value(value, (*path, str(key))) for key, value in self._pairs(node, path)}
        if isinstance(node, SequenceNode) and kind == "seq":
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self._scalar(node, kind)
        raise self._refused(node, "tag", name=node.tag)

    def _pairs(self, node: MappingNode, path: PathInFile) -> Iterator[tuple[Any, Node]]:
        seen: dict[str, int] = {}  # of this mapping: what stands under a key that is there twice is not called twice as well
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                raise self._refused(key, "key")
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                self.faults.append(self.fault(key, "duplicate", name=printable(name), first=seen[name]))
            seen.setdefault(name, line)
            self.lines[(*path, name)] = line
            yield self._scalar(key, str(key.tag).removeprefix(TAG)), value

    def _scalar(self, node: ScalarNode, kind: str) -> Any:
        if any("\ud800" <= letter <= "\udfff" for letter in node.value):
            raise self._refused(node, "half", text=node.value[:SHOWN])
        if kind in TEXTS:
            return node.value
        if kind not in ("null", "bool", "int", "float"):
            raise self._refused(node, "tag", name=node.tag)
        try:
            return self.reader.constructor.construct_object(node)
        except (ValueError, KeyError) as cause:  # a number of more digits than Python reads, or a tag that lies
            raise self._refused(node, "value", text=node.value[:SHOWN], kind=kind) from cause

    def _refused(self, node: Node, met: str, **values: object) -> Unwritten:
        shown = {name: printable(str(value)) for name, value in values.items()}
        mark = node.start_mark
        return Unwritten(_not_yaml(self.file, trouble(met, line=mark.line + 1, column=mark.column + 1, **shown)))

    def fault(self, node: Node, key: str, **values: Any) -> PlanFault:
        """A fault at a node."""
        return PlanFault(file=self.file, line=node.start_mark.line + 1, key=key, values=values)


def _not_yaml(file: str, met: YamlTrouble) -> PlanFault:
    values = {"reason": met.placed, "advice": met.remedy}
    return PlanFault(file=file, line=met.line, key="not_yaml", values=values)


def _anchored(root: Node | None) -> Iterator[Node]:
    """Every node that has a name to be pointed at, once; what points at it is itself."""
    waiting, seen = [root] if root is not None else [], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.anchor:
            yield node
        if isinstance(node, MappingNode):
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, SequenceNode):
            waiting += node.value
