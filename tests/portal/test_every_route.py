"""Every route there is, tried by nobody, by the wrong role, with another's ids, and by whom it is for."""

import json
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter

from metropool.portal.app import UnguardedRoute, check_guarded, declared_routes
from metropool.portal.ports.asked import Asked
from portal import samples
from portal.conftest import PEOPLE, D, G, M, P, W

HOLDERS = {
    "home.read": "lihua",
    "home.control": "lihua",
    "home.consent": "lihua",
    "payments.create": "lihua",
    "inquiries.read": "chen",
    "inquiries.ask": "chen",
    "watch.read": "chen",
    "watch.acknowledge": "chen",
    "disclosures.read": "keeper",
    "disclosures.decide": "keeper",
    "meters.read": "oper",
    "meters.exchange": "ctrl1",
    "collection.recollect": "oper",
    "collection.schedule": "oper",
    "work_orders.manage": "oper",
    "commands.read": "oper",
    "commands.create": "ctrl1",
    "commands.approve": "ctrl2",
    "bills.read": "clerk",
    "customers.read": "clerk",
    "readings.ask": "clerk",
    "notices.read": "clerk",
    "notices.publish": "clerk",
    "supply.request": "clerk",
    "payments.refund": "cash1",
    "topology.read": "admin",
    "site.admin": "admin",
    "gateways.manage": "admin",
    "letters.replay": "admin",
    "users.read": "security",
    "users.manage": "security",
    "audit.read": "auditor",
}
PERIOD = "start=2026-11-01T00:00:00%2B08:00&end=2026-11-08T00:00:00%2B08:00"
QUERIES = {
    "/permissions/people/{login}": "action=meters.read&scope=system:metering",
    "/permissions/systems/{system}": "message=meter_data",
    "/usage": f"service=water&{PERIOD}",
    "/usage/calendar": "service=water&year=2026",
    "/collection": PERIOD,
    "/curve": PERIOD,
    "/commands/effect": "kind=disconnect&meter=m1",
    "/points/{point}/history": PERIOD,
    "/overview/then": "at=2026-11-20T00:00:00%2B08:00",
}
EXCHANGE = {
    "at": "2026-11-01T00:00:00Z",
    "final_register": "1",
    "final_source": "typed",
    "new_number": "9",
    "new_protocol": "dlt645-2007",
    "new_address": "9",
    "start_register": "0",
    "reason": "worn out",
}
BODIES = {
    "/questions": {"bill_number": "E1", "line": None, "text": "为什么?"},
    "/payments": {"bill_numbers": ["E1"], "amount_fen": 1, "channel": "demo"},
    "/mandates": {"limit_fen": 1000, "channel": "demo"},
    "/top-ups": {"amount_fen": 100, "channel": "demo"},
    "/refunds": {"payment": "P1", "amount_fen": 1, "reason": "paid twice"},
    "/recollect": {"terminal_ids": ["t1"], "start": "2026-11-01T00:00:00Z", "end": "2026-11-02T00:00:00Z"},
    "/undo": {"seen": 2, "restore": 1, "reason": "as before"},
    "/schedules/{item}": {"seen": 1, "every_s": 3600, "delay_s": 600, "is_collected": True, "reason": "quieter line"},
    "/work-orders": {"devices": ["t1"], "kind": "no_contact", "reason": "silent since noon"},
    "/steps": {"state": "in_progress", "note": "", "assigned_to": "crew 1"},
    "/commands": {"kind": "disconnect", "meter": "m1", "reason": "arrears"},
    "/approval": {"decision": "approve", "reason": "ok", "password": "right horse battery"},
    "/cancellation": {"reason": "no"},
    "/exchanges": EXCHANGE,
    "/corrections": EXCHANGE,
}
NOTICE = {
    "service": "water",
    "kind": "outage",
    "title_zh": "停水",
    "title_en": "Water off",
    "text_zh": "检修",
    "text_en": "Repair",
    "starts_at": "2026-11-22T00:00:00Z",
    "area": {"kind": "city"},
}
INQUIRY = {
    "what": "usage_by_day",
    "service": "electricity",
    "area": {"kind": "city"},
    "first_day": "2026-11-01",
    "last_day": "2026-11-07",
    "reason": "summer peak",
    "purpose": "planning",
    "expires_at": "2026-12-22T00:00:00Z",
}
BODIES |= {
    "/consents": {"receiver": "third_party", "message": "household_meter_data", "purpose": "energy_advice", "state": "given"},
    "/inquiries": INQUIRY,
    "/data-requests": {"first_day": "2026-11-01", "last_day": "2026-11-02", "usage_points": ["w1"], "reason": "gap"},
    "/decision": {"decision": "refuse", "reason": "other ways", "password": "right horse battery"},
    "/revocation": {"reason": "the case is over"},
    "/receipts": {"receipts": [{"office": W, "id": "n1", "edition": 1}]},
    "/api/notices": NOTICE,
    "/words": {"seen": 1, "notice": NOTICE},
    "/publication": {"seen": 1},
    "/parked/replays": {"letter": "l1"},
    "/parked/discards": {"letter": "l1", "reason": "a letter of a test"},
    "/api/gateways": {"per": "community", "name": "gate-1", "place": "community-1"},
    "/places/orders": {"point": "plug", "value": 1},
    "/withdrawal": {"seen": 1, "reason": "repaired"},
}
BODIES |= {
    "/switch-requests": {"service": "water", "account_number": "W1", "restore": False, "reason": "arrears"},
}
ERROR_FIELDS = {"kind", "key", "message_zh", "message_en", "remedy_zh", "remedy_en", "faults"}


