"""The report on a file: counts and totals per channel, every finding with time, channel, class, line and what was done."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metropool.capabilities.metering.imports.doubts import LISTED, ranges
from metropool.capabilities.metering.imports.imported import ImportedChannel, ImportedFile
from metropool.capabilities.metering.imports.times import zone_of
from metropool.capabilities.metering.imports.unmeasured import Unmeasured
from metropool.capabilities.metering.validation.flags import FLAGS, Findings, FlagClass
from metropool.capabilities.metering.validation.flow import find_continuous_flow
from metropool.capabilities.metering.validation.rules import ChannelFacts, Rules
from metropool.capabilities.metering.validation.validate import Validated, validate
from metropool.core.quantities import ReadingType
from metropool.core.texts import Language, say

_ROOM = "metropool.capabilities.metering.validation"
_LOCAL_DAY = 86_400
_WS_PER_KWH = 3_600_000


@dataclass(frozen=True)
class Report:
    """A file, checked: what it holds, its findings (``FLAGS``) and what ``seal`` takes."""

    file: ImportedFile
    validated: Validated
    flags: pa.Table
    facts: ChannelFacts


def check_file(file: ImportedFile, *, rules: Rules, now: datetime) -> Report:
    """Run the rules over a file that was read."""
    facts = facts_of(file.channels)
    validated = validate(readings=file.readings, facts=facts, rules=rules, now=now, prefer=file.mapping.duplicates)
    of_file = (_clock_flags(file), _rounding_flags(file), _stated_jumps(file, facts), _flow_flags(file, validated, rules))
    together = pa.concat_tables([FLAGS.empty_table(), validated.flags, *of_file])
    ordered = together.sort_by([("channel", "ascending"), ("from_at", "ascending"), ("code", "ascending")])
    return Report(file=file, validated=validated, flags=ordered, facts=facts)


def facts_of(channels: list[ImportedChannel]) -> ChannelFacts:
    """What the rules need to know of the channels of a file."""
    devices = {name: number for number, name in enumerate(dict.fromkeys(channel.device for channel in channels))}
    return ChannelFacts.of([channel.fact(devices[channel.device]) for channel in channels])


def summarise(report: Report, *, language: Language = "en") -> dict[str, Any]:
    """The report as plain values for ``--json``: numbers exact, as text; times ISO 8601 in UTC."""
    file = report.file
    names = {channel.number: channel.name for channel in file.channels}
    return {
        "file": file.path.name,
        "sha256": file.sha256,
        "mapping": file.mapping.name,
        "rows": file.rows,
        "readings": file.readings.num_rows - file.readings["value"].null_count,
        "accepted": report.validated.accepted,
        "set_aside": report.validated.suspect,
        "repeated": report.validated.repeated,
        "columns_left_out": file.left_out,
        "channels": channel_rows(report),
        "unmeasured": _unmeasured(file.unmeasured),
        "counts": _counts(report.flags),
        "flags": [_flag_row(flag, names, file, language) for flag in _told_together(report.flags)],
        "doubts": [doubt.told() for doubt in file.doubts],
    }


def channel_rows(report: Report) -> list[dict[str, Any]]:
    """Counts and totals per channel."""
    steps, readings = report.validated.steps, report.file.readings
    bounds = np.searchsorted(steps["channel"].to_numpy(), np.arange(len(report.file.channels) + 1))
    valid = readings.filter(pc.is_valid(readings["value"]))
    spans = valid.group_by("channel").aggregate([("at", "min"), ("at", "max"), ("at", "count")]).to_pylist()
    span = {row["channel"]: row for row in spans}
    parts = (steps.slice(start, end - start) for start, end in itertools.pairwise(bounds))
    return [
        _channel_row(channel, span.get(channel.number), part) for channel, part in zip(report.file.channels, parts, strict=True)
    ]


def _channel_row(channel: ImportedChannel, span: dict[str, int] | None, steps: pa.Table) -> dict[str, Any]:
    kind = channel.column.kind
    total = pc.sum(steps["step"].filter(steps["linked"])).as_py()
    row: dict[str, Any] = {
        "channel": channel.name,
        "device": channel.device,
        "reading_type": kind.code,
        "readings": span["at_count"] if span else 0,
        "first_at": _iso(span["at_min"]) if span else None,
        "last_at": _iso(span["at_max"]) if span else None,
        **total_of(kind, total),
    }
    if kind.kind == "register" and steps.num_rows:
        row["first_register"] = str(kind.value(steps["value"][0].as_py()))
        row["last_register"] = str(kind.value(steps["value"][-1].as_py()))
    return row


def total_of(kind: ReadingType, total: int | None) -> dict[str, str | None]:
    """A sum of steps in the unit people use; a mean power's exact power-seconds stand beside its energy, which is rounded.

    None without any step: one register alone says nothing about use, and nothing is not zero.
    """
    if total is None:
        return {"total": None, "unit": kind.unit}
    if kind.kind != "mean_power":
        return {"total": str(kind.value(total)), "unit": kind.unit}
    seconds = kind.value(total)
    energy = (seconds / _WS_PER_KWH).quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)
    unit = "kWh" if kind.unit == "W" else "kvarh"
    return {"total": str(energy), "unit": unit, "exact": str(seconds), "exact_unit": f"{kind.unit}·s"}


def _counts(flags: pa.Table) -> dict[str, dict[str, int]]:
    """Findings and readings concerned, per class."""
    table = flags.group_by("code").aggregate([("count", "count"), ("count", "sum")]).sort_by("code").to_pylist()
    return {FlagClass(row["code"]).key: {"findings": row["count_count"], "readings": row["count_sum"]} for row in table}


def _told_together(flags: pa.Table) -> list[dict[str, Any]]:
    """Findings one by one; those of a class that has more than ``LISTED`` of them together by channel, with their lines."""
    numbers = flags["code"].value_counts().to_pylist()
    many = pa.array([row["values"] for row in numbers if row["counts"] > LISTED], pa.int8())
    is_many = pc.is_in(flags["code"], many)
    rows: list[dict[str, Any]] = flags.filter(pc.invert(is_many)).to_pylist()
    if not len(many):
        return rows
    sums = [("from_at", "min"), ("to_at", "max"), ("count", "sum"), ("row", "list")]
    for group in flags.filter(is_many).group_by(["channel", "code"]).aggregate(sums).to_pylist():
        lines = np.unique(np.array(group.pop("row_list"), dtype=np.int64))
        lines = lines[lines >= 0]
        at = {"from_at": group["from_at_min"], "to_at": group["to_at_max"], "count": group["count_sum"], "amount": None}
        first = int(lines[0]) if lines.size else -1
        rows.append({"channel": group["channel"], "code": group["code"], **at, "row": first, "lines": ranges(lines)})
    return rows


def _flag_row(flag: dict[str, Any], names: dict[int, str], file: ImportedFile, language: Language) -> dict[str, Any]:
    code = FlagClass(flag["code"])
    kind = file.channels[flag["channel"]].column.kind
    return {
        "channel": names[flag["channel"]],
        "class": code.key,
        "from": _iso(flag["from_at"]),
        "to": _iso(flag["to_at"]),
        "count": flag["count"],
        "amount": None if flag["amount"] is None else str(kind.value(flag["amount"])),
        "unit": kind.unit,
        "line": flag["row"] if flag["row"] >= 0 else None,
        "done": say(_ROOM, code.key, language),
        **({"lines": flag["lines"]} if "lines" in flag else {}),
    }


def _unmeasured(found: Unmeasured | None) -> dict[str, Any] | None:
    """What the file says was not measured, in minutes; None when it has no such column."""
    if found is None:
        return None
    told: dict[str, Any] = {"column": found.column, "minutes": _minutes(found.seconds), "runs": found.runs}
    if found.runs:
        ends = {"longest_from": _iso(found.longest_from), "longest_to": _iso(found.longest_to)}
        told |= {"longest_minutes": _minutes(found.longest_s), **ends, "longest_lines": list(found.longest_lines)}
    return told


def _minutes(seconds: int) -> int | float:
    return seconds // 60 if seconds % 60 == 0 else seconds / 60


def _clock_flags(file: ImportedFile) -> pa.Table:
    found = Findings()
    passes = ((file.repeated, FlagClass.REPEATED_TIME), (file.second_pass, FlagClass.SECOND_PASS))
    for rows, code in (*passes, (file.skipped, FlagClass.SKIPPED_TIME)):
        channel, at, line = (rows[name].to_numpy() for name in ("channel", "at", "row"))
        found.add(code, channel=channel, from_at=at, row=line)
    return found.table()


def _rounding_flags(file: ImportedFile) -> pa.Table:
    found = Findings()
    for number, count in file.rounded.items():
        at = file.readings.filter(pc.equal(file.readings["channel"], number))["at"]
        ends = pc.min_max(at).as_py()
        found.add(
            FlagClass.ROUNDED,
            channel=np.array([number], np.int32),
            from_at=np.array([ends["min"]]),
            to_at=np.array([ends["max"]]),
            count=count,
        )
    return found.table()


def _stated_jumps(file: ImportedFile, facts: ChannelFacts) -> pa.Table:
    """A large difference stated by a channel's first row: to a reading that is not in the file."""
    found = Findings()
    for number, (difference, at, line) in file.differences.items():
        if 0 < facts.large_step[number] <= difference:
            ends = file.readings.filter(pc.equal(file.readings["row"], line))["at"]
            found.add(
                FlagClass.JUMP,
                channel=np.array([number], np.int32),
                from_at=np.array([ends[0].as_py() if len(ends) else at]),
                amount=np.array([difference]),
                row=np.array([line]),
            )
    return found.table()


def _flow_flags(file: ImportedFile, validated: Validated, rules: Rules) -> pa.Table:
    flowing = [c.number for c in file.channels if c.column.kind.kind == "register" and c.column.kind.service in ("water", "gas")]
    hourly = [number for number in flowing if file.channels[number].column.interval_s == 3600]
    if not hourly or not validated.steps.num_rows:
        return FLAGS.empty_table()
    ends = pc.min_max(validated.steps["at"]).as_py()
    starts = _midnights(ends["min"], ends["max"], file.mapping.time.zone)
    return find_continuous_flow(steps=validated.steps, flags=validated.flags, channels=hourly, day_starts=starts, rules=rules)


def _midnights(first: int, last: int, zone: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Local midnights around a span of time."""
    local = zone_of(zone)
    days = range(first - 2 * _LOCAL_DAY, last + 3 * _LOCAL_DAY, _LOCAL_DAY)
    dates = dict.fromkeys(datetime.fromtimestamp(day, UTC).astimezone(local).date() for day in days)
    return np.array([int(datetime(d.year, d.month, d.day, tzinfo=local).timestamp()) for d in dates], dtype=np.int64)


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
