"""Each letter leaves one record at each end, in the unit that sends or takes it in, and nothing in the book can be changed unseen."""

import asyncio
import json
from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, text, update

from exchange.evidence.books import ALLOWED, NOW, exchange, lines_of, open_books, records, sign, status_of
from metropool.access.audit import Audit
from metropool.access.tables import audit
from metropool.core.identifiers import SeededIds
from metropool.exchange.envelope import digest, to_bytes
from metropool.exchange.evidence import Evidence
from metropool.exchange.evidence.tables import evidence, evidence_key, evidence_root
from metropool.exchange.evidence.verify import verify
from metropool.exchange.memory import MemoryBroker
from metropool.runtime.evidence import cover, examine_audit
from metropool.storage.suites import ED25519, draw_secret, signing_key


def examine(node):
    with node.database.snapshot() as connection:
        return Evidence(node.context(connection)).examine()


def roots(node):
    with node.database.snapshot() as connection:
        return list(Evidence(node.context(connection)).roots())


def note(node, *actions):
    with node.database.unit() as connection:
        for action in actions:
            Audit(connection, 0).note(actor="a", action=action, on="x", outcome="done")


def told(node):
    return [json.loads(row["record"]) for row in records(node)]


class TestRecord:
    def test_both_ends_say_the_same_of_a_letter(self, nodes):
        speaker, listener = nodes
        speaker.write_now("speaker", lambda work: work.tell(status_of("A", "B"), key="k"))
        ((_, envelope),) = speaker.unsent(limit=1)
        exchange(*nodes)
        (sent,), (received,) = told(speaker), told(listener)
        ends = ("number", "system", "direction", "outcome")
        assert {name: value for name, value in sent.items() if name not in ends} == {
            name: value for name, value in received.items() if name not in ends
        }
        assert sent["sha256"] == digest(to_bytes(envelope))
        assert (sent["bytes"], sent["rows"]) == (len(to_bytes(envelope)), 2)
        assert (sent["sender_party"], sent["receiver_party"], sent["under"]) == ("grid", "meter_operator", "transition 2.9")
        assert (sent["direction"], sent["outcome"]) == ("sent", "receipted")
        assert (received["direction"], received["outcome"]) == ("received", "taken")

    @pytest.mark.parametrize("seed", range(5))
    def test_there_is_one_at_each_end_whatever_the_network_does(self, nodes, seed):
        speaker, listener = nodes
        broker = MemoryBroker(allowed=ALLOWED, chance=SeededIds(seed), lose=0.4, repeat=0.4)

        async def run():
            out, into = broker.exchange("marketing"), broker.exchange("metering")
            for number in range(20):
                speaker.write_now("speaker", lambda work, number=number: work.tell(status_of("A"), key=f"{number}"))
            while waiting := speaker.unsent(limit=3):
                sent = await asyncio.gather(*(out.deliver(envelope) for _, envelope in waiting), return_exceptions=True)
                receipts = [(number, got) for (number, _), got in zip(waiting, sent, strict=True) if isinstance(got, int)]
                await speaker.mark_sent(receipts + receipts)
                sign(*nodes)
            for delivery in await into.fetch(limit=1000, wait_s=0):
                await listener.receive(delivery)

        asyncio.run(run())
        sign(*nodes)
        letters = [sorted(record["letter"] for record in told(node)) for node in nodes]
        assert letters[0] == letters[1]
        assert len(set(letters[0])) == len(letters[0]) == 20
        assert verify(lines_of(*nodes)).fault is None

    def test_what_is_parked_leaves_one_of_the_bytes_that_came(self, nodes):
        _, listener = nodes
        broker = MemoryBroker(allowed=ALLOWED, chance=SeededIds(1))
        bad = b"\xc1 no envelope"
        broker.streams["metering"] = [("marketing", "payment_status", bad)]

        async def run():
            for _ in range(2):
                broker.waiting["metering"] = [0]
                for delivery in await broker.exchange("metering").fetch(limit=1, wait_s=0):
                    await listener.receive(delivery)

        asyncio.run(run())
        (record,) = told(listener)
        assert (record["outcome"], record["sha256"], record["bytes"], record["rows"]) == ("parked", digest(bad), len(bad), 0)
        sign(listener)
        assert verify(lines_of(listener)).fault is None

    def test_an_id_too_long_to_be_one_is_parked_and_does_not_swell_the_evidence(self, nodes):
        speaker, listener = nodes
        speaker.write_now("speaker", lambda work: work.tell(status_of("A"), key="k"))
        ((_, envelope),) = speaker.unsent(limit=1)
        broker = MemoryBroker(allowed=ALLOWED, chance=SeededIds(1))
        broker.streams["metering"] = [
            ("marketing", "payment_status", to_bytes(envelope).replace(envelope.id.encode(), b"x" * 32))
        ]
        broker.streams["metering"].append(("marketing", "payment_status", to_bytes(replace(envelope, id="x" * 500_000))))
        broker.waiting["metering"] = [0, 1]

        async def run():
            for delivery in await broker.exchange("metering").fetch(limit=2, wait_s=0):
                await listener.receive(delivery)

        asyncio.run(run())
        assert [(record["outcome"], len(record["letter"]) < 64) for record in told(listener)] == [
            ("taken", True),
            ("parked", True),
        ]

    def test_a_unit_that_fails_leaves_none(self, tmp_path):
        speaker, listener = open_books(tmp_path, "marketing"), open_books(tmp_path, "metering")

        def fail(*, work, message):
            raise OSError("the disk went away before the commit")

        (host,) = listener.hosted.values()
        kind = next(iter(host.capability.consumes))
        host.capability.consumes[kind] = fail
        try:
            with pytest.raises(OSError, match="went away"):
                exchange(speaker, listener, "A")
        finally:
            host.capability.consumes[kind] = lambda *, work, message: None
        assert (len(told(speaker)), told(listener)) == (1, [])
        speaker.close()
        listener.close()


