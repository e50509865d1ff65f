"""Letters of a right sender with anything in them: each is taken in, known already, or parked with its reason; none stops a system."""

import asyncio
import random
from datetime import date
from functools import partial

import msgspec
import pyarrow as pa
import pytest
from sqlalchemy import select

from exchange.test_node import LISTENER, NOW, accounts, make_node, status_of, told
from metropool.core.errors import Invalid, Unavailable
from metropool.core.identifiers import SystemId
from metropool.exchange.capability import Capability
from metropool.exchange.envelope import open_envelope, rows_of, seal, to_bytes
from metropool.exchange.evidence.tables import evidence
from metropool.exchange.messages import ROWS, CustomersTold, PaymentStatusTold, check_rows
from metropool.exchange.outbox import inbox
from metropool.exchange.ports import Delivery
from metropool.exchange.streams import LETTER, Bounds, read_stream, rows_in
from metropool.runtime.node import Hosted

EPOCH = date(1970, 1, 1).toordinal()
DEEP = b"\x91" * 200_000 + b"\x01"


@pytest.fixture
def node(tmp_path):
    made = make_node(tmp_path, "metering", LISTENER)
    yield made
    made.close()


def letter(number=0, **changed):
    names = {"phrase": "payment_status", "sender": SystemId("marketing"), "receiver": SystemId("metering")}
    sealed = seal(message=status_of(f"A{number}"), key=f"{number}", at=NOW, **names)
    return msgspec.structs.replace(sealed, **changed)


def body(rows):
    return msgspec.msgpack.encode({"type": "PaymentStatusTold", "rows": rows})


def stream(table, compression="zstd"):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def receive(node, data, position=1):
    acknowledged = []

    async def done():
        acknowledged.append(position)

    async def later(_):
        raise AssertionError("it is not the machine that is at fault")

    asyncio.run(node.receive(Delivery(data, "marketing", "payment_status", position, attempt=1, done=done, later=later)))
    assert acknowledged == [position]


def kept(node):
    with node.database.snapshot() as connection:
        return [tuple(row) for row in connection.execute(select(inbox.c.id, inbox.c.outcome, inbox.c.reason))]


def damaged(chance, data):
    """Bytes with some of them another, gone, or twice."""
    parts = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(parts))
        what = chance.randrange(4)
        if what == 0:
            parts[at] = chance.randrange(256)
        elif what == 1:
            parts[at] ^= 1 << chance.randrange(8)
        elif what == 2:
            del parts[at : at + chance.randint(1, 9)]
        else:
            parts[at:at] = parts[at : at + chance.randint(1, 9)]
    return bytes(parts)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_was_damaged_nothing_is_raised_and_each_leaves_its_trace(node, seed):
    chance = random.Random(seed)
    for number in range(150):
        of = letter(number)
        rows = msgspec.msgpack.decode(of.body)["rows"]
        data = (
            partial(lambda of, rows: to_bytes(msgspec.structs.replace(of, body=body(damaged(chance, rows)))), of, rows),
            partial(lambda of: to_bytes(msgspec.structs.replace(of, body=damaged(chance, of.body))), of),
            partial(lambda of: damaged(chance, to_bytes(of)), of),
        )[number % 3]()
        receive(node, data, position=number + 1)
    rows = kept(node)
    assert len(rows) == 150 and all(outcome == "done" or reason for _, outcome, reason in rows)
    assert accounts(node) == sum(outcome == "done" for _, outcome, _ in rows) < 75
    assert not any("a fault of ours" in (reason or "") for _, _, reason in rows)


@pytest.mark.parametrize(
    ("what", "sign"),
    [
        (body(None), "the body is no"),
        (body(7), "the body is no"),
        (body(["x"]), "the body is no"),
        (DEEP, "the body is no"),
        (b"\x81\xa4rows" + DEEP, "the body is no"),
        (b"\x82\xa4type\xb1PaymentStatusTold\xa4more" + DEEP, "the body is no"),
        (b"", "the body is no"),
    ],
)
def test_a_body_that_is_none_is_parked_with_its_reason(node, what, sign):
    receive(node, to_bytes(letter(body=what)))
    ((name, outcome, reason),) = kept(node)
    assert (name, outcome) == (letter().id, "parked") and sign in reason
    with node.database.snapshot() as connection:
        assert connection.execute(select(evidence.c.letter)).scalars().all() == [letter().id]


@pytest.mark.parametrize("data", [b"\x81\xa4more" + DEEP, DEEP, b"", to_bytes(letter(id="a\0b")), to_bytes(letter(id="x" * 129))])
def test_an_envelope_that_is_none_is_parked_under_where_it_came(node, data):
    receive(node, data)
    ((name, outcome, reason),) = kept(node)
    assert (name, outcome) == ("unreadable-metering-1", "parked") and "not an envelope" in reason


def test_a_fault_that_quotes_without_end_is_kept_in_short(node):
    with pytest.raises(Invalid):
        open_envelope(letter(body=body(stream(pa.table({"\0" * 9000: [1]})))))
    receive(node, to_bytes(letter(body=body(stream(pa.table({"\0" * 9000: [1]}))))))
    ((_, _, reason),) = kept(node)
    assert len(reason) == 1000 and "\0" not in reason


