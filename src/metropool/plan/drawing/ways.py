"""How the lines of a picture run: level into the room between two columns, up or down on a track of their own, level on. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from metropool.plan.drawing.layout import WIDTH, Item, Placed, chain
from metropool.plan.drawing.picture import PictureEdge

TRACK, STUB, LETTER, APART = 9.0, 20.0, 6.4, 6.0
Point = tuple[float, float]


@dataclass(frozen=True)
class Way:
    """The corners of a line, the system at the first of them, and where its label stands (``start`` or ``end`` anchored)."""

    begins: str
    points: tuple[Point, ...]
    label: Point
    anchor: str


@dataclass(frozen=True)
class _End:
    """Where a piece of a line meets an item: on its ``right`` side or its left."""

    item: Item
    is_right: bool


@dataclass(eq=False)
class _Piece:
    """The part of a line within one room: between neighbouring columns, or out of a column and back into it."""

    edge: int
    room: int
    first: _End
    last: _End
    y1: float = 0.0
    y2: float = 0.0
    track: int = 0

    @property
    def is_level(self) -> bool:
        return abs(self.y1 - self.y2) < 0.5 and self.first.is_right != self.last.is_right

    def overlaps(self, other: "_Piece") -> bool:
        low, high = sorted((self.y1, self.y2))
        other_low, other_high = sorted((other.y1, other.y2))
        return low < other_high + APART and other_low < high + APART


@dataclass
class _Room:
    """The room right of a column: space for labels on both sides, tracks between."""

    left: float = STUB
    right: float = STUB
    tracks: int = 0

    @property
    def width(self) -> float:
        return self.left + self.right + max(self.tracks - 1, 0) * TRACK


@dataclass(frozen=True)
class Lines:
    """Left edge of every column [px], and the way of every edge, by number."""

    columns: Sequence[float]
    ways: Mapping[int, Way] = field(default_factory=dict)


def run_lines(edges: Sequence[PictureEdge], placed: Placed, labels: Sequence[str]) -> Lines:
    """The ways of all edges, each with its label of ``labels`` beside the end that has fewer lines."""
    pieces = [piece for number, edge in enumerate(edges) for piece in _pieces(number, edge, placed)]
    _give_ports(pieces, placed)
    rooms = [_Room() for _ in placed.columns]
    for number, room in enumerate(rooms):
        room.tracks = _give_tracks([piece for piece in pieces if piece.room == number])
    labelled = _labelled(edges, pieces)
    for number, (piece, end) in labelled.items():
        room, width = rooms[piece.room], len(labels[number]) * LETTER + STUB
        if end.is_right:
            room.left = max(room.left, width)
        else:
            room.right = max(room.right, width)
    columns = [0.0]
    for room in rooms[:-1]:
        columns.append(columns[-1] + WIDTH + room.width)
    ways = {number: _way(number, pieces, columns, rooms, labelled[number]) for number in labelled}
    return Lines(columns=columns, ways=ways)


def _pieces(number: int, edge: PictureEdge, placed: Placed) -> list[_Piece]:
    passed, column = chain(number, edge, placed.rank), placed.rank[edge.left]
    if placed.rank[edge.left] == placed.rank[edge.right]:
        is_right = column in (0, 3, 4)
        first, last = sorted(passed, key=placed.middle)
        return [_Piece(number, column if is_right else column - 1, _End(first, is_right), _End(last, is_right))]
    column = min(placed.rank[edge.left], placed.rank[edge.right])
    return [
        _Piece(number, column + step, _End(here, is_right=True), _End(there, is_right=False))
        for step, (here, there) in enumerate(pairwise(passed))
    ]


def _give_ports(pieces: Sequence[_Piece], placed: Placed) -> None:
    """Spread the lines that meet one side of a system over it, in the order of where they go."""
    meets: dict[_End, list[tuple[float, int]]] = defaultdict(list)
    for number, piece in enumerate(pieces):
        meets[piece.first].append((placed.middle(piece.last.item), number))
        meets[piece.last].append((placed.middle(piece.first.item), number))
    for end, lines in meets.items():
        for place, (_, number) in enumerate(sorted(lines), start=1):
            share = place / (len(lines) + 1) if isinstance(end.item, str) else 0.5
            y = placed.top[end.item] + placed.height[end.item] * share
            if pieces[number].first == end:
                pieces[number].y1 = y
            else:
                pieces[number].y2 = y


def _give_tracks(pieces: Sequence[_Piece]) -> int:
    """Tracks for what goes up or down in a room; in this order lines that fan out do not cross. Returns how many there are."""
    given: list[_Piece] = []
    for piece in sorted((piece for piece in pieces if not piece.is_level), key=_turn):
        piece.track = max((other.track + 1 for other in given if other.overlaps(piece)), default=0)
        given.append(piece)
    return max((piece.track + 1 for piece in given), default=0)


def _turn(piece: _Piece) -> tuple[int, float]:
    if piece.first.is_right == piece.last.is_right:
        span = abs(piece.y1 - piece.y2)
        return (0, span) if piece.first.is_right else (3, -span)
    return (1, -piece.y1) if piece.y2 > piece.y1 else (2, piece.y1)


def _labelled(edges: Sequence[PictureEdge], pieces: Sequence[_Piece]) -> dict[int, tuple[_Piece, _End]]:
    """For every edge, the piece and end its label stands at: the system with fewer lines."""
    lines = Counter(name for edge in edges for name in (edge.left, edge.right))
    ends: dict[int, list[tuple[int, _Piece, _End]]] = defaultdict(list)
    for piece in pieces:
        for end in (piece.first, piece.last):
            if isinstance(end.item, str):
                ends[piece.edge].append((lines[end.item], piece, end))
    return {number: min(found, key=lambda row: row[0])[1:] for number, found in ends.items()}


def _way(
    number: int, pieces: Sequence[_Piece], columns: Sequence[float], rooms: Sequence[_Room], labelled: tuple[_Piece, _End]
) -> Way:
    own = [piece for piece in pieces if piece.edge == number]
    points: list[Point] = []
    for piece in own:
        x1, x2 = _edge_of(piece, piece.first, columns), _edge_of(piece, piece.last, columns)
        x = columns[piece.room] + WIDTH + rooms[piece.room].left + piece.track * TRACK
        points += (
            [(x1, piece.y1), (x2, piece.y2)] if piece.is_level else [(x1, piece.y1), (x, piece.y1), (x, piece.y2), (x2, piece.y2)]
        )
    piece, end = labelled
    y = piece.y1 if end == piece.first else piece.y2
    x = _edge_of(piece, end, columns)
    label = (x + 9, y - 3) if end.is_right else (x - 9, y - 3)
    return Way(begins=str(own[0].first.item), points=tuple(points), label=label, anchor="start" if end.is_right else "end")


def _edge_of(piece: _Piece, end: _End, columns: Sequence[float]) -> float:
    """Where an end of a piece is: at the right edge of the column before its room, or the left edge of the one behind it."""
    return columns[piece.room] + WIDTH if end.is_right else columns[piece.room + 1]