def guarded(portal):
    """Routes that need a right, streams apart."""
    return [(path, one) for path, one in declared_routes(portal.app) if one.right.scope in ("account", "system", "named")]


def send(browser, path, declared, *, account=samples.ACCOUNT):
    url = re.sub(r"\{\w+\}", "x", path.replace("{a}", account).replace("{system}", W).replace("{login}", "oper"))
    ending = next((QUERIES[end] for end in sorted(QUERIES, key=len, reverse=True) if path.endswith(end)), "")
    body = next((BODIES[end] for end in BODIES if path.endswith(end)), None) if declared.method != "GET" else None
    headers = {"Idempotency-Key": f"k-{path[-40:]}".replace("/", "-").replace("{", "").replace("}", "")} if declared.once else {}
    return browser.request(declared.method, f"{url}?{ending}", json=body, headers=headers)


def check_error(answer, status, kind):
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    error = answer.json()["error"]
    assert set(error) == ERROR_FIELDS
    assert error["kind"] == kind
    assert error["message_zh"]
    assert error["message_en"]
    return error


def test_there_are_routes_and_every_right_is_held_by_someone(portal):
    found = guarded(portal)
    assert len(found) > 30
    assert {one.right.action for _, one in found} == set(HOLDERS)


def test_nobody_gets_in_without_a_session(portal):
    with portal.browser() as browser:
        for path, declared in guarded(portal):
            check_error(send(browser, path, declared), 401, "unauthenticated")
    assert portal.calls == []


def test_a_made_up_or_ended_session_is_none(portal):
    browser = portal.signed_in("lihua")
    ended = browser.cookies["metropool_session"]
    assert browser.delete("/api/session").status_code == 204
    for token in (ended, "0" * 64, "eyJhbGciOiJub25lIn0.e30.", "' OR 1=1"):
        for path, declared in guarded(portal):
            stranger = portal.browser(cookies={"metropool_session": token})
            check_error(send(stranger, path, declared), 401, "unauthenticated")
    assert portal.calls == []


def test_a_wrong_role_is_refused_everywhere(portal):
    browsers = {login: portal.signed_in(login) for login in PEOPLE}
    for path, declared in guarded(portal):
        right = declared.right
        system = W if right.scope == "named" else path.split("/")[1]
        for login in PEOPLE:
            if has_right(login, right, system):
                continue
            answer = send(browsers[login], path, declared)
            if right.scope == "account":
                check_error(answer, 404, "not_found")
            else:
                check_error(answer, 403, "forbidden")
    assert portal.calls == []


def test_how_far_it_came_is_told_to_people_of_that_office_only(portal):
    own = portal.signed_in("clerk").get(f"/{P}/api/offices/{W}/notices")
    assert own.status_code == 200
    assert portal.calls == [("reaches", {"office": W, "asked": Asked()})]
    for office in (M, P, "*", "gas_system"):
        check_error(portal.signed_in("clerk").get(f"/{P}/api/offices/{office}/notices"), 403, "forbidden")
    assert len(portal.calls) == 1


def has_right(login, right, system):
    """Said again here, by hand, so that roles.yaml cannot widen unseen."""
    actions = {
        "lihua": {"home.read", "home.control", "home.consent", "payments.create"},
        "chen": {"inquiries.read", "inquiries.ask", "watch.read", "watch.acknowledge"},
        "keeper": {"disclosures.read", "disclosures.decide"},
        "wangwu": set(),
        "oper": {"meters.read", "commands.read", "collection.recollect", "collection.schedule", "work_orders.manage"},
        "ctrl1": {"meters.read", "meters.exchange", "commands.read", "commands.create", "commands.approve"},
        "ctrl2": {"meters.read", "meters.exchange", "commands.read", "commands.create", "commands.approve"},
        "clerk": {"bills.read", "customers.read", "readings.ask", "supply.request", "notices.read", "notices.publish"},
        "cash1": {"payments.refund"},
        "cash2": {"payments.refund"},
        "admin": {"site.admin", "topology.read", "gateways.manage", "letters.replay"},
        "security": {"users.read", "users.manage"},
        "auditor": {"users.read", "topology.read", "audit.read"},
    }
    home = {"oper": M, "ctrl1": M, "ctrl2": M, "clerk": W, "cash1": P, "cash2": P, "chen": G, "keeper": M}.get(login)
    return right.action in actions[login] and (home is None or system == home)


