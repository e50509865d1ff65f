"""Where the systems of a picture stand: columns from the field to the public side, ordered so that few lines cross. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from metropool.plan.drawing.box import room_of
from metropool.plan.drawing.picture import Picture, PictureEdge, PictureNode

WIDTH, HEIGHT = 176, 62
GAP, LANE, PORT, ZONE_GAP = 22, 15, 17, 28
HUB_LINKS, HUB_PORT = 8, 30
SWEEPS = 12
INNER = {"field": 0, "carrier": 1, "production": 2, "management": 2, "dmz": 3}
PUBLIC_NEAR, PUBLIC_FAR = 4, 5
ZONE_ORDER = ("field", "carrier", "production", "management", "dmz", "public")
Lane = tuple[int, int]
Item = str | Lane


@dataclass(frozen=True)
class Placed:
    """Columns of systems and lanes; a lane is where an edge (by number) passes a column (by number).

    Attributes:
        rank: Column of each system.
        columns: What stands in each, from the top.
        top: Upper edge of each [px].
        height: Height of each [px].
    """

    rank: Mapping[str, int]
    columns: Sequence[Sequence[Item]]
    top: Mapping[Item, float]
    height: Mapping[Item, float]

    def middle(self, item: Item) -> float:
        """Height of the middle of an item [px]."""
        return self.top[item] + self.height[item] / 2

    @property
    def bottom(self) -> float:
        """Where the lowest item ends [px]."""
        return max((self.top[item] + self.height[item] for item in self.top), default=0.0)


def place(picture: Picture) -> Placed:
    """Give every system a column and a height, and every edge that passes a column a lane in it."""
    rank = _ranks(picture)
    links = _links(picture.edges, rank)
    columns = _columns(picture.nodes, picture.edges, rank)
    zone = {node.id: ZONE_ORDER.index(node.zone) for node in picture.nodes}
    for sweep in range(SWEEPS):
        towards = range(len(columns)) if sweep % 2 else reversed(range(len(columns)))
        for number in towards:
            columns[number] = _sorted(number, columns, links, zone)
    rooms = {node.id: max(HEIGHT, room_of(node)) for node in picture.nodes}
    height = {item: _height(item, links, rooms) for column in columns for item in column}
    gaps = {item: gap for column in columns for item, gap in zip(column, _gaps(column, zone), strict=True)}
    return Placed(rank=rank, columns=columns, top=_tops(columns, links, height, gaps), height=height)


def chain(number: int, edge: PictureEdge, rank: Mapping[str, int]) -> list[Item]:
    """What an edge passes: its left end, lanes, its right end."""
    left, right = sorted((edge.left, edge.right), key=lambda name: rank[name])
    lanes: list[Item] = [(number, column) for column in range(rank[left] + 1, rank[right])]
    return [left, *lanes, right]


def _ranks(picture: Picture) -> dict[str, int]:
    """Inside by zone; outside, who speaks to the inside stands nearer than who speaks to neighbours only."""
    nodes = {node.id: node for node in picture.nodes}
    others: dict[str, set[str]] = defaultdict(set)
    for edge in picture.edges:
        others[edge.left].add(edge.right)
        others[edge.right].add(edge.left)
    ranks = {}
    for name, node in nodes.items():
        zones = {nodes[other].zone for other in others[name]}
        beside = any(nodes[other].zone == "public" and nodes[other].kind == "node" for other in others[name])
        is_far = zones <= {"public"} or (node.kind != "node" and beside)
        ranks[name] = INNER.get(node.zone, PUBLIC_FAR if is_far else PUBLIC_NEAR)
    return ranks


def _links(edges: Sequence[PictureEdge], rank: Mapping[str, int]) -> dict[Item, list[Item]]:
    """Every item to what its lines go to next."""
    links: dict[Item, list[Item]] = defaultdict(list)
    for number, edge in enumerate(edges):
        passed = chain(number, edge, rank)
        for here, there in pairwise(passed):
            links[here].append(there)
            links[there].append(here)
    return links


def _columns(nodes: Sequence[PictureNode], edges: Sequence[PictureEdge], rank: Mapping[str, int]) -> list[list[Item]]:
    columns: list[list[Item]] = [[] for _ in range(PUBLIC_FAR + 1)]
    for node in nodes:
        columns[rank[node.id]].append(node.id)
    for number, edge in enumerate(edges):
        for item in chain(number, edge, rank):
            if not isinstance(item, str):
                columns[item[1]].append(item)
    return columns


def _sorted(
    number: int, columns: Sequence[Sequence[Item]], links: Mapping[Item, Sequence[Item]], zone: Mapping[str, int]
) -> list[Item]:
    """One column by the mean place of what its items are linked to; zones stay together, lanes go between or around them."""
    place = {item: (at + 0.5) / len(column) for column in columns for at, item in enumerate(column)}
    mean = {
        item: sum(place[other] for other in links.get(item, ())) / max(len(links.get(item, ())), 1) for item in columns[number]
    }
    systems = [item for item in columns[number] if isinstance(item, str)]
    if len({zone[name] for name in systems}) < 2:
        return sorted(columns[number], key=lambda item: (mean[item], str(item)))
    ordered = sorted(systems, key=lambda name: (zone[name], mean[name], name))
    lanes = sorted((item for item in columns[number] if not isinstance(item, str)), key=lambda item: (mean[item], item))
    half = sum(1 for item in lanes if mean[item] < 0.5)
    return [*lanes[:half], *ordered, *lanes[half:]]


def _height(item: Item, links: Mapping[Item, Sequence[Item]], rooms: Mapping[str, float]) -> float:
    """Room for the words of a system, and for the lines that meet it."""
    if not isinstance(item, str):
        return LANE
    count = len(links.get(item, ()))
    return max(rooms[item], count * (HUB_PORT if count >= HUB_LINKS else PORT) / 2 + 20)


def _gaps(column: Sequence[Item], zone: Mapping[str, int]) -> list[float]:
    """The room above each item of a column; more where another zone begins."""
    zones = [zone.get(item) if isinstance(item, str) else None for item in column]
    begins = [here is not None and above is not None and here != above for above, here in pairwise([None, *zones])]
    return [GAP + ZONE_GAP * is_first for is_first in begins]


def _tops(
    columns: Sequence[Sequence[Item]],
    links: Mapping[Item, Sequence[Item]],
    height: Mapping[Item, float],
    gaps: Mapping[Item, float],
) -> dict[Item, float]:
    """Columns centred on the tallest, then each item drawn towards what it is linked to, order and distances kept."""
    totals = [sum(height[item] + gaps[item] for item in column) for column in columns]
    top: dict[Item, float] = {}
    for column, total in zip(columns, totals, strict=True):
        y = (max(totals) - total) / 2
        for item in column:
            y += gaps[item]
            top[item] = y
            y += height[item]
    for _ in range(SWEEPS):
        for column in columns:
            wishes = [_wish(item, links, top, height) for item in column]
            top.update(zip(column, _spread(column, wishes, height, gaps, end=max(totals)), strict=True))
    least = min(top.values(), default=0.0)
    return {item: y - least for item, y in top.items()}


def _wish(item: Item, links: Mapping[Item, Sequence[Item]], top: Mapping[Item, float], height: Mapping[Item, float]) -> float:
    others = links.get(item, ())
    if not others:
        return top[item]
    middle = sum(top[other] + height[other] / 2 for other in others) / len(others)
    return middle - height[item] / 2


def _spread(
    column: Sequence[Item], wishes: Sequence[float], height: Mapping[Item, float], gaps: Mapping[Item, float], *, end: float
) -> list[float]:
    """Near the wishes: halfway between as far down as those above push, and as far up as those below push; within the figure."""
    down: list[float] = []
    for item, wish in zip(column, wishes, strict=True):
        least = down[-1] + height[column[len(down) - 1]] + gaps[item] if down else 0.0
        down.append(max(wish, least))
    up: list[float] = []
    for item, wish in zip(reversed(column), reversed(wishes), strict=True):
        most = up[-1] - gaps[column[len(column) - len(up)]] - height[item] if up else end - height[item]
        up.append(min(wish, most))
    return _within([(low + high) / 2 for low, high in zip(down, reversed(up), strict=True)], column, height, gaps, end=end)


def _within(
    tops: list[float], column: Sequence[Item], height: Mapping[Item, float], gaps: Mapping[Item, float], *, end: float
) -> list[float]:
    """The same, nothing above the figure or below it."""
    floor = 0.0
    for at, item in enumerate(column):
        tops[at] = max(tops[at], floor)
        floor = tops[at] + height[item] + (gaps[column[at + 1]] if at + 1 < len(column) else 0.0)
    ceiling = end
    for at in reversed(range(len(column))):
        tops[at] = min(tops[at], ceiling - height[column[at]])
        ceiling = tops[at] - gaps[column[at]]
    return tops
