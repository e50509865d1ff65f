"""Letters that cannot be taken in, over HTTP: seen with their reasons, taken in once we are better, or given up."""

import asyncio

import msgspec
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from exchange.door.city import opened
from metropool.access import Access
from metropool.access.passwords import Passwords
from metropool.exchange.envelope import MAX_BYTES, from_bytes, to_bytes
from metropool.exchange.messages import NoticePublished
from metropool.exchange.ports import Delivery

WORD = "right horse battery"
AT = "/smart_use_platform/api/parked"


@pytest.fixture
def city(tmp_path):
    with opened(tmp_path, "transition") as made:
        yield made


@pytest.fixture
def admin(city):
    def add(work):
        logins = Access(work.context).logins
        logins.add_login(login_name="ann", name="Ann", password_hash=Passwords().hash(WORD), by="test")
        logins.give_role(login_name="ann", role="administrator", scope="*", purpose="test", by="test")

    city.hub.write_now("settlement", add)
    with TestClient(city.app(), base_url="http://127.0.0.1") as browser:
        browser.get("/api/site")
        browser.headers["X-Metropool-CSRF"] = browser.cookies["metropool_csrf"]
        assert browser.post("/api/session", json={"login": "ann", "password": WORD}).status_code == 200
        browser.headers["X-Metropool-CSRF"] = browser.cookies["metropool_csrf"]
        yield browser


def do(browser, what, key="k1", **body):
    return browser.post(f"{AT}/{what}", json=body, headers={"Idempotency-Key": key})


def arrive(city, **changed):
    """A notice that the water company told, changed on its way in what is said."""
    city.announce()
    office = city.office_of("water")
    ((number, told),) = office.unsent(limit=1)
    asyncio.run(office.mark_sent([(number, 7)]))
    told = msgspec.structs.replace(told, **changed)
    delivery = Delivery(to_bytes(told), told.sender, told.phrase, 7, attempt=1, done=_nothing, later=_nothing)
    asyncio.run(city.hub.receive(delivery))
    return told


async def _nothing(_: float = 0.0) -> None:
    return


def test_what_was_a_fault_of_ours_is_taken_in_once_we_are_better(city, admin, monkeypatch):
    taking = city.hub.hosted["notices"].capability.consumes
    takes = taking[NoticePublished]

    def stumble(*, work, message):
        raise KeyError("not thought of")

    monkeypatch.setitem(taking, NoticePublished, stumble)
    told = arrive(city)
    (row,) = admin.get(AT).json()["rows"]
    assert (row["id"], row["cause"], row["reason"]) == (told.id, "fault", "a fault of ours: KeyError")
    assert row["sender_name"]["en"] == "Water company systems" and row["bytes"] > 100
    still = do(admin, "replays", letter=told.id)
    assert (still.status_code, still.json()["error"]["key"]) == (409, "exchange.still_parked")
    assert "KeyError" in still.json()["error"]["message_zh"]

    monkeypatch.setitem(taking, NoticePublished, takes)
    done = do(admin, "replays", letter=told.id)
    assert done.json()["state"] == "replayed"
    assert do(admin, "replays", letter=told.id).json() == done.json()
    assert do(admin, "replays", "k2", letter=told.id).status_code == 404
    assert admin.get(AT).json()["rows"] == []
    assert [row["id"] for row in admin.get(f"{AT}?state=replayed").json()["rows"]] == [told.id]
    with city.hub.database.snapshot() as connection:
        assert connection.execute(text("SELECT count(*) FROM notice")).scalar() == 1
        audit = connection.execute(text("SELECT actor, action, outcome FROM audit ORDER BY number")).all()
    assert audit[-2:] == [("ann", "letters.replay", "refused"), ("ann", "letters.replay", "done")]


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"version": 99}, "unknown_version"),
        ({"body": b"none"}, "malformed"),
        ({"body": bytes(MAX_BYTES + 1)}, "oversize"),
        ({"kind": "CustomersTold"}, "malformed"),
    ],
)
def test_each_kind_of_fault_is_named_and_can_be_given_up_with_a_reason(city, admin, changed, cause):
    told = arrive(city, **changed)
    (row,) = admin.get(AT).json()["rows"]
    assert (row["cause"], row["state"], row["name"]["zh"]) == (cause, "parked", "供水相关公告")
    assert do(admin, "discards", letter=told.id, reason="no").status_code == 422
    given_up = do(admin, "discards", letter=told.id, reason="their software was mended")
    assert (given_up.json()["state"], given_up.json()["bytes"]) == ("discarded", None)
    assert do(admin, "replays", "k2", letter=told.id).status_code == 404
    with city.hub.database.snapshot() as connection:
        details = connection.execute(text("SELECT details FROM audit WHERE action = 'letters.discard'")).scalar()
    assert "their software was mended" in details


def test_bytes_that_are_no_letter_are_parked_under_where_they_came(city, admin):
    with pytest.raises(Exception, match="not an envelope"):
        from_bytes(b"\x01")
    delivery = Delivery(b"\x01", "water_system", "water_announcements", 9, attempt=1, done=_nothing, later=_nothing)
    asyncio.run(city.hub.receive(delivery))
    (row,) = admin.get(AT).json()["rows"]
    assert (row["id"], row["cause"]) == ("unreadable-smart_use_platform-9", "malformed")
    assert do(admin, "replays", letter=row["id"]).status_code == 409
