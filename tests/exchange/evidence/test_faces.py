"""What residents ask for over the API is evidence; what officials and outside software read there is in the audit, under the same roots."""

import json
import time
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from exchange.door.city import NOW, opened
from exchange.evidence.test_in_one_unit import KEY, enrol
from exchange.evidence.test_spoken import kept
from metropool.access import Access
from metropool.access.audit import Audit
from metropool.access.rights import account_scope, system_scope
from metropool.access.tables import audit
from metropool.capabilities.admission import operations as admission
from metropool.capabilities.inquiries import operations as inquiries
from metropool.capabilities.inquiries.model import Wish
from metropool.core.areas import Area
from metropool.exchange.envelope import digest
from metropool.exchange.evidence import Evidence
from metropool.exchange.messages import ROWS, ViewAnswered
from metropool.runtime.channels import public_hex
from metropool.runtime.evidence import examine_audit, open_key, sign_evidence
from portal.conftest import CHEAP, PASSWORD
from portal.whole_site import app_over

ACCOUNT, HOME, COMMUNITY, DESK = "GZ1", "home-0001", "community_system", "government_desk"


@pytest.fixture
def city(tmp_path):
    with opened(tmp_path, "transition") as made:
        row = {"name": "citypay", "url": "http://nowhere", "public_key": public_hex(KEY)}
        (tmp_path / "channels.json").write_text(json.dumps([row]))
        enrol(made.hub)
        made.hub.write_now("places", have_plug)
        made.hub.write_now("admission", have_gateway)
        made.hub.write_now("settlement", have_people)
        yield made


def have_gateway(work):
    admission.enrol_gateway(work=work, per="home", name=HOME, place=HOME, household=ACCOUNT)


def have_plug(work):
    work.place_book.can_set(HOME, [("plug", "switch")])


def have_people(work):
    logins, people = Access(work.context).logins, {"lihua": ("resident", account_scope(ACCOUNT))}
    for login, (role, scope) in {**people, "chen": ("official", system_scope(DESK))}.items():
        logins.add_login(login_name=login, name=login, password_hash=CHEAP.hash(PASSWORD), by="test")
        logins.give_role(login_name=login, role=role, scope=scope, purpose="test", by="test")


def signed_in(city, login):
    """A browser at the whole city's site."""
    app = app_over(city.nodes, settings=city.settings, compiled=city.compiled, passwords=CHEAP)
    browser = TestClient(app, base_url="http://127.0.0.1")
    browser.get("/api/site")
    for _ in range(2):
        browser.headers["X-Metropool-CSRF"] = browser.cookies["metropool_csrf"]
        browser.post("/api/session", json={"login": login, "password": PASSWORD})
    browser.headers["X-Metropool-CSRF"] = browser.cookies["metropool_csrf"]
    return browser


