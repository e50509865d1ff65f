"""A payment is shared so that no fen is made or lost."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metropool.capabilities.settlement.accounts import payment, refund
from metropool.capabilities.settlement.model import Due, allocate, is_complete, split_refund
from metropool.core.errors import Conflict


def due(number: int, *, amount: int, paid: int = 0, day: int = 1) -> Due:
    company = ("grid", "water", "gas")[number % 3]
    return Due(
        bill_number=f"B{number}",
        company=company,
        service="water",
        account_number=f"A{number}",
        amount_fen=amount,
        paid_fen=paid,
        due_date=date(2026, 8, day),
    )


dues_of_any_kind = st.lists(
    st.tuples(st.integers(1, 10_000_00), st.integers(0, 5_000_00), st.integers(1, 4)), min_size=1, max_size=6
).map(lambda rows: [due(i, amount=a, paid=min(a, p), day=d) for i, (a, p, d) in enumerate(rows)])


class TestAllocate:
    @given(amount=st.integers(1, 50_000_00), dues=dues_of_any_kind)
    def test_gives_exactly_what_was_paid_and_never_more_than_is_open(self, amount, dues):
        shared = allocate(amount_fen=amount, dues=dues)
        assert sum(part.amount_fen for part in shared.parts) + shared.credit_fen == amount
        open_by_bill = {d.bill_number: d.open_fen for d in dues}
        assert all(0 < part.amount_fen <= open_by_bill[part.bill_number] for part in shared.parts)
        assert shared.credit_fen == max(0, amount - sum(open_by_bill.values()))

    def test_pays_the_oldest_due_date_first(self):
        shared = allocate(amount_fen=150, dues=[due(1, amount=100, day=9), due(2, amount=100, day=2)])
        assert [(p.bill_number, p.amount_fen) for p in shared.parts] == [("B2", 100), ("B1", 50)]

    @given(amount=st.integers(1, 50_000_00), dues=dues_of_any_kind)
    def test_posts_legs_that_sum_to_zero(self, amount, dues):
        legs = payment("GZ1", "alipay", allocate(amount_fen=amount, dues=dues))
        assert sum(fen for _, fen in legs) == 0
        assert sum(fen for name, fen in legs if name.startswith("channel/")) == amount


class TestRefund:
    @given(amount=st.integers(1, 50_000_00), dues=dues_of_any_kind, cuts=st.lists(st.integers(1, 20_000_00), max_size=4))
    def test_never_gives_back_more_than_was_paid(self, amount, dues, cuts):
        shared = allocate(amount_fen=amount, dues=dues)
        parts, credit, back = {p.bill_number: p for p in shared.parts}, shared.credit_fen, 0
        for cut in cuts:
            if cut > amount - back:
                with pytest.raises(Conflict):
                    split_refund(amount_fen=cut, parts=list(parts.values()), credit_fen=credit, refunded_fen=back)
                continue
            taken = split_refund(amount_fen=cut, parts=list(parts.values()), credit_fen=credit, refunded_fen=back)
            assert taken.credit_fen - sum(p.amount_fen for p in taken.parts) == cut
            assert sum(fen for _, fen in refund("GZ1", "alipay", taken, cut)) == 0
            credit -= taken.credit_fen
            back += cut
            for part in taken.parts:
                before = parts[part.bill_number]
                parts[part.bill_number] = type(before)(**{**before.__dict__, "amount_fen": before.amount_fen + part.amount_fen})
            assert all(p.amount_fen >= 0 for p in parts.values())


class TestCombinedBill:
    def test_waits_for_all_companies_then_for_patience(self):
        facts = {"expected": ["grid", "water", "gas"], "first_heard": date(2026, 8, 1), "patience_days": 5}
        assert is_complete(heard=["gas", "grid", "water"], today=date(2026, 8, 1), **facts)
        assert not is_complete(heard=["gas", "grid"], today=date(2026, 8, 5), **facts)
        assert is_complete(heard=["gas"], today=date(2026, 8, 6), **facts)
