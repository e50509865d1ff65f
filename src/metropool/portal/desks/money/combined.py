"""A combined bill as people read it: parts, lines, history, and why it changed."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from metropool.core.money import Fen
from metropool.core.periods import day_period
from metropool.portal.desks.words import Parties, name, service_name, tariff_name
from metropool.portal.schemas import bills as schema

Row = Mapping[str, Any]


def summary(row: Row, dues: Mapping[str, Row], *, today: date) -> schema.BillSummary:
    """One combined bill in the list."""
    content = json.loads(row["content"])
    parts = [
        schema.PartSummary(
            service=part["service"], amount_fen=part["amount_fen"], quantity=Decimal(part["quantity"]), unit=part["unit"]
        )
        for part in content["parts"]
    ]
    return schema.BillSummary(**base(row, content, dues, today=today), parts=parts)


def base(row: Row, content: Row, dues: Mapping[str, Row], *, today: date) -> dict[str, Any]:
    """What the list and the bill itself both say."""
    numbers = [part["bill_number"] for part in content["parts"]]
    numbers += [number for line in content["late_fees"] for number in line["numbers"]]
    paid = sum(dues[number]["paid_fen"] for number in numbers)
    return {
        "number": row["number"],
        "month": row["period"],
        "period_start": min(date.fromisoformat(part["period_start"]) for part in content["parts"]),
        "period_end": max(date.fromisoformat(part["period_end"]) for part in content["parts"]),
        "issued_at": row["issued_at"],
        "due_date": date.fromisoformat(row["due_date"]),
        "state": state_of(total_fen=row["total_fen"], paid_fen=paid, due_date=date.fromisoformat(row["due_date"]), today=today),
        "total_fen": row["total_fen"],
        "paid_fen": paid,
        "estimated_parts": sum(part["is_estimated"] for part in content["parts"]),
    }


def state_of(*, total_fen: Fen, paid_fen: Fen, due_date: date, today: date) -> schema.BillState:
    """Paid, part paid, overdue or open."""
    if paid_fen >= total_fen:
        return "paid"
    if today > due_date:
        return "overdue"
    return "part_paid" if paid_fen else "open"


def part_of(part: Row, due: Row, parties: Parties) -> schema.BillPart:
    """One company's bill inside the combined bill."""
    starts, ends = date.fromisoformat(part["period_start"]), date.fromisoformat(part["period_end"])
    lines = lines_of(part["lines"], part["amount_fen"], part["unit"])
    return schema.BillPart(
        **{key: part[key] for key in ("service", "company", "account_number", "meter_number", "bill_number", "version", "unit")},
        company_name=parties.name(part["company"]),
        tariff=tariff_name(part["tariff"]),
        register_start=_decimal(part["register_start"]),
        register_end=_decimal(part["register_end"]),
        register_start_at=day_period(starts).start,
        register_end_at=day_period(ends).start,
        meters=meters_of(part.get("registers", ()), multiplier=Decimal(part["multiplier"]), first_day=starts),
        multiplier=Decimal(part["multiplier"]),
        quantity=Decimal(part["quantity"]),
        is_estimated=part["is_estimated"],
        estimated_share=None,
        lines=lines,
        amount_fen=part["amount_fen"],
        paid_fen=due["paid_fen"],
        due_date=date.fromisoformat(part["due_date"]),
    )


def meters_of(registers: Sequence[Row], *, multiplier: Decimal, first_day: date) -> tuple[schema.MeterOfBill, ...]:
    """The meters of a period in turn, where there was more than one."""
    made: list[schema.MeterOfBill] = []
    since = first_day
    for one in registers:
        start, end = _decimal(one["start"]), _decimal(one["end"])
        counted = None if start is None or end is None or end < start else (end - start) * multiplier
        to = date.fromisoformat(one["to"]) if one["to"] else None
        number = one["meter_number"]
        made.append(schema.MeterOfBill(meter_number=number, start=start, end=end, since=since, to=to, quantity=counted))
        since = to or since
    return tuple(made)


def late_fee_of(line: Row, dues: Mapping[str, Row], parties: Parties) -> schema.LateFeeOfBill:
    """What the lateness of one bill has cost since the last combined bill."""
    plain = ("service", "company", "account_number", "bill_number", "first_day", "last_day", "amount_fen")
    return schema.LateFeeOfBill(
        **{name: line[name] for name in plain},
        company_name=parties.name(line["company"]),
        month=line["period"],
        paid_fen=sum(dues[number]["paid_fen"] for number in line["numbers"]),
    )


