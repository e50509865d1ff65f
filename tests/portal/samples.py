"""Answers of one made-up home, worked by hand: 200 kWh, 15 m3 of water, 20 m3 of gas."""

from datetime import UTC, date, datetime
from decimal import Decimal

from metropool.portal.schemas import bills, paying, resident
from metropool.portal.schemas.basics import Text

AT = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
ACCOUNT, OTHER = "GZ0000000101", "GZ0000000202"
NUMBER = "CB202610-000101"


def text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


TIER = text("每月 0–260 kWh", "0–260 kWh a month")


def line(number, name, worked, fen, detail=None):
    quantity, unit, price, exact = worked
    return bills.BillLine(
        line=number,
        name=text(*name),
        detail=detail,
        quantity=Decimal(quantity),
        unit=unit,
        price=Decimal(price),
        amount_exact=Decimal(exact),
        amount_fen=fen,
    )


def part(service, company, lines, *, meter, number, start, end, quantity, unit, tariff, estimated=False):
    return bills.BillPart(
        service=service,
        company=company[0],
        company_name=text(company[1], company[2]),
        account_number=number,
        meter_number=meter,
        bill_number=f"{company[3]}202610-000101",
        version=1,
        tariff=tariff,
        register_start=Decimal(start),
        register_end=Decimal(end),
        register_start_at=datetime(2026, 9, 30, 16, tzinfo=UTC),
        register_end_at=datetime(2026, 10, 31, 16, tzinfo=UTC),
        multiplier=Decimal(1),
        quantity=Decimal(quantity),
        unit=unit,
        is_estimated=estimated,
        estimated_share=0.1 if estimated else 0.0,
        lines=lines,
        amount_fen=sum(one.amount_fen for one in lines),
        paid_fen=0,
        due_date=date(2026, 11, 28),
    )


def parts():
    power = [line(1, ("第一档电量", "First tier"), ("200.0000", "kWh", "0.58886875", "117.7737500000"), 11777, TIER)]
    water = [
        line(1, ("水费第一阶梯", "Water, first tier"), ("15.000", "m3", "1.98", "29.70000"), 2970),
        line(2, ("污水处理费", "Sewage treatment"), ("15.000", "m3", "0.95", "14.25000"), 1425),
    ]
    gas = [line(1, ("第一阶梯气量", "First tier"), ("20.333", "m3", "3.45", "70.14885"), 7015)]
    return [
        part(
            "electricity",
            ("marketing", "广州供电局", "Guangzhou Power Supply", "E"),
            power,
            meter="440100001234",
            number="0306000101",
            start="12345.6700",
            end="12545.6700",
            quantity="200.0000",
            unit="kWh",
            tariff=text("居民阶梯电价", "Residential tiered tariff"),
        ),
        part(
            "water",
            ("water_system", "广州自来水公司", "Guangzhou Water Supply", "W"),
            water,
            meter="W20190012345",
            number="1020000101",
            start="1018.250",
            end="1033.250",
            quantity="15.000",
            unit="m3",
            tariff=text("居民阶梯水价", "Residential water tariff"),
        ),
        part(
            "gas",
            ("gas_system", "广州燃气集团", "Guangzhou Gas", "G"),
            gas,
            meter="G55500012345",
            number="8800000101",
            start="765.120",
            end="785.453",
            quantity="20.333",
            unit="m3",
            tariff=text("居民阶梯气价", "Residential gas tariff"),
            estimated=True,
        ),
    ]


def history():
    months = [f"2025-{m:02d}" for m in range(10, 13)] + [f"2026-{m:02d}" for m in range(1, 11)]
    power = [9200, 8800, 13100, 15200, 14900, 9800, 8700, 11200, 17800, 24500, 26900, 15100, 11777]
    units = {"electricity": ("kWh", 59), "water": ("m3", 293), "gas": ("m3", 345)}
    out = []
    for i, month in enumerate(months):
        amounts = {"electricity": power[i], "water": 3900 + (i * 137) % 900, "gas": 8600 - (i * 211) % 2500}
        if i == 12:
            amounts = {"electricity": 11777, "water": 4395, "gas": 7015}
        found = [
            bills.HistoryPart(
                service=service,
                amount_fen=fen,
                quantity=Decimal(fen) / units[service][1],
                unit=units[service][0],
                is_estimated=(i in (4, 12) and service == "gas"),
            )
            for service, fen in amounts.items()
        ]
        out.append(bills.MonthOfHistory(month=month, parts=[] if i == 1 else found))
    return out


