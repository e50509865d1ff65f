"""Announcements as pages see them: written with GeoJSON, read in words, text always as text."""

import asyncio
from datetime import timedelta

import pytest

from exchange.notices.town import BOARD, NOW, SQUARE, WATER, opened
from metropool.core.errors import Invalid, NotFound
from metropool.facts.registry.tables import place
from metropool.portal.desks.announcements.notices import NoticesDesk
from metropool.portal.desks.announcements.office import OfficeDesk
from metropool.portal.exports import file_of
from metropool.portal.ports.asked import Asked, Sort
from metropool.portal.schemas.notices import (
    HomeNotice,
    NoticeChange,
    NoticeGiven,
    NoticePublication,
    NoticeReceipts,
    NoticeWithdrawal,
)

SCRIPT = "=HYPERLINK('x')<script>alert(1)</script>"


@pytest.fixture
def town(tmp_path):
    with opened(tmp_path) as made:
        yield made


def given(**values):
    usual = {
        "service": "water",
        "kind": "outage",
        "title_zh": "停水",
        "title_en": "Water off",
        "text_zh": "检修",
        "text_en": "Repair",
    }
    times = {"starts_at": NOW + timedelta(hours=1), "ends_at": NOW + timedelta(hours=3), "area": {"kind": "city"}}
    return NoticeGiven(**{**usual, **times, **values})


def at_office(town, operation):
    return town.nodes[WATER].write_now("office", lambda work: operation(OfficeDesk(work)))[0]


def at_home(town, query):
    return town.nodes[BOARD].read_now("notices", lambda work: query(NoticesDesk(work)))


def published(town, **values):
    draft = at_office(town, lambda desk: desk.compose(given=given(**values), by="ann"))
    done = at_office(town, lambda desk: desk.publish(notice=draft.id, given=NoticePublication(seen=draft.revision), by="ann"))
    asyncio.run(town.carry())
    return done


def home(town, account="A1", **values):
    asked = {"account": account, "service": None, "scope": "mine", "asked": Asked(), **values}
    return at_home(town, lambda desk: desk.notices(**asked))


def test_a_drawn_polygon_comes_back_as_it_was_drawn(town):
    polygon = {"type": "Polygon", "coordinates": SQUARE}
    notice = published(town, area={"kind": "outline", "outline": polygon})
    assert notice.words.area.outline == {"type": "MultiPolygon", "coordinates": (SQUARE,)}
    (row,) = home(town).rows
    assert row.area.outline["coordinates"] == (SQUARE,)
    assert (row.is_affected, row.is_read, row.standing, row.standing_text.en) == (True, False, "ahead", "Ahead")
    assert row.publisher_name.zh == "供水公司"


def test_what_holds_comes_before_what_is_over_or_was_taken_back_of_each_the_newest_first(town):
    for hours, title in ((90, "long"), (30, "longer"), (3, "short")):
        published(town, title_en=title, ends_at=NOW + timedelta(hours=hours))
        town.clock.advance(timedelta(minutes=1))
    back = published(town, title_en="back", ends_at=None)
    withdrawn = NoticeWithdrawal(seen=back.revision, reason="none of it")
    at_office(town, lambda desk: desk.withdraw(notice=back.id, given=withdrawn, by="ann"))
    asyncio.run(town.carry())
    town.clock.advance(timedelta(hours=4))
    rows = home(town).rows
    assert [(row.title.en, row.standing) for row in rows] == [
        ("longer", "now"),
        ("long", "now"),
        ("back", "withdrawn"),
        ("short", "over"),
    ]
    second = home(town, asked=Asked(page=2, size=3)).rows
    assert [row.title.en for row in second] == ["short"], "pages go on in the same order"


@pytest.mark.parametrize(
    "outline", [{"type": "Point", "coordinates": [1, 1]}, {"type": "Polygon", "coordinates": "all"}, {"kind": 1}]
)
def test_what_is_no_geojson_area_is_refused(town, outline):
    with pytest.raises(Invalid) as refused:
        at_office(town, lambda desk: desk.compose(given=given(area={"kind": "outline", "outline": outline}), by="ann"))
    assert [fault.what for fault in refused.value.faults] == ["fault.area_geojson"]


