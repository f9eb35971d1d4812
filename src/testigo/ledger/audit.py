"""Checking a whole copy of a log: every file, every byte, against the one signed root.

Rules of this module
--------------------
1. Nothing is believed but the checkpoint, and that only with the key that was given. Every leaf hash, every tile and
   the root are computed again from the entries.
2. The guilty file is named, not its neighbours. Stored tiles and recomputed ones are two witnesses of the same hashes;
   where they differ, the signed root (and below it each authenticated tile) says which of them is right.
3. The folder holds exactly the files that the size implies. What is missing and what is too much is named.
4. Nothing is repaired, and nothing stops at the first problem, save that a checkpoint without its signature ends the
   check: everything else would be measured against a forgery.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import product

from testigo.errors import InputError, Problem
from testigo.ledger.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint, parse_checkpoint
from testigo.ledger.merkle import leaf_hash, root_of_hashes
from testigo.ledger.note import VerifierKey, parse_note
from testigo.ledger.proofs import fold_edge
from testigo.ledger.tiles import (
    ENTRIES,
    TILE_WIDTH,
    Tile,
    number_of_paths,
    split_hashes,
    tiles_of_size,
    unpack_entries,
)

CHECKPOINT = "checkpoint"
"""The name of the checkpoint's file in a log's folder."""

ReadFile = Callable[[str], bytes]
_Hashes = list[bytes]


@dataclass(frozen=True, slots=True)
class LogAudit:
    """What :func:`check_log` found.

    Attributes:
        problems: everything that is wrong, each with its file's path in the log's folder. Empty: the copy is sound.
        checkpoint: what the copy claims to be; None if it could not be read, or not verified against the given key.
        signed: the checkpoint with its signatures, if a key was given and holds. None means the signer is unknown.
        entries: all entries in order; None in place of one that could not be read or is not what was logged.
    """

    problems: tuple[Problem, ...]
    checkpoint: Checkpoint | None = None
    signed: SignedCheckpoint | None = None
    entries: tuple[bytes | None, ...] = ()

    def all_entries(self) -> tuple[bytes, ...]:
        """The entries, if there is no problem at all; InputError with the problems otherwise."""
        if self.problems:
            raise InputError("The log's copy is not sound.", "Fetch the named files again.", self.problems)
        return tuple(entry for entry in self.entries if entry is not None)


def check_log(
    read_file: ReadFile,
    present: Collection[str],
    key: VerifierKey | None,
    witnesses: tuple[VerifierKey, ...] = (),
) -> LogAudit:
    """Check a copy of a log.

    Args:
        read_file: bytes of one of the ``present`` files. Its own errors (disk, network) pass through.
        present: paths of every file in the log's folder, relative to it, with forward slashes.
        key: the log's key, from a source other than this copy; None checks everything but who signed.
        witnesses: keys whose cosignatures must hold where they appear.

    1. The checkpoint is there, signed, and well-formed.
    2. The files are exactly those that its size implies.
    3. Every bundle and tile can be read; every leaf and every tile is computed again from below.
    4. From the root downwards: partial tiles, full tiles, entries.
    5. If no problem was found so far, the entries alone must lead to the root: a second way to the same answer, so that
       a mistake in finding the guilty file cannot turn into a pass.
    """
    # 1
    if CHECKPOINT not in present:
        return LogAudit((_missing(CHECKPOINT),))
    try:
        data = read_file(CHECKPOINT)
        signed = open_checkpoint(data, key, witnesses) if key else None
        checkpoint = signed.checkpoint if signed else parse_checkpoint(parse_note(data).text)
    except InputError as error:
        return LogAudit((Problem(CHECKPOINT, 0, "", str(error)),))
    # 2 to 5
    return _check_files(read_file, set(present) - {CHECKPOINT}, checkpoint, signed)


def _check_files(
    read_file: ReadFile, files: set[str], checkpoint: Checkpoint, signed: SignedCheckpoint | None
) -> LogAudit:
    # 2
    size = checkpoint.head.size
    if number_of_paths(size) > 2 * len(files) + 1000:  # do not list what a hostile size implies
        what = f"a log of {size} leaves has {number_of_paths(size)} files; there are {len(files)}"
        return LogAudit((Problem(CHECKPOINT, 0, "", what),), checkpoint, signed)
    tiles = list(tiles_of_size(size))
    implied = {tile.path for tile in tiles}
    problems = [_missing(tile.path) for tile in tiles if tile.path not in files]
    problems += [_superfluous(path, size) for path in sorted(files - implied)]
    # 3
    copy = _Copy(checkpoint, problems)
    for tile in tiles:
        if tile.path in files:
            copy.load(tile, read_file(tile.path))
    copy.compute()
    # 4
    copy.judge_edge()
    copy.judge_full_tiles()
    copy.judge_entries()
    # 5
    copy.judge_whole()
    return LogAudit(tuple(copy.problems), checkpoint, signed, tuple(copy.entries_in_order()))


class _Copy:
    """The two witnesses of every tile (``stored`` and ``computed``), and which was found right (``trusted``)."""

    def __init__(self, checkpoint: Checkpoint, problems: list[Problem]) -> None:
        self.problems = problems
        self._head = checkpoint.head
        self._bundles: dict[int, list[bytes]] = {}
        self._stored: dict[Tile, _Hashes] = {}
        self._computed: dict[Tile, _Hashes] = {}
        self._roots: dict[Tile, list[bytes]] = {}  # roots of a full tile: as stored, as computed
        self._trusted: dict[Tile, _Hashes] = {}
        self._tiles = [tile for tile in tiles_of_size(self._head.size) if tile.level != ENTRIES]
        self._unfounded: set[Tile] = set()  # full tiles of which neither version fits the tile above
        self._bad_entries: set[int] = set()

    def load(self, tile: Tile, data: bytes) -> None:
        """Take a file apart, strictly."""
        try:
            if tile.level == ENTRIES:
                self._bundles[tile.index] = unpack_entries(data, tile.width, tile.path)
            else:
                self._stored[tile] = split_hashes(data, tile.width, tile.path)
        except InputError as error:
            self.problems.extend(error.problems)

    def compute(self) -> None:
        """Every tile again from below: leaf hashes from the entries, higher ones from the full tiles beneath.

        Where entries cannot be read, the stored tile stands in, so that the rest can still be compared.
        """
        for tile in self._tiles:
            if tile.level:
                self._computed.update((tile, hashes) for hashes in self._from_below(tile, -1))
            elif tile.index in self._bundles:
                self._computed[tile] = [leaf_hash(entry) for entry in self._bundles[tile.index]]
            if tile.width == TILE_WIDTH:
                self._roots[tile] = [root_of_hashes(hashes) for hashes in self._witnesses(tile)]

    def judge_edge(self) -> None:
        """The partial tiles: find the choice of witnesses that leads to the signed root."""
        edge = [tile for tile in self._tiles if tile.width < TILE_WIDTH]
        # The third witness counts if an entry and a tile above it are both wrong.
        choices = [[*self._witnesses(tile), *self._from_below(tile, 0)] for tile in edge]
        by_level = {tile.level: place for place, tile in enumerate(edge)}
        top = max((tile.level for tile in self._tiles), default=-1)
        for choice in product(*choices):
            rows = [choice[by_level[level]] if level in by_level else [] for level in range(top + 1)]
            if fold_edge(rows) == self._head.root:
                self._trusted.update(zip(edge, choice, strict=True))
                break
        else:
            self._report(CHECKPOINT, "the tiles and entries beside it do not lead to the root hash that it states")
        for tile in edge:
            self._judge(tile)

    def judge_full_tiles(self) -> None:
        """From the top down: a full tile is right if its root stands for it in the tile above."""
        for tile in sorted(self._tiles, key=lambda one: -one.level):
            if tile.width < TILE_WIDTH:
                continue
            number, place = divmod(tile.index, TILE_WIDTH)
            above = self._trusted.get(self._tile_at(tile.level + 1, number))
            versions = list(zip(self._roots[tile], self._witnesses(tile), strict=True))
            if above is not None:
                self._trusted.update((tile, hashes) for root, hashes in versions if root == above[place])
            if above is None or tile in self._trusted:
                self._judge(tile)
            else:
                self._report_unfounded(tile)

    def judge_entries(self) -> None:
        """Every entry against the leaf hash that was found right (or, failing that, the stored one)."""
        for tile in self._tiles:
            if tile.level != 0 or tile.index not in self._bundles or tile in self._unfounded:
                continue
            right = self._trusted.get(tile, self._stored.get(tile))
            computed = self._computed[tile]
            if right is None or right == computed:
                continue
            wrong = [place for place in range(tile.width) if right[place] != computed[place]]
            first = tile.index * TILE_WIDTH
            self._bad_entries.update(first + place for place in wrong)
            others = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            path = Tile(ENTRIES, tile.index, tile.width).path
            self._report(path, f"the entry of leaf {first + wrong[0]}{others} is not what was logged")

    def judge_whole(self) -> None:
        """The root from the entries alone."""
        leaves = [leaf for tile in self._tiles if tile.level == 0 for leaf in self._computed.get(tile, [])]
        if not self.problems and root_of_hashes(leaves) != self._head.root:
            self._report(CHECKPOINT, "the entries beside it do not lead to the root hash that it states")

    def entries_in_order(self) -> list[bytes | None]:
        """All entries; None for those that could not be read or are wrong."""
        entries: list[bytes | None] = []
        for tile in self._tiles:
            if tile.level == 0:
                entries.extend(self._bundles.get(tile.index, [None] * tile.width))
        for index in self._bad_entries:
            entries[index] = None
        return entries

    def _judge(self, tile: Tile) -> None:
        """Report a stored tile that is not the trusted one or, where none could be trusted, not the computed one."""
        stored = self._stored.get(tile)
        right = self._trusted.get(tile, self._computed.get(tile))
        if stored is None or right is None or stored == right:
            return
        place = next(place for place in range(tile.width) if stored[place] != right[place])
        sure = "is not that of the signed tree" if tile in self._trusted else "is not what lies below it"
        self._report(tile.path, f"its hash {place} (counted from 0) {sure}")

    def _report_unfounded(self, tile: Tile) -> None:
        """Neither the stored nor the computed tile fits the tile above: this file is wrong, and one below it."""
        self._unfounded.add(tile)
        if tile in self._stored:
            self._report(tile.path, "its hashes do not lead to the hash that stands for it in the tile above")
        if tile.level == 0 and tile.index in self._bundles:
            first = tile.index * TILE_WIDTH
            self._bad_entries.update(range(first, first + TILE_WIDTH))
            self._report(Tile(ENTRIES, tile.index).path, f"an entry from leaf {first} on is not what was logged")

    def _witnesses(self, tile: Tile) -> list[_Hashes]:
        """The distinct versions of a tile, the stored one first."""
        versions = [hashes for kind in (self._stored, self._computed) if (hashes := kind.get(tile)) is not None]
        return versions[:1] if len(versions) == 2 and versions[0] == versions[1] else versions

    def _from_below(self, tile: Tile, version: int) -> list[_Hashes]:
        """The tile from the full tiles beneath it, as stored (version 0) or computed (-1); none if one is missing."""
        if tile.level == 0:
            return []
        first = tile.index * TILE_WIDTH
        roots = [self._roots[Tile(tile.level - 1, first + place)] for place in range(tile.width)]
        return [[versions[version] for versions in roots]] if all(roots) else []

    def _tile_at(self, level: int, number: int) -> Tile:
        count = self._head.size // TILE_WIDTH**level
        return Tile(level, number, min(TILE_WIDTH, count - number * TILE_WIDTH))

    def _report(self, path: str, what: str) -> None:
        self.problems.append(Problem(path, 0, "", what))


def _missing(path: str) -> Problem:
    return Problem(path, 0, "", "the file is missing")


def _superfluous(path: str, size: int) -> Problem:
    return Problem(path, 0, "", f"the file does not belong to a log of {size} leaves")
