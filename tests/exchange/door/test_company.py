"""A water company that keeps its own software: its bill is in the resident's combined bill, its payment comes back to it."""

import json
from datetime import date
from decimal import Decimal

import pytest

from cityinabox.company.book import Book
from cityinabox.company.office import Company, Refused, Tariff
from exchange.door.city import opened
from exchange.plan.test_plan_runs import ACCOUNT, agreements, blocks
from metropool.capabilities.settlement import operations as settlement
from metropool.capabilities.settlement import payments
from metropool.capabilities.settlement.model import PaymentNotice
from metropool.core.errors import NotFound
from metropool.exchange.described import example_of
from metropool.exchange.messages import BlocksSealed, NoticePublished
from metropool.facts.registry import tables as registry
from metropool.plan.load import named_plan, outside_of
from metropool.runtime.systems import compile_named


def company_at(client, folder):
    """The water company, which knows its one customer and asks 2.50 a cubic metre."""
    customer = next(row for row in agreements() if row["supplier"] == "water")
    return Company(
        door=client,
        book=Book(folder / "company.sqlite"),
        party="water",
        service="water",
        tariff=Tariff(price=Decimal("2.50")),
        customers={customer["usage_point"]: customer},
        phrase="water_bills",
    )


def june_is_told(city):
    """Metering tells June of the water meter, and the hub knows whose account it is."""
    water = [row for row in agreements() if row["supplier"] == "water"]
    city.hub.write_now("settlement", lambda work: work.registry.add(registry.supply_agreement, water))
    city.nodes["metering"].write_now("metering", lambda work: work.tell(BlocksSealed(rows=blocks("water")), key="june"))
    city.carry()


@pytest.mark.parametrize("plan", ["one", "two", "transition"])
def test_its_bill_is_paid_in_the_combined_bill(tmp_path, plan):
    with opened(tmp_path, f"{plan}+water_system") as city, city.software("water_system") as client:
        june_is_told(city)
        company = company_at(client, tmp_path)
        assert company.work(wait_s=0) == 1
        city.carry()
        city.hub.write_now("settlement", lambda work: settlement.issue_combined_bills(work=work))
        (bill,) = city.hub.read_now("settlement", lambda work: work.dues.combined_bills(combined_account=ACCOUNT))
        (part,) = json.loads(bill["content"])["parts"]
        assert (part["company"], part["quantity"], bill["total_fen"]) == ("water", "30.000", 7500)
        pay(city, part["bill_number"], 7500)
        assert company.book.owed() == {part["bill_number"]: 7500}
        assert company.work(wait_s=0) == 1
        assert company.book.owed() == {part["bill_number"]: 0}
        assert city.parked("water_system") == city.parked(city.hub.system) == []
        company.book.close()


def pay(city, bill, amount_fen):
    order = {"order": "P1", "combined_account": ACCOUNT, "bill_numbers": [bill], "amount_fen": amount_fen, "channel": "citypay"}
    paid = PaymentNotice(channel="citypay", reference="R1", order="P1", amount_fen=amount_fen, currency="CNY", status="paid")
    city.hub.write_now("settlement", lambda work: payments.open_payment(work=work, **order))
    city.hub.write_now("settlement", lambda work: payments.receive_notice(work=work, notice=paid))
    city.carry()


def test_what_it_read_twice_counts_once_and_after_a_crash_it_says_nothing_new(tmp_path):
    with opened(tmp_path, "transition+water_system") as city, city.software("water_system") as client:
        june_is_told(city)
        company = company_at(client, tmp_path)
        company.work(wait_s=0)
        company.book.told([])
        company.book._connection.execute("UPDATE bill SET said = 0")
        company.book._connection.execute("DELETE FROM place")
        company.book._connection.commit()
        company.work(wait_s=0)
        assert len(city.nodes["water_system"].unsent(limit=9)) == 1
        company.book.close()


def test_it_announces_and_asks_for_readings_and_nothing_else(tmp_path):
    with opened(tmp_path, "two+water_system") as city, city.software("water_system") as client:
        june_is_told(city)
        company = company_at(client, tmp_path)
        company.announce(example_of(NoticePublished))
        company.request("RQ1", ["water-1"], date(2026, 6, 1), date(2026, 6, 30))
        city.carry()
        assert all(city.parked(system) == [] for system in city.nodes)
        assert city.hub.read_now("notices", lambda work: work.board.one(office="water_system", notice="N-2026-17")) is not None
        assert "water_data_requests" in {phrase for _, phrase, _ in city.broker.streams["metering"]}
        with pytest.raises(Refused, match="gas_bills"):
            company.say("gas_bills", {}, key="x")
        company.book.close()


def test_a_plan_says_by_its_name_who_brings_its_own_software():
    plan = compile_named("one:indirect+water_system+gas_system")
    assert {name for name, facts in plan.systems.items() if facts.software} == {"water_system", "gas_system"}
    assert (plan.variant, plan.hosts("water_system")) == ("indirect", (("door", ("water",)),))
    assert outside_of("transition") == () and named_plan("two+water_system")[1] is None
    with pytest.raises(NotFound, match="user_app"):
        compile_named("two+user_app")
