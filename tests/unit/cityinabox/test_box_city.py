"""The generator: same bytes for a seed, and every reference points at something."""

import json

import pytest

from cityinabox.city import make_city


@pytest.fixture(scope="module")
def city():
    return json.loads(make_city(7, 25).text())


def test_a_seed_gives_the_same_bytes_and_another_seed_others():
    assert make_city(7, 12).text() == make_city(7, 12).text()
    assert make_city(7, 12).text() != make_city(8, 12).text()


def test_every_home_has_its_meters_its_accounts_and_one_combined_account(city):
    homes = [place["id"] for place in city["places"] if place["kind"] == "home"]
    assert len(homes) == 25
    for home in homes:
        points = {row["id"] for row in city["usage_points"] if row["place"] == home}
        agreements = [row for row in city["agreements"] if row["usage_point"] in points]
        heat = ["heat"] if "heat" in {row["supplier"] for row in agreements} else []
        assert sorted(row["supplier"] for row in agreements) == ["gas", "grid", *heat, "water"]
        assert len({row["combined_account"] for row in agreements}) == 1
        assert sorted(row["service"] for row in city["devices"] if row.get("place") == home) == [
            "electricity",
            "gas",
            *heat,
            "water",
        ]


def test_district_heating_reaches_the_homes_of_one_block(city):
    heated = {row["place"] for row in city["devices"] if row["kind"] == "meter" and row["id"].startswith("meter-heat-")}
    assert heated == {row["id"] for row in city["places"] if row["parent"] == "building-1-1"}
    assert len(heated) == 10


def test_points_of_each_terminal_run_from_one_without_a_hole(city):
    for terminal in (row["id"] for row in city["devices"] if row["kind"] == "concentrator"):
        behind = [row for row in city["devices"] if row["parent"] == terminal]
        points = sorted(row["point"] for row in behind if row["service"] == "electricity")
        assert points == list(range(1, len(points) + 1))
        assert len(points) <= 32
        assert {row["point"] for row in behind if row["service"] != "electricity"} == {0}


def test_references_resolve(city):
    ids = {
        key: {row["id"] for row in city[key]}
        for key in ("parties", "places", "network_nodes", "usage_points", "devices", "channels")
    }
    assert all(row["parent"] is None or row["parent"] in ids["places"] for row in city["places"])
    assert all(row["place"] in ids["places"] and row["network_node"] in ids["network_nodes"] for row in city["usage_points"])
    assert all(row["party"] in ids["parties"] and row["usage_point"] in ids["usage_points"] for row in city["agreements"])
    assert all(row["device"] in ids["devices"] for row in city["channels"] + city["faults"])
    assert all(row["channel"] in ids["channels"] and row["usage_point"] in ids["usage_points"] for row in city["installations"])
    nodes = ids["network_nodes"] | ids["usage_points"]
    assert all(row["from"] in nodes and row["to"] in nodes for row in city["links"])
    assert set(city["series"]) == {row["id"] for row in city["devices"] if row["kind"] == "meter"}


def test_every_area_with_customers_has_one_supply_meter_behind_its_own_concentrator(city):
    fed = {link["from"] for link in city["links"] if link["kind"] == "supplies"}
    measured = {link["to"]: link["from"] for link in city["links"] if link["kind"] == "measures"}
    assert fed == set(measured)
    points = {row["id"]: row for row in city["usage_points"]}
    assert {points[point]["role"] for point in measured.values()} == {"supply"}
    assert not {row["usage_point"] for row in city["agreements"]} & set(measured.values())
    devices = {row["id"]: row for row in city["devices"]}
    for node, point in measured.items():
        (device,) = {row["channel"].partition("/")[0] for row in city["installations"] if row["usage_point"] == point}
        assert devices[device]["switches_supply"] is False
        terminal = devices[devices[device]["parent"]]
        assert terminal["place"] == points[point]["place"]
        assert terminal["network_node"] == node or points[point]["service"] != "electricity"


def test_special_customers_exist(city):
    options = [row["options"] for row in city["agreements"]]
    assert sum("time_of_use" in option for option in options) >= 3
    assert sum("household_members" in option for option in options) == 1
    assert sum(row["multiplier"] != "1" for row in city["installations"]) > 0
    assert sum(row.get("transport") == "tcp" for row in city["devices"]) == 1
    assert {fault["kind"] for fault in city["faults"]} == {"reverse_step", "stuck", "clock_off", "missed_answers"}
