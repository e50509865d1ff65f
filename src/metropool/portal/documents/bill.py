"""Bills as documents: the combined one, and one company's."""

from collections.abc import Sequence
from typing import Any

from metropool.core.money import show_cny, to_cny
from metropool.core.texts import Language
from metropool.portal.documents.typesetter import typeset
from metropool.portal.documents.wording import COLOURS, ESTIMATED, Wording, number, signed_cny
from metropool.portal.schemas.bills import (
    BillLine,
    BillPart,
    CombinedBill,
    CompanyBill,
    LateFeeOfBill,
    MeterOfBill,
    MonthOfHistory,
)


def render_bill(bill: CombinedBill, language: Language, *, pay_url: str) -> bytes:
    """The combined bill (三单合一) as PDF; its creation date is the day it was issued.

    Args:
        bill: The stored bill.
        language: Of the reader.
        pay_url: Address of the pay page, in the QR code.
    """
    return typeset("bill", bill_data(bill, language, pay_url=pay_url), at=bill.issued_at)


def render_company_bill(bill: CompanyBill, language: Language) -> bytes:
    """One company's bill as PDF."""
    return typeset("company_bill", company_bill_data(bill, language), at=bill.issued_at)


def bill_data(bill: CombinedBill, language: Language, *, pay_url: str) -> dict[str, Any]:
    """What the template of the combined bill shows."""
    w = Wording(language)
    compared = (("compared.last_month", bill.last_month), ("compared.last_year", bill.last_year))
    return {
        **w.frame(title=w.say("bill.title"), number=bill.number, issuer=w.say("issuer")),
        "masthead": _masthead(w, bill, bill.number),
        "who": [w.pair("name", bill.name), w.pair("address", bill.address), w.pair("combined_account", bill.account)],
        "due": _due(w, bill, bill.total_fen),
        "parts": [_part(w, part) for part in bill.parts],
        "late_fees": [_late_fee(w, fee) for fee in bill.late_fees],
        "total": show_cny(bill.total_fen),
        "compared": [w.say(key, delta=signed_cny(bill.total_fen - then.total_fen)) for key, then in compared if then],
        "pay": {"qr": _qr(pay_url), "url": pay_url, "ways": _ways(w, bill)},
        "why": [
            {"service": w.service(step.service), "label": w.pick(step.label), "delta": signed_cny(step.delta_fen)}
            for step in bill.why
        ],
        "why_sum": w.pair("why.sum", signed_cny(sum(step.delta_fen for step in bill.why))),
        "chart": _chart(w, bill.history, bill.month),
        "notes": _notes(w, bill),
    }


def company_bill_data(bill: CompanyBill, language: Language) -> dict[str, Any]:
    """What the template of a company's bill shows."""
    w = Wording(language)
    title = w.say("company_bill.title", service=w.service(bill.service))
    payments = [
        {"reference": one.reference, "paid_at": w.minute(one.paid_at), "amount": show_cny(one.amount_fen)}
        for one in bill.payments
    ]
    versions = bill.provenance
    return {
        **w.frame(title=title, number=bill.bill_number, issuer=w.pick(bill.company_name)),
        "masthead": _masthead(w, bill, bill.bill_number),
        "who": [w.pair("name", bill.name), w.pair("address", bill.address), w.pair("account_number", bill.account_number)],
        "due": _due(w, bill, bill.amount_fen),
        "part": _part(w, bill),
        "payments": payments,
        "provenance": [w.pair(key, value) for key, value in versions.model_dump().items()],
    }


def _masthead(w: Wording, bill: CombinedBill | CompanyBill, number_: str) -> list[dict[str, str]]:
    period = w.period(bill.period_start, bill.period_end)
    return [w.pair("number", number_), w.pair("issued", w.day(bill.issued_at)), w.pair("period", period)]


def _due(w: Wording, bill: CombinedBill | CompanyBill, total_fen: int) -> dict[str, Any]:
    left = total_fen - bill.paid_fen
    fields = [w.pair("due_date", w.day(bill.due_date))]
    if bill.paid_fen:
        fields.append(w.pair("already_paid", show_cny(bill.paid_fen)))
    is_paid = left <= 0
    label = w.say("payable.paid" if is_paid else "payable")
    return {"label": label, "amount": show_cny(total_fen if is_paid else left), "fields": fields}