def test_another_persons_account_does_not_exist(portal):
    browser = portal.signed_in("lihua")
    for path, declared in guarded(portal):
        if declared.right.scope != "account":
            continue
        others = check_error(send(browser, path, declared, account=samples.OTHER), 404, "not_found")
        nobodys = check_error(send(browser, path, declared, account="GZ9999999999"), 404, "not_found")
        assert others == nobodys
    assert portal.calls == []


def test_the_one_it_is_for_gets_an_answer(portal):
    portal.answers["commands"]["command"] = lambda command: ordered_by(portal, "ctrl1")
    browsers = {login: portal.signed_in(login) for login in set(HOLDERS.values())}
    for path, declared in guarded(portal):
        answer = send(browsers[HOLDERS[declared.right.action]], path, declared)
        assert answer.status_code == declared.status, f"{declared.method} {path}: {answer.status_code} {answer.text}"
        assert answer.headers["content-type"].startswith(declared.media)
        if declared.media == "application/json":
            TypeAdapter(declared.answer).validate_python(answer.json())


def ordered_by(portal, login):
    from metropool.portal.schemas.commands import Command
    from portal.fakes import model_of

    return model_of(Command).model_copy(update={"ordered_by": login})


def test_every_refusal_on_a_system_is_audited(portal):
    browser = portal.signed_in("lihua")
    browser.get(f"/{M}/api/meters")
    from sqlalchemy import text

    rows = portal.door.read_now(
        lambda work: work.context.connection.execute(text("SELECT actor, action, outcome FROM audit ORDER BY number")).all()
    )
    assert tuple(rows[-1]) == ("lihua", "meters.read", "forbidden")


def test_a_route_without_a_right_stops_the_start(portal):
    @portal.app.get("/quick-hack")
    async def hack():
        return {}

    with pytest.raises(UnguardedRoute):
        check_guarded(portal.app)


def test_a_route_slipped_into_a_systems_api_stops_the_start(portal):
    api = next(route.app for route in portal.app.routes if getattr(route, "path", "") == f"/{M}/api")
    assert isinstance(api, FastAPI)
    api.add_api_route("/hack", lambda: {})
    with pytest.raises(UnguardedRoute):
        check_guarded(portal.app)


def test_a_system_serves_the_routes_of_what_it_hosts_and_no_others(portal):
    paths = [path for path, _ in declared_routes(portal.app)]
    assert f"/{P}/api/households" in paths
    assert f"/{M}/api/households" not in paths
    assert f"/{M}/api/meters" in paths
    assert f"/{W}/api/bills" in paths
    assert f"/{P}/api/meters" not in paths


def test_routes_are_those_of_the_contract(portal):
    """docs/api.md and the code name the same requests."""
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    base = {"P": f"/{P}/api", "M": f"/{M}/api", "C": f"/{W}/api", "G": f"/{G}/api", "D": f"/{D}/api", "/api": "/api"}
    written = set()
    for method, prefix, rest in re.findall(r"`(GET|POST|PUT|DELETE) (P|M|C|G|D|/api)(/[^`? ]*)", text):
        written.add((method, base[prefix] + re.sub(r"\{(\w+)\}", "{}", rest)))
    everywhere = {("GET", "/changes"), ("GET", "/openapi.json"), ("GET", "/api/audit"), ("GET", "/audit/chain")}
    everywhere |= {("GET", "/api/parked"), ("POST", "/parked/replays"), ("POST", "/parked/discards")}
    declared = {(one.method, re.sub(r"\{(\w+)\}", "{}", path)) for path, one in declared_routes(portal.app)}
    declared = {(method, path) for method, path in declared if not any(path.endswith(end) for _, end in everywhere)}
    assert declared == written


def test_the_published_api_names_types_and_rights(portal):
    document = portal.browser().get(f"/{P}/api/openapi.json").json()
    assert {"CombinedBill", "Today", "Usage", "Payment", "Topology"} <= set(document["components"]["schemas"])
    today = document["paths"]["/households/{a}/today"]["get"]
    assert today["x-right"] == {"scope": "account", "action": "home.read"}
    assert json.dumps(document)