def why(service, cause, zh, en, delta):
    return bills.WhyChanged(service=service, cause=cause, label=text(zh, en), delta_fen=delta)


def combined_bill(**change) -> bills.CombinedBill:
    made = parts()
    summaries = [bills.PartSummary(service=p.service, amount_fen=p.amount_fen, quantity=p.quantity, unit=p.unit) for p in made]
    total = sum(p.amount_fen for p in made)
    last = bills.MonthCompared(month="2026-09", total_fen=27600, parts=summaries)
    fields = {
        "number": NUMBER,
        "month": "2026-10",
        "period_start": date(2026, 10, 1),
        "period_end": date(2026, 11, 1),
        "issued_at": AT,
        "due_date": date(2026, 11, 28),
        "state": "open",
        "total_fen": total,
        "paid_fen": 0,
        "estimated_parts": 1,
        "account": ACCOUNT,
        "name": "李华",
        "address": "天河区花城大道88号3栋1502房",
        "as_of": AT,
        "parts": made,
        "last_month": last,
        "last_year": last.model_copy(update={"month": "2025-10", "total_fen": 21700}),
        "history": history(),
        "why": [
            bills.WhyChanged(
                service="electricity", cause="usage", label=text("用电减少 56 kWh", "56 kWh less electricity"), delta_fen=-3323
            ),
            why("water", "usage", "用水增加 1 m³", "1 m³ more water", 293),
            bills.WhyChanged(
                service="gas",
                cause="days",
                label=text("计费天数多 1 天", "One day more in the period"),
                delta_fen=total - 27600 + 3030,
            ),
        ],
        "questions": [],
        "late_fees": [],
    }
    return bills.CombinedBill(**(fields | change))


def company_bill() -> bills.CompanyBill:
    made = parts()[1]
    shared = {name: getattr(made, name) for name in bills.BillPart.model_fields if name in bills.CompanyBill.model_fields}
    return bills.CompanyBill(
        **shared,
        name="李华",
        address="天河区花城大道88号3栋1502房",
        month="2026-10",
        period_start=date(2026, 10, 1),
        period_end=date(2026, 11, 1),
        issued_at=AT,
        late_fee_fen=0,
        state="part_paid",
        payments=[bills.PaymentOfBill(reference="P-1", amount_fen=1000, paid_at=AT)],
        provenance=bills.Provenance(readings_snapshot="118", installation_version="3", rules_version="2024-07"),
    ).model_copy(update={"paid_fen": 1000})


def household(account: str = ACCOUNT) -> resident.Household:
    accounts = [
        resident.ServiceAccount(
            service=p.service,
            company=p.company,
            company_name=p.company_name,
            account_number=p.account_number,
            meter_number=p.meter_number,
            phone="95598",
        )
        for p in parts()
    ]
    return resident.Household(account=account, name="李华", address="天河区花城大道88号3栋1502房", accounts=accounts)


def payment(**change) -> paying.Payment:
    split = [
        paying.SplitPart(
            company=p.company,
            company_name=p.company_name,
            service=p.service,
            bill_number=p.bill_number,
            is_late_fee=False,
            amount_fen=p.amount_fen,
        )
        for p in parts()
    ]
    fields = {
        "reference": "PAY20261102-000001",
        "account": ACCOUNT,
        "purpose": "bills",
        "state": "succeeded",
        "credit_fen": 0,
        "amount_fen": sum(one.amount_fen for one in split),
        "refunded_fen": 0,
        "refunds": [],
        "split": split,
        "channel": "demo_pay",
        "channel_name": text("演示支付", "Demo Pay"),
        "channel_reference": "CH-778899",
        "redirect_url": None,
        "created_at": AT,
        "expires_at": AT,
        "paid_at": AT,
        "receipt_number": "R20261102-000001",
        "reason": None,
    }
    return paying.Payment(**(fields | change))


def refunded_payment() -> paying.Payment:
    back = paying.RefundOfPayment(id="RF20261103-a", amount_fen=100, decided_at=AT, done=True)
    return payment(state="part_refunded", refunded_fen=100, refunds=[back])


def late_fee() -> bills.LateFeeOfBill:
    made = parts()[0]
    copied = {name: getattr(made, name) for name in ("service", "company", "company_name", "account_number")}
    days = {"first_day": date(2026, 10, 18), "last_day": date(2026, 11, 1)}
    return bills.LateFeeOfBill(**copied, **days, bill_number="E202609-000101", month="2026-09", amount_fen=15, paid_fen=0)
