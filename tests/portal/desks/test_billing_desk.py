"""What a company sees of its bills, on a real run: three homes in June, one estimated, one paid in part."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files

import pyarrow as pa
import pytest

from billing.company import blocks
from cityinabox.city import COMMERCIAL_TARIFF, TARIFFS, make_city
from metropool.capabilities.billing import operations, paying
from metropool.capabilities.billing.capability import BILLING
from metropool.capabilities.billing.tariffs import load_tariffs
from metropool.core.errors import NotFound
from metropool.exchange.messages import ROWS, BlocksSealed, PaymentsAllocated
from metropool.facts.registry.tables import supply_agreement
from metropool.portal.desks.money.billing import BillingDesk
from metropool.portal.desks.words import read_names
from metropool.portal.ports.asked import Asked, Sort
from metropool.runtime.enrol import enrol_company
from portal.desks.conftest import HOMES, NOW, make_node

TARIFF = "guangzhou_residential_electricity"
JUNE = (date(2026, 6, 1), date(2026, 7, 1))
DAILY_UNITS = {"electricity-0001": 20_000, "electricity-0002": 40_000, "electricity-0004": 60_000}
"""Use a day of 10^-4 kWh: 60, 120 and 180 kWh in June, all in the first tier."""

FIRST_TIER = Decimal("0.58886875")
PAID_AT = datetime(2026, 7, 1, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    node = make_node(tmp_path_factory.mktemp("company"), BILLING, "marketing")
    city = make_city(7, HOMES).as_dict()
    node.write_now("billing", lambda work: enrol_company(work.registry, city, party="grid"))
    accounts = node.write_now("billing", bill_june)[0]
    for _ in range(20):
        if node.write_now("billing", lambda work: operations.advance_bill_runs(work=work))[0] is None:
            break
    bills = {row["usage_point"]: row["number"] for row in node.read_now("billing", lambda work: work.bills.bills())}
    node.write_now("billing", lambda work: pay(work, accounts["electricity-0001"], bills["electricity-0001"]))
    yield node, accounts, bills
    node.close()


def bill_june(work):
    """Assign, measure and start the run; returns account numbers by usage point."""
    rows = [work.registry.one(supply_agreement, usage_point=point) for point in DAILY_UNITS]
    accounts = {row["usage_point"]: row["account_number"] for row in rows}
    for point, account in accounts.items():
        operations.assign_tariff(
            work=work,
            account_number=account,
            tariff=TARIFF,
            usage_point=point,
            combined_account=f"home-{point}",
            register="electricity_forward_register",
            valid_from=date(2019, 7, 1),
        )
        operations.note_usage(work=work, message=BlocksSealed(rows=usage(point)))
    operations.start_bill_run(work=work, service="electricity", period_start=JUNE[0], period_end=JUNE[1], by="ann")
    return accounts


def usage(point) -> pa.Table:
    daily, grade = DAILY_UNITS[point], 1 if point == "electricity-0004" else 0
    days = [
        {
            "day": JUNE[0] + timedelta(days=i),
            "start": 1_000_000 + i * daily,
            "end": 1_000_000 + (i + 1) * daily,
            "quality": [grade] * 96 if grade else None,
        }
        for i in range(30)
    ]
    rows = blocks("x", days)
    place = rows.schema.get_field_index("usage_point")
    return rows.set_column(place, rows.schema.field(place), pa.array([point] * len(days)))


def pay(work, account, number):
    row = {"reference": "P1", "account_number": account, "bill_number": number, "amount_fen": 1000, "paid_at": PAID_AT}
    told = PaymentsAllocated(company="grid", rows=pa.Table.from_pylist([row], schema=ROWS[PaymentsAllocated]))
    paying.credit_accounts(work=work, message=told)


def ask(company, query):
    return company[0].read_now("billing", lambda work: query(BillingDesk(work)))


def fen(kwh: int) -> int:
    return int((FIRST_TIER * kwh * 100).to_integral_value(rounding="ROUND_HALF_UP"))


class TestOverview:
    def test_sums_the_newest_month(self, company):
        found = ask(company, lambda desk: desk.overview(month=None))
        assert (found.month, found.months, found.service) == ("2026-06", ["2026-06"], "electricity")
        assert (found.bills, found.amount_fen, found.paid_fen) == (3, fen(60) + fen(120) + fen(180), 1000)
        assert (found.overdue_fen, found.blocked) == (0, 0)

    def test_books_sum_to_zero_and_no_month_before_is_no_data(self, company):
        found = ask(company, lambda desk: desk.overview(month=None))
        assert (found.ledger_sum_fen, found.previous_amount_fen) == (0, None)

    def test_of_a_month_without_bills_is_empty(self, company):
        found = ask(company, lambda desk: desk.overview(month="2026-07"))
        assert (found.bills, found.amount_fen, found.previous_amount_fen) == (0, 0, fen(60) + fen(120) + fen(180))


def bills(desk, *, month="2026-06", state=None, q=None, estimated=None, asked=None):
    return desk.bills(month=month, state=state, q=q, estimated=estimated, asked=asked or Asked())


class TestBills:
    def test_are_filtered_by_state_and_estimate(self, company):
        assert ask(company, lambda desk: bills(desk, state="part_paid")).rows[0].bill_number == company[2]["electricity-0001"]
        assert ask(company, lambda desk: bills(desk, state="open")).total == 2
        estimated = ask(company, lambda desk: bills(desk, estimated=True)).rows
        assert [row.bill_number for row in estimated] == [company[2]["electricity-0004"]]

    def test_are_searched_by_account_and_by_name(self, company):
        account = company[1]["electricity-0002"]
        assert [row.account_number for row in ask(company, lambda desk: bills(desk, q=account)).rows] == [account]
        assert ask(company, lambda desk: bills(desk, q="no such person")).total == 0

    def test_names_are_masked(self, company):
        names = {row.name for row in ask(company, bills).rows}
        assert names
        assert all(name[1:] == "*" * (len(name) - 1) and len(name) > 1 for name in names)

    @pytest.mark.parametrize("column", ["amount_fen", "quantity", "name", "bill_number"])
    def test_are_sorted(self, company, column):
        asked = Asked(size=2, sort=(Sort(column, True),))
        page = ask(company, lambda desk: bills(desk, asked=asked))
        assert (len(page.rows), page.total) == (2, 3)
        if column != "name":
            assert getattr(page.rows[0], column) > getattr(page.rows[1], column)

    def test_of_another_month_are_none(self, company):
        assert ask(company, lambda desk: bills(desk, month="2026-05")).total == 0


class TestBill:
    def test_lines_sum_to_the_amount(self, company):
        found = ask(company, lambda desk: desk.bill(bill_number=company[2]["electricity-0002"]))
        assert found.amount_fen == sum(line.amount_fen for line in found.lines) == fen(120)
        assert (found.lines[0].quantity, found.lines[0].price) == (Decimal(120), FIRST_TIER)

    def test_tells_registers_payments_and_what_it_was_made_from(self, company):
        found = ask(company, lambda desk: desk.bill(bill_number=company[2]["electricity-0001"]))
        assert (found.register_start, found.register_end) == (Decimal(100), Decimal(160))
        assert [(one.reference, one.amount_fen, one.paid_at) for one in found.payments] == [("P1", 1000, PAID_AT)]
        assert found.provenance.rules_version.startswith(TARIFF)
        assert found.issued_at == NOW
        assert found.company_name.en == "Lanwan Power Supply"
        assert found.address.endswith("**栋**室")

    def test_that_is_not_there_is_not_found(self, company):
        with pytest.raises(NotFound):
            ask(company, lambda desk: desk.bill(bill_number="EL1"))


def test_what_the_simulated_city_is_billed_by_has_names():
    names, book = (
        read_names("metropool.portal.desks", "names.yaml"),
        load_tariffs([files("metropool.capabilities.billing.tariffs")]),
    )
    for tariff in {*TARIFFS.values(), COMMERCIAL_TARIFF}:
        charges = {charge.name for version in book.tariff(tariff).versions for charge in version.charges}
        assert tariff in names["tariffs"]
        assert {name for name in charges if "{" not in name} <= names["lines"].keys() | {"combined_meter", "sharp"}
