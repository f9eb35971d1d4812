"""The hashes, against published values and the naive reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testigo.errors import InputError
from testigo.ledger import EMPTY_ROOT, TreeHead, leaf_hash, node_hash, root_of_hashes

# Source: transparency-dev/merkle, rfc6962/rfc6962_test.go (values can be made with sha256sum).
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
EMPTY_LEAF = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
LEAF_L123456 = "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
NODE_N123_N456 = "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


def test_published_hashes() -> None:
    assert EMPTY_ROOT.hex() == root_of_hashes([]).hex() == EMPTY
    assert leaf_hash(b"").hex() == EMPTY_LEAF
    assert leaf_hash(b"L123456").hex() == LEAF_L123456
    assert node_hash(b"N123", b"N456").hex() == NODE_N123_N456


def test_a_node_cannot_be_passed_off_as_a_leaf() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right) != node_hash(right, left)


@pytest.mark.parametrize("size", range(70))
def test_every_small_root_is_that_of_the_recursive_definition(size: int, naive_tree: Any, entries_of: Any) -> None:
    entries = entries_of(size)
    assert root_of_hashes([leaf_hash(entry) for entry in entries]) == naive_tree(entries).root()


@given(st.lists(st.binary(max_size=20), max_size=600))
def test_every_root_is_that_of_the_recursive_definition(naive_tree: Any, entries: list[bytes]) -> None:
    assert root_of_hashes([leaf_hash(entry) for entry in entries]) == naive_tree(entries).root()


@pytest.mark.parametrize(
    ("size", "root"), [(-1, EMPTY_ROOT), (2**63, EMPTY_ROOT), (1, b"short"), (0, leaf_hash(b"not empty"))]
)
def test_an_impossible_state_is_refused(size: int, root: bytes) -> None:
    with pytest.raises(InputError):
        TreeHead(size, root)
