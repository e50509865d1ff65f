"""The bench's own frames say to the product exactly what was put into them."""

import numpy as np
import pytest
from bench.city import DAY_S, FREEZE_ITEMS, MIDNIGHT_S, PROFILE_ITEM, City, city_of, index_of_city
from bench.day import CityDay, day_of, rounds_of

from metropool.devices.gdw1376.batch import decode_frames, scan_frames
from metropool.devices.gdw1376.kernel import DECODED, OTHER

CITY = city_of(60)


@pytest.fixture(scope="module")
def decoded() -> dict[str, np.ndarray]:
    """Every value of a small city's day, with the channel it belongs to."""
    buffer = np.frombuffer(b"".join(part for round_ in rounds_of(CITY, day_of(CITY)) for part in round_), np.uint8)
    found = scan_frames(buffer)
    assert (found.consumed, found.skipped) == (len(buffer), 0)
    (columns,) = (columns._asdict() for columns in decode_frames(buffer, found))
    assert np.flatnonzero(found.table.status != DECODED).tolist() == list(range(CITY.terminals)), "the logins"
    assert set(found.table.status.tolist()) == {DECODED, OTHER}
    device, point, item = (columns[name].astype(np.int64) for name in ("device", "point", "item"))
    return columns | {"channel": index_of_city(CITY).resolve(device=device, point=point, item=item)}


def test_every_value_of_the_day_has_its_channel(decoded):
    assert len(decoded["channel"]) == CITY.values_a_day
    assert decoded["channel"].min() == 1
    assert len(np.unique(decoded["channel"])) == CITY.electricity * 6 + CITY.volumes * 3
    assert not decoded["quality"].any()
    assert not decoded["flag"].any()


def test_the_values_are_those_of_the_day(decoded):
    day = day_of(CITY)
    assert np.array_equal(values_of(decoded, PROFILE_ITEM, CITY.electricity), day.profile * 100)
    for n, item in enumerate(FREEZE_ITEMS):
        assert np.array_equal(values_of(decoded, item, CITY.electricity)[:, 0], day.freeze[:, n] * 100)
    assert np.array_equal(values_of(decoded, 30, CITY.water), day.volume[: CITY.water] * 10)
    assert np.array_equal(values_of(decoded, 40, CITY.gas), day.volume[CITY.water :] * 10)
    assert np.array_equal(values_of(decoded, 41, CITY.gas)[:, 0], day.settled[CITY.water :] * 10)


def test_the_times_are_those_of_the_day(decoded):
    profile = decoded["at"][decoded["item"] == PROFILE_ITEM]
    assert np.array_equal(np.unique(profile), MIDNIGHT_S + np.arange(900, DAY_S + 900, 900))
    assert set(decoded["at"][decoded["item"] == 1].tolist()) == {MIDNIGHT_S + DAY_S}
    assert np.array_equal(np.unique(decoded["at"][decoded["item"] == 30]), MIDNIGHT_S + 300 + np.arange(0, DAY_S, 3600))


def values_of(decoded: dict[str, np.ndarray], item: int, meters: int) -> np.ndarray:
    rows = np.flatnonzero(decoded["item"] == item)
    order = rows[np.lexsort((decoded["at"][rows], decoded["channel"][rows]))]
    return decoded["value"][order].reshape(meters, -1)


def test_the_sums_are_of_all_values(decoded):
    sums = day_of(CITY).sums(CITY)
    assert len(sums) == 12
    for item, total in sums.items():
        assert int(decoded["value"][decoded["item"] == item].sum()) == total


def test_a_city_of_any_size_has_all_its_meters():
    for meters in (1, 10, 999, 100_000):
        city = city_of(meters)
        assert isinstance(city, City)
        assert city.electricity + city.volumes == meters
    assert isinstance(day_of(city_of(3)), CityDay)
