"""Reading a bundle: everything odd is refused, by file and field."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testigo.bundle import BundleInfo, counts_of, open_bundle, parse_manifest
from testigo.errors import InputError
from testigo.ledger import SigningKey, verify_proof_file
from testigo.records import PublicReading, canonical

KEY = SigningKey("vectors.example/log", bytes(range(32)))


def test_what_was_written_is_read(info: BundleInfo, leaves: list[bytes]) -> None:
    bundle = open_bundle(info.path)
    assert bundle.manifest == info.manifest and bundle.checkpoint == info.checkpoint
    assert bundle.tallies["standing"].to_pylist() == ["confirmed", "documented"]
    assert bundle.readings.num_rows == 3 and bundle.changes.num_rows == 0
    assert [leaf.to_bytes() for _, leaf in bundle.leaves()] == list(info.entries)
    for row in bundle.readings.to_pylist():
        reading = bundle.log.readings[row["leaf"]]
        assert isinstance(reading, PublicReading)
        assert counts_of(bundle.profile, row["contest"], row) == reading.counts
    digest = bundle.manifest.images[0]
    assert bundle.image(digest) == bundle.image_path(digest).read_bytes()
    with pytest.raises(InputError, match="no such image"):
        bundle.image("00" * 32)


def test_a_leafs_proof_holds_against_the_logs_key(info: BundleInfo) -> None:
    bundle = open_bundle(info.path)
    proof = bundle.ledger.proofs().file(3)
    verify_proof_file(proof, info.entries[3], KEY.verifier)
    with pytest.raises(InputError):
        verify_proof_file(proof, info.entries[4], KEY.verifier)


def test_an_earlier_checkpoint_still_gives_proofs(
    info: BundleInfo, profile: Any, tmp_path: Path, write_release: Any
) -> None:
    second = write_release(tmp_path / "second", profile, info.entries, previous=info.manifest)
    proof = open_bundle(second.path).ledger.proofs(info.checkpoint).file(3)
    assert info.checkpoint in proof
    verify_proof_file(proof, info.entries[3], KEY.verifier)


@pytest.mark.parametrize("path", ["profile/profile.toml", "stations.parquet", "tallies.parquet", "changes.csv"])
def test_altered_bytes_are_not_handed_out(info: BundleInfo, path: str) -> None:
    data = bytearray((info.path / path).read_bytes())
    data[len(data) // 2] ^= 1
    (info.path / path).write_bytes(data)
    with pytest.raises(InputError, match="not those that the manifest names") as caught:
        bundle = open_bundle(info.path)
        assert bundle.tallies is bundle.changes
    assert caught.value.problems[0].file == path


def test_an_altered_image_is_not_handed_out(info: BundleInfo) -> None:
    bundle = open_bundle(info.path)
    digest = bundle.manifest.images[0]
    bundle.image_path(digest).write_bytes(b"x")
    with pytest.raises(InputError, match="not those"):
        bundle.image(digest)


def test_a_link_is_not_followed(info: BundleInfo, tmp_path: Path) -> None:
    (info.path / "tallies.parquet").replace(tmp_path / "t")
    (info.path / "tallies.parquet").symlink_to(tmp_path / "t")
    with pytest.raises(InputError, match=r"tallies\.parquet cannot be used"):
        assert open_bundle(info.path).tallies


def test_no_bundle_is_said_to_be_none(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError):
            open_bundle(path)


def _without(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda value: value.pop(name)


def _with(**more: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda value: value.update(more)


def _file(path: str, **entry: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda value: value["files"].__setitem__(path, {"sha256": "0" * 64, "size": 1} | entry)


@pytest.mark.parametrize(
    ("alter", "field"),
    [
        (_without("covers"), "covers"),
        (_without("log_key"), "log_key"),
        (_with(extra=1), "extra"),
        (_with(format=2), "format"),
        (_with(format=True), "format"),
        (_with(release=0), "release"),
        (_with(release=True), "release"),
        (_with(release=2), "previous"),
        (_with(previous="ab" * 32, previous_covers=1), "previous"),
        (_with(release=2, previous="ab" * 32, previous_covers=10**6), "previous_covers"),
        (_with(made="2024-07-30T12:00:00"), "made"),
        (_with(made="2024-07-30T08:00:00-04:00"), "made"),
        (_with(made="yesterday"), "made"),
        (_with(register={"complete": 1, "sha256": ""}), "register"),
        (_with(rehearsal="no"), "rehearsal"),
        (_with(why={"es": 1}), "why"),
        (_with(origin=""), "origin"),
        (_with(files=[]), "files"),
        (_file("../x"), "../x"),
        (_file("/etc/passwd"), "/etc/passwd"),
        (_file("sheets/aa/../x.jpg"), "sheets/aa/../x.jpg"),
        (_file("ledger/checkpoint"), "ledger/checkpoint"),
        (_file("manifest.json"), "manifest.json"),
        (_file("tallies.csv", size=-1), "tallies.csv"),
        (_file("tallies.csv", size=1.0), ""),
        (_file("tallies.csv", sha256="AB" * 32), "tallies.csv"),
        (_file(f"sheets/aa/{'aa' * 32}.jpg"), f"sheets/aa/{'aa' * 32}.jpg"),
        (_file(f"sheets/ab/{'aa' * 32}.jpg"), f"sheets/ab/{'aa' * 32}.jpg"),
        (lambda value: value["files"].pop("stations.csv"), "stations.csv"),
    ],
)
def test_an_odd_manifest_is_refused_by_field(
    info: BundleInfo, alter: Callable[[dict[str, Any]], Any], field: str
) -> None:
    value = json.loads(info.manifest.source)
    alter(value)
    data = json.dumps(value).encode() if field == "" else canonical(value)
    with pytest.raises(InputError) as caught:
        parse_manifest(data)
    assert caught.value.problems[0].field == field


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{}\n", b"\xff", b"[" * 5000, b'{"a":1,"a":1}'])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        parse_manifest(data)


def test_a_manifest_is_its_own_canonical_form(info: BundleInfo) -> None:
    assert info.manifest.to_bytes() == info.manifest.source == parse_manifest(info.manifest.source).source
