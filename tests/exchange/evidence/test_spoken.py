"""What is exchanged otherwise than by letter is in the same book, under the same roots, in the same files."""

import asyncio
import json
import time
from dataclasses import replace

import pytest
from sqlalchemy import text

from exchange.evidence.books import exchange, key_of, lines_of, open_books, records, sign
from exchange.evidence.spoken import asked, heard, ordered, told
from metropool.exchange.envelope import digest
from metropool.exchange.evidence import Evidence, Listing
from metropool.exchange.evidence.lines import read_line
from metropool.exchange.evidence.verify import verify
from metropool.runtime.evidence import sign_evidence

WAYS = {
    ("marketing", "payment_order", "payment_channel"): "U.2t",
    ("payment_channel", "payment_notice", "marketing"): "U.2t",
    ("user_app", "resident_payment", "marketing"): "U.1t",
    ("marketing", "home_commands", "home_gateway"): "8.4.1",
    ("marketing", "payment_status", "metering"): "2.9",
}
PARTIES = {
    "marketing": "grid",
    "metering": "meter_operator",
    "payment_channel": "outside",
    "user_app": "resident",
    "home_gateway": "resident",
}
LISTING = Listing(plan="transition", parties=PARTIES, rows=WAYS)
ALL = (told("P1"), heard("P1"), asked("GZ1", "row"), ordered("c1"))
ENDS = {
    "payment_order": ("marketing", "payment_channel", "transition U.2t", "receipted"),
    "payment_notice": ("payment_channel", "marketing", "transition U.2t", "taken"),
    "resident_payment": ("user_app", "marketing", "transition U.1t", "taken"),
    "home_commands": ("marketing", "home_gateway", "transition 8.4.1", "told"),
}


@pytest.fixture
def pair(tmp_path):
    nodes = open_books(tmp_path, "marketing", listing=LISTING), open_books(tmp_path, "metering")
    yield nodes
    for node in nodes:
        node.close()


@pytest.fixture
def book(pair):
    """A letter, then one exchange of every other kind, under one root."""
    exchange(*pair, "A")
    attest(pair[0], *ALL)
    sign(pair[0])
    return pair[0]


def attest(node, *those):
    node.write_now("speaker", lambda work: work.attest(*those))


def kept(node):
    return [json.loads(row["record"]) for row in records(node)]


def test_each_says_who_said_what_to_whom_under_which_row(book):
    letter, *others = kept(book)
    assert not {"medium", "key", "answer"} & set(letter), "a letter's record is what it always was"
    for record, spoken in zip(others, ALL, strict=True):
        ends = (record["sender"], record["receiver"], record["under"], record["outcome"])
        assert ends == ENDS[spoken.phrase]
        assert (record["sender_party"], record["receiver_party"]) == (PARTIES[ends[0]], PARTIES[ends[1]])
        assert (record["medium"], record["key"], record["kind"]) == (spoken.medium, spoken.key, spoken.kind)
        assert (record["sha256"], record["bytes"]) == (digest(spoken.data), len(spoken.data))
        assert record.get("answer") == (digest(spoken.answer) if spoken.answer else None)


def test_a_repeat_leaves_no_second_record_and_another_of_the_key_one(book):
    before = len(kept(book))
    attest(book, *ALL, *ALL)
    assert len(kept(book)) == before
    attest(book, asked("GZ1", "another row"), replace(told("P1"), kind="POST /refunds"), told("P2"))
    assert len(kept(book)) == before + 3


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_one_that_was_touched_is_named(book, number):
    lines = lines_of(book)
    assert verify(lines).fault is None
    for old, new in (
        (b'"under":"transition', b'"under":"transitiom'),
        (b'"sha256":"', b'"sha256":"0'),
        (b'"key":"', b'"key":"x'),
    ):
        changed = [
            line.replace(old, new) if (read_line(line).number, bool(read_line(line).record)) == (number, True) else line
            for line in lines
        ]
        assert changed != lines
        report = verify(changed)
        assert (report.system, report.fault.number) == ("marketing", number)
    with book.database.unit() as connection:
        connection.execute(text(f"UPDATE evidence SET record = replace(record, '\"key\"', '\"kex\"') WHERE number = {number}"))
    with book.database.snapshot() as connection:
        assert Evidence(book.context(connection)).examine()[0] == number - 1


def test_what_was_exchanged_with_a_party_is_shown_alone_and_one_by_its_path(book):
    for party, shown in (("outside", {"http": 2}), ("resident", {"http": 1, "mqtt": 1}), ("meter_operator", {"letter": 1})):
        report = verify(lines_of(book, party=party))
        assert (report.fault, report.sections[0].media) == (None, shown)
    for record in kept(book)[1:]:
        report = verify(lines_of(book, letter=record["letter"]))
        assert (report.fault, report.sections[0].media) == (None, {record["medium"]: 1})


def test_a_unit_that_fails_leaves_none(book):
    def fail(work):
        work.attest(told("P9"))
        raise OSError("the disk went away before the commit")

    with pytest.raises(OSError, match="went away"):
        book.write_now("speaker", fail)
    assert len(kept(book)) == 1 + len(ALL)


def test_each_is_under_a_root_within_a_second(pair):
    node = pair[0]

    def covered():
        with node.database.snapshot() as connection:
            root = Evidence(node.context(connection)).last_root()
        return root[0].last if root else 0

    async def run():
        signing, longest = asyncio.create_task(sign_evidence(node, key_of("marketing"))), 0.0
        for number, spoken in enumerate(ALL, start=1):
            await node.write("speaker", lambda work, spoken=spoken: work.attest(spoken))
            began = time.monotonic()
            for _ in range(1000):
                if covered() == number:
                    break
                await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - began)
        signing.cancel()
        return longest

    assert asyncio.run(run()) < 1.0 + 1.0, "a machine with other work to do may add a second"
