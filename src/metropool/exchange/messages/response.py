"""Demand response (需求侧响应): what is called, what a person has to confirm, what it brought."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
import pyarrow as pa

from metropool.exchange.messages.base import Edition, Fact, Message, Moment, Name, Number, Order, Text

SIGNALS: Mapping[str, str] = {
    "level": "",
    "import_limit": "W",
    "export_limit": "W",
    "change": "W",
    "price": "fen/MWh",
}
"""Signals and their units, after the payloads of OpenADR 3.1: SIMPLE (0 normal to 3 special), IMPORT_CAPACITY_LIMIT, EXPORT_CAPACITY_LIMIT,
DISPATCH_SETPOINT_RELATIVE (negative is less use), PRICE. What a receiver does not know it leaves alone, and reports so."""
MOST_ACTIONS = 128
LONGEST_RANDOM_S = 3600

Call = Literal["day_ahead", "intraday", "real_time"]
Aim = Literal["peak_shaving", "valley_filling"]
ResponseState = Literal["called", "cancelled"]
Participation = Literal["responded", "opted_out", "failed"]
Baseline = Literal["10_of_10", "high_5_of_10", "high_4_of_5", "match_day", "same_day_3_2"]
Adjustment = Literal["none", "additive", "multiplicative"]


class ResponseCalled(Fact, frozen=True, kw_only=True):
    """A demand-response event (需求侧响应需求和命令, 调控方案): who is asked for what, when; the highest edition heard holds.

    What is paid for it, the share below which nothing is, and how the baseline is taken, are settings of the programme.

    Attributes:
        event: Id, unique at who calls.
        edition: 1 calls; a change, or that it is cancelled, is the next. One that is cancelled has no rows.
        programme: Under which terms.
        call: How long before: the day before (日前), about four hours (日内), half an hour or less (实时).
        aim: Less use at the peak (削峰), or more in the valley (填谷).
        priority: Where two overlap the lower number holds; 0 is the highest.
        ends_at: Exclusive.
        random_start_s: Each who responds waits by chance up to so long [s], once an event, lest all switch together.
        rows: ``target`` (resource or group that is meant; null: all who hear it), ``start`` [Unix s], ``duration_s`` [s], ``signal``,
            ``value`` [unit of the signal]. Source: OpenADR 3.1, events and intervals.
    """

    may_be_empty: ClassVar[bool] = True
    event: Name
    edition: Edition
    state: ResponseState
    programme: Name
    call: Call
    aim: Aim
    priority: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    starts_at: Moment
    ends_at: Moment
    random_start_s: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_RANDOM_S)] = 0
    called_at: Moment
    rows: pa.Table


class ResponseAction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that would be set: a point, its item, and the value [unit of the item, ``points.ITEMS``]."""

    point: Name
    item: Name
    value: Number


class ConfirmResponse(Order, frozen=True, kw_only=True):
    """Ask whoever runs a place to confirm how it would respond (待人确认的半自动响应); without a confirmation nothing is set.

    Attributes:
        request: Id of this question; what is confirmed is said under it.
        event: Id of the ``ResponseCalled`` it answers, in the edition it was made for.
        place: Whose points they are.
        actions: All that would be set, together or not at all.
        reduction_w: What they are reckoned to save while they hold [W]; negative where use is to grow.
        ends_at: When all of it is put back; ``starts_at`` is when it would be set.
        reason_zh: Why, for people; ``reason_en`` likewise.
    """

    request: Name
    event: Name
    edition: Edition
    place: Name
    actions: Annotated[tuple[ResponseAction, ...], msgspec.Meta(min_length=1, max_length=MOST_ACTIONS)]
    reduction_w: Number
    starts_at: Moment
    ends_at: Moment
    reason_zh: Text
    reason_en: Text


class ReductionMeasured(Fact, frozen=True, kw_only=True):
    """What came of a demand-response event (响应执行情况); the highest edition heard holds.

    The reduction is baseline less use, with its sign.

    Attributes:
        event: Id of the ``ResponseCalled`` it is about.
        participation: ``opted_out`` has no rows.
        baseline: How the use without the event was reckoned (the newest days of the same kind, or days before and after);
            ``adjustment`` how that was held against the day itself. Source: PJM and CAISO day-matching baselines.
        is_final: Nothing of it is estimated any more.
        rows: ``resource`` (or ``AGGREGATED_REPORT``: a sum), ``members`` (how many stand behind it; of households never few enough to
            tell of one), ``start`` [Unix s], ``duration_s`` [s], ``baseline_wh`` and ``used_wh`` [Wh; null where there is none],
            ``quality`` (as in blocks).
    """

    may_be_empty: ClassVar[bool] = True
    event: Name
    edition: Edition
    programme: Name
    participation: Participation
    baseline: Baseline
    adjustment: Adjustment
    is_final: bool
    measured_at: Moment
    rows: pa.Table


ROWS: Mapping[type[Message], pa.Schema] = {
    ResponseCalled: pa.schema(
        [
            ("target", pa.string()),
            ("start", pa.int64()),
            ("duration_s", pa.int32()),
            ("signal", pa.string()),
            ("value", pa.int64()),
        ]
    ),
    ReductionMeasured: pa.schema(
        [("resource", pa.string()), *((name, pa.int32()) for name in ("members", "duration_s"))]
        + [(name, pa.int64()) for name in ("start", "baseline_wh", "used_wh")]
        + [("quality", pa.uint8())]
    ),
}
NEEDED: Mapping[type[Message], frozenset[str]] = {
    ResponseCalled: frozenset({"start", "duration_s", "signal", "value"}),
    ReductionMeasured: frozenset({"resource", "members", "start", "duration_s", "quality"}),
}
