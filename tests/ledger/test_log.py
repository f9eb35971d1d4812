"""Growing a log: many at once, in any batches, never upon a damaged tree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testigo.errors import InputError, WireError
from testigo.ledger import (
    EMPTY_HEAD,
    MAX_ENTRY_BYTES,
    DictReader,
    MemoryLog,
    TreeHead,
    append,
    leaf_hash,
    paths_of,
    tiles_of,
)


@given(st.lists(st.integers(0, 600), max_size=8))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_batches_do_not_show(naive_tree: Any, entries_of: Any, batches: list[int]) -> None:
    """However the entries arrive, the stored files are those of all entries at once."""
    entries, log, at = entries_of(sum(batches)), MemoryLog(), 0
    for batch in batches:
        growth = log.append(entries[at : at + batch])
        assert growth.old.size == at
        assert growth.leaf_hashes == tuple(leaf_hash(entry) for entry in entries[at : at + batch])
        at += batch
    assert log.files == dict(tiles_of(entries))
    assert log.head == TreeHead(at, naive_tree(entries).root())


@pytest.mark.parametrize("size", [65_535, 65_536, 65_280])
def test_growing_across_a_full_level(size: int, entries_of: Any) -> None:
    entries = entries_of(size + 300)
    log = MemoryLog(entries[:size])
    log.append(entries[size : size + 1])
    log.append(entries[size + 1 :])
    assert log.files == dict(tiles_of(entries))


def test_what_becomes_obsolete_is_named(entries_of: Any) -> None:
    log = MemoryLog(entries_of(300))
    growth = append(log, log.head, [b"one more"])
    assert set(growth.obsolete) == {"tile/entries/001.p/44", "tile/0/001.p/44"}
    assert set(growth.files) == {"tile/entries/001.p/45", "tile/0/001.p/45"}
    assert set(log.files) - set(growth.obsolete) | set(growth.files) == set(paths_of(301))


def test_appending_nothing_changes_nothing(entries_of: Any) -> None:
    log = MemoryLog(entries_of(300))
    growth = append(log, log.head, [])
    assert (growth.head, growth.files, growth.obsolete) == (log.head, {}, ())
    assert append(MemoryLog(), EMPTY_HEAD, []).head == EMPTY_HEAD


def test_an_append_reads_only_the_edge(entries_of: Any) -> None:
    log, reads = MemoryLog(entries_of(30_026)), []

    class Counting(DictReader):
        def read(self, path: str) -> bytes:
            reads.append(path)
            return super().read(path)

    append(Counting(log.files), log.head, [b"one more"])
    assert sorted(reads) == ["tile/0/117.p/74", "tile/1/000.p/117", "tile/entries/117.p/74"]


def test_an_entry_too_long_leaves_the_log_as_it_was(entries_of: Any) -> None:
    log = MemoryLog(entries_of(300))
    before = (log.head, dict(log.files))
    with pytest.raises(InputError, match="Entry 301 has"):
        log.append([b"fits", b"x" * (MAX_ENTRY_BYTES + 1)])
    assert (log.head, log.files) == before


@pytest.mark.parametrize("path", ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"])
def test_a_damaged_tree_is_not_built_upon(path: str, entries_of: Any) -> None:
    log = MemoryLog(entries_of(300))
    log.files[path] = log.files[path][:-1] + bytes([log.files[path][-1] ^ 1])
    with pytest.raises(InputError, match="was not extended"):
        log.append([b"one more"])


def test_a_sequencer_that_forgot_its_last_append_is_stopped(entries_of: Any) -> None:
    """Two sequencers, or a restored backup: the state does not fit the tiles."""
    log = MemoryLog(entries_of(300))
    stale = log.head
    log.append([b"one more"])
    with pytest.raises(WireError):  # the tiles of the old size are gone
        append(log, stale, [b"something else"])
    with pytest.raises(InputError, match="was not extended"):
        append(log, TreeHead(log.head.size, stale.root), [b"something else"])


def test_a_tree_does_not_follow_later_appends(entries_of: Any) -> None:
    log = MemoryLog(entries_of(300))
    tree, before = log.tree(), log.head
    log.append(entries_of(100))
    assert tree.head == before
