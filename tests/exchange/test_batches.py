"""What is larger than a letter comes in parts that say what whole they are of: any order, twice, killed, lost, changed, forged."""

import asyncio
import random
from datetime import timedelta
from hashlib import sha256

import msgspec
import pyarrow as pa
import pytest
from sqlalchemy import event, func, select

from exchange.test_node import ALLOWED, LISTENER, NOW, SPEAKER, accounts, make_node, note_status, status_of
from exchange.test_same_id import delivery_of
from metropool.core.errors import Invalid, NotFound
from metropool.core.identifiers import PartyId, SeededIds, SystemId, derived_id
from metropool.exchange import batches, parts
from metropool.exchange.batches import inbox_batch, inbox_part
from metropool.exchange.capability import Capability, Release
from metropool.exchange.envelope import MAX_BYTES, Part, Step, from_bytes, open_envelope, to_bytes
from metropool.exchange.memory import MemoryBroker
from metropool.exchange.messages import ROWS, PaymentStatusTold
from metropool.plan.compiled import Route
from metropool.runtime import intake
from metropool.runtime.batch_health import batch_lines
from metropool.runtime.letters import Letter
from metropool.runtime.node import Hosted
from metropool.runtime.parked import cause_of
from metropool.runtime.passing import passed_on
from metropool.runtime.releasing import still_leaving

COUNT = 80
WIDE = MAX_BYTES // 32
"""Characters of an account number: few rows that are many bytes."""


def day(count=COUNT, prefix="A", **more):
    columns = {
        "account_number": [f"{prefix}{number:0{WIDE}}" for number in range(count)],
        "status": ["paid"] * count,
        "as_of": [NOW] * count,
        "community": [None] * count,
        "building": [None] * count,
    }
    return PaymentStatusTold(rows=pa.table({**columns, **more}, schema=ROWS[PaymentStatusTold]))


@pytest.fixture
def pair(tmp_path):
    made = make_node(tmp_path, "marketing", SPEAKER), make_node(tmp_path, "metering", LISTENER)
    yield made
    for node in made:
        node.close()


def told(speaker, message=None, key="day"):
    """The letters of a day that was told."""
    speaker.write_now("speaker", lambda work: work.tell(message or day(), key=key))
    return [envelope for _, envelope in speaker.unsent(limit=100)]


def come(node, *envelopes):
    for position, envelope in enumerate(envelopes, 1):
        asyncio.run(node.receive(delivery_of(envelope, position)))


def short(node):
    """Parts that came and all there are, of each batch that is not whole."""
    return [(one.came, one.of) for one in intake.short_in(node, limit=99).oldest]


def reasons(node):
    return [row["reason"] for row in intake.parked_in(node)]


def changed(envelope, **part):
    """A letter of an id of its own that says something else of its part."""
    said = msgspec.structs.replace(envelope.part, **part)
    return msgspec.structs.replace(envelope, id=derived_id(envelope.id, str(said)), part=said)


def kept(node, table):
    with node.database.snapshot() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


