"""Tiles, against the examples of C2SP tlog-tiles, and against files that are not quite right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testigo.errors import InputError
from testigo.ledger import (
    ENTRIES,
    MAX_ENTRY_BYTES,
    AtSize,
    DictReader,
    MemoryLog,
    Tile,
    leaf_hash,
    pack_entries,
    parse_path,
    paths_of,
    root_of_hashes,
    tiles_of,
    unpack_entries,
)
from testigo.ledger.tiles import number_of_paths, split_hashes


def test_the_specifications_path_examples() -> None:
    # C2SP tlog-tiles, "Merkle Tree": index 1234067 is encoded as x001/x234/067.
    assert Tile(0, 1_234_067).path == "tile/0/x001/x234/067"
    assert Tile(1, 0, 17).path == "tile/1/000.p/17"
    assert Tile(ENTRIES, 273, 112).path == "tile/entries/273.p/112"


def test_the_specifications_example_of_70000_leaves() -> None:
    """273 full level-0 tiles, one partial of width 112; one full level-1 tile, a partial of 17; a level-2 tile of 1."""
    paths = paths_of(70_000)
    hashes = [path for path in paths if not path.startswith("tile/entries/")]
    assert [path for path in paths if ".p/" in path] == [
        "tile/entries/273.p/112",
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert sum(path.startswith("tile/0/") for path in hashes) == 274
    assert sum(path.startswith("tile/1/") for path in hashes) == 2
    assert len(paths) == 274 + 274 + 2 + 1


def test_the_specifications_example_of_256_leaves() -> None:
    assert paths_of(256) == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert paths_of(0) == []


@given(st.integers(0, 200_000))
@settings(max_examples=30)
def test_the_number_of_files_is_known_without_listing_them(size: int) -> None:
    assert number_of_paths(size) == len(paths_of(size)) == len(set(paths_of(size)))


def test_a_hostile_size_is_counted_in_no_time() -> None:
    assert number_of_paths(2**63 - 1) > 2**55
    with pytest.raises(InputError):
        number_of_paths(2**63)


@given(st.integers(-1, 63), st.integers(0, 2**62), st.integers(1, 256))
def test_a_path_names_its_tile_and_no_other(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert parse_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/00/000",  # leading zero in the level
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",  # a leading group of zeros
        "tile/0/001/234",  # x missing
        "tile/0/x001/x234",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/07",
        "tile/0/000.p/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/../000",
        "tile/0/٠٠٠",  # Arabic digits are digits to some parsers
        "tile/0/000\n",
        "checkpoint",
        "",
    ],
)
def test_a_second_spelling_of_a_path_is_refused(path: str) -> None:
    with pytest.raises(InputError):
        parse_path(path)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert unpack_entries(pack_entries(entries), len(entries), "tile/entries/000") == entries


def test_bundles_are_two_bytes_of_length_and_the_entry() -> None:
    assert pack_entries([b"ab", b"", b"c" * 258]) == b"\x00\x02ab" + b"\x00\x00" + b"\x01\x02" + b"c" * 258


def test_the_longest_entry_fits_and_a_longer_one_is_named() -> None:
    longest = b"x" * MAX_ENTRY_BYTES
    assert unpack_entries(pack_entries([longest]), 1, "p") == [longest]
    with pytest.raises(InputError, match="Entry 1 has 65536 bytes"):
        list(tiles_of([b"", longest + b"x"]))


@pytest.mark.parametrize(
    ("data", "width", "what"),
    [
        (b"\x00\x01a\x00", 1, "1 bytes after its 1 entries"),
        (b"\x00\x01a\x00\x00", 1, "2 bytes after its 1 entries"),
        (b"\x00\x01a", 2, "ends inside entry 1 of 2"),
        (b"\x00\x02a", 1, "ends inside entry 0 of 1"),
        (b"\x00", 1, "ends inside entry 0 of 1"),
        (b"", 1, "ends inside entry 0 of 1"),
    ],
)
def test_bytes_too_many_or_too_few_in_a_bundle_are_named(data: bytes, width: int, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        unpack_entries(data, width, "tile/entries/005.p/1")
    assert caught.value.problems[0].file == "tile/entries/005.p/1"


@pytest.mark.parametrize("length", [0, 31, 33, 63, 65])
def test_bytes_too_many_or_too_few_in_a_tile_are_named(length: int) -> None:
    with pytest.raises(InputError) as caught:
        split_hashes(bytes(length), 2, "tile/0/000.p/2")
    assert caught.value.problems[0].file == "tile/0/000.p/2"


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 700, 65_536, 65_537])
def test_the_files_are_exactly_those_that_the_size_implies(size: int, entries_of: Any) -> None:
    assert [path for path, _ in tiles_of(entries_of(size))] == paths_of(size)


def test_each_tile_holds_what_the_specification_says(naive_tree: Any, entries_of: Any) -> None:
    """Hash i of tile n at level l is MTH(D[(n*256+i) * 256**l : (n*256+i+1) * 256**l])."""
    entries = entries_of(700)
    naive = naive_tree(entries)
    for path, data in tiles_of(entries):
        tile = parse_path(path)
        if tile.level == ENTRIES:
            start = tile.index * 256
            assert unpack_entries(data, tile.width, path) == entries[start : start + tile.width]
            continue
        for place, value in enumerate(split_hashes(data, tile.width, path)):
            start = (tile.index * 256 + place) * 256**tile.level
            assert value == naive.root(start, start + 256**tile.level)


@pytest.mark.parametrize("earlier", [1, 69, 255, 256, 257, 600, 700])
def test_a_log_that_has_grown_still_serves_its_earlier_sizes(earlier: int, entries_of: Any) -> None:
    entries = entries_of(700)
    reader = AtSize(MemoryLog(entries), 700)
    assert {path: reader.read(path) for path in paths_of(earlier)} == dict(tiles_of(entries[:earlier]))


def test_a_log_does_not_serve_a_size_it_never_had(entries_of: Any) -> None:
    reader = AtSize(DictReader(dict(tiles_of(entries_of(300)))), 300)
    for path in ("tile/0/001.p/45", "tile/0/002", "tile/2/000.p/1"):
        with pytest.raises(InputError):
            reader.read(path)


def test_a_full_tile_and_its_hash_above_agree(entries_of: Any) -> None:
    files = MemoryLog(entries_of(256)).files
    assert files["tile/1/000.p/1"] == root_of_hashes([leaf_hash(entry) for entry in entries_of(256)])
