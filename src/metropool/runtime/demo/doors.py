"""Keys of a demo's doors: one for the software of each system that has a door, where only the owner can read them."""

import json
from collections.abc import Mapping
from pathlib import Path

from metropool.access.api_keys import ApiKeys
from metropool.core.identifiers import SystemId
from metropool.runtime.node import Node
from metropool.storage.disk import write_durably

DOOR_KEYS = "door-keys.json"
NAME = "software"


def draw_door_keys(nodes: Mapping[SystemId, Node], *, home: Path) -> None:
    """Draw the keys and keep them in ``door-keys.json`` of a home."""
    keys = {name: _drawn(node) for name, node in nodes.items() if "door" in node.hosts}
    write_durably(home / DOOR_KEYS, json.dumps(keys))


def door_key(home: Path, system: str) -> str:
    """The key for a system's software."""
    keys: dict[str, str] = json.loads((home / DOOR_KEYS).read_text(encoding="utf-8"))
    return keys[system]


def _drawn(node: Node) -> str:
    return str(node.write_now("door", lambda work: ApiKeys(work.context).make(name=NAME, by="demo"))[0])
