"""Rows of a household leave to another organisation only while it agrees: asked when they are told, and again before they are sent."""

import asyncio
from datetime import timedelta

import pyarrow as pa
import pytest

from exchange.government.town import DAY, NOW, opened
from metropool.access.consents import Consent, consent_id
from metropool.capabilities.sharing import consenting
from metropool.core.errors import Conflict, Invalid
from metropool.core.identifiers import PartyId, SystemId
from metropool.core.quantities import reading_type
from metropool.exchange.envelope import open_envelope
from metropool.exchange.messages import ROWS, ConsentChanged, HouseholdUsageTold
from metropool.plan.compiled import Route
from metropool.runtime.releasing import still_leaving

CLOUD = Route(
    phrase="household_meter_data", receiver=SystemId("cloud"), receiver_party=PartyId("third_party"), needs_consent=True
)
TODAY = NOW.date()


@pytest.fixture
def town(tmp_path):
    """A hub whose plan lets a third party hear household data, of who agrees."""
    with opened(tmp_path, "two") as made:
        hub = made.nodes[made.hub]
        hub.routes = {**hub.routes, "HouseholdUsageTold": (CLOUD,)}
        yield made


def change(town, home, state, *, receiver="third_party", purpose="energy_advice"):
    given = {"account": f"A-{home}", "receiver": receiver, "message": "household_meter_data", "purpose": purpose}
    given |= {"state": state, "by": "home1"}
    return town.nodes[town.hub].write_now("sharing", lambda work: consenting.change_consent(work=work, **given))[0]


def tell(town, *homes, day=TODAY + timedelta(days=1), key="k"):
    kind = reading_type("electricity_forward_register").id
    row = dict.fromkeys(ROWS[HouseholdUsageTold].names) | {"service": "electricity", "reading_type": kind, "version": 1}
    rows = [{**row, "usage_point": f"e-{home}", "business_date": day, "start": 0, "interval_s": 86_400} for home in homes]
    message = HouseholdUsageTold(rows=pa.Table.from_pylist(rows, schema=ROWS[HouseholdUsageTold]))
    town.nodes[town.hub].write_now("sharing", lambda work: work.tell(message, key=key))


def leaving(town):
    """Usage points in what would be sent now."""
    node = town.nodes[town.hub]
    waiting = asyncio.run(still_leaving(node, node.unsent(limit=100)))
    return [sorted(open_envelope(one).rows["usage_point"].to_pylist()) for _, one in waiting if one.phrase == CLOUD.phrase]


def recorded(town):
    return town.nodes[town.hub].read_now("sharing", lambda work: work.provisions.all(limit=99)[0])


def test_only_rows_of_who_agrees_leave(town):
    change(town, "east-1", "given")
    tell(town, "east-1", "east-2")
    assert leaving(town) == [["e-east-1"]]
    (given,) = recorded(town)
    assert (given.rows, given.subjects, given.receiver_party, given.purpose) == (1, 1, "third_party", "energy_advice")
    (seen,) = town.nodes[town.hub].read_now("sharing", lambda work: work.provisions.of_subjects(["A-east-1"]))
    assert seen.id == given.id


def test_nothing_leaves_where_nobody_agrees_or_another_was_agreed_to(town):
    change(town, "east-1", "given", receiver="somebody_else")
    tell(town, "east-1", "east-2")
    assert leaving(town) == []
    assert recorded(town) == []


def test_a_withdrawal_holds_for_what_waits(town):
    for home in ("east-1", "east-2"):
        change(town, home, "given")
    tell(town, "east-1", "east-2", key="both")
    tell(town, "east-1", key="one")
    assert leaving(town) == [["e-east-1", "e-east-2"], ["e-east-1"]]
    change(town, "east-1", "withdrawn")
    assert leaving(town) == [["e-east-2"]]
    assert sorted((one.rows, one.withheld_at is None) for one in recorded(town)) == [(0, False), (1, True)]
    of_them = town.nodes[town.hub].read_now("sharing", lambda work: work.provisions.of_subjects(["A-east-1"]))
    assert of_them == []


def test_given_again_covers_nothing_of_the_time_between(town):
    change(town, "east-1", "given")
    town.clock.advance(timedelta(hours=1))
    change(town, "east-1", "withdrawn")
    town.clock.advance(timedelta(days=2))
    change(town, "east-1", "given")
    for day in range(5):
        tell(town, "east-1", day=TODAY + timedelta(days=day), key=f"d{day}")
    node = town.nodes[town.hub]
    days = [
        open_envelope(one).rows["business_date"].to_pylist()[0] for _, one in node.unsent(limit=99) if one.phrase == CLOUD.phrase
    ]
    assert days == [TODAY + timedelta(days=3), TODAY + timedelta(days=4)]


def test_a_second_purpose_takes_nothing_from_what_the_first_covers(town):
    change(town, "east-1", "given")
    town.clock.advance(timedelta(days=3))
    change(town, "east-1", "given", purpose="home_services")
    tell(town, "east-1", day=TODAY + timedelta(days=2))
    assert leaving(town) == [["e-east-1"]]
    change(town, "east-1", "withdrawn")
    assert leaving(town) == []


def test_what_is_held_back_is_never_sent_and_forgotten(town):
    change(town, "east-1", "given")
    tell(town, "east-1")
    change(town, "east-1", "withdrawn")
    assert leaving(town) == []
    change(town, "east-1", "given")
    assert leaving(town) == []


def test_says_so_already_is_a_conflict(town):
    change(town, "east-1", "given")
    with pytest.raises(Conflict):
        change(town, "east-1", "given")
    change(town, "east-1", "withdrawn")
    versions = town.nodes[town.hub].read_now("sharing", lambda work: work.consents.of_account("A-east-1"))
    assert [(one.number, one.state) for one in versions] == [(2, "withdrawn"), (1, "given")]


def test_outside_software_of_the_residents_may_tell_it_in_any_order(town):
    wanted = consent_id("A-east-1", "third_party", "household_meter_data", "energy_advice")
    same = {"consent": wanted, "account": "A-east-1", "receiver": "third_party", "message": "household_meter_data"}
    same |= {"purpose": "energy_advice", "changed_at": NOW, "changed_by": "app"}

    def hear(**values):
        message = ConsentChanged(**{**same, **values})
        town.nodes[town.hub].write_now("sharing", lambda work: consenting.take_consent(work=work, message=message))

    hear(number=2, state="withdrawn")
    hear(number=1, state="given")
    tell(town, "east-1", day=DAY + timedelta(days=30))
    assert leaving(town) == []
    hear(number=3, state="given")
    live = town.nodes[town.hub].read_now(
        "sharing", lambda work: work.consents.live(receiver="third_party", message="household_meter_data")
    )
    assert isinstance(live["A-east-1"], Consent)
    with pytest.raises(Invalid):
        hear(number=4, state="given", account="A-east-2")


def test_a_way_that_needs_consent_is_shut_where_nobody_looks_after_it(town):
    node = town.nodes[town.hub]
    tell_as = next(name for name, host in node.hosted.items() if HouseholdUsageTold not in host.capability.releases)
    kind = reading_type("electricity_forward_register").id
    row = dict.fromkeys(ROWS[HouseholdUsageTold].names) | {"service": "electricity", "usage_point": "e-east-1"}
    rows = pa.Table.from_pylist([{**row, "reading_type": kind, "business_date": TODAY}], schema=ROWS[HouseholdUsageTold])
    node.write_now(tell_as, lambda work: work.tell(HouseholdUsageTold(rows=rows), key="x"))
    assert leaving(town) == []
