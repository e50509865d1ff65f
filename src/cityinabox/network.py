"""The companies of a city, the ground it stands on, and its network down to concentrators and transformers."""

from random import Random

from shapely import Point
from shapely.geometry import LineString

from cityinabox.land import Land, degrees, feature, geojson
from cityinabox.names import COMMUNITIES, DISTRICTS, pick
from cityinabox.tables import City, Row

REGION = "4401"
POINTS_PER_TERMINAL = 32
"""Measuring points of a concentrator; the last free one is for the meter of the district itself."""
INSTALLED = "2020-01-01T00:00:00+08:00"
LINES = {"works-1": "water_pipe", "gas-station-1": "gas_pipe", "heat-plant-1": "heat_pipe"}
"""Kind of the line from a source to what it feeds; all others are feeders."""


class Network:
    """Adds to a city what stands before anyone lives there."""

    def __init__(self, city: City, land: Land, rng: Random) -> None:
        self.city, self.land, self.rng = city, land, rng
        self.terminals: list[Row] = []
        self.points: dict[str, int] = {}
        self.homes: list[Row] = []
        self.spots: dict[str, Point] = {}

    def companies(self) -> None:
        rows = (
            ("grid", "grid_company", "澜湾供电局", "Lanwan Power Supply"),
            ("water", "water_company", "澜湾自来水公司", "Lanwan Water"),
            ("gas", "gas_company", "澜湾燃气公司", "Lanwan Gas"),
            ("heat", "heat_company", "澜湾热力公司", "Lanwan Heat"),
            ("platform", "platform_operator", "澜湾智慧用能平台", "Lanwan Smart Use Platform"),
            ("property", "property_manager", "安居物业管理公司", "Anju Property Management"),
            ("government", "authority", "澜湾市人民政府", "Lanwan City Government"),
        )
        self.city.parties += [{"id": i, "kind": kind, "name": {"zh": zh, "en": en}} for i, kind, zh, en in rows]

    def ground(self) -> None:
        name = {"zh": "澜湾市", "en": "Lanwan City"}
        outline = geojson(self.land.ground)
        self.city.places.append(place_row("city", "city", None, name, Point(0, 0)) | {"polygon": outline})
        self.city.features.append(feature(self.land.ground, kind="land", id="city"))
        for k, part in enumerate(self.land.districts):
            district = f"district-{k + 1}"
            centre = part.representative_point()
            name = pick(DISTRICTS, k)
            row = place_row(district, "district", "city", name, centre) | {"polygon": geojson(part)}
            self.city.places.append(row)
            self.city.features.append(feature(part, kind="district", id=district, name=name))
        self.city.features.append(feature(self.land.river, kind="river", id="river", name={"zh": "澜江", "en": "Lan River"}))
        self.city.features.append(feature(self.land.coast, kind="coast", id="coast"))
        for node, kind, zh, en, x, y in (
            ("substation-1", "substation", "澜湾110千伏变电站", "Lanwan 110 kV substation", 0.4, 2.2),
            ("works-1", "water_works", "澜江水厂", "Lan River water works", -1.6, 3.6),
            ("gas-station-1", "gas_station", "澜湾门站", "Lanwan city gate station", 4.6, 3.2),
        ):
            self.node(node, kind, {"zh": zh, "en": en}, Point(x, y), None)

    def terminal_for(self, c: int) -> Row:
        """The concentrator of a community that has a free measuring point; a new one with its transformer if none has."""
        last = self.terminals[-1] if self.terminals else None
        if last and last["place"] == f"community-{c + 1}" and self.points[last["id"]] < POINTS_PER_TERMINAL - 1:
            return last
        number = len(self.terminals) + 1
        name = pick(COMMUNITIES, c)
        spot = self.spots[f"community-{c + 1}"]
        feeder = f"feeder-{(number + 1) // 2}"
        if number % 2:
            self.node(
                feeder,
                "feeder",
                {"zh": f"10千伏{number // 2 + 1}号馈线", "en": f"10 kV feeder {number // 2 + 1}"},
                spot,
                "substation-1",
            )
        transformer = f"transformer-{number}"
        title = {"zh": f"{name['zh']}{number}号台区", "en": f"{name['en']} transformer district {number}"}
        self.node(transformer, "transformer", title, Point(spot.x + 0.04 * (number % 2), spot.y + 0.05), feeder)
        row = device_row(f"terminal-{number}", "concentrator", "gdw1376_concentrator", f"{REGION}{number:05d}", "gdw1376")
        row |= {"region": REGION, "terminal": number, "place": f"community-{c + 1}", "network_node": transformer}
        self.city.devices.append(row)
        self.terminals.append(row)
        self.points[row["id"]] = 0
        return row

    def node(self, node: str, kind: str, name: dict[str, str], spot: Point, source: str | None) -> None:
        lon, lat = degrees(spot.x, spot.y)
        self.city.network_nodes.append({"id": node, "kind": kind, "name": name, "lon": lon, "lat": lat})
        self.spots[node] = spot
        self.city.features.append(feature(spot, kind=kind, id=node, name=name))
        if source:
            self.link(source, node, "feeds")
            start = self.spots[source]
            line = LineString([(start.x, start.y), (spot.x, start.y), (spot.x, spot.y)])
            self.city.features.append(feature(line, kind=LINES.get(source, "feeder_line"), id=f"line-{node}", node=node))

    def link(self, source: str, target: str, kind: str) -> None:
        self.city.links.append({"from": source, "to": target, "kind": kind, "valid_from": INSTALLED})


def place_row(place: str, kind: str, parent: str | None, name: dict[str, str], spot: Point) -> Row:
    lon, lat = degrees(spot.x, spot.y)
    return {"id": place, "kind": kind, "parent": parent, "name": name, "lon": lon, "lat": lat}


def device_row(device: str, kind: str, model: str, address: str, protocol: str) -> Row:
    row = {"id": device, "kind": kind, "service": None, "model": model, "address": address, "protocol": protocol}
    return row | {"parent": None, "point": 0}
