"""Announcements reach the right households once, in whatever order they come, and nobody speaks in another's name."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from exchange.notices.town import BOARD, GAS, GRID, HOLE, NOW, SQUARE, WATER, content, opened, outline, said
from exchange.postgresql.cluster import cluster, why_not
from metropool.capabilities.notices import operations as board
from metropool.capabilities.notices.model import Receipt
from metropool.capabilities.office import operations as office
from metropool.core.areas import Area
from metropool.core.errors import Conflict, Forbidden, Invalid, NotFound
from metropool.exchange.envelope import open_envelope


@pytest.fixture
def town(tmp_path):
    with opened(tmp_path) as made:
        yield made


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_on_postgresql_it_is_the_same(tmp_path):
    with cluster() as address, opened(tmp_path, address) as town:
        notice = town.published(area=outline((*SQUARE, HOLE)))
        other = town.published(area=Area(kind="places", places=("east",)))
        asyncio.run(town.carry(order=lambda waiting: [*waiting, *waiting]))
        assert town.reached(notice.id) == {"A2", "A4"}
        assert town.reached(other.id) == {"A1", "A2", "A4"}
        receipt = Receipt(office=WATER, notice=notice.id, edition=1, is_read=True)
        town.nodes[BOARD].write_now("notices", lambda work: board.receive_receipts(work=work, account="A2", receipts=[receipt]))
        counts = town.board(lambda work: [(one.recipients, one.delivered, one.read) for one in work.board.reaches(office=WATER)])
        assert sorted(counts) == [(2, 1, 1), (3, 0, 0)]
        assert town.board(lambda work: work.board.unread(account="A2", now=NOW)) == 1
        town.office(office.change, notice=notice.id, seen=2, content=content(), by="ann")
        asyncio.run(town.carry())
        assert town.reached(notice.id) == {"A1", "A2", "A3", "A4"}


class TestPassingOn:
    def test_goes_on_to_whom_the_rows_list_for_its_medium_once_an_edition(self, town):
        notice = town.published()
        asyncio.run(town.carry(order=lambda waiting: [*waiting, *waiting]))
        told = [(envelope.phrase, envelope.receiver, envelope.speaker) for envelope in town.unsent(BOARD)]
        assert told == [
            ("water_announcements", "community_system", WATER),
            ("water_announcements", "building_system", WATER),
        ]
        assert {open_envelope(envelope).notice for envelope in town.unsent(BOARD)} == {notice.id}


def faults(refused):
    return {(fault.where, fault.what) for fault in refused.value.faults}


class TestWhomItReaches:
    @pytest.mark.parametrize(
        ("area", "accounts"),
        [
            (Area(kind="city"), {"A1", "A2", "A3", "A4"}),
            (Area(kind="places", places=("east",)), {"A1", "A2", "A4"}),
            (Area(kind="places", places=("home-3", "tower")), {"A3", "A4"}),
            (outline(SQUARE), {"A1", "A2", "A4"}),
            (outline((*SQUARE, HOLE)), {"A2", "A4"}),
            (outline((((8.0, 8.0), (9.0, 9.0), (8.0, 10.0), (8.0, 8.0)),)), {"A3"}),
        ],
        ids=["whole city", "a place and what lies in it", "several places", "outline", "outline with a hole", "on the edge"],
    )
    def test_households_of_the_area(self, town, area, accounts):
        notice = town.published(area=area)
        asyncio.run(town.carry())
        assert town.reached(notice.id) == accounts

    def test_only_who_has_the_service(self, town):
        homes = town.board(lambda work: work.registry.homes(service="gas", on=NOW.date()))
        assert sorted(homes["combined_account"].to_pylist()) == ["A1", "A3", "A4"]
        notice = town.published(of=GAS, service="gas")
        asyncio.run(town.carry(system=GAS))
        assert town.reached(notice.id) == {"A1", "A3", "A4"}

    def test_a_company_is_not_heard_on_anothers_medium(self, town):
        asyncio.run(town.hear(said(service="gas")))
        assert town.kept("N1") is None
        assert "service" in town.parked()[0]

    def test_a_corrected_area_keeps_what_people_had_and_tells_the_new_ones(self, town):
        notice = town.published(area=Area(kind="places", places=("east",)))
        town.office(
            office.change, notice=notice.id, seen=2, content=content(area=Area(kind="places", places=("west",))), by="bob"
        )
        asyncio.run(town.carry())
        assert town.reached(notice.id) == {"A3"}
        rows, total = town.board(
            lambda work: work.board.at_home(account="A1", service=None, whole_city=False, now=work.now, offset=0, limit=9)
        )
        assert (total, rows[0].is_affected, rows[0].kept.edition) == (1, False, 2)


class TestEditions:
    @pytest.mark.parametrize(
        "order", [list, reversed, lambda waiting: [*waiting, *waiting]], ids=["in order", "reversed", "twice"]
    )
    def test_the_highest_holds_in_whatever_order(self, town, order):
        notice = town.published()
        town.office(office.change, notice=notice.id, seen=2, content=content(title_en="Water off till late"), by="bob")
        town.office(office.withdraw, notice=notice.id, seen=3, reason="repaired", by="bob")
        asyncio.run(town.carry(order=order))
        kept = town.kept(notice.id)
        assert (kept.edition, kept.state, kept.title_en) == (3, "withdrawn", "Water off till late")
        assert town.parked() == []

    def test_a_withdrawal_before_what_it_withdraws_reaches_nobody(self, town):
        notice = town.published()
        town.office(office.withdraw, notice=notice.id, seen=2, reason="written in error", by="ann")
        asyncio.run(town.carry(order=reversed))
        assert town.kept(notice.id).state == "withdrawn"
        assert town.reached(notice.id) == set()

    def test_a_withdrawal_is_final_whatever_edition_comes_later(self, town):
        for edition, state in ((1, "published"), (2, "withdrawn"), (3, "published")):
            asyncio.run(town.hear(said(edition=edition, state=state)))
        kept = town.kept("N1")
        assert (kept.edition, kept.state) == (2, "withdrawn")
        assert "N1 was withdrawn: edition 3" in town.parked()[0]


class TestReceipts:
    def receive(self, town, notice, *, edition=1, is_read, account="A1"):
        receipt = Receipt(office=WATER, notice=notice, edition=edition, is_read=is_read)
        return town.nodes[BOARD].write_now(
            "notices", lambda work: board.receive_receipts(work=work, account=account, receipts=[receipt])
        )

    def counts(self, town):
        (reach,) = town.board(lambda work: work.board.reaches(office=WATER))
        return reach.recipients, reach.delivered, reach.read

    def test_come_once_and_count(self, town):
        notice = town.published()
        asyncio.run(town.carry())
        assert self.counts(town) == (4, 0, 0)
        _, topics = self.receive(town, notice.id, is_read=False)
        assert topics == ["notices@A1", "notice_reach"]
        assert self.counts(town) == (4, 1, 0)
        self.receive(town, notice.id, is_read=True)
        _, topics = self.receive(town, notice.id, is_read=True)
        assert topics == []
        self.receive(town, notice.id, is_read=True, account="A2")
        assert self.counts(town) == (4, 2, 2)

    def test_a_correction_is_unread_again_and_an_edition_never_told_is_not_read_ahead(self, town):
        notice = town.published()
        asyncio.run(town.carry())
        self.receive(town, notice.id, edition=99, is_read=True)
        town.office(office.change, notice=notice.id, seen=2, content=content(title_en="Later"), by="ann")
        asyncio.run(town.carry())
        assert self.counts(town) == (4, 0, 0)
        assert town.board(lambda work: work.board.unread(account="A1", now=NOW)) == 1

    def test_a_withdrawal_keeps_the_counts_and_is_not_unread(self, town):
        notice = town.published()
        asyncio.run(town.carry())
        self.receive(town, notice.id, is_read=True)
        town.office(office.withdraw, notice=notice.id, seen=2, reason="repaired", by="ann")
        asyncio.run(town.carry())
        assert self.counts(town) == (4, 1, 1)
        assert town.board(lambda work: work.board.unread(account="A2", now=NOW)) == 0
        assert [kept.edition for kept in town.board(lambda work: work.board.waiting(account="A1", limit=9))] == [2]

    def test_of_what_is_not_for_the_household_are_refused(self, town):
        notice = town.published(area=Area(kind="places", places=("west",)))
        asyncio.run(town.carry())
        with pytest.raises(NotFound):
            self.receive(town, notice.id, is_read=True)

    def test_what_is_over_is_not_unread(self, town):
        town.published()
        asyncio.run(town.carry())
        assert town.board(lambda work: work.board.unread(account="A1", now=NOW + timedelta(hours=9))) == 0


class TestForged:
    def test_nobody_speaks_in_anothers_name(self, town):
        asyncio.run(town.hear(said(office=GRID)))
        assert town.kept("N1", GRID) is None
        assert "in the name of" in town.parked()[0]

    def test_nobody_takes_anothers_notice_back(self, town):
        published = town.published(of=GRID, service="electricity")
        asyncio.run(town.carry(system=GRID))
        asyncio.run(town.hear(said(notice=published.id, edition=9, state="withdrawn")))
        assert town.kept(published.id, GRID).state == "published"

    def test_nobody_uses_anothers_phrase(self, town):
        honest = said()
        stolen = msgspec.structs.replace(honest, phrase="electricity_announcements")
        with pytest.raises(Forbidden):
            asyncio.run(town.hear(stolen))
        asyncio.run(town.hear(honest))
        assert town.kept("N1").service == "water"

    @pytest.mark.parametrize(
        "values",
        [
            {"ends_at": NOW},
            {"area": Area(kind="places", places=("nowhere",))},
            {"area": Area(kind="places")},
            {"area": outline((((0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0), (0.0, 0.0)),))},
            {"title_zh": ""},
            {"title_en": "x" * 81},
            {"text_zh": "x" * 2001},
            {"text_zh": "a\x00b"},
            {"title_zh": "\u202egnp.exe"},
            {"edition": 0},
            {"notice": ""},
        ],
    )
    def test_what_cannot_be_shown_or_drawn_is_parked(self, town, values):
        asyncio.run(town.hear(said(**values)))
        assert len(town.parked()) == 1
        assert town.board(lambda work: work.board.reaches(office=WATER)) == []


class TestOffice:
    def test_refuses_every_fault_at_once(self, town):
        wrong = content(title_en=" ", ends_at=NOW, starts_at=NOW, area=Area(kind="outline"))
        with pytest.raises(Invalid) as refused:
            town.office(office.compose, content=wrong, by="ann")
        expected = {("title_en", "fault.missing"), ("ends_at", "fault.period_order"), ("area", "fault.area_empty")}
        assert faults(refused) == expected

    def test_speaks_of_its_own_medium_and_of_places_it_knows_only(self, town):
        with pytest.raises(Invalid) as refused:
            town.office(office.compose, content=content(service="gas"), by="ann")
        assert faults(refused) == {("service", "fault.literal_error")}
        with pytest.raises(Invalid) as refused:
            town.office(office.compose, content=content(area=Area(kind="places", places=("east", "nowhere"))), by="ann")
        assert faults(refused) == {("area.places.nowhere", "fault.area_unknown")}

    def test_tells_what_is_scheduled_when_it_is_due_and_not_before(self, town):
        draft = town.office(office.compose, content=content(), by="ann")
        at = NOW + timedelta(hours=1)
        scheduled = town.office(office.publish, notice=draft.id, seen=1, at=at, by="ann")
        assert (scheduled.state, scheduled.edition) == ("scheduled", 0)
        town.office(office.publish_due)
        assert town.unsent() == []
        town.clock.advance(timedelta(hours=1))
        town.office(office.publish_due)
        town.office(office.publish_due)
        assert len(town.unsent()) == 1
        told = town.nodes[WATER].read_now("office", lambda work: work.papers.one(draft.id))
        assert (told.state, told.edition, told.published_at) == ("published", 1, at)

    def test_tells_nothing_that_was_over_while_it_was_away(self, town):
        draft = town.office(office.compose, content=content(), by="ann")
        town.office(office.publish, notice=draft.id, seen=1, at=NOW + timedelta(hours=1), by="ann")
        town.clock.advance(timedelta(days=1))
        town.office(office.publish_due)
        assert town.unsent() == []
        kept = town.nodes[WATER].read_now("office", lambda work: work.papers.one(draft.id))
        assert (kept.state, kept.edition, kept.publish_at) == ("withdrawn", 0, None)
        assert "over before it is published" in kept.withdrawn_because

    def test_tells_nothing_that_is_over_by_then(self, town):
        draft = town.office(office.compose, content=content(), by="ann")
        with pytest.raises(Invalid) as refused:
            town.office(office.publish, notice=draft.id, seen=1, at=NOW + timedelta(days=1), by="ann")
        assert refused.value.key == "office.over"

    def test_holds_two_people_apart(self, town):
        notice = town.published()
        town.office(office.change, notice=notice.id, seen=2, content=content(title_en="Mine"), by="ann")
        with pytest.raises(Conflict) as refused:
            town.office(office.change, notice=notice.id, seen=2, content=content(title_en="Yours"), by="bob")
        assert refused.value.key == "office.changed_meanwhile"

    def test_takes_a_draft_back_in_silence_and_what_is_withdrawn_stays_so(self, town):
        draft = town.office(office.compose, content=content(), by="ann")
        town.office(office.withdraw, notice=draft.id, seen=1, reason="not needed", by="ann")
        assert town.unsent() == []
        for again in (office.change, office.publish):
            more = {"content": content()} if again is office.change else {"at": None}
            with pytest.raises(Conflict):
                town.office(again, notice=draft.id, seen=2, by="ann", **more)

    def test_keeps_every_edition_it_told(self, town):
        notice = town.published()
        town.office(office.change, notice=notice.id, seen=2, content=content(title_en="Later"), by="bob")
        town.office(office.withdraw, notice=notice.id, seen=3, reason="repaired", by="ann")
        told = town.nodes[WATER].read_now("office", lambda work: work.papers.editions(notice.id))
        assert [(one.edition, one.state, one.content.title_en, one.told_by) for one in told] == [
            (1, "published", "Water off", "ann"),
            (2, "published", "Later", "bob"),
            (3, "withdrawn", "Later", "ann"),
        ]
