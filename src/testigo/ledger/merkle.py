"""The hashes of the Merkle tree (RFC 6962 section 2.1, RFC 9162 section 2.1).

Rules of this module
--------------------
1. A leaf is ``SHA-256(0x00 || entry)``, a node is ``SHA-256(0x01 || left || right)``: the prefixes keep anybody from
   passing a node off as a leaf (second preimage).
2. The tree is seen as rows. Row ``h`` of a tree of ``n`` leaves has ``ceil(n / 2**h)`` nodes; the last may stand for
   fewer than ``2**h`` leaves: a node without a right neighbour moves up unchanged. This is RFC 6962's recursive
   definition, read from the bottom.
3. Nothing here reads, writes or decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice

from testigo.errors import InputError

HASH_BYTES = 32
MAX_SIZE = 2**63 - 1
"""Largest number of leaves: what every implementation of the C2SP formats can hold."""

EMPTY_ROOT = sha256(b"").digest()
"""Root of the tree without leaves."""


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A state of a log: how many leaves, and the root hash over them (32 bytes)."""

    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise InputError(f"A log cannot have {self.size} leaves.", "The size is a whole number from 0 to 2^63-1.")
        if len(self.root) != HASH_BYTES:
            raise InputError(f"A root hash has 32 bytes, not {len(self.root)}.", "Fetch the checkpoint again.")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise InputError("The root of an empty log must be the hash of nothing.", "Fetch the checkpoint again.")


EMPTY_HEAD = TreeHead(0, EMPTY_ROOT)


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry, as it stands in the lowest row."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash over two neighbours of one row."""
    return sha256(b"\x01" + left + right).digest()


def row_above(row: Sequence[bytes]) -> list[bytes]:
    """The next row: pairs hashed together, a last node without neighbour moved up unchanged."""
    # Written flat, without node_hash: this is where a log of millions of leaves spends its time.
    above = [
        sha256(b"\x01" + left + right).digest()
        for left, right in zip(islice(row, 0, None, 2), islice(row, 1, None, 2), strict=False)
    ]
    if len(row) % 2:
        above.append(row[-1])
    return above


def root_of_hashes(hashes: Sequence[bytes]) -> bytes:
    """Merkle tree hash over a row of hashes (leaf hashes, or nodes of equal height save the last)."""
    if not hashes:
        return EMPTY_ROOT
    row = hashes
    while len(row) > 1:
        row = row_above(row)
    return row[0]
