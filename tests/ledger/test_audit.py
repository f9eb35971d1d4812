"""A whole copy of a log: whatever is altered is found, and the guilty file is named."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from testigo.errors import InputError
from testigo.ledger import (
    COSIGNATURE,
    LogAudit,
    MemoryLog,
    VerifierKey,
    check_log,
    complete_copy,
    cosign,
    generate_key,
    leaf_hash,
    paths_of,
    tiles_of,
)


def audit(files: Mapping[str, bytes], key: VerifierKey | None) -> LogAudit:
    return check_log(files.__getitem__, files.keys(), key)


def named(found: LogAudit) -> set[str]:
    return {problem.file for problem in found.problems}


def flip(data: bytes, at: int, bit: int = 1) -> bytes:
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, 700, 65_536, 66_000])
def test_a_sound_copy_gives_its_entries(size: int, signed_log: Any, entries_of: Any) -> None:
    log = signed_log(size)
    found = audit(log.files, log.verifier)
    assert found.problems == ()
    assert found.all_entries() == tuple(entries_of(size))
    assert found.signed is not None
    assert found.signed.head == log.log.head
    assert complete_copy(found.signed.checkpoint, [leaf_hash(entry) for entry in found.all_entries()])


@pytest.mark.parametrize("size", [3, 300])
def test_one_altered_byte_anywhere_is_found_and_only_its_file_is_named(size: int, signed_log: Any) -> None:
    """Every byte of a small log; of the larger one, every file at its ends and at random places."""
    log = signed_log(size)
    chance = random.Random(7)
    for path, data in log.files.items():
        places = range(len(data)) if size < 10 else {0, 1, len(data) - 1, *chance.sample(range(len(data)), 12)}
        for at in places:
            files = {**log.files, path: flip(data, at, 1 << chance.randrange(8))}
            found = audit(files, log.verifier)
            assert named(found) == {path}, (path, at, found.problems)


@pytest.mark.parametrize(
    "path", paths_of(66_000)[:3] + paths_of(66_000)[-4:] + ["tile/0/100", "tile/entries/257.p/208"]
)
def test_one_altered_byte_in_a_log_of_three_levels(path: str, signed_log: Any) -> None:
    log = signed_log(66_000)
    files = {**log.files, path: flip(log.files[path], 11)}
    assert named(audit(files, log.verifier)) == {path}


def test_the_altered_entry_is_named_and_not_handed_out(signed_log: Any) -> None:
    log = signed_log(700)
    path = "tile/entries/001"
    files = {**log.files, path: log.files[path].replace(b"entry 300 ", b"entry 999 ")}
    found = audit(files, log.verifier)
    assert [(one.file, one.problem) for one in found.problems] == [
        (path, "the entry of leaf 300 is not what was logged")
    ]
    assert [index for index, entry in enumerate(found.entries) if entry is None] == [300]
    with pytest.raises(InputError):
        found.all_entries()


def test_two_entries_swapped(signed_log: Any, entries_of: Any) -> None:
    log = signed_log(300)
    entries = entries_of(300)
    entries[10], entries[11] = entries[11], entries[10]
    files = {**log.files, "tile/entries/000": dict(tiles_of(entries))["tile/entries/000"]}
    found = audit(files, log.verifier)
    assert named(found) == {"tile/entries/000"}
    assert "leaf 10 and 1 more" in found.problems[0].problem


@pytest.mark.parametrize("path", [*paths_of(700), "checkpoint"])
def test_a_missing_file_is_named(path: str, signed_log: Any) -> None:
    log = signed_log(700)
    files = {name: data for name, data in log.files.items() if name != path}
    found = audit(files, log.verifier)
    assert [(one.file, one.problem) for one in found.problems] == [(path, "the file is missing")]
    assert audit({}, log.verifier).problems


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/002.p/187",
        "tile/0/003",
        "tile/1/000.p/1",
        "tile/2/000.p/1",
        "notes.txt",
        "tile/0/x000/001",
        "checkpoint~",
    ],
)
def test_a_superfluous_file_is_named(path: str, signed_log: Any) -> None:
    log = signed_log(700)
    found = audit({**log.files, path: b"something hidden"}, log.verifier)
    assert [one.file for one in found.problems] == [path]


@pytest.mark.parametrize("more", [b"\x00", b"\x00\x00", bytes(32)])
def test_trailing_bytes_are_found_in_every_file(more: bytes, signed_log: Any) -> None:
    log = signed_log(300)
    for path, data in log.files.items():
        assert named(audit({**log.files, path: data + more}, log.verifier)) == {path}
        assert named(audit({**log.files, path: data[:-1]}, log.verifier)) == {path}
        assert named(audit({**log.files, path: b""}, log.verifier)) == {path}


def test_a_wholly_remade_log_fails_against_the_pinned_key(signed_log: Any, entries_of: Any) -> None:
    log = signed_log(300)
    forger = signed_log(0)
    entries = entries_of(300)
    entries[7] = b"another result"
    forger.log.append(entries)
    assert audit(forger.files, forger.verifier).problems == (), "in itself it is sound"
    found = audit(forger.files, log.verifier)
    assert named(found) == {"checkpoint"}
    assert (found.signed, found.checkpoint) == (None, None)
    assert found.entries == ()


def test_tiles_remade_to_fit_a_forged_entry_do_not_reach_the_signed_root(signed_log: Any, entries_of: Any) -> None:
    """The forger cannot sign: entries and tiles agree among themselves, but not with the checkpoint."""
    log = signed_log(300)
    entries = entries_of(300)
    entries[7] = b"another result"
    files = {**MemoryLog(entries).files, "checkpoint": log.checkpoint}
    found = audit(files, log.verifier)
    assert "checkpoint" in named(found)
    assert found.signed is not None, "the signature itself is good, so the tiles are not"


def test_an_old_checkpoint_over_newer_files(signed_log: Any) -> None:
    """A rollback: the checkpoint of yesterday beside the tiles of today."""
    log = signed_log(300)
    yesterday = log.checkpoint
    log.log.append([b"today"])
    found = audit({**log.log.files, "checkpoint": yesterday}, log.verifier)
    assert named(found) == {
        "tile/entries/001.p/44",
        "tile/0/001.p/44",
        "tile/entries/001.p/45",
        "tile/0/001.p/45",
        "checkpoint",
    }


@pytest.mark.parametrize(
    "paths",
    [
        ("tile/entries/000", "tile/1/000.p/2"),
        ("tile/entries/000", "tile/0/000"),
        ("tile/0/000", "tile/1/000.p/2"),
        ("tile/entries/002.p/188", "tile/1/000.p/2"),
        ("tile/entries/001", "tile/entries/002.p/188", "tile/0/000"),
    ],
)
def test_several_altered_files_are_all_named(paths: tuple[str, ...], signed_log: Any) -> None:
    log = signed_log(700)
    files = dict(log.files)
    for path in paths:
        files[path] = flip(files[path], 20)
    assert named(audit(files, log.verifier)) >= set(paths)


def test_an_altered_entry_and_an_altered_tile_above_it_are_told_apart(signed_log: Any) -> None:
    """Neither the stored nor the computed upper tile is right then; the stored tiles between them decide."""
    log = signed_log(700)
    paths = ("tile/entries/000", "tile/1/000.p/2")
    files = {**log.files, **{path: flip(log.files[path], 40) for path in paths}}
    assert named(audit(files, log.verifier)) == set(paths)


def forged_with_its_tile(log: Any, entries: list[bytes], place: int) -> dict[str, bytes]:
    """An altered entry whose bundle and level-0 tile were made to agree; the tiles above are the signed ones."""
    entries[place] = b"another result"
    remade = dict(tiles_of(entries))
    number = place // 256
    width = min(256, len(entries) - number * 256)
    paths = [f"tile/{level}/{number:03d}" + (f".p/{width}" if width < 256 else "") for level in ("entries", "0")]
    return {**log.files, **{path: remade[path] for path in paths}}


def test_an_entry_forged_together_with_its_tile(signed_log: Any, entries_of: Any) -> None:
    """The two witnesses agree with each other, so only the tile above gives them away."""
    log = signed_log(700)
    found = audit(forged_with_its_tile(log, entries_of(700), 300), log.verifier)
    assert named(found) == {"tile/entries/001", "tile/0/001"}
    assert [index for index, entry in enumerate(found.entries) if entry is None] == list(range(256, 512))
    assert "checkpoint" in named(audit(forged_with_its_tile(log, entries_of(700), 699), log.verifier))


def test_a_mistake_in_finding_the_guilty_file_is_not_a_pass(
    signed_log: Any, entries_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = signed_log(700)
    files = forged_with_its_tile(log, entries_of(700), 300)
    monkeypatch.setattr("testigo.ledger.audit._Copy.judge_full_tiles", lambda copy: None)
    assert named(audit(files, log.verifier)) == {"checkpoint"}


def test_a_missing_bundle_and_its_altered_tile(signed_log: Any) -> None:
    log = signed_log(700)
    files = {**log.files, "tile/0/001": flip(log.files["tile/0/001"], 5)}
    del files["tile/entries/001"]
    found = audit(files, log.verifier)
    assert named(found) >= {"tile/entries/001", "tile/0/001"}
    assert [index for index, entry in enumerate(found.entries) if entry is None] == list(range(256, 512))


def test_without_a_key_everything_but_the_signer_is_checked(signed_log: Any) -> None:
    log = signed_log(300)
    found = audit(log.files, None)
    assert (found.problems, found.signed) == ((), None)
    assert found.checkpoint is not None
    path = "tile/0/000"
    assert named(audit({**log.files, path: flip(log.files[path], 9)}, None)) == {path}


def test_an_altered_witness_signature_is_found_with_the_witness_key(signed_log: Any) -> None:
    log, witness = signed_log(30), generate_key("witness.example/w1", COSIGNATURE)
    files = {**log.files, "checkpoint": cosign(log.checkpoint, log.verifier, witness, 99)}
    files["checkpoint"] = files["checkpoint"][:-10] + b"AAAA" + files["checkpoint"][-6:]
    with_key = check_log(files.__getitem__, files.keys(), log.verifier, (witness.verifier,))
    assert named(with_key) == {"checkpoint"}
    without = check_log(files.__getitem__, files.keys(), log.verifier)
    assert without.signed is not None
    assert [one.name for one in without.signed.unknown] == ["witness.example/w1"], "unchecked, and said so"


def test_a_checkpoint_that_claims_an_immense_log_does_not_fill_the_memory(signed_log: Any) -> None:
    log = signed_log(3)
    claim = log.checkpoint.replace(b"\n3\n", b"\n9223372036854775807\n")
    found = audit({**log.files, "checkpoint": claim}, None)
    assert named(found) == {"checkpoint"}
