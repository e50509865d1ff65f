"""What a killed process had in hand comes later than what follows it: nothing is passed over (found by killing the writer)."""

from metropool.capabilities.metering.collection.backlog import Backlog
from metropool.exchange.ports import LogEntry


def entries(*sequences):
    return [LogEntry(sequence=number, part="readings", data=b"") for number in sequences]


def sequences(found):
    return [entry.sequence for entry in found]


def test_what_follows_a_missing_batch_waits_for_it():
    backlog = Backlog()
    backlog.add(entries(3, 4, 6))
    assert backlog.following(1, limit=12) == []
    backlog.add(entries(2))
    assert sequences(backlog.following(1, limit=12)) == [2, 3, 4]
    assert sequences(backlog.following(1, limit=2)) == [2, 3]
    backlog.drop(up_to=4)
    assert backlog.following(4, limit=12) == []
    assert backlog.oldest == 6


def test_repeats_of_what_is_in_effect_are_forgotten():
    backlog = Backlog()
    backlog.add(entries(1, 2))
    backlog.drop(up_to=2)
    assert backlog.oldest == 0
    assert backlog.following(2, limit=12) == []


def test_a_batch_that_never_comes_is_passed_over_only_when_the_others_came_again_and_again():
    backlog = Backlog()
    for _ in range(3):
        backlog.add(entries(5, 6))
        assert not backlog.misses_for_good(1)
        assert backlog.following(1, limit=12) == []
    backlog.add(entries(5))
    assert backlog.misses_for_good(1)
    assert sequences(backlog.following(1, limit=12)) == [5, 6]
