"""The city of the bench: which meters there are, behind which concentrators, with which channels. Columns, no object a meter."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metropool.capabilities.metering.collection.index import ChannelIndex, index_of
from metropool.core.periods import BUSINESS_ZONE

Ints = NDArray[np.int64]
DAY = date(2026, 6, 29)
MIDNIGHT_S = int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=BUSINESS_ZONE).timestamp())
DAY_S, QUARTERS, HOURS = 86_400, 96, 24
RECEIVED_AT = datetime.fromtimestamp(MIDNIGHT_S + DAY_S + 600, UTC)
POINTS_PER_TERMINAL = METERS_PER_TERMINAL = 200
FREEZE_ITEMS, PROFILE_ITEM = (1, 2, 3, 4, 5), 10
WATER_ITEMS, GAS_ITEMS = (30, 31, 32), (40, 41, 42)
WATER_TYPE, GAS_TYPE = 0x10, 0x30
_REGION = 0x4401
_FIRST_ADDRESS = 44_010_000_000_000


@dataclass(frozen=True)
class City:
    """Half the meters electricity, three tenths water, the rest gas.

    Attributes:
        electricity, water, gas: How many of each.
    """

    electricity: int
    water: int
    gas: int

    @property
    def volumes(self) -> int:
        """Water and gas meters."""
        return self.water + self.gas

    @property
    def terminals(self) -> int:
        """Concentrators: up to 200 electricity meters, and as many water and gas meters, behind each."""
        return max(1, -(-max(self.electricity, self.volumes) // METERS_PER_TERMINAL))

    @property
    def values_a_day(self) -> int:
        """Stored values: five registers and 96 points of an electricity meter, 24 times three of a water or gas meter."""
        return self.electricity * (len(FREEZE_ITEMS) + QUARTERS) + self.volumes * HOURS * len(WATER_ITEMS)

    @property
    def main_values_a_day(self) -> int:
        """The same counting one value, the register, of each water or gas answer."""
        return self.electricity * (len(FREEZE_ITEMS) + QUARTERS) + self.volumes * HOURS

    @property
    def terminal_of_point(self) -> Ints:
        """Concentrator of each electricity meter."""
        return np.arange(self.electricity) // POINTS_PER_TERMINAL

    @property
    def point(self) -> Ints:
        """Measuring point of each electricity meter on its concentrator, from 1."""
        return np.arange(self.electricity) % POINTS_PER_TERMINAL + 1

    @property
    def terminal_of_volume(self) -> Ints:
        """Concentrator of each water and gas meter; gas meters come after water meters."""
        return np.arange(self.volumes) % self.terminals

    @property
    def volume_type(self) -> Ints:
        """CJ/T 188 type of each water and gas meter."""
        return np.where(np.arange(self.volumes) < self.water, WATER_TYPE, GAS_TYPE)

    @property
    def volume_address(self) -> Ints:
        """Fourteen-digit address of each water and gas meter."""
        return _FIRST_ADDRESS + np.arange(self.volumes)


def city_of(meters: int) -> City:
    """The city of so many meters."""
    electricity, water = meters // 2, meters * 3 // 10
    return City(electricity, water, meters - electricity - water)


def terminal_word(terminal: Ints) -> Ints:
    """A1 << 16 | A2 of concentrators, as it stands in a frame."""
    return (_REGION << 16) | (terminal + 1)


def channels_of(city: City) -> pa.Table:
    """The registry's channels: ``channel, address, point, item``; numbers meter by meter, in order of the items."""
    per_point, per_volume = (*FREEZE_ITEMS, PROFILE_ITEM), len(WATER_ITEMS)
    terminal = (1 << 60) | (terminal_word(city.terminal_of_point) << 16)
    meter = (3 << 60) | (city.volume_type << 48) | city.volume_address
    volume_items = np.where((city.volume_type == WATER_TYPE)[:, None], np.array(WATER_ITEMS), np.array(GAS_ITEMS))
    address = np.concatenate([np.repeat(terminal, len(per_point)), np.repeat(meter, per_volume)])
    point = np.concatenate([np.repeat(city.point, len(per_point)), np.zeros(city.volumes * per_volume, np.int64)])
    item = np.concatenate([np.tile(per_point, city.electricity), volume_items.reshape(-1)])
    return pa.table({"channel": np.arange(len(item)) + 1, "address": address, "point": point, "item": item})


def index_of_city(city: City) -> ChannelIndex:
    """The product's own index over the city's channels."""
    channels = channels_of(city)
    terminals = (1 << 60) | (terminal_word(np.arange(city.terminals)) << 16)
    meters = (3 << 60) | (city.volume_type << 48) | city.volume_address
    links = pa.table(
        {
            "address": np.concatenate([terminals, meters]),
            "terminal": np.concatenate([terminals, terminals[city.terminal_of_volume]]),
            "device": [f"T{i}" for i in range(city.terminals)] + [f"T{i}" for i in city.terminal_of_volume],
        }
    )
    return index_of(channels, terminal_of_address=links, installed=channels["channel"])