def post(browser, path, body, key):
    headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
    answer = browser.post(path, content=json.dumps(body).encode(), headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


def test_what_a_resident_asks_for_is_evidence_once(city):
    browser, root = signed_in(city, "lihua"), f"/{city.hub.system}/api/households/{ACCOUNT}"
    offer = browser.get(f"{root}/consents").json()["offers"][0]
    wanted = {name: offer[name] for name in ("receiver", "message", "purpose")}
    mandate = post(browser, f"{root}/mandates", {"limit_fen": 10_000, "channel": "citypay"}, "k1")["id"]
    for _ in range(2):
        post(browser, f"{root}/top-ups", {"amount_fen": 5000, "channel": "citypay"}, "k2")
    post(browser, f"{root}/mandates/{mandate}/revocation", {}, "")
    post(browser, f"{root}/consents", {**wanted, "state": "given"}, "k3")
    assert browser.post(f"{root}/consents", json={**wanted, "state": "given"}, headers={"Idempotency-Key": "k4"}).is_error
    post(browser, f"{root}/consents", {**wanted, "state": "withdrawn"}, "k5")
    post(browser, f"{root}/places/orders", {"point": "plug", "value": 1}, "k6")
    records = kept(city.hub)
    assert [(record["phrase"], record["sender"], record["key"], record["under"]) for record in records] == [
        ("resident_payment", "user_app", f"{ACCOUNT}/k1", "transition U.1t"),
        ("resident_payment", "user_app", f"{ACCOUNT}/k2", "transition U.1t"),
        ("resident_payment", "user_app", ACCOUNT, "transition U.1t"),
        ("consents", "user_app", f"{ACCOUNT}/k3", "transition U.1t"),
        ("consents", "user_app", f"{ACCOUNT}/k5", "transition U.1t"),
        ("home_commands", "home_terminal", f"{ACCOUNT}/k6", "transition 8.4.3"),
    ]
    assert {(record["sender_party"], record["outcome"], record["medium"]) for record in records} == {
        ("resident", "taken", "http")
    }
    body = json.dumps({**wanted, "state": "given"}).encode()
    assert records[3]["sha256"] == digest(f"POST\n{root}/consents\nk3\n".encode() + body)
    assert not [record for record in records if "lihua" in str(record) or wanted["receiver"] in str(record)]


def test_a_request_whose_evidence_cannot_be_kept_has_no_effect(city, monkeypatch):
    def fail(*_):
        raise OSError("the disk went away")

    browser, root = signed_in(city, "lihua"), f"/{city.hub.system}/api/households/{ACCOUNT}"
    monkeypatch.setattr(Evidence, "spoken", fail)
    with pytest.raises(OSError, match="went away"):
        browser.post(f"{root}/top-ups", json={"amount_fen": 5000, "channel": "citypay"}, headers={"Idempotency-Key": "k"})
    monkeypatch.undo()
    assert browser.get(f"{root}/payments").json()["rows"] == []
    post(browser, f"{root}/top-ups", {"amount_fen": 5000, "channel": "citypay"}, "k")
    assert (len(browser.get(f"{root}/payments").json()["rows"]), len(kept(city.hub))) == (1, 1)


def covered_within_a_second(city, client, system, read, action):
    """Read while the system signs; the row of the audit that tells of it is under a signed root a second later at most."""
    node = city.nodes[system]
    signing = client.portal.start_task_soon(sign_evidence, node, open_key(city.settings, system))
    assert read().is_success
    began = time.monotonic()
    with node.database.snapshot() as connection:
        number = (
            connection.execute(select(audit.c.number).where(audit.c.action == action, audit.c.outcome == "done"))
            .scalars()
            .all()[-1]
        )
        chained = Audit(connection, 0).hash_of(number)
    while (root := newest_root(node)) is None or root.audit.number < number:
        assert time.monotonic() - began < 1.0 + 1.0, "a machine with other work to do may add a second"
        time.sleep(0.01)
    signing.cancel()
    with node.database.snapshot() as connection:
        assert examine_audit(node.context(connection))[1] is None
        assert Audit(connection, 0).hash_of(number) == chained
    with node.database.unit() as connection:
        connection.execute(audit.update().where(audit.c.number == number).values(actor="nobody"))
    with node.database.snapshot() as connection:
        right, fault = examine_audit(node.context(connection))
    assert (right, fault is None) == (number - 1, False), "the row that was touched is named"


def newest_root(node):
    with node.database.snapshot() as connection:
        found = Evidence(node.context(connection)).last_root()
    return found[0] if found else None


def test_what_outside_software_reads_is_in_the_audit_under_a_root(city):
    city.announce("gas")
    city.carry()
    with city.software(COMMUNITY) as client:
        covered_within_a_second(city, client, COMMUNITY, lambda: client.get("letters"), "letters.read")


def test_what_an_official_reads_is_in_the_audit_under_a_root(city):
    wish = Wish(
        what="usage_by_day",
        service="electricity",
        area=Area(kind="city"),
        first_day=NOW.date(),
        last_day=NOW.date(),
        reason="r",
        legal_basis="",
        purpose="statistics",
        expires_at=NOW + timedelta(days=3),
    )
    node = city.nodes[DESK]
    asked = node.write_now("inquiries", lambda work: inquiries.ask(work=work, wish=wish, by="chen"))[0].asked
    same = {name: getattr(asked, name) for name in ("request", "asker", "holder", "service", "what")}
    page = {"state": "approved", "page": 1, "pages": 1, "reason": "r", "decided_at": NOW, "expires_at": None}
    answer = ViewAnswered(**same, **page, rows=ROWS[ViewAnswered].empty_table())
    node.write_now("inquiries", lambda work: inquiries.take_answer(work=work, message=answer))
    with signed_in(city, "chen") as client:
        path = f"/{DESK}/api/inquiries/{asked.request}/answer"
        covered_within_a_second(city, client, DESK, lambda: client.get(path), "inquiries.read")
