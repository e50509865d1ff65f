"""Property managers announce to the places they manage, by name, and to nobody else; it reaches every home there."""

import asyncio

import pytest

from exchange.notices.town import GARDENS, SQUARE, TOWERS, Town, opened, outline, said
from metropool.core.areas import Area
from metropool.core.errors import Invalid


@pytest.fixture
def town(tmp_path):
    with opened(tmp_path) as town:
        yield town


def places(*names: str) -> Area:
    return Area(kind="places", places=names)


@pytest.mark.parametrize(
    ("office", "service", "area", "reached"),
    [
        (GARDENS, "community", places("east"), {"A1", "A2", "A4"}),
        (GARDENS, "community", places("west"), {"A3"}),
        (TOWERS, "building", places("tower"), {"A4"}),
    ],
)
def test_it_reaches_the_homes_of_the_place_whatever_supplies_they_have(town: Town, office, service, area, reached) -> None:
    notice = town.published(of=office, service=service, area=area)
    asyncio.run(town.carry(system=office))
    assert town.parked() == []
    assert town.reached(notice.id) == reached


@pytest.mark.parametrize(
    ("office", "service", "area"),
    [
        (GARDENS, "community", Area(kind="city")),
        (GARDENS, "community", outline(SQUARE)),
        (GARDENS, "community", places("east", "tower")),
        (GARDENS, "community", places("city")),
        (TOWERS, "building", places("east")),
    ],
)
def test_an_office_speaks_only_of_what_it_manages(town: Town, office, service, area) -> None:
    with pytest.raises(Invalid) as refused:
        town.published(of=office, service=service, area=area)
    assert {fault.what for fault in refused.value.faults} == {"fault.area_not_own"}


@pytest.mark.parametrize("area", [Area(kind="city"), places("tower")])
def test_outside_software_is_held_to_the_same_where_it_is_heard(town: Town, area) -> None:
    party = town.compiled.systems[GARDENS].party
    asyncio.run(town.hear(said(by=GARDENS, service="community", area=area, publisher=party)))
    (reason,) = town.parked()
    assert "area" in reason or "cannot be so" in reason
