"""A measured home: one week of AMPds2, minute by minute, over and over, and beside it a lamp on a plug that can be switched.

What is measured follows what is done: the plug's power, the main's and both registers change when the lamp is switched.
"""

import csv
import gzip
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import accumulate

WEEK = "data/ampds2_week.csv.gz"
MINUTES = 7 * 24 * 60
CIRCUITS = {
    "dishwasher": "elec_dishwasher_w",
    "fridge": "elec_fridge_w",
    "basement": "elec_basement_w",
    "heatpump": "elec_heatpump_w",
}
MAIN, PLUG, DOOR, SMOKE, WATER, GAS = "main", "plug", "door", "smoke", "water", "gas"
LAMP_W = 60
DESCRIBED = (
    (MAIN, "main", "总表", "Whole home", None),
    ("dishwasher", "circuit", "洗碗机", "Dishwasher", None),
    ("fridge", "circuit", "冰箱", "Fridge", None),
    ("basement", "circuit", "地下室", "Basement", None),
    ("heatpump", "circuit", "热泵", "Heat pump", None),
    (PLUG, "plug", "客厅插座（台灯）", "Living-room plug (lamp)", "switch"),
    (WATER, "register", "水表", "Water", None),
    (GAS, "register", "燃气表", "Gas", None),
    (DOOR, "contact", "入户门", "Front door", None),
    (SMOKE, "smoke", "厨房烟感", "Kitchen smoke detector", None),
)
"""Every point: its kind, its names, the item that can be set."""

Value = tuple[str, str, int, int]


@dataclass(frozen=True)
class Week:
    """The measured week; powers in W, sums of them in W·min before each minute, counters from 0."""

    powers: dict[str, list[int]]
    sums: dict[str, list[int]]
    water_l: list[int]
    gas_dm3: list[int]

    def energy_wh(self, circuit: str, from_min: int, to_min: int) -> float:
        """Energy between two minutes [Wh]."""
        return (self._until(circuit, to_min) - self._until(circuit, from_min)) / 60

    def _until(self, circuit: str, minute: int) -> int:
        weeks, rest = divmod(minute, MINUTES)
        return weeks * self.sums[circuit][-1] + self.sums[circuit][rest]


def read_week() -> Week:
    """The week as it was published."""
    text = gzip.decompress((files("cityinabox") / WEEK).read_bytes()).decode()
    rows = list(csv.DictReader(text.splitlines()))
    columns = {MAIN: "elec_main_w", **CIRCUITS}
    powers = {name: [round(float(row[column])) for row in rows] for name, column in columns.items()}
    sums = {name: list(accumulate(values, initial=0)) for name, values in powers.items()}
    return Week(powers, sums, _counter(rows, "water_counter_l"), _counter(rows, "gas_furnace_counter_dm3"))


def _counter(rows: list[dict[str, str]], column: str) -> list[int]:
    first = float(rows[0][column])
    return [round(float(row[column]) - first) for row in rows]


@dataclass
class House:
    """What is in the home and how it stands.

    Args:
        week: What is replayed.
        began_s: When its registers began [Unix s].
        is_on: Whether the lamp is.
        lamp_ws: What the lamp has used [W·s], up to ``since_s``.
        since_s: When the lamp was switched or counted last [Unix s].
        senses: Door and smoke detector: 0 shut and clear, 1 open and smoke.
    """

    week: Week
    began_s: int
    is_on: bool = False
    lamp_ws: int = 0
    since_s: int = 0
    senses: dict[str, int] = field(default_factory=lambda: {DOOR: 0, SMOKE: 0})

    def switch(self, *, is_on: bool, at: int) -> None:
        """Switch the lamp."""
        self.lamp_ws, self.since_s, self.is_on = self._lamp_ws(at), at, is_on

    def power_w(self, point: str, at: int) -> int:
        """Power of a circuit at an instant."""
        lamp = LAMP_W if self.is_on else 0
        if point == PLUG:
            return lamp
        return self.week.powers[point][_minute(at) % MINUTES] + (lamp if point == MAIN else 0)

    def energy_wh(self, point: str, at: int) -> int:
        """Register of a circuit at an instant."""
        lamp = self._lamp_ws(at) / 3600
        if point == PLUG:
            return round(lamp)
        used = self.week.energy_wh(point, _minute(self.began_s), _minute(at))
        return round(used + (lamp if point == MAIN else 0))

    def states(self, at: int) -> list[Value]:
        """How everything stands."""
        powers = [(point, "power", at, self.power_w(point, at)) for point in (MAIN, *CIRCUITS, PLUG)]
        contacts = [(DOOR, "open", at, self.senses[DOOR]), (SMOKE, "smoke", at, self.senses[SMOKE])]
        return [*powers, (PLUG, "switch", at, int(self.is_on)), *contacts]

    def registers(self, at: int) -> list[Value]:
        """What was used up to a whole minute."""
        at = at // 60 * 60
        energies = [(point, "energy", at, self.energy_wh(point, at)) for point in (MAIN, *CIRCUITS, PLUG)]
        return [
            *energies,
            (WATER, "water", at, self._counted(self.week.water_l, at)),
            (GAS, "gas", at, self._counted(self.week.gas_dm3, at)),
        ]

    def _counted(self, counter: list[int], at: int) -> int:
        """A counter that goes on from week to week."""
        (weeks, rest), (begun, first) = divmod(_minute(at), MINUTES), divmod(_minute(self.began_s), MINUTES)
        return (weeks - begun) * counter[-1] + counter[rest] - counter[first]

    def _lamp_ws(self, at: int) -> int:
        return self.lamp_ws + (LAMP_W * max(0, at - self.since_s) if self.is_on else 0)


def _minute(at: int) -> int:
    """Minutes since a Thursday's midnight in the city, on which the week begins."""
    return at // 60 + 480


def described() -> list[dict[str, str]]:
    """The points as they are told."""
    names = ("point", "kind", "name_zh", "name_en", "sets")
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in DESCRIBED]
