"""Make a city from a seed: its network, communities with their homes, a shop, a common area, supply meters, and a few faults."""

from datetime import date
from random import Random

from shapely import Point

from cityinabox.clock import iso, unix
from cityinabox.land import make_land
from cityinabox.names import COMMUNITIES, DISTRICTS, GIVEN, ROADS, SURNAMES, pick
from cityinabox.network import INSTALLED, REGION, place_row
from cityinabox.supply_meters import SupplyMeters
from cityinabox.tables import City, Row

HOMES_PER_COMMUNITY = 20
HEATED = "building-1-1"
"""The block that district heating reaches."""
SUPPLIERS = {"electricity": "grid", "water": "water", "gas": "gas", "heat": "heat"}
TARIFFS = {
    "electricity": "guangzhou_residential_electricity",
    "water": "guangzhou_residential_water",
    "gas": "guangzhou_residential_gas",
    "heat": "beijing_residential_metered_heat",
}
COMMERCIAL_TARIFF = "guangdong_general_commercial_lt1kv_2021q4_excl_funds"


def make_city(seed: int, homes: int, starts_on: date = date(2026, 7, 1)) -> City:
    """Make a city with ``homes`` homes, one shop and the common area of one building.

    Args:
        seed: Any number; the same one gives the same city.
        homes: At least 1.
        starts_on: Day from which the built-in faults are counted; consumption does not depend on it.
    """
    if homes < 1:
        raise ValueError("a city needs at least one home")
    city = City(seed, homes, starts_on)
    land = make_land(Random(f"{seed}/land"), len(DISTRICTS))
    builder = _Builder(city, land, Random(f"{seed}/city"))
    builder.companies()
    builder.ground()
    builder.communities()
    builder.shop()
    builder.common_area()
    builder.supply_meters(Random(f"{seed}/supply"))
    builder.faults()
    builder.clocks(Random(f"{seed}/clocks"))
    builder.district_heating(Random(f"{seed}/heat"))
    return city


