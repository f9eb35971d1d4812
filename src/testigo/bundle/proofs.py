"""Receipts for readers: where an entry of a bundle's ledger stands, as a file that proves it offline.

Rules of this module
--------------------
1. It trusts the bundle's tiles: checking a bundle is :mod:`testigo.verify`'s work. A proof made here is checked by
   whoever holds it, against the log's key.
2. A checkpoint of an earlier release serves as long as this ledger continues it; one that it does not continue is of
   another log, and no proof is made for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from testigo.bundle.files import read_file
from testigo.errors import InputError, Problem
from testigo.ledger import (
    CHECKPOINT,
    ENTRIES,
    TILE_WIDTH,
    AtSize,
    Tile,
    Tree,
    make_proof_file,
    parse_checkpoint,
    parse_note,
    unpack_entries,
)

_LEDGER = "ledger"


class LedgerView:
    """The ledger of the bundle in ``root``, as far as readers of a site need it.

    Attributes:
        checkpoint: the signed checkpoint, byte for byte.
        size: number of entries.
        origin: the log's name.
        signers: names of the keys that signed or cosigned the checkpoint, as they stand there (nothing is verified).
        time: Unix seconds at which the log says it signed, or ``None``.

    Raises:
        InputError: there is no checkpoint, or it is not one.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.checkpoint = read_file(root, f"{_LEDGER}/{CHECKPOINT}", limit=1 << 20)
        note = parse_note(self.checkpoint)
        stated = parse_checkpoint(note.text)
        self.size = stated.head.size
        self.origin = stated.origin
        self.time = stated.time
        self.signers = tuple(dict.fromkeys(signature.name for signature in note.signatures))

    def read(self, path: str) -> bytes:
        """A file of the ledger (:class:`testigo.ledger.TileReader`)."""
        return read_file(self._root, f"{_LEDGER}/{path}")

    def entries(self) -> Iterator[bytes]:
        """Every entry, from 0, as the ledger holds it."""
        for start in range(0, self.size, TILE_WIDTH):
            tile = Tile(ENTRIES, start // TILE_WIDTH, min(TILE_WIDTH, self.size - start))
            yield from unpack_entries(self.read(tile.path), tile.width, tile.path)

    def proofs(self, checkpoint: bytes | None = None) -> Proofs:
        """Proofs at a checkpoint of this log: the bundle's own, or an earlier one.

        Raises:
            InputError: the checkpoint is malformed, newer than the bundle, or of a log that this one does not continue.
        """
        own = self.checkpoint if checkpoint is None else checkpoint
        stated = parse_checkpoint(parse_note(own).text)
        if stated.head.size > self.size or stated.origin != self.origin:
            raise _foreign(f"it has {stated.head.size} leaves of {stated.origin}")
        tree = Tree(AtSize(self, self.size), stated.head.size)
        if tree.head != stated.head:
            raise _foreign("the ledger's entries do not lead to its root")
        return Proofs(tree, own)


class Proofs:
    """Proofs at one signed checkpoint. ``size`` is the number of entries that it covers."""

    def __init__(self, tree: Tree, checkpoint: bytes) -> None:
        self._tree = tree
        self.checkpoint = checkpoint
        self.size = tree.size

    def file(self, index: int) -> bytes:
        """The ``.tlog-proof`` file of the entry at ``index``. Raises :class:`InputError` if it is not covered."""
        return make_proof_file(self._tree, index, self.checkpoint).encode()


def _foreign(what: str) -> InputError:
    return InputError(
        f"A checkpoint does not belong to this ledger: {what}.",
        "Keep both: if they carry the log's signature, they prove that the log was altered.",
        [Problem(f"{_LEDGER}/{CHECKPOINT}", 0, "", what)],
    )
