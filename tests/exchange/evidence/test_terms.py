"""A key may come back: each time it signs is a term of its own, in whatever order keys follow each other."""

from datetime import timedelta

import pytest

from exchange.evidence.books import NOW, exchange, key_of, lines_of
from metropool.core.errors import NotFound
from metropool.exchange.evidence import Evidence
from metropool.exchange.evidence.verify import verify
from metropool.runtime.evidence import cover

A, B = key_of("marketing"), key_of("another")


def keys_in(node):
    with node.database.snapshot() as connection:
        return Evidence(node.context(connection)).keys()


def examine(node):
    with node.database.snapshot() as connection:
        return Evidence(node.context(connection)).examine()


def sign_by_turns(nodes, keys, *, step):
    for number, key in enumerate(keys):
        exchange(*nodes, f"{nodes[0].clock.now()} {number}")
        cover(nodes[0], key)
        nodes[0].clock.advance(step)


@pytest.mark.parametrize("keys", [(A, B, A), (B, A, B), (A, B, A, B, A), (A, A, B, B, A)], ids=len)
@pytest.mark.parametrize("step", [timedelta(0), timedelta(hours=1)], ids=str)
def test_a_key_that_is_put_back_signs_on(nodes, keys, step):
    node = nodes[0]
    sign_by_turns(nodes, keys, step=step)
    turns = [key for before, key in zip((None, *keys), keys, strict=False) if key != before]
    assert sorted(key.id for key in keys_in(node)) == sorted(key.id for key in turns)
    assert [key.id for key in keys_in(node) if key.until is None] == [keys[-1].id]
    assert examine(node) == (len(keys), None)


def test_what_all_of_them_signed_is_verified_by_the_published_keys(nodes):
    node = nodes[0]
    sign_by_turns(nodes, (A, B, A), step=timedelta(hours=1))
    published = keys_in(node)
    assert verify(lines_of(node), pinned=published).fault is None
    for pinned in (published[::-1], [*published, *published]):
        assert verify(lines_of(node), pinned=pinned).fault is None
    assert verify(lines_of(node), pinned=[key for key in published if key.id != B.id]).fault.kind == "key"
    assert verify(lines_of(node), pinned=[key for key in published if key.since == NOW or key.id == B.id]).fault.kind == "term"


def test_between_its_terms_a_key_does_not_count(nodes):
    node = nodes[0]
    sign_by_turns(nodes, (A, B, A), step=timedelta(hours=1))
    first, second, third = keys_in(node)
    stolen = [second, third] if first.id == A.id else [first, third]
    assert verify(lines_of(node), pinned=stolen).fault.kind == "term"


def test_a_key_that_was_put_back_and_has_not_signed_again_writes_no_file(nodes):
    node = nodes[0]
    sign_by_turns(nodes, (A, B), step=timedelta(hours=1))
    with pytest.raises(NotFound, match="serve the system once"):
        lines_of(node)


def test_a_new_key_after_the_clock_was_set_back_leaves_what_was_signed_in_its_term(nodes):
    node = nodes[0]
    sign_by_turns(nodes, (A,), step=timedelta(hours=3))
    sign_by_turns(nodes, (A,), step=-timedelta(hours=9))
    sign_by_turns(nodes, (B, A), step=timedelta(minutes=1))
    assert examine(node) == (4, None)
    assert verify(lines_of(node)).fault is None
