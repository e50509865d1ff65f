"""What is wrong with a text that is no YAML, and what to do about it, in words of ours: the parser has only its own, in English. Pure."""

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from metropool.core.texts import Sentence
from metropool.plan.source import ROOM, PlanFault, printable

TROUBLES = (
    ("mapping values are not allowed", "colon"),
    ("sequence entries are not allowed", "dash"),
    ("could not find expected ':'", "no_colon"),
    ("expected <block end>", "indent"),
    ("expected ',' or", "bracket"),
    ("found unexpected end of stream", "quote"),
    ("found character '\\t'", "tab"),
    ("special characters are not allowed", "character"),
    ("but found another document", "documents"),
    ("found undefined alias", "alias"),
)
"""How the parser's words begin, and the text (``yaml_<name>``) that says the same."""


def not_yaml(file: str, line: int, trouble: str, **values: object) -> PlanFault:
    """The fault that a file is no YAML that we take; ``trouble`` is one of the texts ``yaml_<trouble>``."""
    reason, advice = (Sentence(ROOM, f"yaml_{trouble}{part}", values) for part in ("", "_remedy"))
    return PlanFault(file=file, line=line, key="not_yaml", values={"reason": reason, "advice": advice})


def trouble_of(error: YAMLError) -> tuple[str, dict[str, object]]:
    """Which text says what the parser met, with its parameters; what it has no text for is said in the parser's words."""
    told = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    reason = str(told).partition("\n")[0]
    known = next((name for beginning, name in TROUBLES if reason.startswith(beginning)), "other")
    mark = error.context_mark if isinstance(error, MarkedYAMLError) else None
    return known, {"reason": printable(reason), "begun": mark.line + 1 if mark else 1}


def line_of(error: YAMLError, text: str) -> int:
    """The line, from 1, at which the parser could not go on."""
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return mark.line + 1 if mark else 1
    position = getattr(error, "position", None)  # of a character that no YAML may have
    return text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
