"""Areas that are none are refused with the reason, however large; what can be drawn goes there and back."""

import time

import numpy as np
import pytest

from metropool.core.areas import Area, area_faults, geojson_of, hull_around, lies_in, outline_of

RING = ((0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 0.0), (0.0, 0.0))


def circle(count):
    angles = np.linspace(0, 2 * np.pi, count)
    ring = [(float(np.cos(a)), float(np.sin(a))) for a in angles]
    return (*ring[:-1], ring[0])


@pytest.mark.parametrize(
    ("area", "what"),
    [
        (Area(kind="places"), "fault.area_empty"),
        (Area(kind="places", places=("a", "a")), "fault.repeated"),
        (Area(kind="places", places=tuple(map(str, range(501)))), "fault.area_places"),
        (Area(kind="outline"), "fault.area_empty"),
        (Area(kind="outline", outline=((),)), "fault.area_empty"),
        (Area(kind="outline", outline=((RING[:3],),)), "fault.area_ring"),
        (Area(kind="outline", outline=((RING[:4],),)), "fault.area_ring"),
        (Area(kind="outline", outline=((((0, 0), (1, 1), (2, 2), (0, 0)),),)), "fault.area_crossing"),
        (Area(kind="outline", outline=((((0, 0), (2, 2), (2, 0), (0, 2), (0, 0)),),)), "fault.area_crossing"),
        (Area(kind="outline", outline=((RING,), (RING,))), "fault.area_crossing"),
        (Area(kind="outline", outline=((((0, 0), (0, 91), (2, 2), (0, 0)),),)), "fault.area_position"),
        (Area(kind="outline", outline=((((0, 0), (float("nan"), 1), (2, 2), (0, 0)),),)), "fault.area_position"),
        (Area(kind="outline", outline=((circle(2001),),)), "fault.area_vertices"),
    ],
)
def test_what_is_no_area_is_refused(area, what):
    assert [fault.what for fault in area_faults(area)] == [what]


@pytest.mark.parametrize(
    "area", [Area(kind="city"), Area(kind="outline", outline=((circle(2000),),)), Area(kind="outline", outline=((RING,),))]
)
def test_what_is_one_is_taken(area):
    assert area_faults(area) == []


def test_a_giant_outline_costs_nothing():
    giant = Area(kind="outline", outline=((circle(100_000),),))
    begun = time.perf_counter()
    assert [fault.what for fault in area_faults(giant)] == ["fault.area_vertices"]
    assert time.perf_counter() - begun < 0.1


def test_geojson_goes_there_and_back():
    outline = ((RING, RING[:1] * 4),)
    assert outline_of(geojson_of(outline)) == outline
    assert outline_of({"type": "Polygon", "coordinates": [RING]}) == ((RING,),)


@pytest.mark.parametrize(
    "geometry",
    [None, "x", {"type": "Point", "coordinates": [0, 0]}, {"type": "Polygon"}, {"type": "Polygon", "coordinates": [[["a", 1]]]}],
)
def test_what_is_no_geojson_area_is_told_so(geometry):
    with pytest.raises(ValueError, match=r"Polygon|coordinates"):
        outline_of(geometry)


def test_an_unknown_position_lies_nowhere():
    found = lies_in(((RING,),), np.array([1.0, np.nan, 3.0]), np.array([1.0, 1.0, 1.0]))
    assert found.tolist() == [True, False, False]


def test_a_hull_goes_around_its_spots():
    hull = outline_of(hull_around([(1.0, 1.0), (1.1, 1.0)]))
    assert lies_in(hull, np.array([1.0, 1.1, 1.2]), np.array([1.0, 1.0, 1.0])).tolist() == [True, True, False]
    assert hull_around([]) is None
