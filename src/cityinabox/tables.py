"""The tables of a city: what its companies would know of it, and what only the simulation knows. See CITY.md."""

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Row = dict[str, Any]


@dataclass
class City:
    """The tables of the city as rows, in the order they are written."""

    seed: int
    homes: int
    starts_on: date
    parties: list[Row] = field(default_factory=list)
    places: list[Row] = field(default_factory=list)
    network_nodes: list[Row] = field(default_factory=list)
    usage_points: list[Row] = field(default_factory=list)
    agreements: list[Row] = field(default_factory=list)
    devices: list[Row] = field(default_factory=list)
    channels: list[Row] = field(default_factory=list)
    installations: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)
    faults: list[Row] = field(default_factory=list)
    series: dict[str, Row] = field(default_factory=dict)
    features: list[Row] = field(default_factory=list)

    def as_dict(self) -> Row:
        """The content of the city file."""
        rows = {name: getattr(self, name) for name in list(self.__dataclass_fields__)[3:13]}
        head = {"schema": "cityinabox/1", "seed": self.seed, "homes": self.homes, "starts_on": self.starts_on.isoformat()}
        return head | rows | {"map": {"type": "FeatureCollection", "features": self.features}, "series": self.series}

    def text(self) -> str:
        """The city file: one row a line, so that two cities can be compared."""
        parts = []
        for key, value in self.as_dict().items():
            if isinstance(value, list):
                body = ",\n".join("  " + _line(row) for row in value)
                parts.append(f'"{key}": [\n{body}\n]')
            else:
                parts.append(f'"{key}": {_line(value)}')
        return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
