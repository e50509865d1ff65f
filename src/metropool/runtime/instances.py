"""Which communities and buildings of a city have a system of their own: kept in a home beside what runs there."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from metropool.core.yaml_text import write_yaml
from metropool.exchange.ways import PLACES
from metropool.plan.compile import NO_INSTANCES
from metropool.plan.compiled import Compiled
from metropool.plan.instances import FILE, Instances
from metropool.plan.load import Loaded, load_instances
from metropool.storage.disk import write_durably

Row = Mapping[str, Any]


def read_instances(home: Path) -> Loaded[Instances]:
    """Those of a home; none where nothing was written down.

    Raises:
        Unreadable: The file says something else; each fault with its line.
    """
    file = home / FILE
    return load_instances(file) if file.is_file() else NO_INSTANCES


def write_instances(home: Path, instances: Instances) -> None:
    """Keep them in a home."""
    write_durably(home / FILE, write_yaml(instances.model_dump()))


def instances_of(compiled: Compiled, city: Row) -> Instances:
    """A system for every community and every building of a city file, of each that the plan has many of."""
    many = [facts for facts in compiled.systems.values() if facts.kind == "node" and facts.per in PLACES]
    return Instances({facts.id: dict(_named(facts.id, str(facts.per), city)) for facts in many})


def _named(system: str, kind: str, city: Row) -> Iterator[tuple[str, Any]]:
    for row in city["places"]:
        if row["kind"] == kind:
            word = re.sub("[^a-z0-9]+", "_", row["id"].lower().removeprefix(f"{kind}-")).strip("_")
            yield f"{system}_{word}", {"place": row["id"], "zh": row["name"]["zh"], "en": row["name"]["en"]}
