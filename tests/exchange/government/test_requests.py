"""A request finds whoever keeps the books, is decided on there, and its answer comes back, once, until its end."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from exchange.government.town import APP, DAY, DESK, HOMES, NOW, READINGS, amount, opened, personal, total, wish, within
from metropool.capabilities.disclosure import operations as owner
from metropool.capabilities.inquiries import operations as desk
from metropool.core.errors import Conflict, Forbidden, Invalid
from metropool.exchange.envelope import seal
from metropool.exchange.messages import ROWS, ViewAnswered
from metropool.plan.load import plan_path

EAST = sum(amount(number) for number in range(1, HOMES["east"] + 1))


@pytest.fixture
def town(tmp_path):
    with opened(tmp_path) as made:
        yield made


def without_heat(folder):
    """The plan of a city that has no heat company."""
    text = plan_path("transition").read_text(encoding="utf-8").replace("8.3.5, 8.3.7,", "8.3.5,", 1)
    runs = [line for line in text.splitlines() if not line.startswith(("  heat_", "  H."))]
    unbuilt = runs.index("not_yet:")
    runs[unbuilt + 1 : unbuilt + 1] = ["  systems:", "    heat_system: {hosts: {billing: [heat], disclosure: [heat]}}"]
    path = folder / "without_heat.yaml"
    path.write_text("\n".join(runs).replace("  rows: ['2.2',", "  rows: [8.3.7, '2.2',", 1), encoding="utf-8")
    return path


@pytest.mark.parametrize("plan", ["one", "two", "transition"])
def test_in_every_plan_it_goes_there_and_back(tmp_path, plan):
    with opened(tmp_path, plan) as town:
        for at in (DESK, APP):
            request = town.ask(wish(area=within("east")), at=at)
            known = town.approve(request, asker=at)
            town.carry()
            assert total(town.rows(request, at=at)) == [EAST]
            assert (known.pages, known.rows, known.suppressed) == (1, 1, 0)
        (mine,) = town.nodes[APP].read_now("inquiries", lambda work: work.inquiries.all())
        assert mine.answered_by == town.hub
        assert {name: town.parked(name) for name in town.nodes} == {name: [] for name in town.nodes}


class TestWhoseBooks:
    def test_only_they_hear_of_it(self, town):
        request = town.ask(wish())
        heard = {
            name
            for name, node in town.nodes.items()
            if "disclosure" in node.hosted and node.read_now("disclosure", lambda work: work.disclosures.all())
        }
        assert heard == {READINGS}
        town.decide(owner.refuse, request, reason="另有途径")
        town.carry()
        assert (town.inquiry(request).state, town.inquiry(request).reason) == ("refused", "另有途径")

    def test_of_a_company_are_its_own(self, town):
        seller = next(
            name for name, node in town.nodes.items() if "electricity" in getattr(node.hosted.get("disclosure"), "rows", ())
        )
        for place, fen in (("east", 100), ("west", 70)):
            book = [
                (f"B-{place}-{n}", [(f"receivable/N-{place}-{n}", fen), ("revenue/electricity", -fen)])
                for n in range(1, HOMES[place] + 1)
            ]
            town.nodes[seller].write_now(
                "disclosure", lambda work, book=book: [work.ledger.post(key=key, legs=legs) for key, legs in book]
            )
        paid = [("clearing/combined_bill", 40), ("receivable/N-east-1", -40)]
        town.nodes[seller].write_now("disclosure", lambda work: work.ledger.post(key="payment/R1/B-east-1", legs=paid))
        rows = town.answered(wish(what="bills_by_month", area=within("east"), last_day=NOW.date()), at=seller)
        said = {(row["measure"], row["value"], row["subjects"], row["is_suppressed"]) for row in rows}
        assert said == {("billed", 12_000, 120, False), ("paid", None, None, True)}

    def test_of_payments_are_whoever_clears(self, town):
        legs = [("channel/x", 50), ("receivable/A-east-1", -50), ("uncollected/grid", 50), ("payable/grid", -50)]
        town.nodes[town.hub].write_now("disclosure", lambda work: work.ledger.post(key="payment/x/1", legs=legs))
        rows = town.answered(wish(what="payments_by_month", last_day=NOW.date()), at=town.hub)
        assert [(row["measure"], row["is_suppressed"]) for row in rows] == [("paid", True)]

    def test_nobodys_is_refused_on_the_way(self, tmp_path):
        with opened(tmp_path, str(without_heat(tmp_path))) as town:
            request = town.ask(wish(what="bills_by_month", service="heat"))
            assert town.inquiry(request).state == "refused"
            assert "No system" in town.inquiry(request).reason


class TestSingleHouseholds:
    def test_need_a_legal_basis(self, town):
        with pytest.raises(Invalid) as refused:
            town.ask(personal(legal_basis=" "))
        assert [fault.where for fault in refused.value.faults] == ["legal_basis"]

    def test_need_a_second_person(self, town):
        request = town.ask(personal())
        assert town.approve(request).state == "half_approved"
        town.carry()
        assert town.inquiry(request).state == "asked"
        with pytest.raises(Forbidden):
            town.approve(request)
        assert town.approve(request, by="head").state == "approved"
        town.carry()
        rows = town.rows(request)
        assert {row["subject"] for row in rows} == {f"e-north-{n}" for n in range(1, 11)}
        assert sorted(row["value"] for row in rows) == [amount(number) for number in range(151, 161)]

    def test_are_recorded_one_by_one_at_both_ends_of_what_left(self, town):
        request = town.ask(personal())
        town.approve(request)
        town.approve(request, by="head")
        town.carry()
        for at, subject in ((READINGS, "e-north-3"), (town.hub, "A-north-3")):
            (seen,) = town.nodes[at].read_now("disclosure", lambda work, one=subject: work.provisions.of_subjects([one]))
            assert (seen.rows, seen.subjects, seen.agreement, seen.purpose) == (10, 10, request, "investigation")
            assert (seen.receiver_party, seen.legal_basis) == ("government", "刑事诉讼法第五十四条")
        assert town.nodes[town.hub].read_now("disclosure", lambda work: work.provisions.of_subjects(["A-east-1"])) == []


class TestEnds:
    def test_the_use_ends_and_the_content_goes(self, town):
        request = town.ask(wish(expires_at=NOW + timedelta(days=2)))
        town.approve(request, until=NOW + timedelta(days=1))
        town.carry()
        assert town.rows(request)
        town.clock.advance(timedelta(days=1))
        with pytest.raises(Conflict, match="expired"):
            town.rows(request)
        town.nodes[DESK].write_now("inquiries", lambda work: desk.forget_expired(work=work))
        assert town.inquiry(request).state == "expired"
        assert town.nodes[DESK].read_now("inquiries", lambda work: work.inquiries.pages(request)) == []

    def test_who_asked_too_long_ago_is_told_so(self, town):
        request = town.ask(wish(expires_at=NOW + timedelta(hours=1)))
        town.clock.advance(timedelta(hours=1))
        with pytest.raises(Conflict):
            town.approve(request)
        town.nodes[READINGS].write_now("disclosure", lambda work: owner.lapse(work=work))
        town.carry()
        assert town.inquiry(request).state == "refused"

    def test_what_was_taken_back_is_not_decided_on(self, town):
        request = town.ask(wish())
        town.nodes[DESK].write_now("inquiries", lambda work: desk.withdraw(work=work, request=request))
        town.carry()
        with pytest.raises(Conflict, match="withdrawn"):
            town.approve(request)

    def test_an_answer_after_the_request_was_taken_back_goes_no_further(self, town):
        request = town.ask(wish())
        town.nodes[DESK].write_now("inquiries", lambda work: desk.withdraw(work=work, request=request))
        asyncio.run(town.send(DESK))
        asyncio.run(town.hear(town.hub))
        town.approve(request)
        town.carry()
        assert town.inquiry(request).state == "withdrawn"
        with pytest.raises(Conflict):
            town.rows(request)
        assert [one.rows for one in town.provisions(town.hub)] == []

    def test_an_approval_taken_back_stops_the_pages_that_wait_and_ends_what_came(self, town):
        long_ago = {"first_day": DAY - timedelta(days=360), "last_day": DAY, "area": within("north")}
        request = town.ask(personal(**long_ago))
        town.approve(request)
        assert town.approve(request, by="head").pages == 8
        asyncio.run(town.send(READINGS, limit=3))
        for name in (town.hub, DESK):
            asyncio.run(town.hear(name))
            asyncio.run(town.send(name))
        asyncio.run(town.hear(DESK))
        assert town.inquiry(request).came == 3
        town.decide(owner.revoke, request, reason="案件撤销")
        town.carry()
        assert (town.inquiry(request).state, town.inquiry(request).came) == ("revoked", 3)
        with pytest.raises(Conflict):
            town.rows(request)
        recorded = town.provisions()
        assert sum(one.rows for one in recorded if one.withheld_at is None) == 1500
        assert sum(one.withheld_at is not None for one in recorded) == 5
        assert sum(one.rows for one in town.provisions(town.hub)) == 1500


class TestRefusals:
    @pytest.mark.parametrize(
        ("values", "says"),
        [
            ({"what": "household_bills", "purpose": "statistics", "legal_basis": "x"}, "purpose"),
            ({"first_day": NOW.date() + timedelta(days=1), "last_day": NOW.date() + timedelta(days=1)}, "still to come"),
        ],
    )
    def test_what_can_never_be_granted_is_refused_at_once(self, town, values, says):
        request = town.ask(wish(**values))
        assert town.inquiry(request).state == "refused"
        assert says in town.inquiry(request).reason

    @pytest.mark.parametrize(
        ("values", "where"),
        [
            ({"last_day": DAY - timedelta(days=1)}, "last_day"),
            ({"last_day": DAY + timedelta(days=366)}, "last_day"),
            ({"expires_at": NOW}, "expires_at"),
            ({"expires_at": NOW + timedelta(days=367)}, "expires_at"),
            ({"reason": "\u202e"}, "reason"),
            ({"reason": "x" * 501}, "reason"),
            ({"service": "steam"}, "service"),
            ({"area": within("nowhere")}, "area.places.nowhere"),
            ({"area": within()}, "area"),
        ],
    )
    def test_what_cannot_be_so_is_not_asked(self, town, values, where):
        with pytest.raises(Invalid) as refused:
            town.ask(wish(**values))
        assert where in {fault.where for fault in refused.value.faults}

    def said(self, town, request, **values):
        known = town.inquiry(request)
        message = msgspec.structs.replace(known.asked, request="FORGED", **values)
        return seal(message=message, key="f", phrase="government_requests", sender=DESK, receiver=town.hub, at=NOW)

    @pytest.mark.parametrize(
        ("values", "says"),
        [
            ({"asker": APP}, "in the name of"),
            ({"party": "water"}, "in the name of"),
            ({"holder": "water"}, "holder"),
            ({"reason": ""}, "reason"),
        ],
    )
    def test_what_is_forged_is_parked_with_the_reason(self, town, values, says):
        envelope = self.said(town, town.ask(wish()), **values)
        asyncio.run(town.broker.exchange(DESK).deliver(envelope))
        town.carry()
        (reason,) = town.parked(town.hub)
        assert says in reason

    def test_a_purpose_nobody_knows_is_parked(self, town):
        envelope = self.said(town, town.ask(wish()), purpose="curiosity")
        asyncio.run(town.broker.exchange(DESK).deliver(envelope))
        town.carry()
        assert "body is no ViewRequested" in town.parked(town.hub)[0]

    def test_who_was_not_asked_does_not_answer(self, town):
        request = town.ask(wish(service="water"))
        asked = town.inquiry(request).asked
        answer = ViewAnswered(
            **{name: getattr(asked, name) for name in ("request", "asker", "holder", "service", "what")},
            state="approved", page=1, pages=1, reason="", decided_at=NOW, expires_at=None, rows=ROWS[ViewAnswered].empty_table(),
        )  # fmt: skip
        other = next(name for name, node in town.nodes.items() if "water" in getattr(node.hosted.get("disclosure"), "rows", ()))
        envelope = seal(message=answer, key="x", phrase="government_answers", sender=other, receiver=town.hub, at=NOW)
        asyncio.run(town.broker.exchange(other).deliver(envelope))
        town.carry()
        assert "was not asked" in town.parked(town.hub)[0]
        assert town.inquiry(request).state == "asked"


class TestSmallGroups:
    def test_are_marked_and_not_told(self, town):
        (row,) = town.answered(wish(area=within("west")))
        assert (row["value"], row["subjects"], row["is_suppressed"]) == (None, None, True)

    def test_nor_is_a_sum_that_one_is_most_of(self, town):
        (row,) = town.answered(wish())
        assert (row["value"], row["is_suppressed"]) == (None, True)

    def test_nobody_is_the_difference_of_two_answers(self, town):
        (whole,) = town.answered(wish(area=within("east")))
        (less,) = town.answered(wish(area=within(*(f"east-{n}" for n in range(1, 120)))))
        (more,) = town.answered(wish(area=within("east", "west-1")))
        (same,) = town.answered(wish(area=within("east")))
        assert [one["is_suppressed"] for one in (whole, less, more, same)] == [False, True, True, False]

    def test_nor_of_three(self, town):
        """East and west and north are told as one; a part of them alone would leave the rest."""
        (whole,) = town.answered(wish(area=within("east", "west", "north")))
        (part,) = town.answered(wish(area=within("east")))
        assert [whole["is_suppressed"], part["is_suppressed"]] == [False, True]

    def test_a_day_on_which_one_was_silent_is_another_group(self, town):
        rows = town.answered(wish(area=within("east"), last_day=DAY + timedelta(days=2)))
        assert [row["subjects"] for row in rows] == [120, 120, 119]
        silent = town.answered(
            wish(what="silent_meters", area=within("east"), purpose="supervision", last_day=DAY + timedelta(days=2))
        )
        assert [(row["value"], row["subjects"]) for row in silent] == [(0, 120), (0, 120), (1, 120)]
