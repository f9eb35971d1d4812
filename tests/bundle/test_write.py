"""Writing releases: whole or not at all, the same bytes again, one after the other."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from testigo.bundle import BundleInfo, no_images, open_bundle, unfinished, write_content, write_ledger
from testigo.election import Profile
from testigo.errors import InputError, WireError
from testigo.ledger import Checkpoint, MemoryLog, SigningKey, check_log, generate_key, sign_checkpoint
from testigo.records import Decision, OpenedLeaf, ReceiptLeaf, ReleaseLeaf, parse_leaf

MADE = dt.datetime(2024, 7, 30, 12, tzinfo=dt.UTC)


def bytes_of(root: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def signed(entries: list[bytes], key: SigningKey) -> bytes:
    """A checkpoint over the entries."""
    return sign_checkpoint(Checkpoint(key.name, MemoryLog(entries).head, ("time 1722340800",)), key)


def test_the_same_input_gives_the_same_bytes(
    info: BundleInfo, profile: Profile, leaves: list[bytes], tmp_path: Path, write_release: Any
) -> None:
    again = write_release(tmp_path / "again", profile, leaves, why=dict(info.manifest.why))
    assert bytes_of(info.path) == bytes_of(again.path)
    elsewhere = write_release(tmp_path / "x", profile, leaves, why=dict(info.manifest.why), made=MADE)
    assert elsewhere.manifest == info.manifest, "the same moment in another time zone is the same release"


def test_the_log_in_the_folder_is_sound_and_ends_with_the_release_leaf(info: BundleInfo, leaves: list[bytes]) -> None:
    files = bytes_of(info.path / "ledger")
    audit = check_log(files.__getitem__, files.keys(), None)
    assert audit.all_entries() == info.entries == (*leaves, ReleaseLeaf(1, info.manifest.sha256).to_bytes())


def test_nothing_is_left_beside_the_bundle(info: BundleInfo) -> None:
    assert [path.name for path in info.path.parent.iterdir()] == [info.path.name]


def test_a_release_is_never_overwritten(
    info: BundleInfo, profile: Profile, leaves: list[bytes], write_release: Any
) -> None:
    before = bytes_of(info.path)
    with pytest.raises(InputError, match="exists already"):
        write_release(info.path, profile, leaves)
    assert bytes_of(info.path) == before


def test_a_kill_between_content_and_ledger_leaves_no_bundle_and_can_be_finished(
    profile: Profile, leaves: list[bytes], info: BundleInfo, tmp_path: Path, register_of: Any
) -> None:
    out, key = tmp_path / "two steps", generate_key("steps.example/log")
    store = {path.name.removesuffix(".jpg"): path.read_bytes() for path in info.path.glob("sheets/*/*.jpg")}
    content = write_content(
        out,
        profile=profile,
        register=register_of(profile),
        leaves=iter(leaves),
        images=store.__getitem__,
        log_key=key.verifier,
        made=MADE,
    )
    assert not out.exists(), "without its log it is no bundle"
    found = unfinished(out)
    assert found == content.manifest
    # Receipts go on arriving while the release is made: they stand between what is covered and the release leaf.
    entries = [
        *leaves,
        ReceiptLeaf("c9" * 32, 3).to_bytes(),
        content.leaf.to_bytes(),
        ReceiptLeaf("c8" * 32, 3).to_bytes(),
    ]
    write_ledger(out, entries, signed(entries, key))
    bundle = open_bundle(out)
    assert bundle.release_leaf == len(leaves) + 1
    assert len(bundle.log.receipts) == 3, "the tables project only what the release covers"
    assert sum(1 for _ in bundle.leaves()) == len(leaves) + 3
    assert unfinished(out) is None


def test_content_that_was_cut_off_is_not_finished_but_begun_again(
    profile: Profile, leaves: list[bytes], tmp_path: Path, write_release: Any
) -> None:
    def breaks(digest: str) -> bytes:
        raise WireError("The store is gone.")

    with pytest.raises(WireError):
        write_release(tmp_path / "b", profile, leaves, images=breaks)
    assert unfinished(tmp_path / "b") is None and not (tmp_path / "b").exists()
    write_release(tmp_path / "b", profile, leaves)
    assert open_bundle(tmp_path / "b").manifest.release == 1


def test_a_ledger_without_the_release_leaf_is_refused(
    profile: Profile, leaves: list[bytes], tmp_path: Path, register_of: Any, info: BundleInfo
) -> None:
    key = generate_key("steps.example/log")
    values: dict[str, Any] = {"profile": profile, "register": register_of(profile), "log_key": key.verifier}
    values |= {"images": lambda digest: (info.path / f"sheets/{digest[:2]}/{digest}.jpg").read_bytes(), "made": MADE}
    write_content(tmp_path / "b", leaves=leaves, **values)
    with pytest.raises(InputError, match="does not hold the leaf"):
        write_ledger(tmp_path / "b", leaves, signed(leaves, key))
    with pytest.raises(InputError, match="is not that of"):
        write_ledger(tmp_path / "b", leaves[:-1], signed(leaves, key))


def test_a_damaged_image_is_not_published(
    profile: Profile, leaves: list[bytes], tmp_path: Path, write_release: Any
) -> None:
    with pytest.raises(WireError, match="damaged in the store"):
        write_release(tmp_path / "b", profile, leaves, images=lambda digest: b"something else")
    with pytest.raises(InputError, match="no images here"):
        write_release(tmp_path / "b", profile, leaves, images=no_images)


@pytest.mark.parametrize("name", ["sheets/../../etc", "AB" * 32, ""])
def test_a_leaf_cannot_name_a_file_outside(
    profile: Profile, leaves: list[bytes], tmp_path: Path, write_release: Any, name: str
) -> None:
    odd = [*leaves, ReceiptLeaf("c0" * 32, 1).to_bytes(), OpenedLeaf(len(leaves), "image", "", None, name).to_bytes()]
    if name == "":
        assert write_release(tmp_path / "b", profile, odd).manifest.covers == len(odd)
        return
    with pytest.raises(InputError, match="not a SHA-256 hash"):
        write_release(tmp_path / "b", profile, odd)


def test_another_profile_than_the_logs_is_refused(
    profile: Profile, leaves: list[bytes], tmp_path: Path, write_release: Any
) -> None:
    with pytest.raises(InputError, match="names the profile"):
        write_release(tmp_path / "b", replace(profile, sha256="0" * 64), leaves)


def test_a_decision_on_a_reading_that_is_none_is_refused_by_its_index(
    profile: Profile, leaves: list[bytes], tmp_path: Path, write_release: Any
) -> None:
    at = next(i for i, entry in enumerate(leaves) if isinstance(parse_leaf(entry), Decision))
    decision = parse_leaf(leaves[at])
    assert isinstance(decision, Decision)
    odd = [*leaves[:at], replace(decision, inputs=(0,), supports=()).to_bytes()]
    with pytest.raises(InputError, match=f"Leaf {at} .* leaf 0 as a reading") as caught:
        write_release(tmp_path / "b", profile, odd)
    assert caught.value.problems[0].field == f"leaf {at}"


def test_a_second_release_names_the_first_and_lists_every_change(
    info: BundleInfo, profile: Profile, tmp_path: Path, write_release: Any, register_of: Any
) -> None:
    entries = list(info.entries)
    at = max(i for i, entry in enumerate(entries) if isinstance(parse_leaf(entry), Decision))
    decision = parse_leaf(entries[at])
    assert isinstance(decision, Decision)
    entries.append(replace(decision, standing="withdrawn", supersedes=at).to_bytes())
    old = open_bundle(info.path)
    wider = register_of(profile, ("990101001.01", "990101001.02", "990101001.03"))
    second = write_release(
        tmp_path / "second", profile, entries, register=wider, previous=info.manifest, previous_register=old.register
    )
    assert (second.manifest.release, second.manifest.previous) == (2, info.manifest.sha256)
    assert second.manifest.previous_covers == info.manifest.covers
    rows = [tuple(row.values()) for row in open_bundle(second.path).changes.to_pylist()]
    assert rows == [
        ("stations", "", "990101001.03", "added", "", "", ""),
        ("tallies", "presidente", "990101001.02", "changed", "standing", "documented", "withdrawn"),
        ("tallies", "presidente", "990101001.02", "changed", "decision", str(at), str(len(entries) - 1)),
    ]
    assert open_bundle(second.path).history("presidente", "990101001.02")[-1][1].standing == "withdrawn"


def test_a_second_release_without_the_first_ones_manifest_is_refused(
    info: BundleInfo, profile: Profile, tmp_path: Path, write_release: Any
) -> None:
    with pytest.raises(InputError, match="last release is number 1"):
        write_release(tmp_path / "second", profile, info.entries)


def test_unknown_is_null_and_zero_is_zero(info: BundleInfo) -> None:
    bundle = open_bundle(info.path)
    assert bundle.register.table["electors"].to_pylist() == [None, 400]
    assert bundle.tallies["blank"].to_pylist() == [0, 0]
    assert pc.sum(bundle.tallies["valid"]).as_py() == 3 * sum(range(38))
    text = (info.path / "stations.csv").read_text()
    assert '"Liceo ""Ñandú"", sede 2",,"99"' in text
