"""From the exchange to the money: metering seals a month with an exchange, the company bills it, and the bill has both meters."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from billing.company import Company
from metering.meter_exchange.world import World
from metropool.capabilities.billing import adjusting, operations
from metropool.exchange.messages import BlocksSealed

REGISTER, OLD = "electricity_forward_register", "meter-electricity-0001"
FIRST = datetime(2026, 6, 30, 16, 0, tzinfo=UTC)
"""Midnight at which July begins where the meters are."""

POWER = "guangzhou_residential_electricity"


def test_a_late_exchange_makes_a_new_version_of_its_day_and_a_bill_with_two_pairs_of_registers(tmp_path):
    world, company = World(tmp_path / "m", now=FIRST + timedelta(days=33)), Company(tmp_path / "c")
    company.assign("E1", POWER, usage_point="electricity-0001", register=REGISTER)
    world.measured(OLD, REGISTER, *((FIRST + timedelta(days=n), str(100 + 7 * n)) for n in range(12)))
    world.measured("meter-electricity-0002", REGISTER, *((FIRST + timedelta(days=n), str(n)) for n in range(33)))
    world.seal()
    hear(world, company)
    company.run("electricity", date(2026, 7, 1), date(2026, 8, 1))
    assert company.bills() == [], "without a register at the end of the month nothing is billed"
    noon = FIRST + timedelta(days=11, hours=12)
    world.exchange(at=noon, final=Decimal("180.25"), start=Decimal("5000"), number="9", address="440126900009")
    world.measured("meter-9", REGISTER, *((FIRST + timedelta(days=n), str(5000 + 3 + 4 * (n - 12))) for n in range(12, 32)))
    world.seal()
    assert world.block("electricity-0001", REGISTER, date(2026, 7, 12))["values"] == [32_500 + 30_000]
    hear(world, company)
    company.run("electricity", date(2026, 7, 1), date(2026, 8, 1))
    [bill] = company.bills()
    old, new = json.loads(bill["registers"])
    number = next(row["address"] for row in world.city["devices"] if row["id"] == OLD)
    assert (old["meter_number"], old["start"], old["end"], old["to"]) == (number, "100", "180.25", "2026-07-12")
    assert (new["meter_number"], new["start"], new["end"], new["to"]) == ("9", "5000", "5079", None)
    assert Decimal(bill["quantity"]) == Decimal("80.25") + 79
    by_hand = billed_alone(tmp_path, Decimal("80.25") + 79)
    assert bill["amount_fen"] == by_hand


def test_a_corrected_register_is_the_difference_of_an_adjustment(tmp_path):
    from metering.meter_exchange.world import draft
    from metropool.capabilities.metering.meter_exchange.operations import correct_exchange

    world, company = World(tmp_path / "m", now=FIRST + timedelta(days=33)), Company(tmp_path / "c")
    company.assign("E1", POWER, usage_point="electricity-0001", register=REGISTER)
    world.measured(OLD, REGISTER, *((FIRST + timedelta(days=n), str(100 + 7 * n)) for n in range(12)))
    noon = FIRST + timedelta(days=11, hours=12)
    given = {"at": noon, "start": Decimal("0"), "number": "9", "address": "440126900009"}
    number = world.exchange(**given, final=Decimal("180"))
    world.measured("meter-9", REGISTER, *((FIRST + timedelta(days=n), str(3 + 4 * (n - 12))) for n in range(12, 32)))
    world.seal()
    hear(world, company)
    company.run("electricity", date(2026, 7, 1), date(2026, 8, 1))
    [bill] = company.bills()
    world(correct_exchange, id=number, draft=draft(**given, final=Decimal("182.5")))
    world.seal()
    hear(world, company)
    with company.unit() as work:
        adjusting.propose_adjustments(work=work)
    with company.unit() as work:
        adjusting.issue_adjustment(work=work, bill_number=bill["number"], by="ann")
    second = company.bills()[-1]
    assert Decimal(second["quantity"]) - Decimal(bill["quantity"]) == Decimal("2.5")
    assert second["amount_fen"] == billed_alone(tmp_path, Decimal(second["quantity"])) - bill["amount_fen"]


def hear(world, company):
    """The company takes in what metering told."""
    for message in world.told:
        if isinstance(message, BlocksSealed):
            with company.unit() as work:
                operations.note_usage(work=work, message=message)
    world.told.clear()


def billed_alone(folder, kwh: Decimal) -> int:
    """What one meter that counted as much would have cost [fen]."""
    plain = Company(folder / f"plain-{kwh}")
    plain.assign("P1", POWER)
    whole = int(kwh.scaleb(4))
    rows = [
        {"day": date(2026, 7, 1) + timedelta(days=n), "start": whole * n // 31, "end": whole * (n + 1) // 31} for n in range(31)
    ]
    plain.measure("P1", rows)
    plain.run("electricity", date(2026, 7, 1), date(2026, 8, 1))
    [bill] = plain.bills()
    return bill["amount_fen"]