def lines_of(lines: Sequence[Sequence[str]], amount_fen: Fen, unit: str) -> list[schema.BillLine]:
    """Lines with exact amounts, and the rounded total shared among them so that they sum to it."""
    exact = [Decimal(line[3]) for line in lines]
    shares = _shares(exact, amount_fen)
    return [
        schema.BillLine(
            line=number,
            name=name("lines", line[0]),
            quantity=Decimal(line[1]),
            unit=unit,
            price=Decimal(line[2]),
            amount_exact=amount,
            amount_fen=share,
        )
        for number, (line, amount, share) in enumerate(zip(lines, exact, shares, strict=True), start=1)
    ]


def _shares(exact: Sequence[Decimal], amount_fen: Fen) -> list[Fen]:
    """Each amount down to a fen, and the fen that are left to the largest remainders."""
    down = [int((amount * 100).to_integral_value(rounding="ROUND_FLOOR")) for amount in exact]
    order = sorted(range(len(exact)), key=lambda i: (down[i] - exact[i] * 100, i))
    for i in order[: max(0, amount_fen - sum(down))]:
        down[i] += 1
    return down


def month_compared(row: Row | None) -> schema.MonthCompared | None:
    """An earlier month beside this one."""
    if row is None:
        return None
    return schema.MonthCompared(month=row["period"], total_fen=row["total_fen"], parts=_parts(row))


def _parts(row: Row) -> list[schema.PartSummary]:
    return [
        schema.PartSummary(
            service=part["service"], amount_fen=part["amount_fen"], quantity=Decimal(part["quantity"]), unit=part["unit"]
        )
        for part in json.loads(row["content"])["parts"]
    ]


def history(rows: Mapping[str, Row], month: str) -> list[schema.MonthOfHistory]:
    """Thirteen months up to ``month``, oldest first; months without a bill are empty."""
    year, number = int(month[:4]), int(month[5:])
    months = [
        f"{(year * 12 + number - 1 - back) // 12:04d}-{(year * 12 + number - 1 - back) % 12 + 1:02d}"
        for back in range(12, -1, -1)
    ]
    return [schema.MonthOfHistory(month=one, parts=_history_parts(rows.get(one))) for one in months]


def _history_parts(row: Row | None) -> list[schema.HistoryPart]:
    if row is None:
        return []
    return [
        schema.HistoryPart(
            service=part["service"],
            amount_fen=part["amount_fen"],
            quantity=Decimal(part["quantity"]),
            unit=part["unit"],
            is_estimated=part["is_estimated"],
        )
        for part in json.loads(row["content"])["parts"]
    ]


def why_changed(now: Row, before: Row | None) -> list[schema.WhyChanged]:
    """From last month's total to this one's: what usage did at last month's mean price, then what the price did; sums exactly."""
    if before is None:
        return []
    past = {part["service"]: part for part in json.loads(before["content"])["parts"]}
    here = {part["service"]: part for part in json.loads(now["content"])["parts"]}
    steps: list[schema.WhyChanged] = []
    for service in sorted({*past, *here}):
        was, does = past.get(service), here.get(service)
        delta = (does["amount_fen"] if does else 0) - (was["amount_fen"] if was else 0)
        by_usage = _by_usage(was, does, delta)
        for cause, fen in (("usage", by_usage), ("price", delta - by_usage)):
            if fen:
                label = service_name(cause, service)
                steps.append(schema.WhyChanged(service=service, cause=cause, label=label, delta_fen=fen))  # type: ignore[arg-type]
    return [*steps, *_by_lateness(now, before)]


def _by_lateness(now: Row, before: Row) -> list[schema.WhyChanged]:
    """What late fees add to the step from one total to the other."""
    deltas: dict[str, Fen] = {}
    for row, sign in ((now, 1), (before, -1)):
        for line in json.loads(row["content"])["late_fees"]:
            deltas[line["service"]] = deltas.get(line["service"], 0) + sign * line["amount_fen"]
    labels = {service: service_name("late_fee", service) for service in deltas}
    return [
        schema.WhyChanged(service=service, cause="other", label=labels[service], delta_fen=fen)  # type: ignore[arg-type]
        for service, fen in sorted(deltas.items())
        if fen
    ]


def _by_usage(was: Row | None, does: Row | None, delta: Fen) -> Fen:
    if was is None or does is None or not Decimal(was["quantity"]):
        return delta
    mean = Decimal(was["amount_fen"]) / Decimal(was["quantity"])
    return int((mean * (Decimal(does["quantity"]) - Decimal(was["quantity"]))).to_integral_value(rounding="ROUND_HALF_UP"))


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
