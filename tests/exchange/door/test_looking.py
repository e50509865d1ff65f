"""Authorities look into what a system's own software keeps: charging at its door, a community's cameras; all through the door's API."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import text

from exchange.door.city import NOW, opened
from exchange.plan.test_instances import CITY, PLACES
from metropool.capabilities.door import views
from metropool.capabilities.inquiries import operations as desk
from metropool.capabilities.inquiries.model import Wish
from metropool.core.areas import Area
from metropool.core.errors import Conflict, Invalid
from metropool.exchange.described import example_of
from metropool.exchange.messages import ViewRequested
from metropool.facts.registry import tables as t
from metropool.runtime.instances import instances_of, write_instances
from metropool.runtime.releasing import still_leaving
from metropool.runtime.systems import compile_named

PLANS = ("one", "two", "transition")
DESK, APP, CHARGING, EAST, WEST = "government_desk", "government_app", "ev_charging", "community_system_1", "community_system_2"
PLACE = {EAST: "community-1", WEST: "community-2"}
ENDS = NOW + timedelta(days=3)
BOTH = "王芳, 李强"


@pytest.fixture(params=PLANS)
def city(request, tmp_path):
    write_instances(tmp_path, instances_of(compile_named(request.param), CITY))
    with opened(tmp_path, request.param) as found:
        empty = dict.fromkeys(t.place.c.keys())
        places = [{**empty, **row, "name_zh": row["id"], "name_en": row["id"]} for row in PLACES]
        for name in (DESK, APP):
            found.nodes[name].write_now("inquiries", lambda work: work.registry.add(t.place, places))
        yield found


def charging(**other):
    usual = {
        "what": "charging_by_day",
        "service": "electricity",
        "area": Area(kind="city"),
        "first_day": NOW.date(),
        "last_day": NOW.date(),
        "reason": "核查充电负荷",
        "legal_basis": "",
        "purpose": "supervision",
        "expires_at": ENDS,
    }
    return Wish(**{**usual, **other})


def camera(place=PLACE[EAST], **other):
    about = {"what": "camera_view", "service": "community", "area": Area(kind="places", places=(place,))}
    return charging(**{**about, "purpose": "investigation", "legal_basis": "刑事诉讼法第五十四条", **other})


def ask(city, wish, *, at=DESK):
    made = city.nodes[at].write_now("inquiries", lambda work: desk.ask(work=work, wish=wish, by="ms_chen"))[0]
    city.carry()
    return made.request


def inquiry(city, request, *, at=DESK):
    return city.nodes[at].read_now("inquiries", lambda work: work.inquiries.one(request))


def rows(city, request, *, at=DESK):
    pages = city.nodes[at].read_now("inquiries", lambda work: desk.content(work=work, request=request))
    return [row for page in pages for row in page.to_pylist()]


def heard(client):
    """The requests that came as letters."""
    letters = client.get("letters").json()["letters"]
    return [letter["message"] for letter in letters if letter["kind"] == "ViewRequested"]


def row(measure, **other):
    plain = {"period": NOW.date().isoformat(), "measure": measure, "category": None, "subject": None, "value": 12_000}
    return {**plain, "scale": -2, "unit": "kWh", "subjects": 40, "is_suppressed": False, **other}


VIEW = row("camera_view", subject="CAM-2026-17", value=3, scale=0, unit="", subjects=None)


def answer(client, asked, *, key="a1", state="approved", with_rows=(), by=BOTH, **other):
    """What the software says under the phrase that its door lists for answers."""
    phrase = next(one["phrase"] for one in client.get("letters/phrases").json()["says"] if one["kind"] == "ViewAnswered")
    same = {name: asked[name] for name in ("request", "asker", "holder", "service", "what")}
    pages = (
        {"page": 1, "pages": 1, "expires_at": asked["expires_at"]} if with_rows else {"page": 0, "pages": 0, "expires_at": None}
    )
    told = {
        **same,
        **pages,
        "state": state,
        "reason": "依法办理",
        "decided_at": NOW.isoformat(),
        "rows": list(with_rows),
        **other,
    }
    return client.post(f"letters/{phrase}", json=told, params={"approved_by": by}, headers={"Idempotency-Key": key})


def history(client):
    return client.get("letters/views").json()["views"]


def parked(city):
    return {name: found for name in city.nodes if (found := city.parked(name))}


def records(city):
    """The hub's own access history."""
    return city.hub.read_now("sharing", lambda work: work.provisions.all(limit=9)[0])