class _Builder(SupplyMeters):
    """Adds one thing after the other to a city."""

    def communities(self) -> None:
        count = -(-self.city.homes // HOMES_PER_COMMUNITY)
        order = list(range(len(self.land.districts)))
        self.rng.shuffle(order)
        for c in range(count):
            district = order[c % len(order)]
            spot = self.land.spots(district=district, count=1 + c // len(order), rng=self.rng)[-1]
            homes = range(c * HOMES_PER_COMMUNITY, min(self.city.homes, (c + 1) * HOMES_PER_COMMUNITY))
            self._community(c, f"district-{district + 1}", spot, list(homes))

    def _community(self, c: int, district: str, spot: Point, homes: list[int]) -> None:
        community, name = f"community-{c + 1}", pick(COMMUNITIES, c)
        self.spots[community] = spot
        self.city.places.append(place_row(community, "community", district, name, spot))
        for service, kind, source, zh, en in (
            ("water", "pipe_zone", "works-1", "供水片区", "water zone"),
            ("gas", "pipe_zone", "gas-station-1", "燃气调压区", "gas zone"),
        ):
            node_name = {"zh": f"{name['zh']}{zh}", "en": f"{name['en']} {en}"}
            self.node(f"{service}-zone-{c + 1}", kind, node_name, spot, source)
        road = pick(ROADS, self.rng.randrange(len(ROADS)))
        number = self.rng.randrange(8, 190)
        for b in range(2):
            where = Point(spot.x + (b - 0.5) * 0.09, spot.y + self.rng.uniform(-0.03, 0.03))
            building = f"building-{c + 1}-{b + 1}"
            titles = {"zh": f"{name['zh']}{b + 1}栋", "en": f"Block {b + 1}, {name['en']}"}
            row = place_row(building, "building", community, titles, where)
            self.city.places.append(row)
            for i, home in enumerate(homes[b::2]):
                room = f"{i // 2 + 1}0{i % 2 + 1}"
                address = {
                    "zh": f"澜湾市{road['zh']}{number}号{titles['zh']}{room}室",
                    "en": f"Room {room}, {titles['en']}, {number} {road['en']}, Lanwan",
                }
                self._home(home, c, building=building, room=room, address=address, where=where)

    def _home(self, index: int, c: int, *, building: str, room: str, address: dict[str, str], where: Point) -> None:
        n = index + 1
        home, resident = f"home-{n:04d}", f"resident-{n:04d}"
        surname, given = self.rng.choice(SURNAMES), self.rng.choice(GIVEN)
        name = {"zh": surname[0] + given[0], "en": f"{given[1]} {surname[1]}"}
        self.city.parties.append({"id": resident, "kind": "resident", "name": name})
        spot = Point(where.x + self.rng.uniform(-0.02, 0.02), where.y + self.rng.uniform(-0.008, 0.008))
        row = place_row(home, "home", building, {"zh": f"{room}室", "en": f"Room {room}"}, spot) | {"address": address}
        self.city.places.append(row)
        options: Row = {}
        if n % 8 == 3:
            options["time_of_use"] = True
        if n == 2:
            options["household_members"] = 6
        solar = n % 10 == 6
        parts = {
            "electricity": _use(
                "nl_import" if n % 5 == 1 or solar else "fr_sceaux", self._weeks(summer=True), self._monthly(100, 400), 4
            ),
            "water": _use("ca_water", self.rng.randrange(52), self._monthly(8, 30), 3),
            "gas": _use("gas", self.rng.randrange(52), self._monthly(5, 30), 3),
        }
        accounts = {
            "electricity": f"0{REGION[1:]}{self.rng.randrange(10**6):06d}{n:06d}",
            "water": f"8{self.rng.randrange(1000):03d}{n:05d}",
            "gas": f"6{self.rng.randrange(10000):04d}{n:05d}",
        }
        combined = f"LW{self.city.seed % 100:02d}{n:06d}"
        terminal = self.terminal_for(c)
        for service, use in parts.items():
            node = terminal["network_node"] if service == "electricity" else f"{service}-zone-{c + 1}"
            point = self._usage_point(f"{service}-{n:04d}", service, home, node)
            meter = self._meter(service, n, home, terminal)
            self._install(meter, point, "1")
            self.city.series[meter["id"]] = use
            if service == "electricity" and solar:
                use["reverse"] = _use("nl_export", use["offset_weeks"], self._monthly(60, 180), 4) | {"start": 0}
            chosen = options if service == "electricity" else {}
            self._agree(accounts[service], resident, point, tariff=TARIFFS[service], combined=combined, options=chosen)
        self.homes.append({"home": home, "n": n, "building": building, "party": resident, "combined": combined})

    def _weeks(self, *, summer: bool) -> int:
        """An offset that puts the cold months of the French series into the hot months of the city."""
        return 26 * summer + 52 * self.rng.randrange(3) + self.rng.randrange(-6, 7)

    def _monthly(self, low: int, high: int) -> int:
        return self.rng.randrange(low * 10, high * 10 + 1)

    def _agree(
        self, account: str, party: str, point: str, *, tariff: str, combined: str | None = None, options: Row | None = None
    ) -> None:
        service = point.partition("-")[0]
        row: Row = {"account_number": account, "party": party, "usage_point": point, "supplier": SUPPLIERS[service]}
        row |= {"tariff": tariff, "options": options, "combined_account": combined, "valid_from": INSTALLED}
        self.city.agreements.append(row)

    def shop(self) -> None:
        n = self.city.homes + 1
        self.city.parties.append({"id": "shop", "kind": "business", "name": {"zh": "海风咖啡馆", "en": "Sea Breeze Café"}})
        spot = self.spots["community-1"]
        name = {"zh": "海风咖啡馆", "en": "Sea Breeze Café"}
        self.city.places.append(place_row("site-1", "site", "community-1", name, Point(spot.x, spot.y - 0.05)))
        first = self.terminals[0]
        point = self._usage_point(f"electricity-{n:04d}", "electricity", "site-1", first["network_node"])
        meter = self._meter("electricity", n, "site-1", first)
        meter["model"] = "dlt645_single_phase_ct"
        self._install(meter, point, "40")
        self.city.series[meter["id"]] = _use("fr_sceaux", self._weeks(summer=True), self._monthly(150, 250), 4)
        account = f"0{REGION[1:]}{self.rng.randrange(10**6):06d}{n:06d}"
        self._agree(account, "shop", point, tariff=COMMERCIAL_TARIFF, options={"time_of_use": True})

    def common_area(self) -> None:
        n = self.city.homes + 2
        point = self._usage_point(f"electricity-{n:04d}", "electricity", "building-1-1", self.terminals[0]["network_node"])
        meter = self._meter("electricity", n, "building-1-1", None)
        meter |= {"model": "dlt645_transparent_tcp", "transport": "tcp"}
        self._install(meter, point, "1")
        self.city.series[meter["id"]] = _use("nl_import", self.rng.randrange(156), self._monthly(200, 400), 4)
        account = f"0{REGION[1:]}{self.rng.randrange(10**6):06d}{n:06d}"
        self._agree(account, "property", point, tariff=TARIFFS["electricity"], options={"combined_meter": True})

    def faults(self) -> None:
        """A realistic few; what each one does is told in CITY.md."""
        start = unix(self.city.starts_on.year, self.city.starts_on.month, self.city.starts_on.day)
        picks = [self.homes[i % len(self.homes)]["n"] for i in self.rng.sample(range(60), 5)]
        back, stuck, clock, *silent = picks
        self.city.faults += [
            {"kind": "reverse_step", "device": f"meter-electricity-{back:04d}", "at": iso(start + 129_600), "amount": 500_000},
            {
                "kind": "stuck",
                "device": f"meter-water-{stuck:04d}",
                "from": iso(start + 108_000),
                "to": iso(start + 280_800),
            },
            {"kind": "clock_off", "device": f"meter-gas-{clock:04d}", "seconds": -2220},
            *({"kind": "missed_answers", "device": f"meter-electricity-{n:04d}", "share": 0.2} for n in silent),
        ]

    def clocks(self, rng: Random) -> None:
        """Clocks are off by some seconds, two electricity clocks by minutes: one a time set still reaches, one it does not."""
        for use in self.city.series.values():
            use["clock_s"] = rng.randrange(-20, 21)
        numbers = [home["n"] for home in rng.sample(self.homes, min(2, len(self.homes)))]
        self.city.faults += [
            {"kind": "clock_off", "device": f"meter-electricity-{n:04d}", "seconds": seconds}
            for n, seconds in zip(numbers, (250, -1380), strict=False)
        ]

    def district_heating(self, rng: Random) -> None:
        """Heat and hot water for the homes of one block. What comes last changes nothing of all that is drawn before it."""
        self.node("heat-plant-1", "heat_plant", {"zh": "澜湾热源厂", "en": "Lanwan heat plant"}, Point(2.4, 3.0), None)
        name = pick(COMMUNITIES, 0)
        zone = {"zh": f"{name['zh']}供热片区", "en": f"{name['en']} heat zone"}
        self.node("heat-zone-1", "pipe_zone", zone, self.spots["community-1"], "heat-plant-1")
        for row in self.homes:
            if row["building"] == HEATED:
                self._heat(row, rng)
        self.supply_meters(rng)
        for device, use in self.city.series.items():
            if device.startswith(("meter-heat-", "meter-supply-heat-")):
                use["clock_s"] = rng.randrange(-20, 21)

    def _heat(self, home: Row, rng: Random) -> None:
        n = home["n"]
        point = self._usage_point(f"heat-{n:04d}", "heat", home["home"], "heat-zone-1")
        serial = f"{rng.randrange(100):02d}{n:06d}"
        meter = self._add_meter(f"meter-heat-{n:04d}", "heat", serial, home["home"], self.terminals[0])
        meter["switches_supply"] = False
        self._install(meter, point, "1")
        self.city.series[meter["id"]] = _use("gas", rng.randrange(52), rng.randrange(1500, 6001), 3)
        account = f"9{rng.randrange(1000):03d}{n:05d}"
        self._agree(account, home["party"], point, tariff=TARIFFS["heat"], combined=home["combined"], options={})


def _use(source: str, weeks: int, tenths: int, digits: int) -> Row:
    """Settings of a series: ``tenths`` of the unit a month; the register starts at a few months' worth."""
    monthly = tenths * 10 ** (digits - 1)
    return {"source": source, "offset_weeks": weeks, "monthly": monthly, "start": monthly * 3 + monthly // 7}
