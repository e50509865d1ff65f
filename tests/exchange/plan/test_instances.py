"""Communities and buildings with a system of their own: accounts, permissions, and of people only those who live there."""

from dataclasses import replace

import pyarrow as pa
import pytest

from exchange.door.city import opened
from metropool.capabilities.settlement.standing import tell_standing
from metropool.core.errors import Invalid
from metropool.exchange.envelope import open_envelope
from metropool.exchange.messages import MESSAGES, ROWS, PaymentStatusTold, check_where
from metropool.facts.registry import tables as t
from metropool.plan.commands import check
from metropool.plan.gateways import of_kind
from metropool.plan.instances import FILE
from metropool.plan.load import plan_path
from metropool.plan.routes import _where
from metropool.plan.schema import Letter
from metropool.runtime.capabilities import CAPABILITIES
from metropool.runtime.conformance.probes.table import check_table
from metropool.runtime.conformance.ways import ways_of
from metropool.runtime.evidence import listing_of
from metropool.runtime.instances import instances_of, read_instances, write_instances
from metropool.runtime.systems import compile_named, facts_of

PLANS = ("one", "one:indirect", "two", "transition")
PLACES = [
    {"id": "city", "kind": "city", "parent": None},
    *({"id": f"community-{c}", "kind": "community", "parent": "city"} for c in (1, 2)),
    *({"id": f"building-{c}-{b}", "kind": "building", "parent": f"community-{c}"} for c in (1, 2) for b in (1, 2)),
]
CITY = {"places": [{**row, "name": {"zh": row["id"], "en": row["id"]}} for row in PLACES]}
BUILDINGS = ["building_system_1_1", "building_system_1_2", "building_system_2_1", "building_system_2_2"]


@pytest.fixture(params=PLANS)
def plan(request):
    return request.param


@pytest.fixture
def home(tmp_path, plan):
    write_instances(tmp_path, instances_of(compile_named(plan), CITY))
    return tmp_path


@pytest.fixture
def compiled(home, plan):
    return compile_named(plan, home=home)


def enrol(registry):
    """A home in each building, with a combined account."""
    homes = {f"home-{row['id'][9:]}": row["id"] for row in PLACES if row["kind"] == "building"}
    rows = [*PLACES, *({"id": home, "kind": "home", "parent": building} for home, building in homes.items())]
    registry.add(
        t.place, [{**dict.fromkeys(t.place.c.keys()), **row, "name_zh": row["id"], "name_en": row["id"]} for row in rows]
    )
    for number, home in enumerate(homes, start=1):
        point = {"number": number, "id": f"point-{home}", "service": "water", "role": "consumption", "place": home}
        agreement = {"account_number": f"W{number}", "party": "p", "usage_point": point["id"], "supplier": "water", "tariff": "x"}
        joined = {"category": "residential", "options": {}, "combined_account": f"GZ{number}", "valid_from": "2026-01-01"}
        registry.add(t.usage_point, [{**point, "network_node": None}])
        registry.add(t.supply_agreement, [{**agreement, **joined, "valid_to": None}])


def told(city, system, phrase):
    """What came to a door under a phrase."""
    letters = city.nodes[system].read_now("door", lambda work: work.letters.after(0, limit=100, most_bytes=1 << 30))
    return [open_envelope(letter.envelope) for letter in letters if letter.envelope.phrase == phrase]


def test_each_has_an_account_an_inbox_and_letters_of_its_own(compiled):
    assert list(compiled.runs_as("building_system")) == BUILDINGS
    assert "building_system" not in compiled.systems
    for name in BUILDINGS:
        assert [stream.name for stream in compiled.broker.streams_of(name)] == [f"inbox_{name}"]
        (user,) = [user for user in compiled.broker.users_of(name) if user.name == name]
        assert not [subject for subject in user.publish if any(other in subject for other in BUILDINGS if other != name)]
        heard = {way.phrase for way in compiled.ways[name] if way.receiver == name}
        assert {"payment_status", "water_announcements"} <= heard
    assert compiled.systems["building_system_1_2"].title.en == "Building management system (building-1-2)"
    assert set(BUILDINGS) < {name for names in compiled.brokers.values() for name in names}


