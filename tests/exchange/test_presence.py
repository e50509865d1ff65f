"""Who is there: what a node makes of beats, and of what its own software does at its door."""

import pytest

from metropool.runtime.beats import MOST_BYTES, read_beat, write_beat
from metropool.runtime.callers import Callers
from metropool.runtime.presence import Beat, Known, Neighbours, Software, software_of


class Clock:
    """The machine's time, as told."""

    def __init__(self):
        self.at_s = 100.0

    def __call__(self):
        return self.at_s


def after(callers, clock, *, waits, away_s):
    """How the software is that asked for letters, got its answer, and has been away for so long."""
    with callers.calling():
        callers.listens(waits)
    clock.at_s += away_s
    return callers.software()


class TestSoftwareAtADoor:
    def test_is_unknown_until_it_comes(self):
        assert Callers(now_s=Clock()).software() is None

    @pytest.mark.parametrize(("waits", "away_s", "silent"), [(True, 5.5, False), (True, 6.0, True), (False, 3600.0, False)])
    def test_is_silent_once_it_stays_away_though_it_used_to_wait(self, waits, away_s, silent):
        clock = Clock()
        found = after(Callers(now_s=clock), clock, waits=waits, away_s=away_s)
        assert (found.age_s, found.is_silent) == (away_s, silent)

    def test_is_not_silent_while_a_call_of_it_is_open_however_old_that_is(self):
        clock = Clock()
        callers = Callers(now_s=clock)
        after(callers, clock, waits=True, away_s=10)
        with callers.calling():
            clock.at_s += 25
            assert callers.software() == Software(25.0)
        clock.at_s += 7
        assert callers.software() == Software(32.0, is_silent=True)


class TestNeighbours:
    def heard(self, *, marketing_ago_s=1.0, told):
        """The hub, which hears marketing, and what marketing told of others."""
        neighbours = Neighbours(frozenset({"marketing"}), since_s=0.0)
        neighbours.hear("marketing", Beat(neighbours=told), at_s=100.0 - marketing_ago_s)
        return neighbours

    def test_what_others_tell_grows_old_with_their_beat(self):
        told = {"ev_charging": Known("down", 7.0, Software(40.0, is_silent=True))}
        (found,) = self.heard(told=told).beyond("ev_charging", at_s=100.0)
        assert found == Known("down", 8.0, Software(41.0, is_silent=True))

    def test_of_whom_nobody_tells_and_what_somebody_who_is_gone_told_nothing_is_known(self):
        told = {"ev_charging": Known("up", 0.5)}
        assert self.heard(told=told).beyond("weather", at_s=100.0) == []
        assert self.heard(told=told, marketing_ago_s=6.0).beyond("ev_charging", at_s=100.0) == []

    def test_who_is_no_neighbour_is_not_heard(self):
        neighbours = self.heard(told={})
        neighbours.hear("stranger", Beat(Software(1.0)), at_s=100.0)
        assert "stranger" not in neighbours.heard_s
        assert list(neighbours.all_known(at_s=100.0)) == ["marketing"]

    def test_of_several_the_software_that_is_silent_longest_speaks_for_all(self):
        found = [Known("up", 0.0, Software(age, is_silent=silent)) for age, silent in ((1.0, False), (9.0, True), (20.0, True))]
        assert software_of(found) == Software(20.0, is_silent=True)
        assert software_of(found[:1]) == Software(1.0)
        assert software_of([Known("up")]) is None


class TestABeat:
    def test_with_nothing_to_tell_is_empty(self):
        assert write_beat(Beat()) == b""
        assert read_beat(b"") == Beat()

    def test_comes_as_it_was_told(self):
        beat = Beat(
            Software(3.5, is_silent=True), {"ev_charging": Known("unheard", None, Software(1.0)), "metering": Known("up", 0.2)}
        )
        assert read_beat(write_beat(beat)) == beat

    @pytest.mark.parametrize(
        "data",
        [
            b"probe",
            b"[]",
            b'{"software": {"age_s": -1}}',
            b'{"software": {"age_s": 1e300}}',
            b'{"neighbours": {"metering": {"presence": "well"}}}',
            b'{"neighbours": {"metering": 1}}',
            b'{"software": null, "x": "' + b"a" * MOST_BYTES + b'"}',
        ],
    )
    def test_that_nobody_understands_tells_nothing(self, data):
        assert read_beat(data) == Beat()