class TestRoot:
    def test_there_is_none_when_nothing_is_new(self, signed):
        before = [roots(node) for node in signed]
        sign(*signed)
        assert [roots(node) for node in signed] == before
        assert [(root.first, root.last) for root in before[0]] == [(1, 7), (8, 8), (9, 12)]

    def test_the_audit_alone_moves_it(self, signed):
        node, _ = signed
        note(node, "one")
        sign(node)
        newest = roots(node)[-1]
        assert (newest.first, newest.last, newest.audit.number) == (13, 12, 1)
        assert examine(node) == (12, None)
        assert verify(lines_of(node)).fault is None

    def test_its_time_never_goes_back_when_the_clock_does(self, signed):
        node, other = signed
        node.clock.time -= timedelta(hours=3)
        exchange(node, other, "late")
        sign(node)
        assert roots(node)[-1].at == NOW
        assert verify(lines_of(node)).fault is None

    def test_a_new_key_signs_on_and_what_the_old_one_signed_still_holds(self, signed):
        node, other = signed
        node.clock.advance(timedelta(days=1))
        exchange(node, other, "new")
        cover(node, signing_key(ED25519, draw_secret(ED25519)))
        with node.database.snapshot() as connection:
            old, new = Evidence(node.context(connection)).keys()
        assert (old.since, old.until) == (NOW, NOW + timedelta(days=1, seconds=1))
        assert (new.since, new.until) == (NOW + timedelta(days=1), None)
        assert examine(node) == (13, None)


def grip(column):
    return text(f"replace({column}, 'grid', 'grip')")


TAMPERINGS = {
    "altered": (update(evidence).where(evidence.c.number == 3).values(record=grip("record")), 2),
    "salted": (update(evidence).where(evidence.c.number == 3).values(salt="0" * 32), 2),
    "removed": (delete(evidence).where(evidence.c.number == 3), 2),
    "end removed": (delete(evidence).where(evidence.c.number == 12), 11),
    "root removed": (delete(evidence_root).where(evidence_root.c.number == 2), 7),
    "root altered": (update(evidence_root).where(evidence_root.c.number == 3).values(root=grip("root")), 8),
    "signature": (update(evidence_root).where(evidence_root.c.number == 1).values(signature="00"), 0),
    "key": (delete(evidence_key), 0),
}


class TestTouched:
    @pytest.mark.parametrize("what", TAMPERINGS)
    def test_is_found_and_the_records_before_it_still_hold(self, signed, what):
        node, _ = signed
        assert examine(node) == (12, None)
        statement, right = TAMPERINGS[what]
        with node.database.unit() as connection:
            connection.execute(statement)
        assert examine(node)[0] == right
        assert examine(node)[1]

    def test_an_audit_written_anew_is_not_what_the_roots_saw(self, signed):
        node, _ = signed
        note(node, "one", "two")
        sign(node)
        note(node, "three")
        sign(node)
        with node.database.snapshot() as connection:
            assert examine_audit(node.context(connection)) == (3, None)
        with node.database.unit() as connection:
            connection.execute(delete(audit))
            connection.execute(text("DELETE FROM audit_head"))
        note(node, "one", "something else", "three")
        with node.database.snapshot() as connection:
            assert Audit(connection, 0).examine() == (3, None)
            right, fault = examine_audit(node.context(connection))
        assert right == 0
        assert "rows 1 to 2 of the audit are not those that root 4" in str(fault)


def test_books_made_before_there_was_evidence_begin_with_what_comes(nodes):
    speaker, _ = nodes
    with speaker.database.unit() as connection:
        for table in (evidence, evidence_root, evidence_key):
            table.drop(connection)
    speaker.database.create([evidence.metadata])
    exchange(*nodes, "A")
    sign(*nodes)
    assert examine(speaker) == (1, None)
