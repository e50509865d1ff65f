"""How plans look: every system once, apart from the others; no line through a box, no two lines on one track; the same every time."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import combinations, pairwise

import pytest

from exchange.plan.cases import spine
from exchange.plan.test_plan_files import compiled
from metropool.core.texts import texts_of
from metropool.plan.drawing.figure import draw_plan
from metropool.plan.drawing.layout import WIDTH, place
from metropool.plan.drawing.listing import ENDS, ROWS
from metropool.plan.drawing.picture import Picture
from metropool.plan.drawing.ways import run_lines
from metropool.plan.schema import Title
from metropool.runtime.capabilities import CAPABILITIES

SVG = "{http://www.w3.org/2000/svg}"
PLANS = ("one", "one:indirect", "two", "transition")
PICTURES = [(name, which) for name in PLANS for which in ("whole_picture", "picture")]


def picture_of(name: str, which: str) -> Picture:
    found: Picture = getattr(compiled(name), which)
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PLANS)
def test_is_well_formed_and_self_contained(name: str, language) -> None:
    picture = picture_of(name, "whole_picture")
    drawing = draw_plan(picture, language=language)
    ids = {element.get("id") for element in ET.fromstring(drawing).iter() if (element.get("id") or "").startswith("system-")}
    assert ids == {f"system-{system}" for system in compiled(name).whole.systems}
    assert "href" not in drawing and "@import" not in drawing
    assert draw_plan(picture, language=language) == drawing


def test_speaks_the_language_asked_for() -> None:
    picture = picture_of("one", "whole_picture")
    assert all(word in draw_plan(picture, language="zh") for word in ("燃气费账单信息", "直接主导", "尚未建成", "三单合一"))
    assert all(
        word in draw_plan(picture, language="en") for word in ("Gas bills", "directly led", "Not built yet", "combined bill")
    )


def test_every_capability_has_a_name_in_both_languages() -> None:
    texts = texts_of("metropool.plan")
    assert [name for name in CAPABILITIES if f"capability_{name}" not in texts] == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PLANS)
def test_a_box_tells_all_that_its_system_hosts(name: str, language) -> None:
    texts, picture = texts_of("metropool.plan"), picture_of(name, "whole_picture")
    root = ET.fromstring(draw_plan(picture, language=language))
    boxes = {group.get("id"): group for group in root.iter(f"{SVG}g") if group.get("id")}
    for node in picture.nodes:
        told = "".join("".join(words.text or "" for words in boxes[f"system-{node.id}"].iter(f"{SVG}text")).split())
        assert all("".join(texts[f"capability_{hosted}"][language].split()) in told for hosted in node.hosts), node.id


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PLANS)
def test_words_of_the_list_keep_within_their_column(name: str, language) -> None:
    root = ET.fromstring(draw_plan(picture_of(name, "whole_picture"), language=language))
    listed = [(float(each.get("x", 0)), each.text or "") for each in root.iter(f"{SVG}text") if each.get("font-size") == "12"]
    columns = {44.0: ROWS, 44.0 + ROWS: ENDS}
    told = [(x, words) for x, words in listed if x in columns and len(words) > 1]
    assert len(told) > 100
    assert all(sum(2 if ord(letter) > 0x2E80 else 1 for letter in words) * 6.4 < columns[x] for x, words in told)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_long_title_goes_on_below_and_pushes_down_the_rest(language) -> None:
    picture = picture_of("two", "whole_picture")
    long = replace(picture, title=Title(zh="很长的标题" * 50, en="Very" * 70))
    root = ET.fromstring(draw_plan(long, language=language))
    titles = [each.text or "" for each in root.iter(f"{SVG}text") if each.get("font-size") == "22"]
    assert "".join(titles) == getattr(long.title, language) and len(titles) > 1
    assert max(map(len, titles)) * (22 if language == "zh" else 12.5) < float(root.get("width", 0))
    plain = ET.fromstring(draw_plan(picture, language=language))
    assert float(root.get("height", 0)) == float(plain.get("height", 0)) + 28 * (len(titles) - 1)


def test_of_what_runs_nothing_is_faded() -> None:
    assert "opacity" not in draw_plan(picture_of("two", "picture"), language="en")


@pytest.mark.parametrize(("name", "which"), PICTURES)
def test_boxes_lie_apart_and_inside(name: str, which: str) -> None:
    root = ET.fromstring(draw_plan(picture_of(name, which), language="en"))
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    rects = [rect.attrib for group in root.iter(f"{SVG}g") if group.get("id") for rect in group.findall(f"{SVG}rect")[-1:]]
    places = [(float(r["x"]), float(r["y"]), float(r["width"]), float(r["height"])) for r in rects]
    assert len(places) == len(picture_of(name, which).nodes)
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in places)
    apart = (
        x1 + w1 <= x2 or x2 + w2 <= x1 or y1 + h1 <= y2 or y2 + h2 <= y1
        for (x1, y1, w1, h1), (x2, y2, w2, h2) in combinations(places, 2)
    )
    assert all(apart)


@pytest.mark.parametrize(("name", "which"), PICTURES)
def test_no_line_runs_through_a_box_or_along_another_line(name: str, which: str) -> None:
    picture = picture_of(name, which)
    placed = place(picture)
    lines = run_lines(picture.edges, placed, [" ".join(edge.rows) for edge in picture.edges])
    assert set(lines.ways) == set(range(len(picture.edges)))
    upright: list[tuple[int, float, float, float]] = []
    for number, way in lines.ways.items():
        for (x1, y1), (x2, y2) in pairwise(way.points):
            assert x1 == x2 or abs(y1 - y2) < 0.5
            if x1 == x2 and y1 != y2:
                upright.append((number, x1, min(y1, y2), max(y1, y2)))
            for node in picture.nodes:
                left, top = lines.columns[placed.rank[node.id]], placed.top[node.id]
                misses_x = max(x1, x2) <= left or min(x1, x2) >= left + WIDTH
                misses_y = max(y1, y2) <= top or min(y1, y2) >= top + placed.height[node.id]
                assert misses_x or misses_y, (picture.edges[number].rows, node.id)
    together = [(a, b) for a, b in combinations(upright, 2) if a[0] != b[0] and a[1] == b[1] and a[2] < b[3] and b[2] < a[3]]
    assert together == []


def test_each_end_has_an_arrow_where_something_is_heard() -> None:
    picture = picture_of("two", "picture")
    arrows = draw_plan(picture, language="en").count("v8z")
    assert arrows == sum(len(edge.flows) for edge in picture.edges)


def test_edges_say_which_rows_are_not_built_and_on_which_network() -> None:
    edges = {(edge.left, edge.right): edge for edge in spine("one").whole_picture.edges}
    edge = edges["metering", "data_pool"]
    assert (edge.rows, edge.unbuilt, edge.networks, edge.runs) == (("2.4a", "2.4a1"), ("2.4a1",), ("vpn",), True)
    assert not edges["community_system", "metering"].runs
