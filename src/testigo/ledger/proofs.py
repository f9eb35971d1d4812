"""Inclusion and consistency proofs: checking them (RFC 9162 sections 2.1.3.2 and 2.1.4.2), and making them from tiles.

Rules of this module
--------------------
1. Checking needs hashes only: no file, clock or key. Whoever checks has verified the checkpoints' signatures before.
2. A proof of the wrong length proves nothing, also when a part of it would.
3. An error says which statement did not hold, for that is what a newspaper will quote.
4. Making a proof reads O(log n) tiles, and hashes each once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from testigo.errors import InputError
from testigo.ledger.merkle import EMPTY_ROOT, HASH_BYTES, TreeHead, node_hash, root_of_hashes, row_above
from testigo.ledger.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile, TileReader, split_hashes, unpack_entries

_CACHED_TILES = 512  # about 20 MB: the edge of any log, and a long walk along its leaves


def verify_inclusion(leaf: bytes, index: int, head: TreeHead, proof: Sequence[bytes]) -> None:
    """Raise InputError unless ``leaf`` (a leaf hash) stands at ``index`` of the tree ``head``."""
    if not 0 <= index < head.size:
        raise InputError(f"Leaf {index} is not within a log of {head.size} leaves.", _ASK_INCLUSION)
    _check_hashes("inclusion", [leaf, *proof])
    node, last, current = index, head.size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise InputError("The inclusion proof is longer than the tree is high.", _ASK_INCLUSION)
        if node % 2 or node == last:
            current = node_hash(sibling, current)
            while node % 2 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise InputError("The inclusion proof ends below the root.", _ASK_INCLUSION)
    if current != head.root:
        raise InputError(
            f"The entry is not leaf {index} of this log: the inclusion proof does not lead to the checkpoint's root.",
            _ASK_INCLUSION,
        )


def verify_consistency(old: TreeHead, new: TreeHead, proof: Sequence[bytes]) -> None:
    """Raise InputError unless the tree ``new`` begins with all leaves of the tree ``old``, unchanged and in order."""
    _check_hashes("consistency", proof)
    if old.size > new.size:
        raise InputError(f"The log has shrunk from {old.size} to {new.size} leaves.", _KEEP_BOTH)
    if old.size in (0, new.size):
        if old.size and old.root != new.root:
            raise InputError(f"The log shows two different trees of {old.size} leaves: it has forked.", _KEEP_BOTH)
        if proof:
            raise InputError("This consistency proof must be empty and is not.", _ASK_CONSISTENCY)
        return
    _check_growth(old, new, proof)


def _check_growth(old: TreeHead, new: TreeHead, proof: Sequence[bytes]) -> None:
    """The general case, 0 < old.size < new.size. The proof rebuilds both roots at once."""
    node, last = old.size - 1, new.size - 1
    while node % 2:
        node, last = node >> 1, last >> 1
    # If the old tree is a complete subtree of the new one (node is 0), its root starts the path and is not sent.
    path = list(proof) if node else [old.root, *proof]
    if not path:
        raise InputError("The consistency proof is empty.", _ASK_CONSISTENCY)
    old_root = new_root = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise InputError("The consistency proof is longer than the tree is high.", _ASK_CONSISTENCY)
        if node % 2 or node == last:
            old_root, new_root = node_hash(sibling, old_root), node_hash(sibling, new_root)
            while node % 2 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            new_root = node_hash(new_root, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise InputError("The consistency proof ends below the root.", _ASK_CONSISTENCY)
    if old_root != old.root:
        raise InputError(f"The proof does not lead to the earlier root, of {old.size} leaves.", _KEEP_BOTH)
    if new_root != new.root:
        raise InputError(f"The proof does not lead to the later root, of {new.size} leaves.", _KEEP_BOTH)


class Tree:
    """A log of ``size`` leaves seen through its tiles. It trusts them: compare :attr:`root` with a signed checkpoint.

    ``reader`` must hold the tiles of exactly this size; wrap it in :class:`AtSize` if its log has grown since.
    """

    def __init__(self, reader: TileReader, size: int) -> None:
        self.size = size
        self._reader = reader
        self._cache: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()
        self._root: bytes | None = None

    @property
    def root(self) -> bytes:
        """Root hash, from the partial tiles alone."""
        if self._root is None:
            self._root = fold_edge(self._hashes(tile) if tile.width else [] for tile in edge_of(self.size))
        return self._root

    @property
    def head(self) -> TreeHead:
        """Size and root."""
        return TreeHead(self.size, self.root)

    def entry(self, index: int) -> bytes:
        """The entry at ``index``, from its bundle."""
        self._check_index(index)
        number, place = divmod(index, TILE_WIDTH)
        tile = Tile(ENTRIES, number, min(TILE_WIDTH, self.size - number * TILE_WIDTH))
        return unpack_entries(self._reader.read(tile.path), tile.width, tile.path)[place]

    def leaf(self, index: int) -> bytes:
        """The leaf hash at ``index``."""
        self._check_index(index)
        return self._node(0, index)

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Hashes from the leaf's sibling up to the root's child (RFC 6962 section 2.1.1)."""
        self._check_index(index)
        return self._path_up(0, index)

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """Proof that this tree extends the tree of its first ``old_size`` leaves (RFC 6962 section 2.1.2)."""
        if not 0 <= old_size <= self.size:
            raise InputError(f"A log of {self.size} leaves has no earlier state of {old_size}.", _ASK_CONSISTENCY)
        if old_size in (0, self.size):
            return []
        height, node = 0, old_size - 1
        while node % 2:
            height, node = height + 1, node >> 1
        # node 0 is the whole old tree: whoever checks has its root already.
        return ([self._node(height, node)] if node else []) + self._path_up(height, node)

    def _path_up(self, height: int, node: int) -> list[bytes]:
        proof: list[bytes] = []
        last = (self.size - 1) >> height
        while last:
            sibling = node ^ 1
            if sibling <= last:  # a last node without neighbour moves up unchanged
                proof.append(self._node(height, sibling))
            height, node, last = height + 1, node >> 1, last >> 1
        return proof

    def _node(self, height: int, index: int) -> bytes:
        """The node ``index`` of row ``height``, also if it stands for fewer than 2**height leaves."""
        if (index + 1) << height <= self.size:
            level, row = divmod(height, TILE_HEIGHT)
            number, place = divmod(index, TILE_WIDTH >> row)
            return self._rows(level, number)[row][place]
        left, right = 2 * index, 2 * index + 1
        if right << (height - 1) >= self.size:
            return self._node(height - 1, left)
        return node_hash(self._node(height - 1, left), self._node(height - 1, right))

    def _rows(self, level: int, number: int) -> list[list[bytes]]:
        """The eight rows of a tile. In a partial tile, incomplete nodes stand last and are never asked for."""
        key = (level, number)
        rows = self._cache.get(key)
        if rows is None:
            count = self.size >> (TILE_HEIGHT * level)
            rows = [self._hashes(Tile(level, number, min(TILE_WIDTH, count - number * TILE_WIDTH)))]
            while len(rows) < TILE_HEIGHT:
                rows.append(row_above(rows[-1]))
            self._cache[key] = rows
            if len(self._cache) > _CACHED_TILES:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(key)
        return rows

    def _hashes(self, tile: Tile) -> list[bytes]:
        return split_hashes(self._reader.read(tile.path), tile.width, tile.path)

    def _check_index(self, index: int) -> None:
        if not 0 <= index < self.size:
            raise InputError(f"Leaf {index} is not within a log of {self.size} leaves.", _ASK_INCLUSION)


def edge_of(size: int) -> list[Tile]:
    """The partial tile of every level from 0 upwards; width 0 where a level has only full tiles."""
    edge: list[Tile] = []
    count = size
    while count:
        number, width = divmod(count, TILE_WIDTH)
        edge.append(Tile(len(edge), number, width))
        count = number
    return edge


def fold_edge(edge: Iterable[Sequence[bytes]]) -> bytes:
    """Root of a tree from the hashes of its partial tiles, level 0 first.

    What a level leaves over (fewer leaves than a tile) stands at the right end of the level above.
    """
    carry: list[bytes] = []
    for hashes in edge:
        row = [*hashes, *carry]
        carry = [root_of_hashes(row)] if row else []
    return carry[0] if carry else EMPTY_ROOT


def _check_hashes(kind: str, hashes: Sequence[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise InputError(f"The {kind} proof holds a hash of {len(value)} bytes instead of 32.", "Fetch it again.")


_ASK_INCLUSION = "Ask for the proof again, at a checkpoint that holds the entry."
_ASK_CONSISTENCY = "Ask for the proof again, between exactly these two checkpoints."
_KEEP_BOTH = "Keep both checkpoints: if they carry the log's signature, they prove that the log was altered."
