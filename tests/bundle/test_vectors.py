"""The test vectors of docs/bundle-format.md: what is written today is what strangers were promised.

`python -m pytest tests/bundle/test_vectors.py` with TESTIGO_WRITE_VECTORS=1 writes them again; look at the difference.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from testigo.bundle import BundleInfo, parse_manifest
from testigo.election import load_profile
from testigo.ledger import SigningKey, commit, leaf_hash, open_checkpoint, root_of_hashes
from testigo.records import LEAF_TYPES, canonical, parse_leaf

KEY = SigningKey("vectors.example/log", bytes(range(32)))
NAMES = ("manifest.json", "changes.csv", "stations.csv", "tallies.csv")
INPUT = ("profile.toml", "leaves.jsonl")
DOCUMENT = Path(__file__).parents[2] / "docs" / "bundle-format.md"


def entries_of(vectors: Path) -> list[bytes]:
    """The entries of the vectors' log."""
    return (vectors / "leaves.jsonl").read_bytes().splitlines()


def made(info: BundleInfo) -> dict[str, bytes]:
    """What this version writes from the vectors' profile and leaves."""
    files = {name: (info.path / name).read_bytes() for name in NAMES}
    files["checkpoint"] = info.checkpoint
    hashes = [leaf_hash(entry) for entry in info.entries]
    values: dict[str, Any] = {
        "leaf_hashes": [value.hex() for value in hashes],
        "root": root_of_hashes(hashes).hex(),
        "manifest": info.manifest.sha256,
        "commitment_of_nonce_01_and_digest_02": commit(b"\x01" * 32, b"\x02" * 32).hex(),
    }
    files["hashes.json"] = (json.dumps(values, indent=1) + "\n").encode()
    return files


def without_parquet(data: bytes) -> Any:
    """A manifest's values without what depends on the Parquet library."""
    value = json.loads(data)
    value["files"] = {path: entry for path, entry in value["files"].items() if not path.endswith(".parquet")}
    return value


def test_what_is_written_is_what_the_vectors_say(
    vectors: Path, tmp_path: Path, write_release: Any, make_leaves: Any
) -> None:
    profile = load_profile(vectors / "profile.toml")
    again = bool(os.environ.get("TESTIGO_WRITE_VECTORS"))
    leaves = make_leaves(profile) if again else entries_of(vectors)[:-1]
    info = write_release(tmp_path / "b", profile, leaves, why={"es": "Primera", "en": "First"})
    files = made(info)
    if again:
        files["leaves.jsonl"] = b"".join(entry + b"\n" for entry in info.entries)
        for name, data in files.items():
            (vectors / name).write_bytes(data)
    assert {path.name for path in vectors.iterdir()} == {*files, *INPUT}
    for name in ("changes.csv", "stations.csv", "tallies.csv"):
        assert (vectors / name).read_bytes() == files[name], name
    assert without_parquet((vectors / "manifest.json").read_bytes()) == without_parquet(files["manifest.json"])


def test_the_vectors_hold_together(vectors: Path) -> None:
    manifest = parse_manifest((vectors / "manifest.json").read_bytes())
    entries = entries_of(vectors)
    hashes = json.loads((vectors / "hashes.json").read_bytes())
    assert [leaf_hash(entry).hex() for entry in entries] == hashes["leaf_hashes"]
    checkpoint = open_checkpoint((vectors / "checkpoint").read_bytes(), KEY.verifier)
    assert checkpoint.head.root.hex() == hashes["root"] and checkpoint.head.size == len(entries)
    release = json.loads(entries[manifest.covers])
    assert release == {"type": "release", "number": 1, "previous": "", "manifest": hashes["manifest"]}
    assert manifest.sha256 == hashes["manifest"]
    assert {parse_leaf(entry).TYPE for entry in entries} == set(LEAF_TYPES)


@pytest.mark.parametrize("name", sorted(LEAF_TYPES))
def test_the_document_names_every_field_of_every_leaf(name: str) -> None:
    section = DOCUMENT.read_text(encoding="utf-8").split("## ledger/")[1].split("##")[0]
    (row,) = re.findall(rf"^\| `{name}` \| (.*) \|$", section, re.MULTILINE)
    named = set(re.findall(r"`([a-z_]+)`", row))
    fields = {one.name for one in dataclasses.fields(LEAF_TYPES[name])}  # type: ignore[arg-type]
    assert fields <= named, fields - named


def test_the_document_names_every_field_of_the_manifest(info: BundleInfo) -> None:
    section = DOCUMENT.read_text(encoding="utf-8").split("## manifest.json")[1].split("##")[0]
    rows = set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE))
    assert rows == set(json.loads(info.manifest.source))


def test_the_document_names_every_column(info: BundleInfo) -> None:
    section = DOCUMENT.read_text(encoding="utf-8").split("## Tables")[1].split("##")[0]
    named = set(re.findall(r"`([a-z_]+)`", section))
    for name in ("stations", "tallies", "changes"):
        header = (info.path / f"{name}.csv").read_text().splitlines()[0].replace('"', "").split(",")
        for column in header:
            level = column.removesuffix("_name")
            known = column in named or column.startswith(("c_", "l_")) or level in ("estado", "municipio", "parroquia")
            assert known, column
    assert canonical({"b": 1, "a": [True, None]}) == b'{"a":[true,null],"b":1}'
