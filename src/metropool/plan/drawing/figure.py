"""The picture of a plan as an SVG figure, in Chinese or English; the same bytes for the same plan, nothing from outside."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby, pairwise

from metropool.core.texts import Language, say
from metropool.plan.compiled import Picture, PictureEdge, PictureNode
from metropool.plan.schema import Title
from metropool.plan.source import ROOM

WIDTH, HEIGHT, GAP_X, GAP_Y = 190, 70, 96, 44
MARGIN, TOP, LINE = 28, 104, 18
FILL = {
    "field": "#f5f5f5",
    "carrier": "#fff7e6",
    "production": "#fff1f0",
    "management": "#f9f0ff",
    "dmz": "#e6f4ff",
    "public": "#f6ffed",
}
STROKE = {"broker": "#0958d9", "field": "#595959", "api": "#389e0d"}
DASH = {"broker": "", "field": "", "api": "6 4"}
FONT = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei','Noto Sans',sans-serif"


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    node: PictureNode

    @property
    def middle(self) -> float:
        return self.y + HEIGHT / 2


def draw_plan(picture: Picture, *, language: Language) -> str:
    """The figure of a plan, with its rows and messages listed below it."""
    boxes = _place(picture.nodes)
    bottom = max((box.y + HEIGHT for box in boxes.values()), default=TOP) + MARGIN
    width = max((box.x + WIDTH for box in boxes.values()), default=0) + MARGIN + GAP_X
    listing, end = _listing(picture, boxes, top=bottom + 30, width=width, language=language)
    parts = [
        *_head(picture, width=width, height=end + MARGIN, language=language),
        *_zones(boxes, bottom=bottom, language=language),
        *(line for place, edge in enumerate(picture.edges) for line in _edge(edge, boxes, picture.edges, place)),
        *(line for box in boxes.values() for line in _system(box, language)),
        *listing,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _place(nodes: Sequence[PictureNode]) -> dict[str, _Box]:
    """Columns side by side, each centred on the tallest."""
    columns = {column: list(group) for column, group in groupby(sorted(nodes, key=_order), key=lambda node: node.column)}
    tallest = max((len(group) for group in columns.values()), default=0)
    return {
        node.id: _Box(
            x=MARGIN + place * (WIDTH + GAP_X),
            y=TOP + (row + (tallest - len(group)) / 2) * (HEIGHT + GAP_Y),
            node=node,
        )
        for place, group in enumerate(columns.values())
        for row, node in enumerate(group)
    }


def _order(node: PictureNode) -> tuple[int, int]:
    return node.column, node.layer


def _head(picture: Picture, *, width: float, height: float, language: Language) -> list[str]:
    title = escape(_name(picture.title, language))
    arrows = [
        f'<marker id="to-{medium}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="{color}"/></marker>'
        for medium, color in STROKE.items()
    ]
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'lang="{language}" role="img" aria-label="{title}" font-family="{FONT}">',
        f"<title>{title}</title>",
        "<defs>",
        *arrows,
        "</defs>",
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>',
        _text(MARGIN, 38, title, size=22, weight=600),
        *_key(language),
    ]


def _key(language: Language) -> Iterator[str]:
    for place, medium in enumerate(STROKE):
        x = MARGIN + place * 200
        yield _stroke(f"M{x} 60L{x + 34} 60", medium, ends="end")
        yield _text(x + 42, 64, escape(say(ROOM, f"medium_{medium}", language)), size=12, color="#434343")


def _zones(boxes: Mapping[str, _Box], *, bottom: float, language: Language) -> Iterator[str]:
    """A band behind the systems of each zone, from the top to the bottom unless zones share a column."""
    columns = groupby(sorted(boxes.values(), key=lambda box: (box.x, box.y)), key=lambda box: box.x)
    for x, group in columns:
        zones = [(zone, list(members)) for zone, members in groupby(group, key=lambda box: box.node.zone)]
        borders = [
            TOP - 32,
            *((a[-1].y + HEIGHT + b[0].y) / 2 - 4 for (_, a), (_, b) in pairwise(zones)),
            bottom - 4,
        ]
        for (zone, _), (upper, lower) in zip(zones, pairwise(borders), strict=True):
            yield (
                f'<rect x="{x - 16:g}" y="{upper:g}" width="{WIDTH + 32:g}" height="{lower - upper - 4:g}" rx="8" '
                f'fill="{FILL[zone]}" stroke="#d9d9d9"/>'
            )
            yield _text(x - 6, upper + 17, escape(say(ROOM, f"zone_{zone}", language)), size=12, color="#595959")


def _edge(edge: PictureEdge, boxes: Mapping[str, _Box], edges: Sequence[PictureEdge], place: int) -> Iterator[str]:
    """A curve between two systems, arrows where messages go, the row ids on it."""
    left, right = sorted((boxes[edge.left], boxes[edge.right]), key=lambda box: (box.x, box.y))
    path, label = _beside(left, right) if left.x == right.x else _across(left, right, edges, place, boxes)
    heads = {(boxes[flow.receiver] is right) for flow in edge.flows}
    yield _stroke(path, edge.medium, ends="both" if len(heads) == 2 else "end" if True in heads else "start")
    yield _text(*label, escape(" ".join(edge.rows)), size=11, anchor="middle", halo=True, weight=600)


def _beside(upper: _Box, lower: _Box) -> tuple[str, tuple[float, float]]:
    """The way between two boxes of one column, straight down between neighbours, around the others; where its label goes."""
    if lower.y - upper.y <= HEIGHT + GAP_Y:
        x = upper.x + WIDTH / 2
        return f"M{x:g} {upper.y + HEIGHT:g}L{x:g} {lower.y:g}", (x + 24, (upper.y + HEIGHT + lower.y) / 2 + 4)
    x = upper.x + WIDTH
    path = f"M{x:g} {upper.middle:g}C{x + 70:g} {upper.middle:g} {x + 70:g} {lower.middle:g} {x:g} {lower.middle:g}"
    return path, (x + 52, (upper.middle + lower.middle) / 2)


def _across(
    left: _Box, right: _Box, edges: Sequence[PictureEdge], place: int, boxes: Mapping[str, _Box]
) -> tuple[str, tuple[float, float]]:
    """The way from one column to another, and where its label goes."""
    start, end = _port(left, edges, place, boxes), _port(right, edges, place, boxes)
    x1, x2 = left.x + WIDTH, right.x
    bend = (x2 - x1) / 2
    path = f"M{x1:g} {start:g}C{x1 + bend:g} {start:g} {x2 - bend:g} {end:g} {x2:g} {end:g}"
    return path, (x1 + bend, (start + end) / 2)


def _port(box: _Box, edges: Sequence[PictureEdge], place: int, boxes: Mapping[str, _Box]) -> float:
    """Height at which an edge meets a box: the edges of a box are spread over its side, in the order of their other ends."""
    own = box.node.id
    meets = [
        number
        for number, edge in enumerate(edges)
        if own in (edge.left, edge.right) and boxes[edge.left].x != boxes[edge.right].x
    ]
    others = {number: edges[number].right if edges[number].left == own else edges[number].left for number in meets}
    order = sorted(meets, key=lambda number: (boxes[others[number]].y, number))
    return box.y + HEIGHT * (order.index(place) + 1) / (len(order) + 1)


def _system(box: _Box, language: Language) -> Iterator[str]:
    node = box.node
    dash = ' stroke-dasharray="5 3"' if node.kind in ("outside", "face") else ""
    color = "#0958d9" if node.kind == "node" else "#8c8c8c"
    yield f'<g id="system-{node.id}"><title>{escape(_name(node.party_title, language))}</title>'
    yield (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{HEIGHT}" rx="{18 if node.kind == "face" else 6}" '
        f'fill="#ffffff" stroke="{color}" stroke-width="1.5"{dash}/>'
    )
    lines = _wrap(_name(node.title, language), columns=24)[:2]
    y = box.y + (24 if len(lines) == 1 else 19)
    for line in lines:
        yield _text(box.x + WIDTH / 2, y, escape(line), size=13, weight=600, anchor="middle")
        y += 15
    below = " · ".join((_name(node.party_title, language), *node.hosts))
    for line in _wrap(below, columns=32)[:2]:
        yield _text(box.x + WIDTH / 2, y, escape(line), size=10, color="#595959", anchor="middle")
        y += 13
    yield "</g>"


def _listing(
    picture: Picture, boxes: Mapping[str, _Box], *, top: float, width: float, language: Language
) -> tuple[list[str], float]:
    """Under the figure: each direction of each edge with its rows and messages; returns it and where it ends."""
    parts = [_text(MARGIN, top, escape(say(ROOM, "rows_and_messages", language)), size=15, weight=600)]
    y = top + 26
    separator = "、" if language == "zh" else ", "
    for edge in picture.edges:
        for flow in edge.flows:
            ends = [_name(boxes[name].node.title, language) for name in (flow.sender, flow.receiver)]
            messages = separator.join(_name(picture.messages[name], language) for name in flow.messages)
            parts.append(_text(MARGIN, y, escape(" ".join(edge.rows)), size=12, weight=600, color=STROKE[edge.medium]))
            parts.append(_text(MARGIN + 84, y, escape(" → ".join(ends)), size=12))
            for line in _wrap(messages, columns=int((width - 620) / 6.6)):
                parts.append(_text(MARGIN + 560, y, escape(line), size=12, color="#434343"))
                y += LINE
            y += 4
    return parts, y


def _stroke(path: str, medium: str, *, ends: str) -> str:
    heads = f' marker-end="url(#to-{medium})"' if ends != "start" else ""
    tails = f' marker-start="url(#to-{medium})"' if ends != "end" else ""
    dash = f' stroke-dasharray="{DASH[medium]}"' if DASH[medium] else ""
    return f'<path d="{path}" fill="none" stroke="{STROKE[medium]}" stroke-width="1.5"{dash}{heads}{tails}/>'


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int,
    weight: int = 400,
    color: str = "#1f1f1f",
    anchor: str = "start",
    halo: bool = False,
) -> str:
    outline = ' stroke="#ffffff" stroke-width="4" paint-order="stroke"' if halo else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{color}" text-anchor="{anchor}"{outline}>'
        f"{text}</text>"
    )


def _name(title: Title, language: Language) -> str:
    return title.zh if language == "zh" else title.en


def _wrap(text: str, *, columns: int) -> list[str]:
    """Lines of at most ``columns`` half widths; breaks at a blank or between Chinese characters."""
    lines, line, width = [], "", 0
    for piece in _pieces(text):
        size = sum(2 if ord(character) > 0x2E80 else 1 for character in piece)
        if line and width + size > columns:
            lines.append(line.strip())
            line, width = "", 0
        line, width = line + piece, width + size
    return [*lines, line.strip()]


def _pieces(text: str) -> Iterator[str]:
    word = ""
    for character in text:
        word += character
        if character == " " or ord(character) > 0x2E80:
            yield word
            word = ""
    if word:
        yield word
