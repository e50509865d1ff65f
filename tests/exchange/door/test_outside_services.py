"""Parties whose part in the city is not built yet have a door already: their software shows a key and is told what the plan lists."""

import pytest
from fastapi.testclient import TestClient

from exchange.door.city import City
from metropool.plan.load import load_contract, plan_path
from metropool.runtime.systems import compile_named

PLANS = ("one", "two", "transition")


@pytest.mark.parametrize("plan", PLANS)
def test_every_system_of_the_contract_is_there_but_devices(plan):
    compiled = compile_named(plan)
    contract = load_contract(plan_path("contract")).content
    given = {name for name, system in contract.systems.items() if not system.plans or plan in system.plans}
    absent = {name for name in given if not compiled.runs_as(name)}
    kinds = {
        compiled.whole.systems[name].kind
        for name in absent
        if not contract.systems[name].optional and name in compiled.whole.systems
    }
    assert kinds <= {"device"}


@pytest.mark.parametrize("plan", PLANS)
def test_each_outside_party_has_a_door_of_its_own(plan, tmp_path):
    city = City(tmp_path, plan, with_outside=True)
    outside = [name for name, facts in city.compiled.systems.items() if facts.party == "outside" and facts.kind == "node"]
    assert len(outside) == 6
    keys = {name: city.key(name) for name in outside}
    with TestClient(city.app(), base_url="http://127.0.0.1") as client:
        for name in outside:
            own = {"Authorization": f"Bearer {keys[name]}"}
            published = client.get(f"/{name}/api/openapi.json").json()
            assert "/letters" in published["paths"]
            told = client.get(f"/{name}/api/letters/phrases", headers=own)
            assert (told.status_code, told.json()["says"], told.json()["hears"]) == (200, [], [])
            assert client.get(f"/{name}/api/letters", headers=own).json()["letters"] == []
            other = {"Authorization": f"Bearer {keys[outside[outside.index(name) - 1]]}"}
            assert client.get(f"/{name}/api/letters", headers=other).status_code == 401
            said = client.post(f"/{name}/api/letters/weather_data", json={}, headers={**own, "Idempotency-Key": "1"})
            assert said.status_code == 403
        assert city.compiled.broker.streams_of(outside[0])


def test_wrong_keys_at_one_door_shut_no_other(tmp_path):
    city = City(tmp_path, "two", with_outside=True)
    wrong = {"Authorization": "Bearer mpk_0_0"}
    with TestClient(city.app(), base_url="http://127.0.0.1") as client:
        shown = {client.get("/weather/api/letters", headers=wrong).status_code for _ in range(40)}
        assert shown == {401, 429}
        assert client.get("/merchants/api/letters", headers=wrong).status_code == 401
