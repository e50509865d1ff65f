"""A property manager whose system is for one place: it names that or draws within it, and whoever hears it holds it to that."""

import msgspec
import pytest

from exchange.door.city import opened
from exchange.plan.test_instances import CITY, PLACES
from metropool.capabilities.office import operations as office
from metropool.capabilities.office.model import Content
from metropool.core.areas import Area
from metropool.core.errors import Invalid
from metropool.exchange.envelope import body_of, open_envelope
from metropool.exchange.outbox import Outbox
from metropool.facts.registry import tables as t
from metropool.portal.desks.announcements.notice_words import area_map
from metropool.runtime.instances import instances_of, write_instances
from metropool.runtime.systems import compile_named

OWN, OTHER = "community-2", "community-1"
SYSTEM = "community_system_2"
SQUARE = ((114.0, 21.0), (114.3, 21.0), (114.3, 21.3), (114.0, 21.3), (114.0, 21.0))
"""An outline around homes of both communities, but not of all: the second home of each lies east of it."""
HOMES = {
    "home-1": ("building-1-1", 114.1),
    "home-2": ("building-1-2", 114.9),
    "home-3": ("building-2-1", 114.1),
    "home-4": ("building-2-2", 114.9),
}


@pytest.fixture(params=["two", "transition"])
def city(request, tmp_path):
    write_instances(tmp_path, instances_of(compile_named(request.param), CITY))
    with opened(tmp_path, request.param) as found:
        found.hub.write_now("settlement", lambda work: enrol(work.registry))
        found.nodes[SYSTEM].write_now("office", lambda work: work.registry.add(t.place, places()))
        yield found


def places(homes=None):
    homes = [
        {"id": home, "kind": "home", "parent": parent, "lon": lon, "lat": 21.1} for home, (parent, lon) in (homes or {}).items()
    ]
    empty = dict.fromkeys(t.place.c.keys())
    return [{**empty, **row, "name_zh": row["id"], "name_en": row["id"]} for row in (*PLACES, *homes)]


def enrol(registry):
    registry.add(t.place, places(HOMES))
    for number, home in enumerate(HOMES, start=1):
        point = {
            "number": number,
            "id": f"point-{home}",
            "service": "water",
            "role": "consumption",
            "place": home,
            "network_node": None,
        }
        agreement = {"account_number": f"W{number}", "party": "p", "usage_point": point["id"], "supplier": "water", "tariff": "x"}
        joined = {"category": "residential", "options": {}, "combined_account": f"GZ{number}", "valid_from": "2026-01-01"}
        registry.add(t.usage_point, [point])
        registry.add(t.supply_agreement, [{**agreement, **joined, "valid_to": None}])


def announce(city, area):
    words = dict.fromkeys(("title_zh", "title_en", "text_zh", "text_en"), "Works")
    content = Content(service="community", kind="general", **words, starts_at=city.clock.now(), ends_at=None, area=area)

    def publish(work):
        draft = office.compose(work=work, content=content, by="ann")
        return office.publish(work=work, notice=draft.id, seen=draft.revision, at=None, by="ann")

    return city.nodes[SYSTEM].write_now("office", publish)[0]


def reached(city, notice):
    """The accounts that an announcement is for."""

    def found(work):
        accounts = [f"GZ{number}" for number in range(1, 5)]
        return [each for each in accounts if notice.id in {kept.notice for kept in work.board.waiting(account=each, limit=9)}]

    return city.hub.read_now("notices", found)


@pytest.mark.parametrize(
    ("area", "accounts"),
    [(Area(kind="places", places=(OWN,)), ["GZ3", "GZ4"]), (Area(kind="outline", outline=((SQUARE,),)), ["GZ3"])],
    ids=["by name", "drawn"],
)
def test_reaches_the_homes_there_and_no_others(city, area, accounts):
    notice = announce(city, area)
    city.carry()
    assert reached(city, notice) == accounts
    assert city.parked(city.hub.system) == []


def test_another_s_place_is_refused_where_it_is_written(city):
    with pytest.raises(Invalid) as refused:
        announce(city, Area(kind="places", places=(OTHER,)))
    assert [(fault.where, fault.what) for fault in refused.value.faults] == [(f"area.places.{OTHER}", "fault.area_not_own")]
    with pytest.raises(Invalid):
        announce(city, Area(kind="city"))


def test_and_set_aside_where_it_is_heard(city):
    announce(city, Area(kind="places", places=(OWN,)))
    node = city.nodes[SYSTEM]
    with node.database.snapshot() as connection:
        ((_, sealed),) = Outbox(connection).unsent(limit=9)
    message = msgspec.structs.replace(open_envelope(sealed), area=Area(kind="places", places=(OTHER,)))
    city.broker.store(SYSTEM, msgspec.structs.replace(sealed, id="forged", body=body_of(message)))
    city.carry()
    (reason,) = city.parked(city.hub.system)
    assert "another's" in reason


def test_the_page_offers_its_own_place_and_drawing(city):
    told = city.nodes[SYSTEM].read_now(
        "office", lambda work: area_map(work.registry, media=work.rows, place_of_office=work.place)
    )
    assert told.areas == ["places", "outline"]
    assert told.choosable == ["community"]
