"""The marks an SVG figure is made of: text that wraps, lines with round corners, arrow heads. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from metropool.core.texts import Language
from metropool.plan.schema import Network, Title

STROKE = {"broker": "#0958d9", "field": "#595959", "api": "#389e0d"}
DASH: dict[Network | None, str] = {"public": "6 4", "vpn": "", "local": "", None: ""}
CORNER, THICK, THIN = 5.0, 4.2, 1.5


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float,
    weight: int = 400,
    color: str = "#1f1f1f",
    anchor: str = "start",
    halo: bool = False,
) -> str:
    """Words at a place; ``words`` is SVG already, so escaped."""
    outline = ' stroke="#ffffff" stroke-width="3" paint-order="stroke"' if halo else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-weight="{weight}" fill="{color}" text-anchor="{anchor}"{outline}>'
        f"{words}</text>"
    )


def line(path: str, medium: str, network: Network | None, *, heads: str = "") -> Iterator[str]:
    """A line in the colour of its medium and the manner of its network: dashed in public, double in a private network."""
    dash = f' stroke-dasharray="{DASH[network]}"' if DASH[network] else ""
    width = THICK if network == "vpn" else THIN
    yield f'<path d="{path}" fill="none" stroke="{STROKE[medium]}" stroke-width="{width}"{dash}/>'
    if network == "vpn":
        yield f'<path d="{path}" fill="none" stroke="#ffffff" stroke-width="{THICK - 2 * 1.3:g}"/>'
    if heads:
        yield f'<path d="{heads}" fill="{STROKE[medium]}"/>'


def rounded(points: Sequence[tuple[float, float]]) -> str:
    """The path through corners, each of them round."""
    turns = [points[0], *(b for a, b in pairwise(points) if a != b)]
    path = [f"M{turns[0][0]:g} {turns[0][1]:g}"]
    for before, corner, after in zip(turns, turns[1:], turns[2:], strict=False):
        radius = min(CORNER, _length(before, corner) / 2, _length(corner, after) / 2)
        (x1, y1), (x2, y2) = _towards(corner, before, radius), _towards(corner, after, radius)
        path.append(f"L{x1:g} {y1:g}Q{corner[0]:g} {corner[1]:g} {x2:g} {y2:g}")
    path.append(f"L{turns[-1][0]:g} {turns[-1][1]:g}")
    return "".join(path)


def head(tip: tuple[float, float], come_from: tuple[float, float]) -> str:
    """The path of an arrow head at the end of a level line."""
    x, y = tip
    back = 8 if come_from[0] > x else -8
    return f"M{x:g} {y:g}l{back} -4v8z"


def name(title: Title, language: Language) -> str:
    """A title in a language."""
    return title.zh if language == "zh" else title.en


def wrap(words: str, *, columns: int) -> list[str]:
    """Lines of at most ``columns`` half widths; breaks at a blank, between Chinese characters, and within a word that has no room."""
    lines, row, width = [], "", 0
    for piece in _pieces(words, columns):
        size = sum(2 if ord(character) > 0x2E80 else 1 for character in piece)
        if row and width + size > columns:
            lines.append(row.strip())
            row, width = "", 0
        row, width = row + piece, width + size
    return [*lines, row.strip()]


def _pieces(words: str, longest: int) -> Iterator[str]:
    word = ""
    for character in words:
        word += character
        if character == " " or ord(character) > 0x2E80 or len(word) == longest:
            yield word
            word = ""
    if word:
        yield word


def _length(a: tuple[float, float], b: tuple[float, float]) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _towards(start: tuple[float, float], end: tuple[float, float], distance: float) -> tuple[float, float]:
    share = distance / max(_length(start, end), 1e-9)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
