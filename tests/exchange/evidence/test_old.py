"""Files and books of before there were records of anything but letters, or headings that tell of all sections, verify and go on."""

import json
from pathlib import Path

import pytest
from sqlalchemy import insert

from exchange.evidence.books import exchange, lines_of, open_books, sign
from exchange.evidence.spoken import told
from metropool.exchange.evidence import Evidence
from metropool.exchange.evidence.lines import read_line
from metropool.exchange.evidence.tables import evidence, evidence_key, evidence_root
from metropool.exchange.evidence.verify import verify

DATA = Path(__file__).parent / "data"


def lines(name: str) -> list[bytes]:
    return (DATA / name).read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("name", "shown"), [("format-1.evidence", 5), ("format-1-letter.evidence", 1), ("format-2.evidence", 12)]
)
def test_a_file_of_then_is_verified_and_its_touched_record_named(name: str, shown: int) -> None:
    report = verify(lines(name))
    assert (report.fault, [found.media for found in report.sections]) == (None, [{"letter": shown}] * 2)
    record = next(at for at, line in enumerate(lines(name)) if read_line(line).record)
    number = json.loads(bytes(read_line(lines(name)[record]).record))["number"]
    touched = verify(line.replace(b'"rows":1', b'"rows":2') if at == record else line for at, line in enumerate(lines(name)))
    assert touched.fault is not None
    assert touched.fault.number == number


def test_a_book_of_then_opens_and_goes_on_with_every_kind(tmp_path: Path) -> None:
    node, other = open_books(tmp_path, "marketing"), open_books(tmp_path, "metering")
    with node.database.unit() as connection:
        for line in map(read_line, lines("format-1.evidence")):
            if line.heading and json.loads(bytes(line.heading))["system"] == "metering":
                break
            fill(connection, line)
    sign(node)
    with node.database.snapshot() as connection:
        assert Evidence(node.context(connection)).examine() == (5, None)
    node.write_now("speaker", lambda work: work.attest(told("P1")))
    exchange(node, other, "new")
    sign(node)
    report = verify(lines_of(node))
    assert (report.fault, report.sections[0].media) == (None, {"letter": 6, "http": 1})
    for each in (node, other):
        each.close()


def fill(connection, line) -> None:
    """Put a line of a file back into a book as it was kept."""
    if line.heading:
        (key,) = json.loads(bytes(line.heading))["keys"]
        row = {name: key[name] for name in ("id", "suite", "public")}
        connection.execute(insert(evidence_key).values(**row, since=key["since"].replace("Z", "+00:00"), until=None))
    elif line.root:
        root = json.loads(bytes(line.root))
        row = {name: root[name] for name in ("number", "first", "last")}
        connection.execute(insert(evidence_root).values(**row, root=bytes(line.root).decode(), signature=line.signature))
    else:
        record = json.loads(bytes(line.record))
        row = {name: record[name] for name in ("number", "direction", "letter", "sender_party", "receiver_party")}
        kept = {"at_us": 0, "record": bytes(line.record).decode(), "salt": line.salt, "leaf": "", "hash": line.hash}
        connection.execute(insert(evidence).values(**row, **kept))