class TestCharging:
    def test_is_asked_at_its_door_and_answers_there(self, city):
        with city.software(CHARGING) as client:
            request = ask(city, charging())
            (asked,) = heard(client)
            assert (asked["reason"], asked["expires_at"]) == ("核查充电负荷", "2026-07-04T02:00:00Z")
            assert answer(client, asked, with_rows=[row("charged")]).status_code == 201
            city.carry()
            known = inquiry(city, request)
            assert (known.state, known.reason, known.expires_at) == ("approved", "依法办理", ENDS)
            assert [(one["measure"], one["value"]) for one in rows(city, request)] == [("charged", 12_000)]
            (seen,) = history(client)
            assert (seen["id"], seen["state"], seen["expires_at"]) == (request, "approved", "2026-07-04T10:00:00+08:00")
            assert "company" in seen["decided_by"]
            assert [(one["rows"], one["receiver"], one["withheld_at"]) for one in seen["given"]] == [(1, DESK, None)]
            (given,) = records(city)
            assert (given.giver, given.agreement, given.allowed_by, given.receiver) == (CHARGING, request, CHARGING, DESK)
        assert parked(city) == {}

    def test_is_refused_with_its_reason_and_shows_nothing(self, city):
        with city.software(CHARGING) as client:
            request = ask(city, charging(), at=APP)
            (asked,) = heard(client)
            told = answer(client, asked, state="refused", with_rows=[row("charged")], page=0, pages=0, expires_at=None)
            assert told.status_code == 422
            assert answer(client, asked, state="refused", reason="另有途径").status_code == 201
            city.carry()
            assert (inquiry(city, request, at=APP).state, inquiry(city, request, at=APP).reason) == ("refused", "另有途径")
            assert answer(client, asked, key="a2", with_rows=[row("charged")]).status_code == 409
            assert (history(client)[0]["state"], history(client)[0]["given"]) == ("refused", [])
        with pytest.raises(Conflict):
            rows(city, request, at=APP)

    def test_for_the_wrong_purpose_is_refused_before_anybody_decides(self, city):
        request = ask(city, charging(purpose="investigation"))
        assert "not be asked for this purpose" in inquiry(city, request).reason
        with city.software(CHARGING) as client:
            (seen,) = history(client)
            assert (seen["state"], seen["decided_by"]) == ("refused", CHARGING)
            assert answer(client, heard(client)[0], with_rows=[row("charged")]).status_code == 409

    def test_is_not_granted_for_longer_than_was_asked_nor_after(self, city):
        with city.software(CHARGING) as client:
            request = ask(city, charging())
            (asked,) = heard(client)
            late = (ENDS + timedelta(seconds=1)).isoformat()
            assert answer(client, asked, with_rows=[row("charged")], expires_at=late).status_code == 422
            assert answer(client, asked, with_rows=[row("charged")], expires_at=None).status_code == 422
            city.clock.advance(timedelta(days=3))
            assert answer(client, asked, with_rows=[row("charged")]).status_code == 409
            city.nodes[CHARGING].write_now("door", lambda work: views.lapse(work=work))
            city.carry()
            assert (history(client)[0]["state"], inquiry(city, request).state) == ("lapsed", "refused")

    def test_ends_when_its_use_is_over(self, city):
        with city.software(CHARGING) as client:
            request = ask(city, charging())
            sooner = (NOW + timedelta(hours=1)).isoformat()
            assert answer(client, heard(client)[0], with_rows=[row("charged")], expires_at=sooner).status_code == 201
            city.carry()
            assert rows(city, request)
            city.clock.advance(timedelta(hours=1))
            with pytest.raises(Conflict, match="expired"):
                rows(city, request)

    def test_what_waits_is_held_back_when_the_approval_is_taken_back(self, city):
        with city.software(CHARGING) as client:
            request = ask(city, charging())
            (asked,) = heard(client)
            answer(client, asked, with_rows=[row("charged")])
            assert answer(client, asked, key="a2", state="withdrawn").status_code == 201
            node = city.nodes[CHARGING]
            assert len(asyncio.run(still_leaving(node, node.unsent(limit=9)))) == 1
            (seen,) = history(client)
            assert (seen["state"], [one["withheld_at"] is None for one in seen["given"]]) == ("revoked", [False])
            city.carry()
            assert inquiry(city, request).state == "revoked"

    def test_that_nobody_asked_for_is_no_answer(self, city):
        with city.software(CHARGING) as client:
            asked = {**example_of(ViewRequested), "holder": "charging", "what": "charging_by_day", "service": "electricity"}
            assert answer(client, asked, with_rows=[row("charged")]).status_code == 404
            ask(city, charging())
            (known,) = heard(client)
            assert answer(client, {**known, "what": "usage_by_day"}, with_rows=[row("charged")]).status_code == 422

    def test_an_answer_that_was_said_twice_is_told_once(self, city):
        with city.software(CHARGING) as client:
            ask(city, charging())
            (asked,) = heard(client)
            first, again = (answer(client, asked, with_rows=[row("charged")]) for _ in range(2))
            assert (first.status_code, again.status_code, again.json()["is_repeat"]) == (201, 200, True)
            assert len(history(client)[0]["given"]) == 1

    @pytest.mark.parametrize(
        ("told", "where"),
        [
            ({"subjects": 14}, "rows.1.subjects"),
            ({"subjects": None}, "rows.1.subjects"),
            ({"category": "residential", "subjects": 99}, "rows.1.subjects"),
            ({"subject": "CP-0007"}, "rows.1.subject"),
            ({"is_suppressed": True}, "rows.1.value"),
        ],
    )
    def test_sums_of_too_few_are_not_told(self, city, told, where):
        with city.software(CHARGING) as client:
            ask(city, charging())
            (asked,) = heard(client)
            refused = answer(client, asked, with_rows=[row("charged"), row("charged", **told)])
            assert (refused.status_code, [one["where"] for one in refused.json()["error"]["faults"]]) == (422, [where])
            assert history(client)[0]["state"] == "waiting"

    def test_sums_of_just_enough_and_withheld_ones_are_told(self, city):
        enough = [
            row("charged", subjects=15),
            row("charged", category="residential", subjects=100),
            row("charged", value=None, subjects=None, is_suppressed=True),
        ]
        with city.software(CHARGING) as client:
            request = ask(city, charging())
            assert answer(client, heard(client)[0], with_rows=enough).status_code == 201
            city.carry()
            assert [one["value"] for one in rows(city, request)] == [12_000, 12_000, None]