def test_the_table_and_the_evidence_know_each_of_them(compiled, home, plan):
    file = plan_path(plan.partition(":")[0])
    table = check_table(compiled, plan=file, contract=plan_path("contract"), instances=home / FILE)
    assert table.wrong == ()
    assert set(compiled.letters) <= set(listing_of(compiled).rows)
    said = [way.letter for way in ways_of(compiled) if way.message == "building_announcements" and not way.unbuilt]
    assert {letter.sender for letter in said if letter.sender.startswith("building")} == set(BUILDINGS)


def test_what_tells_of_people_says_where_they_live_wherever_it_goes_to_one_of_many(compiled):
    kinds = {kind.__name__: {*kind.__struct_fields__, *(ROWS[kind].names if kind in ROWS else ())} for kind in MESSAGES}
    placed = [way for ways in compiled.ways.values() for way in ways if way.personal and compiled.systems[way.receiver].place]
    assert placed
    for way in placed:
        facts = compiled.systems[way.receiver]
        assert [where[facts.per] for where in way.wheres] == [facts.place]
        assert facts.per in kinds[way.kind]


@pytest.mark.parametrize("plan", ["two"], indirect=True)
def test_the_table_finds_systems_that_no_file_names(compiled):
    table = check_table(compiled, plan=plan_path("two"), contract=plan_path("contract"))
    assert "passage" in table.wrong[-1]


def test_who_paid_is_told_to_the_system_of_their_building_alone(home, plan):
    with opened(home, plan) as city:
        city.hub.write_now("settlement", lambda work: enrol(work.registry))
        accounts = [f"GZ{number}" for number in range(1, 5)]
        city.hub.write_now("settlement", lambda work: tell_standing(work=work, accounts=accounts))
        city.carry()
        for number, name in enumerate(BUILDINGS, start=1):
            (message,) = told(city, name, "payment_status")
            assert message.rows.column("account_number").to_pylist() == [f"GZ{number}"]
        assert all(city.parked(system) == [] for system in city.nodes)


def test_an_announcement_is_told_to_all_of_them(home, plan):
    with opened(home, plan) as city:
        city.announce("water")
        city.carry()
        assert all(len(told(city, name, "water_announcements")) == 1 for name in BUILDINGS)


@pytest.mark.parametrize("plan", ["two"], indirect=True)
def test_a_system_does_not_take_in_what_tells_of_people_elsewhere(home, plan):
    with opened(home, plan) as city:
        city.hub.write_now("settlement", lambda work: enrol(work.registry))
        city.hub.write_now("settlement", lambda work: tell_standing(work=work, accounts=["GZ1"]))
        letter = next(one for _, one in city.hub.unsent(limit=99) if one.receiver == "building_system_1_1")
        astray = type(letter)(
            **{name: getattr(letter, name) for name in letter.__struct_fields__} | {"receiver": "building_system_2_1"}
        )
        city.broker.store(city.hub.system, astray)
        city.carry()
        (reason,) = city.parked("building_system_2_1")
        assert "building-2-1" in reason
        assert told(city, "building_system_2_1", "payment_status") == []


def test_gateways_come_in_at_the_host_of_their_own_place(compiled):
    gateways = of_kind(compiled.broker.gateways, "home")
    many = ("community_system_1", "community_system_2")
    assert compiled.runs_as("community_system") == many
    assert gateways.is_many == (gateways.hosts == many)
    if gateways.is_many:
        assert gateways.may_publish("community_system_1/home-1")[0].startswith("home.community_system_1.home-1.up.")
        assert gateways.subjects_of("community_system_2")[0].startswith("$MQTT.msgs.home.community_system_2.*.up.")
        assert gateways.host_of("community_system_2/home-1") == "community_system_2"
        assert [gateways.host_of(name) for name in ("home-1", "nobody/home-1", "community_system_2/", "")] == [None] * 4
        doors = {user.name: user for user in compiled.broker.users if user.name.endswith("-door")}
        assert doors["community_system_2-door"].subscribe[0] == "gateways.knock.community_system_2"
        speakers = {user.name: user for user in compiled.broker.users if user.name.endswith("-home_gateway")}
        said = speakers["community_system_1-home_gateway"].publish
        assert not [subject for subject in said if "community_system_2" in subject or subject.startswith("home.*")]


