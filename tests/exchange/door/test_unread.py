"""A door beside other work: what is done without its software is kept for it only while it has a key."""

import pytest

from exchange.door.city import opened
from metropool.exchange.described import example_of
from metropool.exchange.messages import HouseholdUsageTold
from metropool.exchange.plain import message_from

COMMUNITY = "community_system"


def usage():
    return message_from(HouseholdUsageTold, example_of(HouseholdUsageTold))


@pytest.fixture
def city(tmp_path):
    with opened(tmp_path, "one") as made:
        yield made


def tell(city, key):
    city.nodes["metering"].write_now("metering", lambda work: work.tell(usage(), key=key))
    city.announce("gas", title=key)
    city.carry()


def kept(city):
    letters = city.nodes[COMMUNITY].read_now("door", lambda work: work.letters.after(0, limit=99, most_bytes=1 << 20))
    return sorted(letter.envelope.phrase for letter in letters)


def test_nobody_has_a_key_so_only_what_nothing_else_takes_is_kept(city):
    tell(city, "before")
    assert kept(city) == ["gas_announcements"]
    city.key(COMMUNITY)
    tell(city, "after")
    assert kept(city) == ["gas_announcements", "gas_announcements", "household_meter_data"]
    assert city.parked(COMMUNITY) == []