class TestCameras:
    def test_of_one_community_are_asked_there_alone(self, city):
        with city.software(EAST) as east, city.software(WEST) as west:
            request = ask(city, camera())
            (asked,) = heard(east)
            assert (asked["community"], asked["legal_basis"], heard(west)) == (PLACE[EAST], "刑事诉讼法第五十四条", [])
            assert answer(east, asked, with_rows=[VIEW]).status_code == 201
            city.carry()
            (shown,) = rows(city, request)
            assert (shown["subject"], shown["value"], inquiry(city, request).expires_at) == ("CAM-2026-17", 3, ENDS)
            (given,) = records(city)
            assert (given.giver, given.what, given.legal_basis) == (EAST, "camera_view", "刑事诉讼法第五十四条")
            assert [one["state"] for one in history(east)] == ["approved"]
            assert history(west) == []
        assert parked(city) == {}

    @pytest.mark.parametrize("by", ["", "王芳", "王芳, 王芳 ,"])
    def test_are_shown_only_where_two_people_approved(self, city, by):
        with city.software(EAST) as east:
            request = ask(city, camera())
            (asked,) = heard(east)
            refused = answer(east, asked, with_rows=[VIEW], by=by)
            assert (refused.status_code, refused.json()["error"]["faults"][0]["where"]) == (422, "approved_by")
            assert answer(east, asked, state="refused", by=by).status_code == 201
            city.carry()
            assert (inquiry(city, request).state, history(east)[0]["given"]) == ("refused", [])

    def test_are_shown_with_the_names_of_who_approved(self, city):
        with city.software(EAST) as east:
            request = ask(city, camera())
            assert answer(east, heard(east)[0], with_rows=[VIEW]).status_code == 201
            city.carry()
            (seen,) = history(east)
            assert (seen["approved_by"], [one["allowed_by"] for one in seen["given"]]) == (BOTH, [BOTH])
            (kept,) = city.nodes[EAST].read_now("door", lambda work: work.provisions.of_request(request, receiver=DESK))
            assert kept.allowed_by == BOTH

    def test_another_community_cannot_answer(self, city):
        with city.software(EAST) as east, city.software(WEST) as west:
            ask(city, camera())
            (asked,) = heard(east)
            assert answer(west, asked, with_rows=[VIEW]).status_code == 404
            city.nodes[WEST].write_now("door", lambda work: believe(work, asked))
            assert answer(west, asked, with_rows=[VIEW]).status_code == 201
            city.carry()
        assert [reason for reason in city.parked(city.hub.system) if "was not asked" in reason]
        assert records(city) == []

    def test_are_viewed_by_a_reference(self, city):
        with city.software(EAST) as east:
            ask(city, camera(what="access_records"))
            (asked,) = heard(east)
            assert answer(east, asked, with_rows=[{**VIEW, "subject": None}]).status_code == 422
            assert answer(east, asked, with_rows=[{**VIEW, "measure": "access_records"}]).status_code == 201

    def test_are_for_an_investigation_or_an_emergency(self, city):
        assert "purpose" in inquiry(city, ask(city, camera(purpose="statistics"))).reason

    def test_of_where_no_system_runs_are_refused_on_the_way(self, city):
        city.nodes[DESK].write_now("inquiries", lambda work: work.registry.add(t.place, [elsewhere()]))
        assert inquiry(city, ask(city, camera("community-9"))).state == "refused"

    @pytest.mark.parametrize(
        "area",
        [Area(kind="city"), Area(kind="places", places=("community-1", "community-2")), Area(kind="places", places=("city",))],
    )
    def test_are_asked_for_of_one_community(self, city, area):
        with pytest.raises(Invalid) as refused:
            ask(city, camera(area=area))
        assert refused.value.faults[0].where.startswith("area")

    def test_of_an_unknown_party_are_refused(self, city):
        with city.software(EAST) as east:
            request = ask(city, camera())
            (asked,) = heard(east)
            node = city.nodes[EAST]
            known = node.read_now("door", lambda work: work.views.one(asker=DESK, request=request))
            stranger = msgspec.structs.replace(known.asked, party="merchants", request="GR-2")
            node.write_now("door", lambda work: views.take_request(work=work, message=stranger))
            assert next(one["state"] for one in history(east) if one["id"] == "GR-2") == "refused"
            assert answer(east, {**asked, "request": "GR-2"}, with_rows=[VIEW]).status_code == 409

    def test_that_were_taken_back_are_not_shown(self, city):
        with city.software(EAST) as east:
            request = ask(city, camera())
            (asked,) = heard(east)
            city.nodes[DESK].write_now("inquiries", lambda work: desk.withdraw(work=work, request=request))
            city.carry()
            assert history(east)[0]["state"] == "withdrawn"
            assert answer(east, asked, with_rows=[VIEW]).status_code == 409


def elsewhere():
    empty = dict.fromkeys(t.place.c.keys())
    return {**empty, "id": "community-9", "kind": "community", "parent": "city", "name_zh": "c", "name_en": "c"}


def believe(work, asked):
    """Let a door believe that it was asked."""
    message = msgspec.convert(asked, ViewRequested)
    work.views.put(views.HeardView(asked=message, state="waiting", heard_from="x", heard_at=NOW, expires_at=message.expires_at))


def test_the_phrase_of_a_request_is_held_to_what_it_may_speak_of(city):
    """A request about cameras does not travel as one about books: it is parked where it comes in."""
    request = ask(city, charging())
    node = city.nodes[DESK]
    known = inquiry(city, request).asked
    other = msgspec.structs.replace(known, request="GR-9", what="camera_view", holder="premises", service="community")
    with node.database.snapshot() as connection:
        phrases = list(connection.execute(text("SELECT DISTINCT phrase FROM outbox")).scalars())
    assert phrases == ["government_requests"]
    told = node.write_now("inquiries", lambda work: work.say(other, key="x", phrase="cctv_requests"))[0]
    city.carry()
    assert len(told) == 1
    assert any("cannot be so" in reason for reason in city.parked(city.hub.system))