@pytest.mark.parametrize("plan", ["two"], indirect=True)
class TestFile:
    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("data_pool:\n  pool_1: {place: community-1, zh: a, en: a}\n", "the plan runs one of it"),
            ("community_system:\n  metering: {place: community-1, zh: a, en: a}\n", "this name is taken"),
            ("community_system:\n  Big-1: {place: community-1, zh: a, en: a}\n", "instances.yaml:2"),
            ("community_system:\n  one: {place: community-1, zh: a}\n", "instances.yaml:2"),
            ("community_system:\n  one: {place: '', zh: a, en: a}\n", "instances.yaml:2"),
            ("community_system:\n  one: {place: ' ', zh: a, en: a}\n", "instances.yaml:2"),
            ("communal_system:\n  one: {place: community-1, zh: a, en: a}\n", "the plan runs no such system"),
            (
                "building_system:\n  a: {place: building-1-1, zh: a, en: a}\n  b: {place: building-1-1, zh: a, en: a}\n",
                "the place building-1-1 has a already",
            ),
            *(
                (f"community_system:\n  {name}: {{place: community-1, zh: a, en: a}}\n", "this name is taken")
                for name in (
                    "broker",
                    "log",
                    "frontend",
                    "reply",
                    "alive",
                    "gateways",
                    "home",
                    "api",
                    "public",
                    "logs",
                    "log_metering",
                )
            ),
            ("community_system:\n  border-dmz: {place: community-1, zh: a, en: a}\n", "instances.yaml:2"),
        ],
    )
    def test_a_wrong_one_is_refused_by_what_and_where(self, tmp_path, plan, text, word):
        (tmp_path / FILE).write_text(text, encoding="utf-8")
        with pytest.raises(Invalid) as refused:
            compile_named(plan, home=tmp_path)
        assert word in " ".join(str(fault) for fault in refused.value.faults)

    def test_none_runs_each_system_once(self, tmp_path, plan):
        assert compile_named(plan, home=tmp_path).letters == compile_named(plan).letters
        assert read_instances(tmp_path).content.root == {}

    def test_a_city_without_such_places_runs_each_system_once(self, tmp_path, plan):
        write_instances(tmp_path, instances_of(compile_named(plan), {"places": PLACES[:1]}))
        assert Letter("data_pool", "payment_status", "building_system") in compile_named(plan, home=tmp_path).letters


def test_an_instance_without_a_place_is_told_of_nobody(compiled):
    """Whatever made it: what it may be told of people is what lies at a place that there is none of."""
    receiver = replace(compiled.systems["building_system_1_1"], place="")
    entry = compiled.whole.messages["payment_status"]
    (row,) = [compiled.whole.rows[way.rows[0]] for way in compiled.ways[receiver.id] if way.phrase == "payment_status"][:1]
    where = _where(entry, row, receiver)
    assert not {"", None} & set(where.values()) and where["building"] not in {place["id"] for place in PLACES}
    told = {"account_number": "GZ1", "status": "paid", "community": "", "building": "", "as_of": None}
    rows = pa.Table.from_pylist([told], schema=ROWS[PaymentStatusTold])
    with pytest.raises(Invalid):
        check_where(PaymentStatusTold(rows=rows), [where])


def test_a_system_of_the_contract_has_no_reserved_name(tmp_path):
    text = plan_path("contract").read_text(encoding="utf-8")
    contract = tmp_path / "contract.yaml"
    contract.write_text(
        text.replace("  heat_system: {", "  broker: {zh: x, en: x, party: heat}\n  heat_system: {"), encoding="utf-8"
    )
    report = check(plan=plan_path("two"), contract=contract, capabilities=facts_of(CAPABILITIES))
    line = text[: text.index("  heat_system: {")].count("\n") + 1
    assert ("name_reserved", line) in [(fault.key, fault.line) for fault in report.faults]
