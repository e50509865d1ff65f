"""The platform and three companies as nodes of the real plan, joined by an exchange in memory that loses and repeats letters."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

import polars as pl
import pyarrow as pa
import pytest

from metropool.capabilities.billing.issuing import issue_bills
from metropool.capabilities.billing.late_fee_notes import post_late_fees
from metropool.capabilities.settlement import operations, payments
from metropool.capabilities.settlement.model import PaymentNotice, Wire
from metropool.core.clock import VirtualClock
from metropool.core.errors import Unavailable
from metropool.core.identifiers import SeededIds
from metropool.exchange.memory import MemoryBroker
from metropool.exchange.messages import ROWS, BillsIssued
from metropool.facts.registry import tables as registry
from metropool.runtime.settings import Settings
from metropool.runtime.systems import open_node
from plans import compiled_once

NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)
ACCOUNT = "GZ1"
AMOUNTS = {"grid": 15311, "water": 5860, "gas": 8625}
NUMBERS = {"grid": "EL1", "water": "WA1", "gas": "GA1"}
TARIFFS = {
    "grid": "guangzhou_residential_electricity@2021-06-01",
    "water": "guangzhou_residential_water@2020-01-01",
    "gas": "guangzhou_residential_gas@2020-01-01",
}
COMPANIES = {"grid": ("marketing", "electricity"), "water": ("water_system", "water"), "gas": ("gas_system", "gas")}


@dataclass
class City:
    """Four nodes and the broker between them."""

    nodes: dict
    broker: MemoryBroker
    clock: VirtualClock

    @property
    def platform(self):
        return self.nodes["smart_use_platform"]

    def settle(self, operation):
        """Run an operation of settlement and carry what follows to rest."""
        result, _ = self.platform.write_now("settlement", operation)
        self.carry()
        return result

    def bill(self, company, *, number, amount_fen, due=date(2026, 7, 20)):
        """A company issues a bill the way its run does: ledger and message in one unit."""
        system, service = COMPANIES[company]
        rows = pa.Table.from_pylist([bill_row(company, service, number, amount_fen, due)], schema=ROWS[BillsIssued])

        def issue(work):
            legs = [(f"receivable/{company}-1", amount_fen), (f"revenue/{service}", -amount_fen)]
            work.ledger.post(key=number, legs=legs)
            work.tell(BillsIssued(service=service, company=company, rows=rows), key=number)

        self.nodes[system].write_now("billing", issue)
        self.carry()

    def issue(self, company, *, number, amount_fen, due=date(2026, 7, 20), version=1):
        """A company issues a bill out of its own books, so that it can be late."""
        system, service = COMPANIES[company]
        row = {**bill_row(company, service, number, amount_fen, due), "tariff": TARIFFS[company], "version": version}
        rated = {
            "run": "test",
            "days": 30,
            "quantity_units": 1,
            "digits": 0,
            "reckoned_fen": amount_fen,
            "replaces": None,
            "registers": None,
        }
        rated |= {"number": number, "reckoned_collected_fen": 0, "collected_fen": 0, "issued_at": NOW.isoformat(), "sha256": ""}
        dates = {name: row[name].isoformat() for name in ("period_start", "period_end", "due_date")}
        del row["bill_number"]
        frame = pl.DataFrame([{**row, **rated, **dates}])
        issue = partial(issue_bills, bills=frame, service=service, key=number)
        self.nodes[system].write_now("billing", lambda work: issue(work=work))
        self.carry()

    def look_for_late_bills(self):
        """The companies' workers look through all bills; what they tell arrives."""
        for system, _ in COMPANIES.values():
            while self.nodes[system].write_now("billing", lambda work: post_late_fees(work=work))[0] is not None:
                pass
        self.carry()

    def late_fees(self, company):
        """What a company asks for lateness, by number of the note."""
        numbers = self.dues_of(company, late_fee_of=None)
        system, _ = COMPANIES[company]
        notes = self.nodes[system].read_now("billing", lambda work: work.late_fees.notes_of(numbers))
        return {note["number"]: note["amount_fen"] for note in notes}

    def dues_of(self, company, **equal):
        rows = self.platform.read_now("settlement", lambda work: work.dues.dues(company=company, **equal))
        return [row["bill_number"] for row in rows]

    def carry(self):
        """Relay until nothing waits."""
        asyncio.run(self._carry())

    async def _carry(self):
        exchanges = {name: self.broker.exchange(name) for name in self.nodes}
        for _ in range(400):
            for name, node in self.nodes.items():
                for number, envelope in node.unsent(limit=100):
                    try:
                        await node.mark_sent([(number, await exchanges[name].deliver(envelope))])
                    except Unavailable:
                        continue
                for delivery in await exchanges[name].fetch(limit=100, wait_s=0):
                    await node.receive(delivery)
            if not any(node.unsent(limit=1) or self.broker.waiting.get(name) for name, node in self.nodes.items()):
                return
        raise AssertionError("the city did not come to rest")

    def balances(self, name):
        """Trial balance of one system."""
        capability = "settlement" if name == "smart_use_platform" else "billing"
        return dict(self.nodes[name].read_now(capability, lambda work: work.ledger.trial_balance()))

    def check_money(self):
        """Every ledger sums to zero, and clearing agrees with each company to the fen."""
        for name in ("smart_use_platform", "marketing", "water_system", "gas_system"):
            assert sum(self.balances(name).values()) == 0, name
        clearing = self.balances("smart_use_platform")
        credit = self.platform.read_now("settlement", lambda work: work.dues.credit(ACCOUNT))
        assert credit == -clearing.get(f"credit/{ACCOUNT}", 0) >= 0
        for company, (system, _) in COMPANIES.items():
            due_from_clearing = sum(fen for account, fen in self.balances(system).items() if account.startswith("clearing"))
            assert -clearing.get(f"payable/{company}", 0) == due_from_clearing, company


