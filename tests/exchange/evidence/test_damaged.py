"""A book that was touched is still exported, with what is there: the file itself tells which record is the first that is wrong."""

import pytest
from sqlalchemy import delete, text, update

from exchange.evidence.books import lines_of, records
from metropool.exchange.evidence import Broken, Evidence
from metropool.exchange.evidence.export import first_missing
from metropool.exchange.evidence.tables import evidence, evidence_key, evidence_root
from metropool.exchange.evidence.verify import verify
from metropool.runtime.evidence import examine_audit

FIRST = {
    "removed 1": 1,
    "removed 8": 8,
    "removed 12": 12,
    "root 1": 1,
    "root 2": 8,
}
REMOVED = {
    "removed 1": delete(evidence).where(evidence.c.number == 1),
    "removed 8": delete(evidence).where(evidence.c.number == 8),
    "removed 12": delete(evidence).where(evidence.c.number == 12),
    "root 1": delete(evidence_root).where(evidence_root.c.number == 1),
    "root 2": delete(evidence_root).where(evidence_root.c.number == 2),
}


def touch(node, statement):
    with node.database.unit() as connection:
        connection.execute(statement)


@pytest.mark.parametrize("what", REMOVED)
def test_what_was_removed_is_named_by_the_file(signed, what):
    node, _ = signed
    touch(node, REMOVED[what])
    report = verify(lines_of(node))
    assert (report.system, report.fault.number) == ("marketing", FIRST[what])
    assert str(FIRST[what]) in report.fault.sentence.said("zh")


def test_a_root_of_one_record_that_is_gone_still_goes_out(signed):
    """Nothing asked for lies under that root any more: it is what tells that something did."""
    node, _ = signed
    touch(node, delete(evidence).where(evidence.c.number > 7))
    report = verify(lines_of(node))
    assert (report.fault.number, "missing" in str(report.fault)) == (8, True)


@pytest.mark.parametrize("gone", [1, 2, 7])
def test_a_letter_whose_root_covers_a_record_that_is_gone_cannot_be_proved(signed, gone):
    node, _ = signed
    letter = records(node)[2]["letter"]
    touch(node, delete(evidence).where(evidence.c.number == gone))
    with node.database.snapshot() as connection:
        assert first_missing(connection) == gone
    report = verify(lines_of(node, letter=letter))
    assert (report.fault.kind, report.fault.number) == ("altered", 3)


def test_a_letter_whose_root_is_gone_cannot_be_proved(signed):
    node, _ = signed
    letter = records(node)[2]["letter"]
    touch(node, delete(evidence_root).where(evidence_root.c.number == 1))
    assert verify(lines_of(node, letter=letter)).fault.kind == "withheld"


NONSENSE = {
    "salt": (update(evidence).where(evidence.c.number == 3).values(salt="zz"), 3),
    "record": (update(evidence).where(evidence.c.number == 3).values(record="{"), 3),
    "hash": (update(evidence).where(evidence.c.number == 3).values(hash="人"), 3),
    "bytes": (text("UPDATE evidence SET record = x'00' WHERE number = 3"), 3),
    "no text": (text("UPDATE evidence SET record = CAST(x'ff' AS TEXT) WHERE number = 3"), 3),
    "leaf": (update(evidence).where(evidence.c.number == 3).values(leaf="zz"), None),
    "root": (update(evidence_root).where(evidence_root.c.number == 2).values(root="{"), 8),
    "newest root": (update(evidence_root).where(evidence_root.c.number == 3).values(root="[]"), 9),
    "signature": (update(evidence_root).where(evidence_root.c.number == 1).values(signature="人"), 1),
    "key": (update(evidence_key).values(public="人"), 1),
    "term": (update(evidence_key).values(since="yesterday"), 1),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_in_a_book_is_a_sentence_and_no_crash(signed, what):
    node, _ = signed
    statement, first = NONSENSE[what]
    touch(node, statement)
    with node.database.snapshot() as connection:
        context = node.context(connection)
        right, fault = Evidence(context).examine()
        touched = examine_audit(context)[1]
    if first:
        assert (right < first, fault is not None) == (True, True)
    assert all(each is None or set(each.both()) == {"zh", "en"} for each in (fault, touched))
    try:
        assert (verify(lines_of(node)).fault is None) == (first is None)
    except Broken as broken:
        assert broken.number == 1
