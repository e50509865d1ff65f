"""What a schema wanted where it found something else, in words of ours: Pydantic and msgspec have only their own, in English. Pure."""

import re
from collections.abc import Mapping
from functools import reduce
from typing import Any, Final

from metropool.core.texts import Sentence

ROOM: Final = "metropool.core"
WANTED: Mapping[str, str] = {
    **dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type", "iterable_type"), "list"),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"), "mapping"),
    **dict.fromkeys(("literal_error", "enum", "union_tag_invalid", "url_scheme"), "one_of"),
    **dict.fromkeys(("string_type", "string_unicode"), "text"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "yes_no"),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), "number"),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), "decimal"),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), "day"),
    **dict.fromkeys(("datetime_type", "datetime_parsing", "datetime_object_invalid", "datetime_from_date_parsing"), "instant"),
    **dict.fromkeys(("timezone_aware", "timezone_offset"), "instant"),
    **dict.fromkeys(("time_type", "time_parsing"), "time"),
    **dict.fromkeys(("time_delta_type", "time_delta_parsing"), "duration"),
    **dict.fromkeys(("date_past", "datetime_past"), "past"),
    **dict.fromkeys(("date_future", "datetime_future"), "future"),
    **dict.fromkeys(("url_type", "url_parsing", "url_syntax_violation"), "address"),
    **dict.fromkeys(("uuid_type", "uuid_parsing", "uuid_version"), "uuid"),
    **dict.fromkeys(("json_invalid", "json_type"), "json"),
    **dict.fromkeys(("decimal_max_digits", "decimal_whole_digits"), "digits"),
    "decimal_max_places": "places",
    "finite_number": "finite",
    "greater_than": "more",
    "greater_than_equal": "at_least_number",
    "less_than": "less",
    "less_than_equal": "at_most_number",
    "multiple_of": "multiple",
    "none_required": "nothing",
    "path_type": "path",
    "string_pattern_mismatch": "form",
    "string_too_long": "at_most",
    "string_too_short": "at_least",
    "timezone_naive": "naive",
    "too_long": "items_at_most",
    "too_short": "items_at_least",
}
"""Kinds of Pydantic's errors, and the text (``wanted_<name>``) of what should be there."""
LIMITS: Final = (
    *("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length"),
    *("max_digits", "whole_digits", "decimal_places"),
)
EXPECTED: Final = ("expected", "expected_tags", "expected_schemes")
KINDS: Mapping[str, str] = {
    "int": "number",
    "float": "decimal",
    "decimal": "decimal",
    "str": "text",
    "bool": "yes_no",
    "array": "list",
    "object": "mapping",
    "null": "nothing",
    "date": "day",
    "datetime": "instant",
    "time": "time",
    "duration": "duration",
    "uuid": "uuid",
}
"""What msgspec calls a kind, and the text of it."""
SAID: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(words), text)
    for words, text in (
        (r"Object missing required field `.*", "missing"),
        (r"Object contains unknown field `.*", "unknown"),
        (r"Invalid (?:enum )?value (.+)", "choice"),
        (r"Expected `(?:int|float)` >= (.+)", "at_least_number"),
        (r"Expected `(?:int|float)` <= (.+)", "at_most_number"),
        (r"Expected `(?:int|float)` > (.+)", "more"),
        (r"Expected `(?:int|float)` < (.+)", "less"),
        (r"Expected `(?:int|float)` that's a multiple of (.+)", "multiple"),
        (r"Expected `str` of length >= (\d+).*", "at_least"),
        (r"Expected `str` of length <= (\d+).*", "at_most"),
        (r"Expected `str` matching regex '(.+)'", "form"),
        (r"Expected `\w+` of (?:at least length|length >=) (\d+).*", "length_at_least"),
        (r"Expected `\w+` of (?:at most length|length <=) (\d+).*", "length_at_most"),
        (r"Expected `\w+` of length (\d+).*", "length"),
        (r"Expected `([\w |]+)`(?:, got .*)?", "kind"),
        (r"Invalid (?:RFC3339|ISO8601) encoded datetime.*", "instant"),
        (r"Invalid (?:RFC3339|ISO8601) encoded (date|time)\b.*", "kind"),
        (r"Invalid (decimal|UUID)\b.*", "kind"),
        (r"Invalid (?:RFC3339|ISO8601) encoded duration.*|Duration is out of range.*", "duration"),
    )
)
"""How msgspec says it, and the text that says the same."""


def misfit(problem: Mapping[str, Any]) -> Sentence:
    """What is wrong with one value, by one of ``ValidationError.errors()``."""
    known = {"missing": "misfit_missing", "extra_forbidden": "misfit_unknown"}.get(problem["type"])
    if known is None and problem["type"] not in WANTED:
        return Sentence(ROOM, "misfit_other", {"reason": problem["msg"]})
    return Sentence(ROOM, known or "misfit", {} if known else {"wanted": wanted(problem)})


def wanted(problem: Mapping[str, Any], *, own: Mapping[str, Sentence] | None = None) -> Sentence:
    """What should be there, by one of ``ValidationError.errors()``; of a kind without a text Pydantic's own words.

    Args:
        problem: Type, context and message.
        own: Sentences of a schema's own, by kind of error or by the pattern that did not match.
    """
    told = problem.get("ctx", {})
    for key in (told.get("pattern"), problem["type"]):
        if own and key in own:
            return own[key]
    expected = next((str(told[name]) for name in EXPECTED if name in told), "").replace(" or ", ", ")
    text = WANTED.get(problem["type"], "other")
    if text == "one_of" and "," not in expected:
        text = "just"
    limit = next((told[name] for name in LIMITS if name in told), None)
    return _wanted(text, expected=expected, form=told.get("pattern"), limit=limit, reason=problem["msg"])


def either(one: Sentence, other: Sentence) -> Sentence:
    """What should be there where two things could be."""
    return _wanted("either", one=one, other=other)


def misfit_said(message: str) -> Sentence:
    """What is wrong with one value, by what msgspec says of it without its place; what it has no text for is said in its words."""
    for words, text in SAID:
        if found := words.fullmatch(message):
            return _misfit_of(text, found.group(1) if words.groups else "")
    return Sentence(ROOM, "misfit_other", {"reason": message})


def _misfit_of(text: str, told: str) -> Sentence:
    if text in ("missing", "unknown"):
        return Sentence(ROOM, f"misfit_{text}")
    if text == "choice":
        return Sentence(ROOM, "misfit_choice", {"value": told})
    if text != "kind":
        return Sentence(ROOM, "misfit", {"wanted": _wanted(text, limit=told, form=told)})
    kinds = (_wanted(KINDS[name]) if name in KINDS else _wanted("just", expected=name) for name in told.lower().split(" | "))
    return Sentence(ROOM, "misfit", {"wanted": reduce(either, kinds)})


def _wanted(text: str, **values: object) -> Sentence:
    return Sentence(ROOM, f"wanted_{text}", values)
