"""Names for keys that data decides, in both languages."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from metropool.core.yaml_text import read_yaml
from metropool.facts.registry import Registry
from metropool.facts.registry.tables import party
from metropool.portal.schemas.basics import Service, Text

SERVICES: tuple[Service, ...] = ("electricity", "water", "gas", "heat")
"""In the order pages and bills show them."""


Names = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Kind to key to language."""


@cache
def read_names(room: str, file: str) -> Names:
    """The names that a room of the desks keeps in a file of its own."""
    loaded: Names = read_yaml(files(room).joinpath(file).read_text(encoding="utf-8"))
    return loaded


def _names() -> Names:
    return read_names("metropool.portal.desks", "names.yaml")


def name(kind: str, key: str, **values: object) -> Text:
    """The name of a key of some kind; the key itself when nobody named it."""
    return name_in(_names(), kind, key, **values)


def name_in(names: Names, kind: str, key: str, **values: object) -> Text:
    """The name among these of a key of some kind; the key itself when nobody named it."""
    found = names[kind].get(key) or {"zh": key, "en": key}
    return Text(zh=found["zh"].format(**values), en=found["en"].format(**values)) if values else Text(**found)


def service_name(key: str, service: str, **values: object) -> Text:
    """A text that speaks of a service."""
    found, of = _names()["causes"][key], _names()["services"][service]
    return Text(zh=found["zh"].format(service=of["zh"], **values), en=found["en"].format(service=of["en"], **values))


def tariff_name(tariff: str) -> Text:
    """Name of a tariff version such as ``guangzhou_residential_water@2019-07-01``."""
    plain, _, day = tariff.partition("@")
    named = name("tariffs", plain)
    return Text(zh=f"{named.zh}（{day} 起）", en=f"{named.en} (from {day})") if day else named


def factor(service: str) -> Any:
    """Emission factor of a service: factor [kgCO2 per unit], unit, and its source in both languages."""
    return _names()["factors"][service]


class Parties:
    """Names of organisations, read once a unit; ``others`` of those that the registry may not know."""

    def __init__(self, registry: Registry, *, others: Mapping[str, Text] | None = None) -> None:
        known = {row["id"]: Text(zh=row["name_zh"], en=row["name_en"]) for row in registry.rows(party)}
        self._names = {**(others or {}), **known}

    def name(self, party_id: str) -> Text:
        """The organisation's name, or its id."""
        return self._names.get(party_id) or Text(zh=party_id, en=party_id)
