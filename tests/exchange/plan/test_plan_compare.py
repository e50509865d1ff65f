"""Plans side by side: counted by hand where a hand can count, and told in words and as JSON."""

import json

import pytest

from exchange.plan.cases import spine
from metropool.core.texts import LANGUAGES
from metropool.plan.compare import Measures, compare
from metropool.plan.comparison import json_of, table_of

FIELD = ("meters", "collection_terminals", "carrier_network", "metering")
CUT_OFF = ("gas_system", "government_app", "government_desk", "payment_channel", "user_app", "water_system")
SHEETS = {name: compare(spine(name)) for name in ("one", "one:indirect", "two", "transition")}


def test_rows_are_those_of_the_contract() -> None:
    assert {name: sheet.whole.rows for name, sheet in SHEETS.items()} == {
        "one": 42,
        "one:indirect": 42,
        "two": 44,
        "transition": 43,
    }
    for name, sheet in SHEETS.items():
        runs = spine(name)
        assert (sheet.running.rows, sheet.running.letters) == (len(runs.rows), len(runs.allowed))


@pytest.mark.parametrize(
    ("name", "app", "way"),
    [
        ("one", "user_app", (*FIELD, "data_pool", "user_app")),
        ("one", "home_terminal", (*FIELD, "community_system", "home_terminal")),
        ("two", "home_terminal", (*FIELD, "data_pool", "home_gateway", "home_terminal")),
        ("transition", "home_terminal", (*FIELD, "smart_use_platform", "home_terminal")),
    ],
)
def test_a_reading_passes_every_box_on_its_way_to_an_app(name: str, app: str, way: tuple[str, ...]) -> None:
    assert SHEETS[name].whole.ways[app] == way


def test_what_runs_reaches_the_app_that_runs() -> None:
    assert list(SHEETS["one"].running.ways) == ["user_app"]


def test_the_variant_decides_who_sees_the_homes_of_plan_one() -> None:
    direct, indirect = SHEETS["one"].whole, SHEETS["one:indirect"].whole
    assert "community_system" in direct.sees["grid"] and "community" not in direct.sees
    assert indirect.sees["community"] == ("community_system",) and "community_system" not in indirect.sees["grid"]


def test_the_carrier_of_sealed_frames_sees_nothing_personal() -> None:
    assert all("carrier" not in sheet.whole.sees for sheet in SHEETS.values())


def test_the_third_party_sees_homes_in_plan_two_alone() -> None:
    assert [name for name, sheet in SHEETS.items() if "third_party" in sheet.whole.sees] == ["two"]


def test_crossings_are_links_between_zones() -> None:
    running = SHEETS["two"].running.crossings
    assert running == {
        ("carrier", "field"): 1,
        ("carrier", "production"): 1,
        ("dmz", "management"): 1,
        ("dmz", "production"): 1,
        ("dmz", "public"): 6,
        ("field", "production"): 1,
        ("management", "production"): 1,
    }
    assert SHEETS["one"].whole.crossings["production", "public"] == 2


def stopped(measures: Measures, system: str) -> tuple[int, tuple[str, ...]]:
    return next((stop.silenced, stop.cut_off) for stop in measures.stops if stop.system == system)


def test_stopping_the_hub_silences_what_passes_it_and_what_it_would_pass_on() -> None:
    """Of the messages on links of what runs, most have the hub at one end or wait for it to pass them on."""
    running = SHEETS["one"].running
    assert running.stops[0].system == "data_pool"
    hub = {letter for letter in spine("one").allowed if "data_pool" in (letter.sender, letter.receiver)}
    assert stopped(running, "data_pool") == (len(hub), CUT_OFF)


def test_stopping_the_carrier_silences_the_meters_behind_it() -> None:
    """Four of sealed frames, three between meters and metering, and three that pass readings on: 10."""
    assert stopped(SHEETS["transition"].running, "carrier_network") == (10, ("collection_terminals", "meters"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_table_has_a_column_for_each_plan(language) -> None:
    lines = table_of(list(SHEETS.values()), language)
    assert all(len(values) == len(SHEETS) for _, values in lines)
    assert "42 (12)" in dict(lines)[{"zh": "数据流", "en": "Rows"}[language]]


def test_json_has_every_number_and_says_that_stops_are_computed() -> None:
    told = json.loads(json_of([SHEETS["one:indirect"], SHEETS["two"]]))
    assert [(sheet["plan"], sheet["variant"]) for sheet in told] == [("one", "indirect"), ("two", None)]
    assert told[1]["whole"]["stopped"]["how"] == "computed"
    hub = next(stop for stop in told[1]["running"]["stopped"]["systems"] if stop["system"] == "data_pool")
    assert len(hub["lost"]) == hub["silenced"] == stopped(SHEETS["two"].running, "data_pool")[0]
    assert {"message": "combined_bill", "sender": "data_pool", "receiver": "user_app"} in hub["lost"]
    assert {row["app"]: row["hops"] for row in told[1]["whole"]["meter_to_app"]} == {"user_app": 5, "home_terminal": 6}
