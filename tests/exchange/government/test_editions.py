"""A request is what was asked, to its end: it is taken back, never changed, and nobody approves their own."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from exchange.government.town import DAY, DESK, NOW, READINGS, opened, personal, total, wish, within
from metropool.access import looking
from metropool.capabilities.disclosure import computing
from metropool.capabilities.disclosure import operations as owner
from metropool.capabilities.inquiries import operations as desk
from metropool.core.errors import Conflict, Forbidden
from metropool.exchange.envelope import seal
from metropool.exchange.messages import ROWS, ViewAnswered

OTHERS = {
    "area": within("east"),
    "purpose": "planning",
    "last_day": DAY + timedelta(days=1),
    "reason": "另有用途",
    "requested_by": "somebody",
    "expires_at": NOW + timedelta(days=60),
}


@pytest.fixture
def town(tmp_path):
    with opened(tmp_path) as made:
        yield made


def said(town, request, *, sender=DESK, receiver=None, **values):
    """Say a request as outside software might, under a letter of its own."""
    message = msgspec.structs.replace(town.inquiry(request).asked, **values)
    to = receiver or town.hub
    letter = seal(message=message, key=repr(values), phrase="government_requests", sender=sender, receiver=to, at=NOW)
    asyncio.run(town.broker.exchange(sender).deliver(letter))
    town.carry()


def heard(town, request):
    return town.nodes[READINGS].read_now("disclosure", lambda work: work.disclosures.one(asker=DESK, request=request))


class TestAfterTheFirstApproval:
    @pytest.mark.parametrize("state", ["asked", "withdrawn"])
    @pytest.mark.parametrize("changed", OTHERS)
    def test_nothing_else_takes_its_place(self, town, changed, state):
        request = town.ask(personal())
        first = town.approve(request)
        said(town, request, edition=2, state=state, **{changed: OTHERS[changed]})
        assert heard(town, request) == first
        assert "is taken back, never changed" in town.parked(town.hub)[0]

    @pytest.mark.parametrize("state", ["asked", "withdrawn"])
    def test_nor_where_whoever_passes_on_lets_it_through(self, town, state):
        request = town.ask(personal())
        first = town.approve(request)
        said(town, request, sender=town.hub, receiver=READINGS, edition=2, state=state, area=within("east"))
        assert heard(town, request) == first
        assert "is taken back, never changed" in town.parked(READINGS)[0]

    def test_it_is_not_asked_again_after_it_was_taken_back(self, town):
        request = town.ask(personal())
        town.nodes[DESK].write_now("inquiries", lambda work: desk.withdraw(work=work, request=request))
        town.carry()
        said(town, request, edition=3, state="asked")
        assert heard(town, request).state == "withdrawn"
        assert town.parked(town.hub) != []

    def test_what_is_told_is_what_was_looked_up(self, town):
        request = town.ask(personal())
        town.approve(request)
        other = msgspec.structs.replace(heard(town, request).asked, area=within("east"))
        prepared = town.nodes[READINGS].read_now("disclosure", lambda work: computing.prepare(work=work, asked=other))
        with pytest.raises(Conflict, match="something else"):
            town.decide(owner.approve, request, prepared=prepared, until=None, by="head")

    def test_what_may_not_be_granted_any_more_is_not(self, town, monkeypatch):
        request = town.ask(personal())
        town.approve(request)
        rule = looking.rule_on(NOW.date())
        monkeypatch.setattr(looking, "rule_on", lambda day: replace(rule, parties=["police"]))
        with pytest.raises(Conflict, match="unknown_party"):
            town.approve(request, by="head")
        assert heard(town, request).state == "half_approved"


class TestOnceMore:
    def test_the_same_edition_changes_nothing(self, town):
        request = town.ask(personal())
        first = town.approve(request)
        said(town, request, edition=1)
        assert (heard(town, request), town.parked(town.hub)) == (first, [])

    def test_the_same_edition_with_something_else_in_it_is_parked(self, town):
        request = town.ask(personal())
        first = town.approve(request)
        said(town, request, edition=1, area=within("east"))
        assert heard(town, request) == first
        assert len(town.parked(town.hub)) == 1

    def test_a_lower_edition_changes_nothing(self, town):
        request = town.ask(personal())
        town.nodes[DESK].write_now("inquiries", lambda work: desk.withdraw(work=work, request=request))
        town.carry()
        said(town, request, edition=1, state="asked")
        assert (heard(town, request).state, town.parked(town.hub)) == ("withdrawn", [])

    def test_taking_back_what_was_decided_leaves_the_decision(self, town):
        request = town.ask(personal())
        town.decide(owner.refuse, request)
        said(town, request, edition=2, state="withdrawn")
        assert (heard(town, request).state, town.parked(READINGS)) == ("refused", [])


class TestOnesOwn:
    @pytest.mark.parametrize("asked", [wish(area=within("east")), personal()])
    @pytest.mark.parametrize("by", ["ms_chen", "MS_Chen"])
    def test_request_is_not_approved(self, town, asked, by):
        request = town.ask(asked, by=by)
        with pytest.raises(Forbidden, match="asked for"):
            town.approve(request, by="ms_chen")
        assert heard(town, request).state == "waiting"

    def test_request_is_not_approved_as_the_second_person_either(self, town):
        request = town.ask(personal())
        town.approve(request)
        with pytest.raises(Forbidden, match="asked for"):
            town.approve(request, by="ms_chen")
        assert town.approve(request, by="head").state == "approved"

    def test_request_may_be_approved_by_others(self, town):
        request = town.ask(wish(area=within("east")))
        town.approve(request)
        town.carry()
        assert len(total(town.rows(request))) == 1


class TestTheEndThatTheOwnerSet:
    def test_holds_on_the_way_too(self, town):
        request = town.ask(personal())
        ends = NOW + timedelta(hours=1)
        town.approve(request, until=ends)
        town.approve(request, by="head")
        asyncio.run(town.send(READINGS))
        asyncio.run(town.hear(town.hub))
        town.clock.advance(timedelta(hours=1))
        asyncio.run(town.send(town.hub))
        assert [one.withheld_at is not None for one in town.provisions(town.hub)] == [True]

    def test_is_not_put_off_by_a_later_page(self, town):
        request = town.ask(personal())
        asked, ends = town.inquiry(request).asked, NOW + timedelta(hours=1)
        same = {name: getattr(asked, name) for name in ("request", "asker", "holder", "service", "what")}
        for page, until in ((1, ends), (2, None)):
            rows = ROWS[ViewAnswered].empty_table()
            answer = ViewAnswered(
                **same, state="approved", page=page, pages=2, reason="", decided_at=NOW, expires_at=until, rows=rows
            )
            letter = seal(message=answer, key=str(page), phrase="government_answers", sender=town.hub, receiver=DESK, at=NOW)
            asyncio.run(town.broker.exchange(town.hub).deliver(letter))
            asyncio.run(town.hear(DESK))
        assert (town.inquiry(request).came, town.inquiry(request).expires_at) == (2, ends)


class TestTheEndThatTheFirstPersonSet:
    def test_ends_it_for_the_second_one_too(self, town):
        request = town.ask(personal())
        town.approve(request, until=NOW + timedelta(hours=1))
        town.clock.advance(timedelta(hours=2))
        with pytest.raises(Conflict, match="is over"):
            town.approve(request, by="head", until=NOW + timedelta(days=1))
