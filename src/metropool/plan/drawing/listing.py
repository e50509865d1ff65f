"""Under the figure of a plan: every direction of every line, with its rows and messages. Pure."""

from html import escape

from metropool.core.texts import Language, say
from metropool.plan.drawing.marks import STROKE, name, text, wrap
from metropool.plan.drawing.picture import Picture
from metropool.plan.source import ROOM

LINE, ROWS, ENDS = 17.0, 96.0, 440.0
LETTER = 6.4


def listing(picture: Picture, *, left: float, top: float, width: float, language: Language) -> tuple[list[str], float]:
    """The list, and where it ends [px]; what does not run yet is grey."""
    parts = [text(left, top, escape(say(ROOM, "rows_and_messages", language)), size=15, weight=600)]
    titles = {node.id: name(node.title, language) for node in picture.nodes}
    y = top + 26
    separator = "、" if language == "zh" else ", "
    for edge in picture.edges:
        for flow in edge.flows:
            messages = separator.join(name(picture.messages[message], language) for message in flow.messages)
            color = STROKE[edge.medium] if edge.runs else "#8c8c8c"
            ends = f"{titles[flow.sender]} → {titles[flow.receiver]}"
            parts.append(text(left, y, escape(" ".join(edge.rows)), size=12, weight=600, color=color))
            parts.append(text(left + ROWS, y, escape(ends), size=12, color="#1f1f1f" if edge.runs else "#8c8c8c"))
            for words in wrap(messages, columns=int((width - ROWS - ENDS) / LETTER)):
                parts.append(text(left + ROWS + ENDS, y, escape(words), size=12, color="#434343" if edge.runs else "#8c8c8c"))
                y += LINE
            y += 3
    return parts, y
