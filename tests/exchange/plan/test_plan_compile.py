"""What the transition plan compiles to: who may say what to whom, where it goes, and how it looks."""

import json

import pytest

from exchange.plan.cases import transition
from metropool.core.errors import Invalid
from metropool.plan.broker_file import BrokerSettings, render_broker
from metropool.plan.schema import Letter
from metropool.plan.subjects import subject_of

KEYS = {user.name: f"U{user.name}" for user in transition().broker.users}
DESKS = ("government_desk", "government_app")
SETTINGS = BrokerSettings(port=4222, store="store")


class TestCompiled:
    def test_letters_of_the_spine(self) -> None:
        spine = {
            tuple(letter)
            for letter in transition().letters
            if not {letter.sender, letter.receiver} & set(DESKS) and "government" not in letter.message
        }
        assert spine == {
            ("metering", "usage_for_billing", "marketing"),
            ("metering", "meter_data", "smart_use_platform"),
            ("metering", "household_meter_data", "smart_use_platform"),
            ("marketing", "customer_profiles", "metering"),
            ("marketing", "switch_requests", "metering"),
            ("marketing", "payment_status", "metering"),
            ("marketing", "electricity_bills", "smart_use_platform"),
            ("water_system", "water_bills", "smart_use_platform"),
            ("water_system", "water_data_requests", "smart_use_platform"),
            ("gas_system", "gas_bills", "smart_use_platform"),
            ("gas_system", "gas_data_requests", "smart_use_platform"),
            ("marketing", "electricity_announcements", "smart_use_platform"),
            ("water_system", "water_announcements", "smart_use_platform"),
            ("gas_system", "gas_announcements", "smart_use_platform"),
            ("smart_use_platform", "meter_data", "water_system"),
            ("smart_use_platform", "meter_data", "gas_system"),
            ("smart_use_platform", "combined_bill_payments", "water_system"),
            ("smart_use_platform", "combined_bill_payments", "gas_system"),
            ("smart_use_platform", "combined_bill_payments", "marketing"),
            ("smart_use_platform", "water_data_requests", "metering"),
            ("smart_use_platform", "gas_data_requests", "metering"),
        }

    def test_devices_faces_and_outsiders_are_allowed_but_not_by_broker(self) -> None:
        compiled = transition()
        assert Letter("user_app", "resident_payment", "smart_use_platform") in compiled.allowed - compiled.letters
        assert Letter("meters", "meter_data", "metering") in compiled.allowed - compiled.letters

    def test_government_asks_through_the_hub_and_each_owner_answers_there(self) -> None:
        owners = {"metering", "marketing", "water_system", "gas_system"}
        told = {
            tuple(letter) for letter in transition().letters if letter.message in ("government_requests", "government_answers")
        }
        assert told == {
            *((desk, "government_requests", "smart_use_platform") for desk in DESKS),
            *(("smart_use_platform", "government_answers", desk) for desk in DESKS),
            *(("smart_use_platform", "government_requests", owner) for owner in owners),
            *((owner, "government_answers", "smart_use_platform") for owner in owners),
        }

    def test_a_way_says_whose_books_stand_at_its_end_and_whether_each_household_must_agree(self) -> None:
        ways = {way.receiver: way for way in transition().routes["smart_use_platform"]["ViewRequested"]}
        assert {name: way.rows for name, way in ways.items()} == {
            "metering": ("readings",),
            "marketing": ("electricity",),
            "water_system": ("water",),
            "gas_system": ("gas",),
        }
        assert {way.needs_consent for ways in transition().routes["metering"].values() for way in ways} == {False}

    def test_what_is_not_yet_built_is_not_allowed(self) -> None:
        assert not [letter for letter in transition().allowed if letter.message in ("cctv_requests", "energy_report")]

    def test_announcements_come_from_their_own_company_and_go_to_the_resident(self) -> None:
        told = {tuple(letter) for letter in transition().allowed if "announcement" in letter.message}
        company = {"electricity": "marketing", "water": "water_system", "gas": "gas_system"}
        up = {(system, f"{service}_announcements", "smart_use_platform") for service, system in company.items()}
        desks = {(desk, "government_announcements", "smart_use_platform") for desk in DESKS}
        speakers = (*company, "government")
        assert told == up | desks | {("smart_use_platform", f"{name}_announcements", "user_app") for name in speakers}

    def test_each_company_gets_its_own_service_only(self) -> None:
        ways = transition().passes["smart_use_platform"]["meter_data"]
        assert {(way.receiver, way.receiver_party, way.where["service"]) for way in ways} == {
            ("water_system", "water", "water"),
            ("gas_system", "gas", "gas"),
        }

    def test_usage_goes_under_two_names(self) -> None:
        ways = transition().routes["metering"]["BlocksSealed"]
        assert {(way.phrase, way.receiver, tuple(way.where.items())) for way in ways} == {
            ("usage_for_billing", "marketing", (("service", "electricity"),)),
            ("meter_data", "smart_use_platform", ()),
        }

    def test_hosts_and_nodes(self) -> None:
        compiled = transition()
        assert compiled.hosts("metering") == (
            ("metering", ("electricity", "water", "gas", "heat")),
            ("disclosure", ("readings",)),
        )
        assert compiled.nodes() == ("metering", "marketing", "smart_use_platform", "water_system", "gas_system", *DESKS)

    def test_compiling_twice_gives_the_same(self) -> None:
        assert transition() == transition()


class TestBrokerConfiguration:
    def test_same_plan_same_text(self) -> None:
        first, second = (render_broker(transition().broker, keys=KEYS, settings=SETTINGS) for _ in range(2))
        assert first == second

    def test_every_letter_has_one_export_and_one_import(self) -> None:
        accounts = json.loads(render_broker(transition().broker, keys=KEYS, settings=SETTINGS))["accounts"]
        exported = {(e["service"], e["accounts"][0], name) for name, a in accounts.items() for e in a.get("exports", ())}
        imported = {
            (i["service"]["subject"], name, i["service"]["account"]) for name, a in accounts.items() for i in a.get("imports", ())
        }
        expected = {(subject_of(letter), letter.sender, letter.receiver) for letter in transition().letters}
        expected |= {
            (f"alive.{letter.receiver}.{letter.sender}", letter.sender, letter.receiver) for letter in transition().letters
        }
        assert exported == expected
        assert imported == expected

    def test_what_is_acknowledged_is_on_disk(self) -> None:
        config = json.loads(render_broker(transition().broker, keys=KEYS, settings=SETTINGS))
        assert config["jetstream"]["sync_interval"] == "always"

    def test_a_user_without_key_is_refused(self) -> None:
        with pytest.raises(Invalid, match="metering-provision"):
            render_broker(transition().broker, keys={"metering": "U1"}, settings=SETTINGS)


class TestPicture:
    def test_edges_carry_their_rows(self) -> None:
        edges = {(edge.left, edge.right): edge for edge in transition().picture.edges}
        edge = edges["metering", "marketing"]
        assert (edge.rows, edge.medium) == (("G.1",), "broker")
        assert {flow.sender: flow.messages for flow in edge.flows} == {
            "metering": ("usage_for_billing",),
            "marketing": ("customer_profiles", "switch_requests", "payment_status"),
        }
