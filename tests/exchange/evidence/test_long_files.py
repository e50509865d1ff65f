"""A file is verified as it is read: how long it is costs time, not memory."""

import tracemalloc
from collections.abc import Iterator

from msgspec.structs import replace

from exchange.evidence.books import NOW, key_of
from metropool.exchange.evidence.lines import write_line
from metropool.exchange.evidence.objects import (
    Anchor,
    Asked,
    Heading,
    PublicKey,
    Record,
    Root,
    content_of,
    leaf_of,
    sign_heading,
    sign_root,
)
from metropool.exchange.evidence.trail import START
from metropool.exchange.evidence.verify import verify
from metropool.storage.chain import GENESIS, link
from metropool.storage.merkle import Tree
from metropool.storage.suites import ED25519


def lines(count: int) -> Iterator[bytes]:
    """One section of so many records under one root, made as it is read."""
    key = key_of("marketing")
    common = {"system": "marketing", "party": "grid", "suite": ED25519, "key": key.id}
    public = PublicKey(system="marketing", party="grid", id=key.id, suite=ED25519, public=key.public, since=NOW, until=None)
    span = {"first_root": 1, "last_root": 1, "shown": count, "made_at": NOW, "sections": ["marketing"], "keys": [public]}
    heading = Heading(format=1, kind="range", asked=Asked(), before=START, **span, **common)
    yield write_line(heading=content_of(heading), signature=sign_heading(heading, key))
    names = dict.fromkeys(("letter", "phrase", "kind", "sender", "sender_party", "receiver", "receiver_party", "under"), "x")
    counts = dict.fromkeys(("version", "bytes", "rows", "position", "number"), 1)
    ends = {"direction": "sent", "outcome": "receipted", "sha256": GENESIS, "at": NOW, "system": "marketing"}
    record, tree, chained = Record(**names, **counts, **ends), Tree(), GENESIS
    for number in range(1, count + 1):
        content = content_of(replace(record, number=number))
        leaf = leaf_of("0" * 32, content)
        tree.add(leaf)
        chained = link(chained, leaf)
        yield write_line(hash=chained, number=number, record=content, salt="0" * 32)
    heads = {"root": tree.root().hex(), "hash": chained, "previous": GENESIS, "audit": Anchor(number=0, hash=GENESIS)}
    root = Root(number=1, first=1, last=count, at=NOW, **heads, **common)
    yield write_line(root=content_of(root), signature=sign_root(root, key))


def test_a_long_file_takes_no_more_memory_than_a_short_one():
    peaks = []
    for count in (100, 4000):
        tracemalloc.start()
        assert verify(lines(count)).fault is None
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000
