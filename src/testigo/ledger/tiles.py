"""Tiles: how a log lies in files (C2SP tlog-tiles).

Rules of this module
--------------------
1. A tile holds 256 hashes of one level side by side; level 0 holds leaf hashes, each hash of level ``L+1`` is the root
   of a full tile of level ``L``. An entry bundle holds the 256 entries of one level-0 tile, each after its length (two
   bytes, big-endian).
2. The rightmost tile of a level may be partial, and then carries its width in its path. An empty tile does not exist.
3. A size implies its files: :func:`paths_of` lists exactly those, and whoever publishes or checks a log holds to it.
4. Reading is strict: wrong length, trailing bytes, a second spelling of a path are errors that name the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from testigo.errors import InputError, Problem
from testigo.ledger.merkle import HASH_BYTES, MAX_SIZE, leaf_hash, root_of_hashes

TILE_WIDTH = 256
TILE_HEIGHT = 8
MAX_ENTRY_BYTES = 65_535
"""The length before an entry has two bytes."""

ENTRIES = -1
"""The level of an entry bundle in :class:`Tile`; it lies beside level 0 and has no hashes."""

_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)
_MAX_LEVEL = 63


class TileReader(Protocol):
    """Where stored tiles and entry bundles come from: a folder, a database, a dictionary."""

    def read(self, path: str) -> bytes:
        """The bytes stored under exactly this path; raises a TestigoError if there are none."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """One tile or entry bundle.

    Attributes:
        level: 0 to 63, or :data:`ENTRIES`.
        index: position within its level, from 0.
        width: how many hashes or entries it holds, 1 to 256.
    """

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """``tile/<L>/<N>[.p/<W>]``, relative to the log's folder or URL prefix."""
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.append(f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = f".p/{self.width}" if self.width < TILE_WIDTH else ""
        return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def parse_path(path: str) -> Tile:
    """The tile that a path names; InputError if it is not the one spelling that the format allows."""
    match = _PATH.fullmatch(path)
    if match is not None:
        level, groups, width = match.groups()
        index = int(groups.replace("x", "").replace("/", ""))
        tile = Tile(ENTRIES if level == "entries" else int(level), index, int(width) if width else TILE_WIDTH)
        # Formatting it again refuses what the pattern lets through: leading groups of zeros, a width of 256 and more.
        if tile.path == path and tile.level <= _MAX_LEVEL and index <= MAX_SIZE:
            return tile
    raise _wrong(path, "is not the path of a tile", "It should look like tile/0/x001/234 or tile/entries/005.p/17.")


def tiles_of_size(size: int) -> Iterator[Tile]:
    """Every tile and entry bundle of a log of this size: entry bundles first, then the levels from 0 upwards."""
    _check_size(size)
    yield from _row_of_tiles(ENTRIES, size)
    level, count = 0, size
    while count:
        yield from _row_of_tiles(level, count)
        level, count = level + 1, count // TILE_WIDTH


def paths_of(size: int) -> list[str]:
    """The paths of exactly the files that a size implies (without ``checkpoint``), in no alphabetical order."""
    return [tile.path for tile in tiles_of_size(size)]


def number_of_paths(size: int) -> int:
    """How many paths :func:`paths_of` would list, without listing them: a hostile size must not fill the memory."""
    _check_size(size)
    number = -(-size // TILE_WIDTH)
    while size:
        number += -(-size // TILE_WIDTH)
        size //= TILE_WIDTH
    return number


def tiles_of(entries: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Every (path, bytes) of the log of these entries, in the order of :func:`paths_of`.

    InputError, naming the entry by its index, if one is longer than 65,535 bytes.
    """
    for start in range(0, len(entries), TILE_WIDTH):
        chunk = entries[start : start + TILE_WIDTH]
        yield Tile(ENTRIES, start // TILE_WIDTH, len(chunk)).path, pack_entries(chunk, start)
    level, row = 0, [leaf_hash(entry) for entry in entries]
    while row:
        chunks = [row[start : start + TILE_WIDTH] for start in range(0, len(row), TILE_WIDTH)]
        for index, hashes in enumerate(chunks):
            yield Tile(level, index, len(hashes)).path, b"".join(hashes)
        level, row = level + 1, [root_of_hashes(hashes) for hashes in chunks if len(hashes) == TILE_WIDTH]


def pack_entries(entries: Iterable[bytes], first_index: int = 0) -> bytes:
    """The bytes of an entry bundle; ``first_index`` is only for naming an entry that is too long."""
    parts: list[bytes] = []
    for index, entry in enumerate(entries, first_index):
        if len(entry) > MAX_ENTRY_BYTES:
            raise InputError(
                f"Entry {index} has {len(entry)} bytes; the log takes at most {MAX_ENTRY_BYTES}.",
                "Log a hash of it instead, and publish the content beside the log.",
            )
        parts.append(len(entry).to_bytes(2, "big"))
        parts.append(entry)
    return b"".join(parts)


def unpack_entries(data: bytes, width: int, path: str) -> list[bytes]:
    """The entries of a bundle of exactly ``width`` entries and no byte more; InputError names ``path``."""
    entries: list[bytes] = []
    at, end = 0, len(data)
    while at + 2 <= end and len(entries) < width:
        stop = at + 2 + (data[at] << 8 | data[at + 1])
        if stop > end:
            break
        entries.append(data[at + 2 : stop])
        at = stop
    if len(entries) < width:
        raise _wrong(path, f"ends inside entry {len(entries)} of {width}", _FETCH_AGAIN)
    if at != end:
        raise _wrong(path, f"has {end - at} bytes after its {width} entries", _FETCH_AGAIN)
    return entries


def split_hashes(data: bytes, width: int, path: str) -> list[bytes]:
    """The hashes of a tile of exactly ``width`` hashes; InputError names ``path``."""
    if len(data) != width * HASH_BYTES:
        raise _wrong(path, f"has {len(data)} bytes where {width} hashes take {width * HASH_BYTES}", _FETCH_AGAIN)
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


class AtSize:
    """Serves the tiles of every earlier size out of the stored tiles of a log that has grown to ``stored_size``.

    A store keeps one partial tile per level, of its present size; what an earlier size calls ``000.p/70`` is the
    beginning of it. So a proof at an earlier checkpoint needs no old file.
    """

    def __init__(self, reader: TileReader, stored_size: int) -> None:
        self._reader = reader
        self._stored_size = stored_size

    def read(self, path: str) -> bytes:
        """The tile or bundle as it was at the size that ``path`` belongs to; InputError if the log is smaller."""
        tile = parse_path(path)
        count = self._stored_size // TILE_WIDTH ** max(tile.level, 0)
        stored = Tile(tile.level, tile.index, min(TILE_WIDTH, count - tile.index * TILE_WIDTH))
        if stored.width < tile.width:
            raise _wrong(path, f"is not part of a log of {self._stored_size} leaves", "Ask for a smaller size.")
        data = self._reader.read(stored.path)
        if tile.level == ENTRIES:
            return pack_entries(unpack_entries(data, stored.width, stored.path)[: tile.width])
        return b"".join(split_hashes(data, stored.width, stored.path)[: tile.width])


def _row_of_tiles(level: int, count: int) -> Iterator[Tile]:
    full, rest = divmod(count, TILE_WIDTH)
    for index in range(full):
        yield Tile(level, index)
    if rest:
        yield Tile(level, full, rest)


def _check_size(size: int) -> None:
    if not 0 <= size <= MAX_SIZE:
        raise InputError(f"A log cannot have {size} leaves.", "The size is a whole number from 0 to 2^63-1.")


_FETCH_AGAIN = "Fetch the file again; if it stays so, the log's copy is damaged."


def _wrong(path: str, problem: str, remedy: str) -> InputError:
    return InputError(f"The file {path!r} of the log {problem}.", remedy, [Problem(path, 0, "", problem)])
