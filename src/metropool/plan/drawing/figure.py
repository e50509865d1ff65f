"""The picture of a plan as an SVG figure, in Chinese or English; the same bytes for the same plan, nothing from outside."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from metropool.core.texts import Language, say
from metropool.plan.drawing.box import BELOW, NAME, lines_of
from metropool.plan.drawing.layout import PUBLIC_FAR, PUBLIC_NEAR, WIDTH, ZONE_ORDER, Placed, place
from metropool.plan.drawing.listing import listing
from metropool.plan.drawing.marks import STROKE, head, line, name, rounded, text, wrap
from metropool.plan.drawing.picture import Picture, PictureEdge, PictureNode
from metropool.plan.drawing.ways import Lines, Way, run_lines
from metropool.plan.schema import Network
from metropool.plan.source import ROOM

MARGIN, TOP, BAND = 44.0, 132.0, 16.0
TITLE_LINE, TITLE_LETTER = 28.0, 12.5
MANY = frozenset({"community", "building", "home"})
NETWORKS: tuple[Network, ...] = ("local", "vpn", "public")
FILL = {
    "field": "#f5f5f5",
    "carrier": "#fff7e6",
    "production": "#fff1f0",
    "management": "#f9f0ff",
    "dmz": "#e6f4ff",
    "public": "#f6ffed",
}
FONT = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei','Noto Sans',sans-serif"
FADED = ' opacity="0.42"'


@dataclass(frozen=True)
class _Sheet:
    """A picture with everything in its place."""

    picture: Picture
    placed: Placed
    lines: Lines
    language: Language

    @property
    def width(self) -> float:
        return self.lines.columns[PUBLIC_FAR] + WIDTH + 2 * MARGIN

    @property
    def bottom(self) -> float:
        return TOP + self.placed.bottom + BAND

    def corner(self, system: str) -> tuple[float, float]:
        return MARGIN + self.lines.columns[self.placed.rank[system]], TOP + self.placed.top[system]


def draw_plan(picture: Picture, *, language: Language) -> str:
    """The figure of a plan, with its rows and messages listed below it; what does not run yet is faded."""
    placed = place(picture)
    lines = run_lines(picture.edges, placed, [" ".join(edge.rows) for edge in picture.edges])
    sheet = _Sheet(picture=picture, placed=placed, lines=lines, language=language)
    listed, end = listing(picture, left=MARGIN, top=sheet.bottom + 44, width=sheet.width - 2 * MARGIN, language=language)
    titles = wrap(name(picture.title, language), columns=int((sheet.width - 2 * MARGIN) / TITLE_LETTER))
    lower = TITLE_LINE * (len(titles) - 1)
    parts = [
        *_head(sheet, titles, height=end + MARGIN / 2 + lower),
        f'<g transform="translate(0 {lower:g})">',
        *_key(sheet),
        *_zones(sheet),
        *(mark for number, edge in enumerate(picture.edges) for mark in _line(edge, lines.ways[number])),
        *(mark for node in picture.nodes for mark in _system(node, sheet)),
        *(mark for number, edge in enumerate(picture.edges) for mark in _label(edge, lines.ways[number])),
        *listed,
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _head(sheet: _Sheet, titles: Sequence[str], *, height: float) -> Iterator[str]:
    title = escape(name(sheet.picture.title, sheet.language))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {sheet.width:g} {height:g}" width="{sheet.width:g}" '
        f'height="{height:g}" lang="{sheet.language}" role="img" aria-label="{title}" font-family="{FONT}">'
    )
    yield f"<title>{title}</title>"
    yield f'<rect width="{sheet.width:g}" height="{height:g}" fill="#ffffff"/>'
    for number, words in enumerate(titles):
        yield text(MARGIN, 38 + number * TITLE_LINE, escape(words), size=22, weight=600)


def _key(sheet: _Sheet) -> Iterator[str]:
    """What colours, manners of line and fading mean."""
    step = 196 if sheet.language == "en" else 172
    entries: list[tuple[str, str, Network]] = [(f"medium_{medium}", medium, "local") for medium in STROKE]
    entries += [(f"network_{network}", "field", network) for network in NETWORKS]
    for at, (key, medium, network) in enumerate(entries):
        x = MARGIN + at * step
        yield from line(f"M{x:g} 62L{x + 34:g} 62", medium, network)
        yield text(x + 42, 66, escape(say(ROOM, key, sheet.language)), size=12, color="#434343")
    drawn: tuple[PictureNode | PictureEdge, ...] = (*sheet.picture.nodes, *sheet.picture.edges)
    if not all(each.runs for each in drawn):
        x = MARGIN + len(entries) * step
        yield f'<g{FADED}><rect x="{x:g}" y="54" width="34" height="16" rx="3" fill="#ffffff" stroke="#0958d9"/></g>'
        yield text(x + 42, 66, escape(say(ROOM, "not_built", sheet.language)), size=12, color="#434343")


def _zones(sheet: _Sheet) -> Iterator[str]:
    """A band behind the systems of each zone, from the top to the bottom unless zones share a column."""
    for zone in ZONE_ORDER:
        members = [node.id for node in sheet.picture.nodes if node.zone == zone]
        if not members:
            continue
        ranks = [sheet.placed.rank[member] for member in members]
        first = PUBLIC_NEAR if zone == "public" else min(ranks)
        last = PUBLIC_FAR if zone == "public" else max(ranks)
        upper, lower = _borders(zone, min(ranks), sheet)
        x, end = MARGIN + sheet.lines.columns[first] - BAND, MARGIN + sheet.lines.columns[last] + WIDTH + BAND
        yield (
            f'<rect x="{x:g}" y="{upper:g}" width="{end - x:g}" height="{lower - upper:g}" rx="8" '
            f'fill="{FILL[zone]}" stroke="#d9d9d9"/>'
        )
        yield text(x + 10, upper + 18, escape(say(ROOM, f"zone_{zone}", sheet.language)), size=12.5, weight=600, color="#595959")


def _borders(zone: str, rank: int, sheet: _Sheet) -> tuple[float, float]:
    """From where to where a zone reaches in a column that it may share."""
    column = [node for node in sheet.picture.nodes if sheet.placed.rank[node.id] == rank]
    column.sort(key=lambda node: sheet.placed.top[node.id])
    upper, lower = TOP - 44, sheet.bottom
    for above, below in pairwise(column):
        if above.zone != below.zone:
            border = TOP + sheet.placed.top[below.id] - 28
            if below.zone == zone:
                upper = border
            elif above.zone == zone:
                lower = border - 6
    return upper, lower


def _line(edge: PictureEdge, way: Way) -> Iterator[str]:
    points = [(MARGIN + x, TOP + y) for x, y in way.points]
    hears = {flow.receiver for flow in edge.flows}
    heads = head(points[0], points[1]) if way.begins in hears else ""
    heads += head(points[-1], points[-2]) if hears - {way.begins} else ""
    network = edge.networks[0] if edge.networks else None
    yield "<g>" if edge.runs else f"<g{FADED}>"
    yield from line(rounded(points), edge.medium, network, heads=heads)
    yield "</g>"


def _label(edge: PictureEdge, way: Way) -> Iterator[str]:
    """The row ids of an edge, those that do not run yet in grey."""
    x, y = way.label
    words = " ".join(f'<tspan fill="#8c8c8c">{escape(row)}</tspan>' if row in edge.unbuilt else escape(row) for row in edge.rows)
    yield text(MARGIN + x, TOP + y, words, size=10.5, weight=600, anchor=way.anchor, halo=True)


def _system(node: PictureNode, sheet: _Sheet) -> Iterator[str]:
    x, y = sheet.corner(node.id)
    height = sheet.placed.height[node.id]
    faded = "" if node.runs else ' stroke-opacity="0.42"'
    yield f'<g id="system-{node.id}"><title>{escape(name(node.party_title, sheet.language))}</title>'
    for offset in (6, 3, 0) if node.per in MANY else (0,):
        yield _box(node, x + offset, y - offset, height, faded=faded)
    yield from _words(node, x, y, height, sheet.language, color="#1f1f1f" if node.runs else "#8c8c8c")
    yield "</g>"


def _box(node: PictureNode, x: float, y: float, height: float, *, faded: str) -> str:
    dash = ' stroke-dasharray="5 3"' if node.kind in ("outside", "face") else ""
    color = "#0958d9" if node.kind == "node" else "#8c8c8c"
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH:g}" height="{height:g}" rx="{18 if node.kind == "face" else 6}" '
        f'fill="#ffffff" stroke="{color}" stroke-width="1.5"{dash}{faded}/>'
    )


def _words(node: PictureNode, x: float, y: float, height: float, language: Language, *, color: str) -> Iterator[str]:
    """Name, party and capabilities, in the middle of the box."""
    names, rest = lines_of(node, language)
    at = y + (height - NAME * len(names) - BELOW * len(rest)) / 2 + 11.5
    for words in names:
        yield text(x + WIDTH / 2, at, escape(words), size=12.5, weight=600, anchor="middle", color=color)
        at += NAME
    for words in rest:
        yield text(x + WIDTH / 2, at, escape(words), size=10, color="#595959" if color == "#1f1f1f" else color, anchor="middle")
        at += BELOW