def bill_row(company, service, number, amount_fen, due):
    return {
        "service": service,
        "bill_number": number,
        "account_number": f"{company}-1",
        "combined_account": ACCOUNT,
        "usage_point": f"{service}-1",
        "meter_number": "m1",
        "period_start": date(2026, 6, 1),
        "period_end": date(2026, 7, 1),
        "register_start": "1",
        "register_end": "2",
        "multiplier": "1",
        "quantity": "1",
        "unit": "kWh",
        "is_estimated": False,
        "lines": "[]",
        "amount_fen": amount_fen,
        "due_date": due,
        "version": 1,
        "tariff": "t@2020-01-01",
    }


def enrol(work):
    work.registry.add(
        registry.supply_agreement,
        [
            {
                "account_number": f"{company}-1",
                "party": "p",
                "usage_point": f"{service}-1",
                "supplier": company,
                "tariff": "t",
                "category": "residential",
                "options": {},
                "combined_account": ACCOUNT,
                "valid_from": "2020-01-01",
                "valid_to": None,
            }
            for company, (_, service) in COMPANIES.items()
        ],
    )


@pytest.fixture(params=[1, 2])
def city(tmp_path, request):
    compiled = compiled_once("transition")
    settings = Settings(home=tmp_path)
    clock = VirtualClock(NOW)
    names = ("smart_use_platform", "marketing", "water_system", "gas_system")
    nodes = {name: open_node(name, compiled=compiled, settings=settings) for name in names}
    for node in nodes.values():
        node.clock = clock
        node.ids = SeededIds(request.param)
    allowed = frozenset((letter.sender, letter.message, letter.receiver) for letter in compiled.letters)
    broker = MemoryBroker(allowed=allowed, chance=SeededIds(request.param), lose=0.2, repeat=0.3)
    made = City({**nodes}, broker, clock)
    made.platform.write_now("settlement", enrol)
    yield made
    for node in nodes.values():
        node.close()


@pytest.fixture
def billed(city):
    """A home with the bills of three companies."""
    for company, amount_fen in AMOUNTS.items():
        city.bill(company, number=NUMBERS[company], amount_fen=amount_fen)
    city.settle(lambda work: operations.issue_combined_bills(work=work))
    return city


@pytest.fixture
def late(city):
    """A home whose three bills, of the companies' own books, were due yesterday."""
    for company, amount_fen in AMOUNTS.items():
        city.issue(company, number=NUMBERS[company], amount_fen=amount_fen)
    city.settle(lambda work: operations.issue_combined_bills(work=work))
    city.clock.advance(timedelta(days=20))
    city.look_for_late_bills()
    return city


def order_of(city, *, numbers, amount_fen, order="P1"):
    def open_order(work):
        payments.open_payment(
            work=work, order=order, combined_account=ACCOUNT, bill_numbers=numbers, amount_fen=amount_fen, channel="citypay"
        )

    city.settle(open_order)


def notice(**changed):
    usual = {"channel": "citypay", "reference": "R1", "order": "P1", "amount_fen": sum(AMOUNTS.values()), "currency": "CNY"}
    return PaymentNotice(**{**usual, "status": "paid", **changed})


def wire(*what):
    """What went to a channel and what came back."""
    said = " ".join(what).encode()
    return Wire(said=said, answered=b"took " + said)


def hear(city, told):
    return city.settle(lambda work: payments.receive_notice(work=work, notice=told))


def dues(city):
    return {row["bill_number"]: row["paid_fen"] for row in city.platform.read_now("settlement", lambda w: w.dues.dues())}