@pytest.mark.parametrize("fault", [Unavailable("full"), OSError("gone"), MemoryError()])
def test_what_is_missing_while_it_is_taken_in_is_no_fault_of_the_letter(node, fault):
    def stumble(*, work, message):
        raise fault

    node.hosted = {"listener": Hosted(Capability(name="listener", consumes={PaymentStatusTold: stumble}), rows=())}
    with pytest.raises(type(fault)):
        receive(node, to_bytes(letter()))
    assert kept(node) == []
    assert told.name == "told"


@pytest.mark.parametrize("kind", [str, bytearray, list])
def test_rows_are_bytes_and_never_the_name_of_a_file(node, tmp_path, kind):
    file = tmp_path / "rows.arrow"
    file.write_bytes(stream(status_of("A1").rows))
    rows = {str: str(file), bytearray: bytearray(file.read_bytes()), list: [1]}[kind]
    with pytest.raises(Invalid, match="no Arrow stream"):
        read_stream(rows)
    of = letter(body=body(str(file)))
    with pytest.raises(Invalid, match="the body is no"):
        open_envelope(of)
    assert rows_of(of) == 0
    receive(node, to_bytes(of))
    assert [outcome for _, outcome, _ in kept(node)] == ["parked"] and accounts(node) == 0


MANY = pa.table({"n": pa.array([0] * 2_000_000, pa.int64())})
PARTS = pa.table({"n": pa.chunked_array([pa.array([0] * 100_000, pa.int64())] * 3)})


@pytest.mark.parametrize(
    "data",
    [
        stream(MANY),
        stream(MANY, "lz4"),
        stream(PARTS),
        stream(pa.table({f"n{number}": MANY["n"][:200_000] for number in range(12)})),
        stream(pa.table({"n": pa.nulls(1 << 30)})),
        stream(pa.table({"n": pa.ListArray.from_arrays([0, 1 << 25], pa.nulls(1 << 25))})),
        stream(pa.table({"n": pa.array([{}] * 300_000, pa.struct([]))})),
    ],
    ids=["rows", "lz4", "batches", "bytes", "nulls", "nulls in a list", "nothing in a row"],
)
def test_a_small_stream_that_opens_to_a_large_table_is_refused_unread(node, data):
    assert len(data) < 120_000
    before = pa.total_allocated_bytes()
    for read in (read_stream, rows_in):
        with pytest.raises(
            Invalid, match=r"\d+ rows, \d+ bytes when opened is more than a message may have \(250000 rows, 16777216 bytes\)"
        ):
            read(data)
    assert pa.total_allocated_bytes() <= before
    receive(node, to_bytes(letter(body=body(data))))
    ((_, outcome, reason),) = kept(node)
    assert outcome == "parked" and "more than a message may have" in reason


def test_what_is_within_its_bounds_is_read_whole():
    chance, schema = random.Random(7), ROWS[PaymentStatusTold]
    rows = [{"account_number": f"A{chance.randrange(1 << 60)}", "status": "paid", "as_of": NOW} for _ in range(20_000)]
    table = pa.Table.from_pylist(rows, schema=schema)
    for compression in ("zstd", "lz4", None):
        data = stream(table, compression)
        assert read_stream(data).equals(table) and rows_in(data) == 20_000
    assert rows_in(stream(table.slice(0, 0))) == 0
    with pytest.raises(Invalid, match="20000 rows"):
        read_stream(stream(table), Bounds(rows=19_999, bytes=LETTER.bytes))
    with pytest.raises(Invalid, match="when opened"):
        read_stream(stream(table, None), Bounds(rows=20_000, bytes=100_000))


def test_dictionaries_have_no_place_in_a_letter():
    with pytest.raises(Invalid, match="a dictionary has no place"):
        read_stream(stream(pa.table({"n": pa.array(["A"] * 9).dictionary_encode()})))


@pytest.mark.parametrize("day", [date(1, 1, 1).toordinal() - EPOCH - 1, 1 << 30, -(1 << 31)])
def test_a_day_that_no_calendar_has_is_refused(day):
    schema = ROWS[CustomersTold]
    columns = {field.name: pa.array(["x"]) for field in schema if pa.types.is_string(field.type)}
    columns |= {name: pa.array([day], pa.int32()).cast(pa.date32()) for name in ("valid_from", "valid_to")}
    table = pa.table({name: columns[name] for name in schema.names}, schema=schema)
    with pytest.raises(Invalid, match="no day of the calendar in valid_from, valid_to"):
        check_rows(CustomersTold(rows=table))
    instants = pa.array([max(min(day * 86_400_000_000, 1 << 62), -1 << 62)], pa.int64()).cast(
        ROWS[PaymentStatusTold].field("as_of").type
    )
    rows = status_of("A1").rows
    with pytest.raises(Invalid, match="no day of the calendar in as_of"):
        check_rows(PaymentStatusTold(rows=rows.set_column(rows.schema.get_field_index("as_of"), "as_of", instants)))
