"""Gateways over the API: enrolled, given a credential and put out by the administrator of whoever vouches for them, by nobody else."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from exchange.door.city import City, opened
from exchange.evidence.test_faces import signed_in
from metropool.access import Access
from metropool.access.rights import system_scope
from metropool.capabilities.admission import operations as admission
from portal.conftest import CHEAP, PASSWORD

STATION = {"per": "charging_station", "name": "pile-1", "place": "site-1"}
GATE = {"per": "community", "name": "north-gate", "place": "community-1"}


def browser_of(city: City, login: str, *, of: str, role: str = "administrator") -> TestClient:
    def join(work):
        logins = Access(work.context).logins
        logins.add_login(login_name=login, name=login, password_hash=CHEAP.hash(PASSWORD), by="test")
        logins.give_role(login_name=login, role=role, scope=system_scope(of), purpose="test", by="test")

    city.hub.write_now("settlement", join)
    return signed_in(city, login)


@pytest.mark.parametrize(("system", "given"), [("ev_charging", STATION), ("community_system", GATE)])
def test_a_credential_is_drawn_shown_once_and_taken_back(tmp_path: Path, system: str, given: dict[str, str]) -> None:
    with opened(tmp_path, "transition") as city:
        browser, root = browser_of(city, "adm", of=system), f"/{system}/api/gateways"
        made = browser.post(root, json=given)
        assert made.status_code == 201 and made.json()["has_credential"] is False
        assert made.json()["login"] == f"{given['per']}/{given['name']}"
        drawn = browser.post(f"{root}/{given['per']}/{given['name']}/credential").json()
        assert drawn["login"] == made.json()["login"]

        def right(work) -> bool:
            return admission.may_come_in(work=work, per=given["per"], name=given["name"], secret=drawn["secret"])

        node = city.nodes[system]
        assert node.read_now("admission", right)
        listed = browser.get(root)
        (row,) = listed.json()["rows"]
        assert row["has_credential"] and row["issued_by"] == "adm" and drawn["secret"] not in listed.text
        assert browser.post(root, json=given).json()["has_credential"], "enrolled again it stays as it is"
        back = browser.post(f"{root}/{given['per']}/{given['name']}/revocation").json()
        assert not back["has_credential"] and back["revoked_at"]
        assert not node.read_now("admission", right)


def test_what_a_system_does_not_vouch_for_and_what_is_no_name_is_refused_with_each_fault(tmp_path: Path) -> None:
    with opened(tmp_path, "transition") as city:
        browser, root = browser_of(city, "adm", of="ev_charging"), "/ev_charging/api/gateways"
        answer = browser.post(root, json=GATE)
        assert answer.status_code == 422 and answer.json()["error"]["key"] == "admission.cannot_enrol"
        assert [fault["where"] for fault in answer.json()["error"]["faults"]] == ["per"]
        assert browser.post(root, json={**STATION, "name": "a/b"}).status_code == 422
        assert browser.post(f"{root}/charging_station/nobody/credential").json()["error"]["key"] == "admission.no_gateway"


def test_nobody_else_may_and_another_system_s_administrator_neither(tmp_path: Path) -> None:
    with opened(tmp_path, "transition") as city:
        city.nodes["ev_charging"].write_now("admission", lambda work: admission.enrol_gateway(work=work, **STATION))
        for login, of, role in (("other", "community_system", "administrator"), ("auditor", "ev_charging", "auditor")):
            browser = browser_of(city, login, of=of, role=role)
            answers = [
                browser.get("/ev_charging/api/gateways"),
                browser.post("/ev_charging/api/gateways", json=STATION),
                browser.post("/ev_charging/api/gateways/charging_station/pile-1/credential"),
                browser.post("/ev_charging/api/gateways/charging_station/pile-1/revocation"),
            ]
            assert [answer.status_code for answer in answers] == [403] * 4
