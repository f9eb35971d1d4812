"""Growing a log: from stored tiles and new entries to the files that change.

Rules of this module
--------------------
1. Pure: it reads through a :class:`TileReader` and returns bytes; whoever keeps the log writes them in one transaction.
2. The cost is O(new + log n): only the partial tiles of the right edge are read.
3. A damaged tree is not built upon: the tiles at the edge must lead to the root that was signed last, and the last
   entries must be those that were hashed.
4. A log never shrinks and never changes: there is no function for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from testigo.errors import InputError, Problem, WireError
from testigo.ledger.merkle import EMPTY_HEAD, TreeHead, leaf_hash, root_of_hashes
from testigo.ledger.proofs import Tree, edge_of, fold_edge
from testigo.ledger.tiles import ENTRIES, TILE_WIDTH, Tile, TileReader, pack_entries, split_hashes, unpack_entries


@dataclass(frozen=True, slots=True)
class Growth:
    """What an append changes.

    Attributes:
        old, head: the tree before and after. New entry ``i`` has the leaf index ``old.size + i``.
        leaf_hashes: of the new entries, in order.
        files: path -> bytes of every tile and bundle that is new.
        obsolete: paths of the earlier size's partial tiles that a larger file replaces. A log may delete them; a bundle
            of the new size must not hold them.
    """

    old: TreeHead
    head: TreeHead
    leaf_hashes: tuple[bytes, ...]
    files: dict[str, bytes]
    obsolete: tuple[str, ...]


def append(reader: TileReader, old: TreeHead, entries: Sequence[bytes]) -> Growth:
    """Append ``entries`` to the log whose tiles ``reader`` holds at the state ``old``.

    1. Read the edge and check that it leads to ``old.root``.
    2. Bundle the entries after those of the last bundle.
    3. Level by level: fill the last tile, start new ones, hand the roots of filled tiles to the level above.
    4. Fold the new edge into the new root.

    InputError if an entry is too long, or the stored tiles are not those of ``old``.
    """
    # 1
    edge = edge_of(old.size)
    kept = [split_hashes(reader.read(tile.path), tile.width, tile.path) if tile.width else [] for tile in edge]
    if fold_edge(kept) != old.root:
        raise _damaged("tile/0", f"the stored tiles do not lead to the root that was signed at {old.size} leaves")
    new = [leaf_hash(entry) for entry in entries]
    if not new:
        return Growth(old, old, (), {}, ())
    # 2
    files: dict[str, bytes] = {}
    obsolete: list[str] = []
    _grow_bundles(reader, old.size, kept[0] if kept else [], entries, files, obsolete)
    # 3
    level, row = 0, new
    while row:
        before = kept[level] if level < len(kept) else []
        start = (old.size >> (8 * level)) // TILE_WIDTH
        if before:
            obsolete.append(Tile(level, start, len(before)).path)
        rest, row = _grow_level(level, start, [*before, *row], files)
        kept[level : level + 1] = [rest]
        level += 1
    # 4
    head = TreeHead(old.size + len(new), fold_edge(kept))
    return Growth(old, head, tuple(new), files, tuple(obsolete))


def _grow_level(level: int, start: int, row: list[bytes], files: dict[str, bytes]) -> tuple[list[bytes], list[bytes]]:
    """Write ``row`` as tiles from index ``start`` on; return the partial tile's hashes, and the full tiles' roots."""
    roots: list[bytes] = []
    rest: list[bytes] = []
    for at in range(0, len(row), TILE_WIDTH):
        hashes = row[at : at + TILE_WIDTH]
        files[Tile(level, start + at // TILE_WIDTH, len(hashes)).path] = b"".join(hashes)
        if len(hashes) == TILE_WIDTH:
            roots.append(root_of_hashes(hashes))
        else:
            rest = hashes
    return rest, roots


def _grow_bundles(
    reader: TileReader,
    size: int,
    last_leaves: Sequence[bytes],
    entries: Sequence[bytes],
    files: dict[str, bytes],
    obsolete: list[str],
) -> None:
    start, width = divmod(size, TILE_WIDTH)
    last: list[bytes] = []
    if width:
        path = Tile(ENTRIES, start, width).path
        last = unpack_entries(reader.read(path), width, path)
        if [leaf_hash(entry) for entry in last] != last_leaves:
            raise _damaged(path, "the stored entries are not those that were hashed")
        obsolete.append(path)
    together = [*last, *entries]
    for at in range(0, len(together), TILE_WIDTH):
        chunk = together[at : at + TILE_WIDTH]
        number = start + at // TILE_WIDTH
        files[Tile(ENTRIES, number, len(chunk)).path] = pack_entries(chunk, number * TILE_WIDTH)


def _damaged(path: str, what: str) -> InputError:
    return InputError(
        f"The log was not extended: {what} ({path}).",
        "Restore the log's files from a copy that verifies, then append again.",
        [Problem(path, 0, "", what)],
    )


class DictReader:
    """A :class:`TileReader` over a dictionary, path -> bytes."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def read(self, path: str) -> bytes:
        """A stored file; WireError if there is none of this path."""
        try:
            return self.files[path]
        except KeyError:
            raise WireError(f"The log has no file {path!r}.", "Read the tiles of the size that it has now.") from None


class MemoryLog(DictReader):
    """A log in a dictionary: for imports, tests and small bundles. :attr:`files` is what a bundle's ``ledger/`` holds,
    without the checkpoint."""

    def __init__(self, entries: Sequence[bytes] = ()) -> None:
        super().__init__({})
        self.head = EMPTY_HEAD
        self.append(entries)

    def append(self, entries: Sequence[bytes]) -> Growth:
        """Append, and drop the partial tiles that were replaced."""
        growth = append(self, self.head, entries)
        for path in growth.obsolete:
            del self.files[path]
        self.files.update(growth.files)
        self.head = growth.head
        return growth

    def tree(self) -> Tree:
        """The log as it stands now, for proofs; it does not follow later appends."""
        return Tree(DictReader(dict(self.files)), self.head.size)
