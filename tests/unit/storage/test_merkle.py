"""Merkle roots and paths are those of RFC 6962, and a path proves its own leaf in its own place only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metropool.storage.merkle import EMPTY, Tree, leaf_hash, path_of, root_by_path

# The reference tree of Certificate Transparency (its tests of the log's Merkle tree): inputs, and the root of the first n.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(bytes.fromhex(text)) for text in INPUTS]
leaves = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


@pytest.mark.parametrize("size", range(1, 9))
def test_the_root_is_that_of_the_reference_tree(size):
    assert Tree(LEAVES[:size]).root().hex() == ROOTS[size - 1]


def test_no_leaves_have_the_root_of_nothing():
    assert Tree().root() == EMPTY


@given(leaves, st.data())
def test_a_path_leads_to_the_root(given_leaves, data):
    index = data.draw(st.integers(0, len(given_leaves) - 1))
    path = path_of(given_leaves, index)
    root = Tree(given_leaves).root()
    assert root_by_path(given_leaves[index], index=index, size=len(given_leaves), path=path) == root
    assert len(path) <= (len(given_leaves) - 1).bit_length()


@given(leaves, st.data())
def test_a_path_that_was_changed_leads_elsewhere(given_leaves, data):
    index = data.draw(st.integers(0, len(given_leaves) - 1))
    size, path, root = len(given_leaves), path_of(given_leaves, index), Tree(given_leaves).root()
    other = data.draw(st.binary(min_size=32, max_size=32).filter(lambda leaf: leaf != given_leaves[index]))
    assert root_by_path(other, index=index, size=size, path=path) != root
    assert root_by_path(given_leaves[index], index=index, size=size, path=[*path, other]) != root
    if path:
        assert root_by_path(given_leaves[index], index=index, size=size, path=path[:-1]) != root
