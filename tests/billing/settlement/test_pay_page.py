"""What the pay page, the bill and the receipt say, from the books of the platform."""

import json
from datetime import timedelta

from metropool.capabilities.settlement import operations, refunds
from metropool.facts.registry import tables as registry
from metropool.portal.desks.money.combined import why_changed
from metropool.portal.desks.residents.households import HouseholdsDesk
from metropool.portal.documents.bill import bill_data
from metropool.portal.documents.receipt import receipt_data
from metropool.portal.ports.asked import Asked

from .conftest import ACCOUNT, AMOUNTS, COMPANIES, NUMBERS, hear, notice, order_of

ALL = list(NUMBERS.values())
TOTAL = sum(AMOUNTS.values()) + 22


def furnish(work):
    """The home behind the account, so that the desk can name it."""
    known = {"zh": "名", "en": "Name"}
    parties = [{"id": name, "kind": "company", "name_zh": known["zh"], "name_en": known["en"]} for name in COMPANIES]
    work.registry.add(registry.party, [*parties, {"id": "p", "kind": "person", "name_zh": "李华", "name_en": "Li Hua"}])
    work.registry.add(registry.place, [{"id": "home", "kind": "home", "name_zh": "1 号", "name_en": "1"}])
    points = [{"id": f"{service}-1", "place": "home", "service": service, "role": "supply"} for _, service in COMPANIES.values()]
    work.registry.add(registry.usage_point, points)


def ask(city, question):
    return city.platform.read_now("settlement", lambda work: question(HouseholdsDesk(work, {})))


def dues(city):
    return ask(city, lambda desk: desk.dues(account=ACCOUNT))


def test_a_late_fee_stands_with_its_bill_and_is_payable_with_it(late):
    found = dues(late)
    assert found.payable_fen == TOTAL
    told = [(bill.bill_number, bill.late_fee_fen, bill.payable_fen) for company in found.companies for bill in company.bills]
    assert told == [("EL1", 15, 15326), ("WA1", 3, 5863), ("GA1", 4, 8629)]
    assert ask(late, lambda desk: desk.due_now(account=ACCOUNT)).payable_fen == TOTAL


def test_what_stays_due_of_a_fee_names_the_paid_bill(late):
    order_of(late, numbers=["EL1"], amount_fen=15326)
    late.clock.advance(timedelta(days=1))
    late.look_for_late_bills()
    hear(late, notice(amount_fen=15326))
    [bill] = dues(late).companies[0].bills
    assert (bill.bill_number, bill.paid_fen, bill.late_fee_fen, bill.payable_fen) == ("EL1", 15311, 16, 16)


def test_a_payment_splits_bills_and_their_fees_and_the_receipt_names_both(late):
    late.platform.write_now("settlement", furnish)
    order_of(late, numbers=ALL, amount_fen=TOTAL)
    hear(late, notice(amount_fen=TOTAL))
    paid = ask(late, lambda desk: desk.payment(account=ACCOUNT, reference="P1"))
    assert [(part.bill_number, part.is_late_fee, part.amount_fen) for part in paid.split][:2] == [
        ("EL1", False, 15311),
        ("EL1", True, 15),
    ]
    assert sum(part.amount_fen for part in paid.split) == paid.amount_fen == TOTAL
    home = ask(late, lambda desk: desk.households(accounts=[ACCOUNT]))[0]
    said = receipt_data(paid, home, "en")
    assert [row["service"] for row in said["split"]][:2] == ["Electricity", "Electricity · late fee"]
    assert said == receipt_data(ask(late, lambda desk: desk.payments(account=ACCOUNT, asked=Asked())).rows[0], home, "en")


def test_a_receipt_tells_what_went_back_since(late):
    order_of(late, numbers=["WA1"], amount_fen=5863)
    hear(late, notice(amount_fen=5863))
    given = {"refund": "RF1", "order": "P1", "amount_fen": 100, "reason": "read wrong"}
    late.settle(lambda work: refunds.ask_refund(work=work, by="maker", **given))
    assert ask(late, lambda desk: desk.payment(account=ACCOUNT, reference="P1")).refunds == []
    late.settle(lambda work: refunds.approve_refund(work=work, refund="RF1", reason="seen", by="checker"))
    [back] = ask(late, lambda desk: desk.payment(account=ACCOUNT, reference="P1")).refunds
    assert (back.id, back.amount_fen, back.done) == ("RF1", 100, False)


def test_the_next_combined_bill_names_the_fee_and_says_why_it_is_more(late):
    late.platform.write_now("settlement", furnish)
    for company, amount_fen in AMOUNTS.items():
        late.bill(company, number=f"{NUMBERS[company]}2", amount_fen=amount_fen)
    late.settle(lambda work: operations.issue_combined_bills(work=work))
    bill = ask(late, lambda desk: desk.bill(account=ACCOUNT, number="latest"))
    assert [(fee.bill_number, fee.amount_fen, fee.paid_fen) for fee in bill.late_fees] == [
        ("EL1", 15, 0),
        ("WA1", 3, 0),
        ("GA1", 4, 0),
    ]
    assert bill.total_fen == TOTAL
    assert bill_data(bill, "en", pay_url="x")["late_fees"][0]["amount"] == "¥ 0.15"


def test_the_steps_from_one_total_to_the_next_hold_the_fees():
    part = {"service": "gas", "amount_fen": 100, "quantity": "1", "unit": "m3"}
    fee = {"service": "gas", "amount_fen": 7}
    rows = [{"content": json.dumps({"parts": [part], "late_fees": fees})} for fees in ([fee, fee], [fee])]
    assert [(step.cause, step.delta_fen) for step in why_changed(*rows)] == [("other", 7)]