def _part(w: Wording, part: BillPart | CompanyBill) -> dict[str, Any]:
    least = _decimals(part)
    return {
        "service": w.service(part.service),
        "colour": COLOURS[part.service],
        "company": w.pick(part.company_name),
        "account_number": part.account_number,
        "meter_number": part.meter_number,
        "bill_number": part.bill_number,
        "tariff": w.pick(part.tariff),
        "register_start": w.register(part.register_start, beside=part.register_end),
        "register_end": w.register(part.register_end, beside=part.register_start),
        "register_start_at": w.day(part.register_start_at),
        "register_end_at": w.day(part.register_end_at),
        "meters": [_meter(w, part, one, least) for one in part.meters],
        "multiplier": "" if part.multiplier == 1 else w.say("multiplier", value=number(part.multiplier, least=0).rstrip(".")),
        "quantity": w.quantity(part.quantity, part.unit, least=least),
        "is_estimated": part.is_estimated,
        "reading": w.say("estimated" if part.is_estimated else "actual"),
        "amount": show_cny(part.amount_fen),
        "sum_word": w.say("sum_word"),
        "lines": [_line(w, line) for line in part.lines],
    }


def _decimals(part: BillPart | CompanyBill) -> int:
    """Decimals of a quantity; those of a sum and what it is made of stand below each other."""
    counted = [one.quantity for one in part.meters if one.quantity is not None]
    return max(2, *(len(format(one.normalize(), "f").partition(".")[2]) for one in [*counted, part.quantity])) if counted else 2


def _meter(w: Wording, part: BillPart | CompanyBill, one: MeterOfBill, least: int) -> dict[str, str]:
    """One of several meters of the period: from which register to which, and what it counted."""
    return {
        "number": one.meter_number,
        "start": w.register(one.start, beside=one.end),
        "start_at": w.day(one.since),
        "end": w.register(one.end, beside=one.start),
        "end_at": w.day(one.to or part.register_end_at),
        "note": w.say("taken_out", date=w.day(one.to)) if one.to else w.say("put_in", date=w.day(one.since)),
        "quantity": w.quantity(one.quantity, part.unit, least=least),
    }


def _late_fee(w: Wording, fee: LateFeeOfBill) -> dict[str, str]:
    days = {"start": w.day(fee.first_day), "end": w.day(fee.last_day)}
    said = w.say("late_fee_line", service=w.service(fee.service), number=fee.bill_number, month=fee.month, **days)
    return {"line": said, "amount": show_cny(fee.amount_fen)}


def _line(w: Wording, line: BillLine) -> dict[str, str]:
    return {
        "name": w.pick(line.name),
        "detail": w.pick(line.detail) if line.detail else "",
        "quantity": w.quantity(line.quantity, line.unit),
        "price": number(line.price) if line.price is not None else w.say("missing"),
        "exact": number(line.amount_exact),
        "amount": show_cny(line.amount_fen),
    }


def _qr(url: str) -> str:
    import segno

    return str(segno.make(url, error="m", micro=False).svg_inline(border=1, dark="#1b2733", omitsize=True))


def _ways(w: Wording, bill: CombinedBill) -> list[str]:
    return [w.say("way.scan"), w.say("way.site"), w.say("way.by", date=w.day(bill.due_date))]


def _chart(w: Wording, history: Sequence[MonthOfHistory], this_month: str) -> dict[str, Any]:
    totals = [sum(part.amount_fen for part in month.parts) for month in history]
    top = max([*totals, 1])
    services = [service for service in COLOURS if any(part.service == service for month in history for part in month.parts)]
    months: list[dict[str, Any]] = []
    for month, total in zip(history, totals, strict=True):
        by_service = {part.service: part for part in month.parts if part.amount_fen > 0}
        bars = [
            {
                "colour": COLOURS[service],
                "share": by_service[service].amount_fen / top,
                "is_estimated": by_service[service].is_estimated,
            }
            for service in services
            if service in by_service
        ]
        shown = f"{to_cny(total):,.0f}" if month.parts else w.say("missing")
        months.append({"name": month.month[2:], "total": shown, "bars": bars, "is_this": month.month == this_month})
    legend = [{"name": w.service(service), "colour": COLOURS[service], "is_estimated": False} for service in services]
    if any(bar["is_estimated"] for month in months for bar in month["bars"]):
        legend.append({"name": w.say("estimated_bar"), "colour": ESTIMATED, "is_estimated": True})
    return {"months": months, "legend": legend}


def _notes(w: Wording, bill: CombinedBill) -> list[str]:
    has_estimates = any(part.is_estimated for part in bill.parts)
    return [w.say("note.estimated" if has_estimates else "note.actual"), w.say("note.one_bill"), w.say("note.question")]
