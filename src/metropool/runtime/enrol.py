"""Fills the registries of a city's systems from one city file: each gets what its party would know, and nothing else.

The form of the file is described in ``src/cityinabox/CITY.md``. A real city enrols from its companies' own exports in the same form.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table

from metropool.core.errors import Invalid
from metropool.facts.registry import Registry
from metropool.facts.registry import tables as t
from metropool.runtime.enrol_channels import channels_of, installations_of

Row = dict[str, Any]
SCHEMA = "cityinabox/1"
HOME = "home"


def read_city(path: Path) -> Mapping[str, Any]:
    """Read a city file.

    Raises:
        Invalid: Not a city file of the form we know.
    """
    try:
        city: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        raise Invalid(f"{path} is no city file: {cause}") from cause
    if city.get("schema") != SCHEMA:
        raise Invalid(f"{path} has schema {city.get('schema')!r}, expected {SCHEMA!r}")
    return city


def enrol_metering(registry: Registry, city: Mapping[str, Any]) -> int:
    """What measures where: places, usage points, devices, channels, installations, links; no customers."""
    numbers = _usage_point_numbers(city)
    channels = channels_of(city["devices"])
    rows: list[tuple[Table, Sequence[Row]]] = [
        (t.party, _organisations(city)),
        (t.place, [*map(_place, city["places"]), *map(_node, city["network_nodes"])]),
        (t.usage_point, [{**_keep(t.usage_point, row), "number": numbers[row["id"]]} for row in city["usage_points"]]),
        (t.end_device, [_device(row) for row in city["devices"]]),
        (t.channel, channels),
        (t.installation, installations_of(city, channels, numbers)),
        (t.link, [_link(row) for row in city["links"]]),
    ]
    return sum(registry.add(table, given) for table, given in rows)


def enrol_company(registry: Registry, city: Mapping[str, Any], *, party: str) -> int:
    """What a company knows: its own customers, their places and its usage points."""
    agreements = [row for row in city["agreements"] if row["supplier"] == party]
    return _enrol_customers(registry, city, agreements)


def enrol_platform(registry: Registry, city: Mapping[str, Any], *, billers: Collection[str] | None = None) -> int:
    """What clearing knows: the homes whose agreements are joined to one combined-bill account.

    Args:
        billers: Parties that bill by the running plan: nobody waits for the bill of another; all where None.
    """
    joined = [row for row in city["agreements"] if row["combined_account"]]
    return _enrol_customers(registry, city, [row for row in joined if billers is None or row["supplier"] in billers])


def enrol_authority(registry: Registry, city: Mapping[str, Any], *, within: str = "") -> int:
    """What an authority and an office know: organisations and places; nobody's home, meter or customer.

    Args:
        within: The community or building that an office is of: it knows what this lies in and what lies in it; empty for all.
    """
    known = _around(within, city["places"]) if within else {row["id"] for row in city["places"]}
    places = [_place(row) for row in city["places"] if row["kind"] != HOME and row["id"] in known]
    return registry.add(t.party, _organisations(city)) + registry.add(t.place, places)


def _around(place: str, places: Sequence[Row]) -> set[str]:
    """A place, what it lies in and what lies in it."""
    parents = {row["id"]: row["parent"] for row in places}
    own = _path(place, parents)
    return {one for one in parents if one in own or place in _path(one, parents)}


def lying_in(city: Mapping[str, Any], place: str) -> set[str]:
    """What lies in a place, and that itself; everything where none is named."""
    parents = {row["id"]: row["parent"] for row in city["places"]}
    return {one for one in parents if not place or place in _path(one, parents)}


def _path(place: str | None, parents: Mapping[str, str | None]) -> list[str]:
    return [] if place is None else [place, *_path(parents[place], parents)]


def _organisations(city: Mapping[str, Any]) -> list[Row]:
    return [_party(row) for row in city["parties"] if row["kind"] != "resident"]


def _enrol_customers(registry: Registry, city: Mapping[str, Any], agreements: Sequence[Row]) -> int:
    numbers = _usage_point_numbers(city)
    points = {row["usage_point"] for row in agreements}
    people = {row["party"] for row in agreements}
    given = [row for row in city["usage_points"] if row["id"] in points]
    rows: list[tuple[Table, Sequence[Row]]] = [
        (t.party, [_party(row) for row in city["parties"] if row["id"] in people or row["kind"] != "resident"]),
        (t.place, [_place(row) for row in city["places"]]),
        (t.usage_point, [{**_keep(t.usage_point, row), "number": numbers[row["id"]]} for row in given]),
        (t.supply_agreement, [_agreement(row) for row in agreements]),
    ]
    return sum(registry.add(table, some) for table, some in rows)


def enrol_homes(registry: Registry, city: Mapping[str, Any], *, homes: Collection[str], within: str = "") -> int:
    """What whoever hears some homes knows: where they are and their usage points; nobody's agreements, and no other homes.

    Args:
        within: The place whose homes it hears: it knows what this lies in and what lies in it; empty for all.
    """
    numbers = _usage_point_numbers(city)
    given = [row for row in city["usage_points"] if row["place"] in homes]
    around = _around(within, city["places"]) if within else {row["id"] for row in city["places"]}
    known = [row for row in city["places"] if row["id"] in around and (row["kind"] != HOME or row["id"] in homes)]
    rows: list[tuple[Table, Sequence[Row]]] = [
        (t.place, [_place(row) for row in known]),
        (t.usage_point, [{**_keep(t.usage_point, row), "number": numbers[row["id"]]} for row in given]),
    ]
    return sum(registry.add(table, some) for table, some in rows)


def households(city: Mapping[str, Any]) -> dict[str, str]:
    """Each home's combined account."""
    at = {row["id"]: row["place"] for row in city["usage_points"]}
    return {at[row["usage_point"]]: row["combined_account"] for row in city["agreements"] if row["combined_account"]}


def _usage_point_numbers(city: Mapping[str, Any]) -> dict[str, int]:
    return {row["id"]: number for number, row in enumerate(city["usage_points"], start=1)}


def _keep(table: Table, row: Row) -> Row:
    return {name: row.get(name) for name in table.c.keys()}  # noqa: SIM118


def _party(row: Row) -> Row:
    return {"id": row["id"], "kind": row["kind"], "name_zh": row["name"]["zh"], "name_en": row["name"]["en"]}


def _place(row: Row) -> Row:
    address = row.get("address") or {}
    named = {"name_zh": row["name"]["zh"], "name_en": row["name"]["en"], "outline": row.get("polygon")}
    return {**_keep(t.place, row), **named, "address_zh": address.get("zh"), "address_en": address.get("en")}


def _node(row: Row) -> Row:
    return {**_place(row), "parent": "city"}


def _agreement(row: Row) -> Row:
    category = "residential" if row["combined_account"] else "other"
    dates = {"valid_from": row["valid_from"][:10], "valid_to": row.get("valid_to")}
    return {**_keep(t.supply_agreement, row), **dates, "category": category, "options": row.get("options") or {}}


def _device(row: Row) -> Row:
    known = {"id", "kind", "model", "address", "protocol", "parent", "point", "place", "network_node"}
    settings = {name: value for name, value in row.items() if name not in known and value is not None}
    return {**_keep(t.end_device, row), "serial": row["address"], "settings": settings}


def _link(row: Row) -> Row:
    dates = {"valid_from": row["valid_from"][:10], "valid_to": None}
    return {"kind": row["kind"], "from_node": row["from"], "to_node": row["to"], **dates}
