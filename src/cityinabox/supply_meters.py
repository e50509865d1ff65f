"""Adds to a city the meters of its networks: one before each transformer (台区总表) and before each zone of pipes."""

from random import Random

from cityinabox.metered import Metered
from cityinabox.supply import WHOLE
from cityinabox.tables import Row

SUPPLIED = ("transformer", "pipe_zone")
SERVICES = {"transformer": "electricity", "water": "water", "gas": "gas", "heat": "heat"}
"""Service of a node by the first word of its id."""
LOSSES = {"electricity": (200, 500), "water": (800, 1500), "gas": (100, 300), "heat": (500, 1200)}
"""Least and most that is lost, in ten-thousandths of what is supplied."""
MULTIPLIERS = {"electricity": 60}
"""Of the current transformers before a supply meter (300 A / 5 A); those of pipes have none."""
MODEL = {
    "electricity": "dlt645_three_phase_ct",
    "water": "cjt188_water_bulk",
    "gas": "cjt188_gas_bulk",
    "heat": "cjt188_heat_bulk",
}
SERIALS_FROM = 900_000


class SupplyMeters(Metered):
    """Supply meters, what they feed, and what is lost behind them."""

    def supply_meters(self, rng: Random) -> None:
        """Meter what enters each area that has customers and no meter yet, over the concentrator that stands in it."""
        devices = {row["usage_point"]: row for row in self.city.installations}
        fed: dict[str, list[Row]] = {}
        for link in self.city.links:
            if link["kind"] == "supplies":
                fed.setdefault(link["from"], []).append(devices[link["to"]])
        metered = {link["to"] for link in self.city.links if link["kind"] == "measures"}
        nodes = [node for node in self.city.network_nodes if node["kind"] in SUPPLIED and node["id"] in fed.keys() - metered]
        for number, node in enumerate(nodes, SERIALS_FROM + len(metered)):
            self._supply_meter(number, node["id"], fed[node["id"]], rng)

    def _supply_meter(self, number: int, node: str, fed: list[Row], rng: Random) -> None:
        service = SERVICES[node.partition("-")[0]]
        terminal = self._terminal_of(node)
        serial = f"{number:06d}" if service == "electricity" else f"90{number:06d}"
        meter = self._add_meter(f"meter-supply-{node}", service, serial, terminal["place"], terminal)
        meter |= {"model": MODEL[service], "switches_supply": False}
        multiplier = MULTIPLIERS.get(service, 1)
        point = f"supply-{node}"
        self._add_point(point, service, "supply", terminal["place"], node)
        self.link(point, node, "measures")
        self._install(meter, point, str(multiplier))
        least, most = LOSSES[service]
        self.city.series[meter["id"]] = self._supply_of(fed, loss=rng.randrange(least, most + 1), multiplier=multiplier)

    def _terminal_of(self, node: str) -> Row:
        """The concentrator at a transformer, or the first one of the community that a zone of pipes is for."""
        kind, _, number = node.rpartition("-")
        where = ("network_node", node) if kind == "transformer" else ("place", f"community-{number}")
        return next(row for row in self.terminals if row[where[0]] == where[1])

    def _supply_of(self, fed: list[Row], *, loss: int, multiplier: int) -> Row:
        """Settings of the series of a supply meter: those of all behind it, and of what they give back."""
        parts: dict[str, Row] = {}
        back: dict[str, Row] = {}
        starts = 0
        for row in fed:
            device = row["channel"].partition("/")[0]
            use = self.city.series[device]
            scale = {} if row["multiplier"] == "1" else {"multiplier": int(row["multiplier"])}
            parts[device] = _part(use) | scale
            starts += use["start"] * int(row["multiplier"])
            if "reverse" in use:
                back[device] = _part(use["reverse"]) | scale
        start = starts * WHOLE // ((WHOLE - loss) * multiplier)
        supply: Row = {"parts": parts, "loss": loss, "multiplier": multiplier, "start": start}
        if back:
            supply["reverse"] = {"parts": back, "loss": 0, "multiplier": multiplier, "start": 0}
        return supply


def _part(use: Row) -> Row:
    return {name: use[name] for name in ("source", "offset_weeks", "monthly")}
