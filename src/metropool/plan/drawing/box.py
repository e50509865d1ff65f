"""What the box of a system says: its name, then its party and what it hosts; and the room that takes. Pure."""

from metropool.core.texts import LANGUAGES, Language, say, texts_of
from metropool.plan.drawing.marks import name, wrap
from metropool.plan.drawing.picture import PictureNode
from metropool.plan.source import ROOM

NAME, BELOW, EDGE = 15.0, 12.5, 10.0
"""Height of a line of the name, of one below it, and of what stays free [px]."""
NAMES = 2
"""Lines of a name, at most."""


def lines_of(node: PictureNode, language: Language) -> tuple[list[str], list[str]]:
    """The lines of its name, and those below it."""
    below = " · ".join((name(node.party_title, language), *(_capability(hosted, language) for hosted in node.hosts)))
    return wrap(name(node.title, language), columns=24)[:NAMES], wrap(below, columns=30)


def room_of(node: PictureNode) -> float:
    """The least height of its box, in whichever language it is drawn [px]."""
    told = [lines_of(node, language) for language in LANGUAGES]
    return max(NAME * len(names) + BELOW * len(below) + EDGE for names, below in told)


def _capability(hosted: str, language: Language) -> str:
    """What a capability is called; one that nobody gave a name by its own."""
    key = f"capability_{hosted}"
    return say(ROOM, key, language) if key in texts_of(ROOM) else hosted
