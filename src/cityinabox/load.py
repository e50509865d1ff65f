"""Read a city file and make its devices."""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from cityinabox.clock import CityClock
from cityinabox.concentrator import Concentrator, LinkSettings
from cityinabox.energymeters import EnergyMeter
from cityinabox.flowmeters import METERS, FlowMeter
from cityinabox.journal import Journal, Record
from cityinabox.meters import Row
from cityinabox.pushes import Reports
from cityinabox.terminal import Terminal


@dataclass(frozen=True)
class Faults:
    """Faults of meters and terminals that are asked for on the command line, besides those of the city file."""

    lose: float = 0.0
    late_s: int = 0


def read_city(path: Path) -> Row:
    """The content of a city file.

    Raises:
        ValueError: It is no city file of this layout.
    """
    city: Any = json.loads(path.read_text("utf-8"))
    if not isinstance(city, dict) or city.get("schema") != "cityinabox/1":
        raise ValueError(f"{path} is no city file; make one with: cityinabox city --seed 7 --homes 60 -o {path}")
    return city


def energy_meter(city: Row, device: str, journal: Journal) -> EnergyMeter:
    """One electricity meter of the city."""
    row = next(row for row in city["devices"] if row["id"] == device)
    return EnergyMeter(row, city["series"][device], _faults(city, device), journal)


def concentrators(
    city: Row, clock: CityClock, journal: Journal, record: Record, *, faults: Faults, curve_s: int, link: LinkSettings
) -> list[Concentrator]:
    """All concentrators of the city with the meters behind them."""
    return [
        Concentrator(
            Reports(_terminal(city, row, journal, faults), curve_s=curve_s),
            clock=clock,
            record=record,
            chance=Random(f"{city['seed']}/{row['id']}/link"),
            settings=link,
        )
        for row in city["devices"]
        if row["kind"] == "concentrator"
    ]


def _terminal(city: Row, row: Row, journal: Journal, faults: Faults) -> Terminal:
    behind = [device for device in city["devices"] if device["parent"] == row["id"]]
    energy = [energy_meter(city, device["id"], journal) for device in behind if device["service"] == "electricity"]
    flow = [
        METERS.get(device["service"], FlowMeter)(device, city["series"][device["id"]], _faults(city, device["id"]), journal)
        for device in behind
        if device["service"] != "electricity"
    ]
    chance = Random(f"{city['seed']}/{row['id']}/meters")
    return Terminal(row, energy, flow, journal=journal, chance=chance, late_s=faults.late_s, lose=faults.lose)


def _faults(city: Row, device: str) -> list[Row]:
    return [fault for fault in city["faults"] if fault["device"] == device]
