"""Under the figure of a plan: every direction of every line, with its rows and messages. Pure."""

from collections.abc import Sequence
from html import escape

from metropool.core.texts import Language, say
from metropool.plan.drawing.marks import STROKE, name, text, wrap
from metropool.plan.drawing.picture import Picture
from metropool.plan.source import ROOM

LINE, ROWS, ENDS = 17.0, 96.0, 440.0
LETTER, BOLD, GAP = 6.4, 7.0, 10.0


def listing(picture: Picture, *, left: float, top: float, width: float, language: Language) -> tuple[list[str], float]:
    """The list, and where it ends [px]; what does not run yet is grey."""
    parts = [text(left, top, escape(say(ROOM, "rows_and_messages", language)), size=15, weight=600)]
    titles = {node.id: name(node.title, language) for node in picture.nodes}
    y = top + 26
    separator = "、" if language == "zh" else ", "
    for edge in picture.edges:
        for flow in edge.flows:
            messages = separator.join(name(picture.messages[message], language) for message in flow.messages)
            ends = f"{titles[flow.sender]} → {titles[flow.receiver]}"
            colors = (STROKE[edge.medium], "#1f1f1f", "#434343") if edge.runs else ("#8c8c8c",) * 3
            columns = zip((" ".join(edge.rows), ends, messages), (ROWS, ENDS, width - ROWS - ENDS), colors, strict=True)
            drawn, high = _columns(list(columns), left=left, top=y)
            parts += drawn
            y += high + 3
    return parts, y


def _columns(columns: Sequence[tuple[str, float, str]], *, left: float, top: float) -> tuple[list[str], float]:
    """Words side by side, each with its width [px] and colour, the first of them bold; and how high the highest is [px]."""
    parts, most = list[str](), 0
    for number, (words, width, color) in enumerate(columns):
        lines = wrap(words, columns=int((width - GAP) / (LETTER if number else BOLD)))
        for at, each in enumerate(lines):
            parts.append(text(left, top + at * LINE, escape(each), size=12, weight=400 if number else 600, color=color))
        left, most = left + width, max(most, len(lines))
    return parts, most * LINE
