"""Reports on how energy is used, and what would save some of it."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar, Literal

import msgspec
import pyarrow as pa

from metropool.exchange.messages.base import Edition, Fact, Message, Moment, Name, Number, Text, Words

MOST_SUGGESTIONS = 50
UNEXPLAINED = "unexplained"
"""The part of a service that no point accounts for."""

Standing = Literal["great", "good", "more", "unknown"]


class Suggestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that could be done, the most worthwhile first.

    Attributes:
        code: The same for the same advice, whomever it is given.
        saving_fen: What it would save in a year [fen]; None where nobody can say.
        saving_g_co2: The same [g CO2].
    """

    code: Name
    title_zh: Words
    title_en: Words
    text_zh: Text
    text_en: Text
    saving_fen: Number | None = None
    saving_g_co2: Number | None = None


class AdviceGiven(Fact, frozen=True, kw_only=True):
    """A report on the energy of one place with what is advised (综合能耗分析报告和建议方案, 综合用能方案和建议); the highest edition holds.

    Attributes:
        advice: Id: the same for one place and period.
        place: Home, community or building it is about.
        first_day: First business day it looks at; ``last_day`` is included.
        standing: Against similar places: at or below the efficient fifth, up to the mean, above it; ``unknown`` where there are too few.
        suggestions: Ranked.
        rows: ``service``, ``part`` (a point of the place, or ``unexplained``; null: all of it), and [Wh; L of water, dm3 of gas]
            ``quantity``, ``before`` (the same days a year earlier), ``similar`` (mean of similar places), ``efficient`` (mean of the fifth
            of them with the lowest use); null where it is not known, or would tell of few.
    """

    may_be_empty: ClassVar[bool] = True
    advice: Name
    edition: Edition
    place: Name
    first_day: date
    last_day: date
    standing: Standing
    suggestions: Annotated[tuple[Suggestion, ...], msgspec.Meta(max_length=MOST_SUGGESTIONS)] = ()
    given_at: Moment
    rows: pa.Table


_QUANTITIES = ("quantity", "before", "similar", "efficient")
ROWS: Mapping[type[Message], pa.Schema] = {
    AdviceGiven: pa.schema(
        [("service", pa.string()), ("part", pa.string())] + [(name, pa.int64()) for name in _QUANTITIES],
    ),
}
NEEDED: Mapping[type[Message], frozenset[str]] = {AdviceGiven: frozenset({"service"})}
