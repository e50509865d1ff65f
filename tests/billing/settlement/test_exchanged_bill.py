"""A bill of two meters, from the company's books through the platform to the pages of the resident: both meters, and it adds up."""

import io
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from pypdf import PdfReader

from billing.company import Company
from billing.test_exchanged import DAILY, JULY, POWER, days_with_exchange
from metropool.capabilities.settlement import operations
from metropool.exchange.messages import BillsIssued
from metropool.portal.desks.money.combined import meters_of
from metropool.portal.desks.residents.households import HouseholdsDesk
from metropool.portal.documents.bill import render_bill

from .conftest import ACCOUNT
from .test_pay_page import furnish

USED = Decimal(31 * DAILY) / 10_000


@pytest.fixture
def company(tmp_path):
    made = Company(tmp_path / "company")
    yield made
    made.database.close()


@pytest.fixture
def bill(city, company):
    """The combined bill of July of a home whose electricity meter was exchanged on the fifteenth."""
    company.assign("grid-1", POWER, combined_account=ACCOUNT)
    company.measure("grid-1", days_with_exchange(14, new_start=70_000))
    company.run("electricity", *JULY)
    [told] = company.told()
    city.settle(
        lambda work: operations.note_bills(work=work, message=BillsIssued(service="electricity", company="grid", rows=told.rows))
    )
    city.clock.advance(timedelta(days=30))
    city.settle(lambda work: operations.issue_combined_bills(work=work))
    city.platform.write_now("settlement", furnish)
    return city.platform.read_now("settlement", lambda work: HouseholdsDesk(work, {}).bill(account=ACCOUNT, number="latest"))


def test_the_page_has_the_registers_of_both_meters_and_they_add_up(bill):
    [part] = bill.parts
    old, new = part.meters
    assert (old.meter_number, old.to, new.meter_number, new.to) == ("A", date(2026, 7, 15), "B", None)
    assert (part.meter_number, part.register_start, part.register_end) == ("B", old.start, new.end)
    assert sum(one.end - one.start for one in part.meters) == part.quantity == USED


@pytest.mark.parametrize(
    ("language", "notes"), [("zh", ("2026-07-15 拆除", "2026-07-15 装上")), ("en", ("taken out 2026-07-15", "put in 2026-07-15"))]
)
def test_the_document_tells_each_meter_what_it_counted_and_the_sum(bill, language, notes):
    pdf = PdfReader(io.BytesIO(render_bill(bill, language, pay_url="http://x/pay")))
    said = re.sub(r"\s+", " ", pdf.pages[0].extract_text())
    assert f"A {notes[0]} 0.10 2026-07-01 137.70 2026-07-15 137.60 kWh" in said
    assert f"B {notes[1]} 7.00 2026-07-15 167.00 2026-08-01 160.00 kWh" in said
    counted = [Decimal(found) for found in re.findall(r"-\d\d ([\d.]+) kWh", said)]
    assert sum(counted) == USED
    assert said.count(f"{USED:.2f} kWh") == 2


def test_what_a_meter_counted_is_not_made_up_where_a_register_is_missing_or_went_through_zero():
    rows = [
        {"meter_number": "A", "start": "10", "end": None, "to": "2026-07-03"},
        {"meter_number": "B", "start": "999999.5", "end": "0.5", "to": "2026-07-09"},
        {"meter_number": "C", "start": "1.5", "end": "3.5", "to": None},
    ]
    made = meters_of(rows, multiplier=Decimal(40), first_day=date(2026, 7, 1))
    assert [one.quantity for one in made] == [None, None, Decimal(80)]
    assert [one.since.day for one in made] == [1, 3, 9]