def test_a_home_reads_its_own_and_may_look_at_the_city(town):
    mine = published(town, area={"kind": "places", "places": ["east"]})
    others = published(town, area={"kind": "places", "places": ["west"]}, title_en="Elsewhere")
    assert [row.id for row in home(town).rows] == [mine.id]
    city = {row.id: row.is_affected for row in home(town, scope="city").rows}
    assert city == {mine.id: True, others.id: False}
    assert [row.id for row in home(town, service="gas").rows] == []
    assert home(town).rows[0].area.places[0].name.en == "place"


def test_lists_are_sorted_and_cut(town):
    for title in ("B", "A", "C"):
        published(town, title_en=title)
    asked = Asked(page=2, size=1, sort=(Sort("starts_at", descending=True), Sort("id", descending=False)))
    assert home(town, asked=asked).total == 3
    ids = [row.id for row in home(town, asked=Asked(sort=(Sort("id", descending=False),))).rows]
    assert ids == sorted(ids)
    assert home(town, asked=asked).rows[0].id == ids[1]


def test_markup_and_formulas_are_text(town):
    published(town, title_zh=SCRIPT, text_zh=SCRIPT)
    (row,) = home(town).rows
    assert (row.title.zh, row.text.zh) == (SCRIPT, SCRIPT)
    assert f"'{SCRIPT}" in file_of("csv", HomeNotice, [row], "zh").decode("utf-8-sig")


def test_what_came_is_said_once_and_read_counts_for_the_office(town):
    notice = published(town)
    (stub,) = at_home(town, lambda desk: desk.waiting(account="A1")).waiting
    assert (stub.office, stub.id, stub.edition) == (WATER, notice.id, 1)
    receipts = NoticeReceipts(receipts=[{**stub.model_dump(), "is_read": True}])
    left = town.nodes[BOARD].write_now("notices", lambda work: NoticesDesk(work).receive(account="A1", given=receipts))[0]
    assert (left.unread, left.waiting) == (0, [])
    (reach,) = at_home(town, lambda desk: desk.reaches(office=WATER, asked=Asked())).rows
    assert (reach.recipients, reach.delivered, reach.read) == (4, 1, 1)
    assert at_home(town, lambda desk: desk.reaches(office="gas_system", asked=Asked())).rows == []


def test_an_office_finds_its_own_by_state_and_words(town):
    draft = at_office(town, lambda desk: desk.compose(given=given(title_en="Later"), by="ann"))
    published(town)
    found = at_office(town, lambda desk: desk.notices(state="draft", q="lat", asked=Asked()))
    assert [(row.id, row.state_text.en) for row in found.rows] == [(draft.id, "Draft")]
    changed = at_office(
        town, lambda desk: desk.rewrite(notice=draft.id, given=NoticeChange(seen=1, notice=given(title_en="Sooner")), by="bob")
    )
    assert (changed.title.en, changed.revision, changed.editions) == ("Sooner", 2, [])
    with pytest.raises(NotFound):
        at_office(town, lambda desk: desk.notice(notice="none"))


def test_the_map_has_districts_communities_and_the_home(town):
    node = town.nodes[BOARD]
    square = {"type": "Polygon", "coordinates": SQUARE}
    rows = [
        {
            "id": "d",
            "kind": "district",
            "parent": "city",
            "outline": square,
            "lon": 1.0,
            "lat": 1.0,
            "name_zh": "区",
            "name_en": "D",
        },
        {"id": "c", "kind": "community", "parent": "d", "outline": None, "lon": 1.0, "lat": 1.0, "name_zh": "园", "name_en": "C"},
        {"id": "b", "kind": "building", "parent": "c", "outline": None, "lon": 1.2, "lat": 1.0, "name_zh": "栋", "name_en": "B"},
    ]
    for row in rows:
        node.write_now("notices", lambda work, row=row: work.registry.add(place, [row]))
    found = at_home(town, lambda desk: desk.areas(account="A1"))
    shapes = {(one["properties"]["id"], one["geometry"]["type"]) for one in found.features["features"]}
    hulls = {(name, "Polygon") for name in ("city", "east", "west")}
    assert shapes == {("d", "Polygon"), ("d", "Point"), ("c", "Polygon"), ("c", "Point"), ("home-1", "Point")} | hulls
    west, south, east, north = found.bounds
    assert (west, south) < (0.0, 0.1)
    assert 9.0 < min(east, north) < 9.1
