"""What a terminal keeps of what it refused until its head-end has confirmed to know."""

import json

from cityinabox.codec.sealed import Count, unpacked
from cityinabox.journal import Journal, Record
from cityinabox.refused import AGAIN_MAX_S, AGAIN_S, EVERY_S, ON_RECORD_MAX, Refusals


def read(content):
    return int.from_bytes(content[:8], "big"), unpacked(content[8:])


def refusals(folder, journal=None):
    return Refusals("t1", Record(folder / "record.jsonl"), journal)


def test_one_report_of_everything_since_the_one_before(tmp_path):
    kept = refusals(tmp_path)
    assert kept.due_s() is None
    for reason, counter in (("altered", 1 << 63), ("repeated", 4), ("repeated", 9)):
        kept.note(reason, counter)
    assert kept.due_s() <= 0.0
    assert read(kept.report(100.0)) == (1, [Count("altered", 1, 1 << 63, 1 << 63), Count("repeated", 2, 4, 9)])
    assert len((tmp_path / "record.jsonl").read_text().splitlines()) == 3


def test_it_is_said_again_word_for_word_until_its_own_number_is_confirmed_and_more_waits_for_the_next(tmp_path):
    kept = refusals(tmp_path)
    kept.note("altered", 1)
    first = kept.report(100.0)
    kept.note("expired", 2)
    kept.confirmed((2).to_bytes(8, "big"))
    kept.confirmed(b"")
    assert kept.due_s() == 100.0 + AGAIN_S
    assert kept.report(103.0) == first
    kept.confirmed(first[:8])
    assert kept.due_s() == 103.0 + EVERY_S, "about one a second"
    assert read(kept.report(104.0)) == (2, [Count("expired", 1, 2, 2)])
    kept.confirmed((2).to_bytes(8, "big"))
    assert kept.due_s() is None


def test_patience_grows_up_to_a_minute_and_begins_anew_on_the_next_link(tmp_path):
    kept, at_s, pauses = refusals(tmp_path), 0.0, []
    kept.note("altered", 1)
    for _ in range(7):
        kept.report(at_s)
        pauses.append(kept.due_s() - at_s)
        at_s = kept.due_s()
    assert pauses == [3.0, 6.0, 12.0, 24.0, 48.0, 60.0, 60.0]
    assert AGAIN_MAX_S == 60.0
    number = kept.begin()
    assert kept.due_s() < at_s
    assert kept.link == number
    assert kept.begin() == number + 1, "reports go to the newest connection"


def test_numbers_and_sums_outlive_the_process(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        kept = refusals(tmp_path, journal)
        kept.note("bad_answer")
        first = kept.report(5.0)
        kept.note("repeated", (1 << 64) - 1)
        kept.keep()
    with Journal(tmp_path / "j.sqlite") as journal:
        kept = refusals(tmp_path, journal)
        assert kept.report(1.0) == first
        kept.confirmed(first[:8])
    with Journal(tmp_path / "j.sqlite") as journal:
        kept = refusals(tmp_path, journal)
        assert read(kept.report(1.0)) == (2, [Count("repeated", 1, (1 << 64) - 1, (1 << 64) - 1)])
        kept.confirmed((2).to_bytes(8, "big"))
        assert refusals(tmp_path, journal).due_s() is None


def test_a_flood_is_counted_whole_though_not_each_is_on_record(tmp_path):
    kept = refusals(tmp_path)
    kept.begin()
    for number in range(ON_RECORD_MAX + 5):
        kept.note("repeated", number)
    rows = [json.loads(line) for line in (tmp_path / "record.jsonl").read_text().splitlines()]
    assert (len(rows), read(kept.report(0.0))[1][0].count) == (ON_RECORD_MAX, ON_RECORD_MAX + 5)
    kept.begin()
    kept.note("repeated", 1)
    assert len((tmp_path / "record.jsonl").read_text().splitlines()) == ON_RECORD_MAX + 1