class TestTelling:
    def test_each_part_says_which_it_is_of_how_many_and_what_all_are_together(self, pair):
        letters = told(pair[0])
        of = len(letters)
        assert of > 4 and [letter.part.number for letter in letters] == list(range(1, of + 1))
        digests = b"".join(sha256(letter.body).digest() for letter in letters)
        expected = {(letters[0].id, of, sha256(digests).hexdigest())}
        assert {(letter.part.batch, letter.part.of, letter.part.whole) for letter in letters} == expected

    def test_a_letter_that_is_no_part_is_the_same_bytes_as_ever(self, pair):
        (letter,) = told(pair[0], status_of("A1"))
        assert letter.part is None
        assert set(msgspec.msgpack.decode(to_bytes(letter))) == {
            *("id", "phrase", "kind", "version", "sender", "receiver", "at", "body")
        }

    def test_who_does_not_know_of_parts_takes_them_as_letters(self, pair):
        class Before(msgspec.Struct):
            id: str
            body: bytes

        letter = told(pair[0])[1]
        assert msgspec.msgpack.decode(to_bytes(letter), type=Before).body == letter.body

    def test_a_key_that_was_said_is_not_said_again_with_more_parts(self, pair):
        first = told(pair[0], day(COUNT // 2))
        assert len(first) > 1
        assert [letter.id for letter in told(pair[0], day())] == [letter.id for letter in first]

    def test_no_other_key_is_that_of_a_part(self, pair):
        told(pair[0])
        every = told(pair[0], status_of("own"), key="day#1")
        assert len({letter.id for letter in every}) == len(every) == len([one for one in every if one.part]) + 1

    def test_too_many_parts_are_refused_before_anything_is_told(self, pair, monkeypatch):
        monkeypatch.setattr(parts, "MOST_PARTS", 3)
        with pytest.raises(Invalid, match="more than 3 parts"):
            told(pair[0])
        assert pair[0].unsent(limit=9) == []


class TestHearing:
    @pytest.mark.parametrize("seed", range(3))
    def test_is_whole_once_whatever_the_network_does(self, pair, seed):
        speaker, listener = pair
        letters = told(speaker)
        broker = MemoryBroker(allowed=ALLOWED, chance=SeededIds(seed), repeat=0.5)
        out, into = broker.exchange("marketing"), broker.exchange("metering")

        async def run():
            for letter in letters:
                await out.deliver(letter)
            while found := await into.fetch(limit=2, wait_s=0):
                for delivery in found:
                    await listener.receive(delivery)

        asyncio.run(run())
        assert accounts(listener) == COUNT and short(listener) == [] and reasons(listener) == []
        assert (kept(listener, inbox_batch), kept(listener, inbox_part)) == (1, 0)

    @pytest.mark.parametrize("again", [False, True])
    def test_parts_that_share_a_commit_count_each_and_one_number_once(self, pair, again):
        speaker, listener = pair
        letters = told(speaker)
        same = [changed(letters[1], whole="")] if again else []
        deliveries = [delivery_of(one, place) for place, one in enumerate([*letters[:3], *same, *letters[3:]], 1)]
        if again:
            with pytest.raises(Invalid, match="came in another letter"):
                asyncio.run(listener.receive_all(deliveries[:4]))
            assert (short(listener), accounts(listener)) == ([], 0)
            with pytest.raises(Invalid, match="came in another letter"), listener.database.unit() as connection:
                batches.Batches(connection).note([letters[1], changed(letters[1], batch=letters[0].id)], now=NOW)
        else:
            asyncio.run(listener.receive_all(deliveries[:2]))
            assert short(listener) == [(2, len(letters))]
            asyncio.run(listener.receive_all(deliveries))
            assert (short(listener), accounts(listener)) == ([], COUNT)

    def test_a_lost_part_is_seen_until_it_is_sent_again(self, pair, tmp_path):
        speaker, listener = pair
        first, lost, *rest = told(speaker)
        come(listener, *rest, first)
        assert short(listener) == [(len(rest) + 1, len(rest) + 2)]
        (one,) = intake.short_in(listener, limit=9).oldest
        assert (one.sender, one.speaker, one.phrase, one.since) == ("marketing", "marketing", "payment_status", NOW)
        listener.close()
        again = make_node(tmp_path, "metering", LISTENER)
        try:
            assert short(again) == [(len(rest) + 1, len(rest) + 2)]
            come(again, lost)
            assert short(again) == [] and accounts(again) == COUNT
        finally:
            again.close()

    @pytest.mark.parametrize("seed", range(4))
    def test_killed_anywhere_in_a_unit_nothing_is_half_counted(self, pair, seed):
        """The power is off at a statement drawn from the seed, again and again: every letter is handed over anew until it is done."""
        speaker, listener = pair
        letters, chance = told(speaker), random.Random(seed)
        left = [chance.randint(1, 12)]

        def fall(*_):
            left[0] -= 1
            if not left[0]:
                left[0] = chance.randint(1, 12) if chance.random() < 0.7 else 40
                raise OSError("the power went off")

        event.listen(listener.database._writer, "before_cursor_execute", fall)
        waiting = chance.sample(letters, len(letters))
        for _ in range(500):
            if not waiting:
                break
            try:
                come(listener, waiting[0])
                waiting.pop(0)
            except OSError:
                waiting.append(waiting.pop(0))
        event.remove(listener.database._writer, "before_cursor_execute", fall)
        come(listener, *letters)
        assert (accounts(listener), short(listener), reasons(listener)) == (COUNT, [], [])

    def test_a_part_that_was_altered_is_set_aside_with_what_is_wrong(self, pair):
        speaker, listener = pair
        *before, last = told(speaker)
        altered = msgspec.structs.replace(before[1], body=msgspec.msgpack.encode({"type": "PaymentStatusTold", "rows": b""}))
        other = told(speaker, status_of("forged"), key="other")[-1]
        altered = msgspec.structs.replace(altered, body=other.body)
        come(listener, before[0], altered, *before[2:], last)
        (reason,) = reasons(listener)
        assert f"part {last.part.number} of {last.part.of} of the batch {last.part.batch}: all have come" in reason
        assert last.part.whole in reason and short(listener) == [(len(before), len(before) + 1)]
        with pytest.raises(Invalid, match="together not what they say"):
            intake.replay_now(listener, last.id, by="ann")

    @pytest.mark.parametrize(
        ("forged", "sign"),
        [
            ({"number": 0}, "there is no such part"),
            ({"number": -1}, "there is no such part"),
            ({"number": 99}, "there is no such part"),
            ({"number": 2, "of": 1 << 40}, "more than 10000 parts"),
            ({"number": 2, "of": 3}, "it began as one of"),
            ({"number": 2, "whole": "0" * 64}, "another digest of the whole"),
            ({"number": 2, "whole": "x"}, "is no SHA-256"),
            ({"number": 1}, "came in another letter"),
        ],
    )
    def test_what_cannot_be_a_part_is_set_aside_and_spoils_nothing(self, pair, forged, sign):
        speaker, listener = pair
        letters = told(speaker)
        come(listener, letters[0], changed(letters[1], **forged))
        (reason,) = reasons(listener)
        assert sign in reason and short(listener) == [(1, len(letters))]
        come(listener, *letters[1:])
        assert short(listener) == [] and accounts(listener) == COUNT
        come(listener, changed(letters[1], number=2, whole=""))
        assert any("all its parts have come" in reason for reason in reasons(listener))

    def test_a_batch_of_another_s_name_is_another_batch(self, pair):
        _, listener = pair
        whole = parts.whole_of(["0" * 64, "1" * 64])
        (letter,) = told(pair[0], status_of("A1"))
        of_one = [
            msgspec.structs.replace(
                letter, id=f"{name}", sender=name, through=through, part=Part(batch="x", number=1, of=of, whole=whole)
            )
            for of, (name, through) in enumerate(
                [
                    ("water", ()),
                    ("gas", ()),
                    ("pool", (Step(system="water", letter="w"),)),
                    ("pool", (Step(system="gas", letter="g"),)),
                ],
                2,
            )
        ]
        with listener.database.unit() as connection:
            batches.Batches(connection).note(of_one, now=NOW)
        assert sorted(of for _, of in short(listener)) == [2, 3, 4, 5]

    def test_a_part_that_could_not_be_taken_in_counts_once_it_is(self, pair):
        speaker, listener = pair
        first, *rest = told(speaker)

        def stumble(*, work, message):
            raise KeyError("not thought of")

        consumes = {PaymentStatusTold: stumble}
        listener.hosted = {"listener": Hosted(Capability(name="listener", consumes=consumes), rows=())}
        come(listener, first)
        assert short(listener) == []
        consumes[PaymentStatusTold] = note_status
        come(listener, *rest)
        assert short(listener) == [(len(rest), len(rest) + 1)]
        intake.replay_now(listener, first.id, by="ann")
        assert short(listener) == [] and accounts(listener) == COUNT

    def test_what_nobody_waits_for_any_longer_takes_effect_all_the_same(self, pair):
        speaker, listener = pair
        first, *rest = told(speaker)
        come(listener, *rest)
        (one,) = intake.short_in(listener, limit=9).oldest
        intake.wait_no_longer(listener, one.name, by="ann")
        assert short(listener) == [] and kept(listener, inbox_part) == 0
        come(listener, first)
        assert short(listener) == [] and reasons(listener) == [] and accounts(listener) == COUNT
        with pytest.raises(NotFound):
            intake.wait_no_longer(listener, one.name, by="ann")

    def test_how_many_are_not_whole_is_bounded_for_each_that_begins_them(self, pair, monkeypatch):
        _, listener = pair
        monkeypatch.setattr(batches, "MOST_OPEN", 2)
        (letter,) = told(pair[0], status_of("A1"))
        with listener.database.unit() as connection:
            for name in "ab":
                batches.Batches(connection).note(
                    [msgspec.structs.replace(letter, part=Part(batch=name, number=1, of=2))], now=NOW
                )
            third = msgspec.structs.replace(letter, part=Part(batch="c", number=1, of=2))
            with pytest.raises(Invalid, match="2 batches of marketing that are not whole are enough"):
                batches.Batches(connection).note([third], now=NOW)
            batches.Batches(connection).note([msgspec.structs.replace(third, sender="gas")], now=NOW)


class TestOnTheWay:
    """Through systems that pass on, and past guards that hold something back."""

    def onward(self, letters, route):
        """What a relay called ``metering`` makes of letters."""
        made = [Letter(delivery_of(one), one, open_envelope(one), ()) for one in letters]
        return [
            from_bytes(to_bytes(one))
            for letter in made
            for one in passed_on(letter, [route], system=SystemId("metering"), at=NOW)
        ]

    def test_what_is_passed_on_as_it_came_is_the_same_batch(self, pair, tmp_path):
        speaker, _ = pair
        letters = told(speaker)
        route = Route(phrase="payment_status", receiver=SystemId("bank"), receiver_party=PartyId("bank"))
        passed = self.onward(letters, route)
        assert [one.part for one in passed] == [one.part for one in letters]
        bank = make_node(tmp_path, "bank", LISTENER)
        try:
            come(bank, *passed[1:])
            assert short(bank) == [(len(letters) - 1, len(letters))]
            assert intake.short_in(bank, limit=1).oldest[0].speaker == "marketing"
            come(bank, passed[0])
            assert short(bank) == [] and accounts(bank) == COUNT and reasons(bank) == []
        finally:
            bank.close()

    def test_of_what_only_some_rows_go_on_nobody_has_told_a_batch(self, pair):
        letters = told(pair[0], day(building=["b1", "b2"] * (COUNT // 2), community=["c"] * COUNT))
        where = {"building": "b1"}
        route = Route(phrase="payment_status", receiver=SystemId("bank"), receiver_party=PartyId("bank"), where=where)
        passed = self.onward(letters, route)
        assert len(passed) == len(letters) and all(one.part is None for one in passed)
        assert sum(open_envelope(one).rows.num_rows for one in passed) == COUNT // 2

    def test_a_part_of_which_something_was_held_back_counts_and_proves_nothing(self, pair, tmp_path):
        _, listener = pair
        less = day(9, prefix="L")

        def may_leave(*, work, message, way):
            return less if work.held and message.rows["account_number"][0].as_py().endswith("0000") else message

        def ignore(**_):
            return

        work_of = {"held": lambda context: held[0]}
        held = [False]
        guard = Capability(
            name="speaker",
            produces=(PaymentStatusTold,),
            keeps=work_of,
            releases={PaymentStatusTold: Release(may_leave=may_leave, told=ignore, withheld=ignore)},
        )
        speaker = make_node(tmp_path, "guarded", guard)
        try:
            told(speaker)
            held[0] = True
            leaving = [one for _, one in asyncio.run(still_leaving(speaker, speaker.unsent(limit=100)))]
            assert (leaving[0].part.less, leaving[0].part.whole) == (True, "")
            assert all(one.part.whole and not one.part.less for one in leaving[1:])
            come(listener, *leaving)
            assert short(listener) == [] and reasons(listener) == [] and accounts(listener) < COUNT
        finally:
            speaker.close()


class TestTold:
    """Where operators look."""

    def test_on_the_health_page_until_it_is_whole(self, pair):
        speaker, listener = pair
        first, *rest = told(speaker)
        assert batch_lines(listener) == []
        come(listener, *rest)
        (line,) = batch_lines(listener)
        assert line.state == "up" and f"{len(rest)} of {len(rest) + 1} parts since 2026-07-01 08:00" in line.detail.en
        assert f"收到 {len(rest)}/{len(rest) + 1} 部分" in line.detail.zh
        listener.clock.advance(timedelta(minutes=2))
        assert [line.state for line in batch_lines(listener)] == ["degraded"]
        come(listener, first)
        assert batch_lines(listener) == []

    def test_no_more_lines_than_one_can_read(self, pair):
        (letter,) = told(pair[0], status_of("A1"))
        with pair[1].database.unit() as connection:
            for name in "abcdefgh":
                of_two = msgspec.structs.replace(letter, part=Part(batch=name, number=1, of=2))
                batches.Batches(connection).note([of_two], now=NOW)
        lines = batch_lines(pair[1])
        assert len(lines) == 6 and lines[-1].detail.en == "and 3 more"

    def test_what_does_not_go_with_its_batch_has_a_cause_of_its_own(self):
        part = Part(batch="a fault", number=9, of=2)
        assert cause_of(f"{parts.named(part)}: there is no such part") == "batch"
