"""What is wrong with a text that is no YAML, and what to do about it, in words of ours: parsers have only their own, in English. Pure.

PyYAML and ruamel.yaml say the same and mark it the same way.
"""

from dataclasses import dataclass
from typing import Final

from metropool.core.texts import Sentence, printable

ROOM: Final = "metropool.core"
TROUBLES: Final = (
    ("mapping values are not allowed", "colon"),
    ("sequence entries are not allowed", "dash"),
    ("could not find expected ':'", "no_colon"),
    ("expected <block end>", "indent"),
    ("expected ',' or", "bracket"),
    ("found unexpected end of stream", "quote"),
    ("found character '\\t'", "tab"),
    ("special characters are not allowed", "character"),
    ("unacceptable character", "character"),
    ("but found another document", "documents"),
    ("found undefined alias", "alias"),
    ("found unhashable key", "key"),
    ("could not determine a constructor for the tag", "tag"),
    ("expected a mapping or list of mappings for merging", "merge"),
    ("expected '<document start>'", "end"),
    ("expected the node content", "nothing"),
    ("found unknown escape character", "escape"),
    ("found character", "unpaired"),
)
"""How the parser's words begin, and the text (``yaml_<name>``) that says the same."""


@dataclass(frozen=True)
class YamlTrouble:
    """What a parser met.

    Attributes:
        line, column: Where it could not go on, from 1.
        what: What is wrong.
        remedy: What to do about it.
    """

    line: int
    column: int
    what: Sentence
    remedy: Sentence

    @property
    def placed(self) -> Sentence:
        """What is wrong, with the column, where a fault's place is a line alone."""
        return Sentence(ROOM, "yaml_at", {"column": self.column, "what": self.what})


def trouble(name: str, /, *, line: int, column: int = 1, **values: object) -> YamlTrouble:
    """A trouble by its name: ``yaml_<name>`` and ``yaml_<name>_remedy`` are its texts."""
    return YamlTrouble(line, column, *(Sentence(ROOM, f"yaml_{name}{part}", values) for part in ("", "_remedy")))


def trouble_of(error: Exception, text: str) -> YamlTrouble:
    """What a ``YAMLError`` of either parser says of a text; what there is no text for is said in the parser's words."""
    told = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    reason = str(told).partition("\n")[0]
    known = next((name for beginning, name in TROUBLES if reason.startswith(beginning)), "other")
    quoted = reason.partition("'")[2].partition("'")[0]
    begun = getattr(error, "context_mark", None)
    line, column = _place(error, text)
    values = {"reason": printable(reason), "begun": begun.line + 1 if begun else line}
    return trouble(known, line=line, column=column, name=printable(quoted), letter=printable(quoted), **values)


def _place(error: Exception, text: str) -> tuple[int, int]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return mark.line + 1, mark.column + 1
    position = getattr(error, "position", None)  # of a character that no YAML may have
    if not isinstance(position, int):
        return 1, 1
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
