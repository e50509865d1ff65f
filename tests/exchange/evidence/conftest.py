"""Books with some evidence in them."""

import pytest

from exchange.evidence.books import exchange, open_books, sign


@pytest.fixture
def nodes(tmp_path):
    pair = open_books(tmp_path, "marketing"), open_books(tmp_path, "metering")
    yield pair
    for node in pair:
        node.close()


@pytest.fixture
def signed(nodes):
    """Two nodes after twelve letters under three roots: seven, one and four records."""
    for letters in (range(7), range(7, 8), range(8, 12)):
        exchange(*nodes, *(f"A{letter}" for letter in letters))
        sign(*nodes)
    return nodes
