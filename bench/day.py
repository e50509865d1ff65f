"""What the city's meters say on the day of the bench, and the bytes each concentrator sends of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench import frames
from bench.city import DAY, FREEZE_ITEMS, GAS_ITEMS, HOURS, PROFILE_ITEM, WATER_ITEMS, City, terminal_word
from bench.shapes import electricity_registers, volume_registers

Ints = NDArray[np.int64]
SEED = 20260630
_TARIFF_SHARES = (0.15, 0.35, 0.30)


@dataclass(frozen=True)
class CityDay:
    """Registers of one day.

    Attributes:
        profile: Shape (electricity meters, 96), at 00:15 … 24:00 [0.01 kWh].
        freeze: Total and four tariffs at 24:00, shape (electricity meters, 5) [0.01 kWh].
        volume: Shape (water and gas meters, 24), five past each hour [0.01 m3].
        settled: At the settlement day, shape (water and gas meters,) [0.01 m3].
    """

    profile: Ints
    freeze: Ints
    volume: Ints
    settled: Ints

    def sums(self, city: City) -> dict[int, int]:
        """Sum of all values of each reading type as they must be stored (valves are all open: 0)."""
        water, gas = slice(0, city.water), slice(city.water, None)
        sums = {item: int(self.freeze[:, n].sum()) * 100 for n, item in enumerate(FREEZE_ITEMS)}
        sums[PROFILE_ITEM] = int(self.profile.sum()) * 100
        for items, which in ((WATER_ITEMS, water), (GAS_ITEMS, gas)):
            sums |= {
                items[0]: int(self.volume[which].sum()) * 10,
                items[1]: int(self.settled[which].sum()) * 10 * HOURS,
                items[2]: 0,
            }
        return sums


def day_of(city: City, *, seed: int = SEED) -> CityDay:
    """The day, the same for the same seed."""
    profile = electricity_registers(city.electricity, 1, seed=seed)[:, 1:]
    total = profile[:, -1]
    tariffs = [(total * share).astype(np.int64) for share in _TARIFF_SHARES]
    freeze = np.stack([total, *tariffs, total - sum(tariffs)], axis=1)
    volume = volume_registers(city.volumes, 1, seed=seed + 1)
    return CityDay(profile, freeze, volume[:, 1:], volume[:, 0])


def rounds_of(city: City, day: CityDay) -> list[list[bytes]]:
    """Bytes by round and concentrator: its login, its water and gas answers of each hour, at last its freezes and profiles."""
    point_terminal, volume_terminal = terminal_word(city.terminal_of_point), terminal_word(city.terminal_of_volume)
    logins = frames.login_frames(terminal_word(np.arange(city.terminals)))
    rounds = [_by_terminal(np.arange(city.terminals), logins, city.terminals)]
    for hour in range(HOURS):
        made = frames.volume_answers(
            volume_terminal, city.volume_type, city.volume_address, day.volume[:, hour], day.settled, day=DAY, hour=hour
        )
        rounds.append(_by_terminal(city.terminal_of_volume, made, city.terminals))
    freezes = frames.freeze_frames(point_terminal, city.point, day.freeze, day=DAY)
    profiles = frames.profile_frames(point_terminal, city.point, day.profile, day=DAY)
    rounds += [_by_terminal(city.terminal_of_point, made, city.terminals) for made in (freezes, profiles)]
    return rounds


def _by_terminal(terminal: Ints, made: NDArray[np.uint8], terminals: int) -> list[bytes]:
    order = np.argsort(terminal, kind="stable")
    bounds = np.searchsorted(terminal[order], np.arange(terminals + 1))
    ordered = made[order]
    return [ordered[bounds[i] : bounds[i + 1]].tobytes() for i in range(terminals)]
