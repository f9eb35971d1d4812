"""Whoever holds the log's key can sign anything: what is signed must still hold together."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from testigo.bundle.texts import csv_bytes
from testigo.bundle.write import parquet_bytes
from testigo.ledger import SigningKey
from testigo.records import ConfigurationLeaf, Decision, OpenedLeaf, ReleaseLeaf, canonical, parse_leaf
from testigo.verify import Report, verify

STATION = "990101001.02"


def problems(report: Report, kind: str) -> list[str]:
    """Problems of a kind, as ``where: what``."""
    return [f"{problem.where}: {problem.what}" for problem in report.problems if problem.kind == kind]


def altered(table: pa.Table, column: str, change: int, station: str = STATION) -> pa.Table:
    """The table with ``change`` added to one cell."""
    at = table["station"].to_pylist().index(station)
    values = table[column].to_pylist()
    values[at] += change
    return table.set_column(table.column_names.index(column), column, pa.array(values, pa.int64()))


def test_ten_votes_moved_in_the_table_are_named_by_row_and_column(
    forger: Any, day: Any, key: SigningKey, bundle: Path
) -> None:
    table = pq.read_table(bundle / "tallies.parquet")
    forger.table("tallies", altered(altered(table, "c_EG", -10), "c_NM", 10))
    forger.sign(day.entries)
    report = verify(bundle, key=key.verifier, images=False)
    lines = problems(report, "table")
    assert len(lines) == 2
    assert f"tallies.parquet, presidente {STATION}: c_EG" in lines[0] and "c_NM" in lines[1]
    assert problems(report, "sum"), "the ballot lines no longer sum to their candidates"


def test_a_dropped_station_is_named(forger: Any, day: Any, key: SigningKey, bundle: Path) -> None:
    table = pq.read_table(bundle / "tallies.parquet")
    forger.table("tallies", table.filter(pc.not_equal(table["station"], STATION)))
    forger.sign(day.entries)
    report = verify(bundle, key=key.verifier, images=False)
    assert problems(report, "table") == [f"tallies.parquet, presidente {STATION}: the row is missing"]


def test_an_invented_row_is_named(forger: Any, day: Any, key: SigningKey, bundle: Path) -> None:
    table = pq.read_table(bundle / "tallies.parquet")
    row = table.slice(0, 1).set_column(1, "station", pa.array(["990101099.09"]))
    forger.table("tallies", pa.concat_tables([table, row]))
    forger.sign(day.entries)
    lines = problems(verify(bundle, key=key.verifier, images=False), "table")
    assert lines == ["tallies.parquet, presidente 990101099.09: the row does not belong there"]


def test_an_altered_reading_in_the_table_is_named(forger: Any, day: Any, key: SigningKey, bundle: Path) -> None:
    table = pq.read_table(bundle / "readings.parquet")
    forger.table("readings", altered(table, "confidence", -1))
    forger.sign(day.entries)
    lines = problems(verify(bundle, key=key.verifier, images=False), "table")
    assert len(lines) == 1 and lines[0].startswith("readings.parquet, ") and "confidence" in lines[0]


def test_a_csv_that_says_otherwise_than_the_parquet_is_named(
    forger: Any, day: Any, key: SigningKey, bundle: Path
) -> None:
    table = pq.read_table(bundle / "tallies.parquet")
    forger.put("tallies.csv", csv_bytes(altered(table, "valid", 1)))
    forger.sign(day.entries)
    report = verify(bundle, key=key.verifier, images=False)
    assert len(problems(report, "csv")) == 1
    assert f"tallies.csv, presidente {STATION}: valid" in problems(report, "csv")[0]
    assert any(line.startswith("tallies.csv") for line in problems(report, "sum")), "DuckDB adds up the CSV by itself"


def test_a_csv_row_twice_or_lost_is_named(forger: Any, day: Any, key: SigningKey, bundle: Path) -> None:
    lines = (bundle / "stations.csv").read_text().splitlines(keepends=True)
    forger.put("stations.csv", "".join([*lines[:2], lines[1], *lines[3:]]).encode())
    forger.sign(day.entries)
    named = problems(verify(bundle, key=key.verifier, images=False), "csv")
    assert named == ["stations.csv, 990101001.01: the row stands twice", f"stations.csv, {STATION}: the row is missing"]


def test_a_decision_that_does_not_follow_is_named_by_leaf_and_field(
    make_day: Callable[..., Any], day: Any, key: SigningKey, tmp_path: Path
) -> None:
    liar = make_day(day.profile)
    opened = liar.receive(None, "empty")
    liar.read(0, person=1, opened=opened)
    index = liar.decide(0)
    honest = parse_leaf(liar.entries[index])
    assert isinstance(honest, Decision)
    liar.entries[index] = replace(honest, standing="confirmed", rule="two_people_agree").to_bytes()
    report = verify(liar.write(tmp_path / "b", key).path, key=key.verifier)
    lines = problems(report, "decision")
    assert [line.split(": ")[1] for line in lines] == ["standing", "rule"]
    assert all(line.startswith(f"ledger, leaf {index} ") for line in lines)


def test_counts_that_no_reading_gave_are_named(
    make_day: Callable[..., Any], day: Any, key: SigningKey, tmp_path: Path
) -> None:
    liar = make_day(day.profile)
    opened = liar.receive(None, "empty")
    for person in (1, 2):
        liar.read(0, person=person, opened=opened)
    index = liar.decide(0)
    honest = parse_leaf(liar.entries[index])
    assert isinstance(honest, Decision)
    liar.entries[index] = replace(honest, counts=liar.counts(5)).to_bytes()
    lines = problems(verify(liar.write(tmp_path / "b", key).path, key=key.verifier), "decision")
    assert [line.split(": ")[1] for line in lines] == ["counts"]


def test_a_reading_that_was_ignored_is_named(
    make_day: Callable[..., Any], day: Any, key: SigningKey, tmp_path: Path
) -> None:
    liar = make_day(day.profile)
    opened = liar.receive(None, "empty")
    for person in (1, 2):
        liar.read(0, person=person, opened=opened)
    liar.decide(0)
    against = liar.read(0, person=3, opened=opened, counts=liar.counts(4))
    report = verify(liar.write(tmp_path / "b", key).path, key=key.verifier)
    (line,) = problems(report, "decision")
    assert line.startswith(f"ledger, leaf {against} ") and "ignored" in line and "outvoted" in line


def test_a_station_with_a_reading_and_no_decision_is_named(
    make_day: Callable[..., Any], day: Any, key: SigningKey, tmp_path: Path
) -> None:
    liar = make_day(day.profile)
    liar.read(0, person=1, opened=liar.receive(None, "empty"))
    (line,) = problems(verify(liar.write(tmp_path / "b", key).path, key=key.verifier), "decision")
    assert "ignored" in line and liar.station(0) in line


def test_one_person_counted_twice_is_named_whatever_the_rules(
    make_day: Callable[..., Any], day: Any, key: SigningKey, tmp_path: Path
) -> None:
    liar = make_day(day.profile)
    opened = liar.receive(None, "empty")
    inputs = tuple(liar.read(0, person=1, opened=opened) for _ in range(2))
    index = liar.decide(0)
    honest = parse_leaf(liar.entries[index])
    assert isinstance(honest, Decision)
    liar.entries[index] = replace(honest, supports=inputs, standing="confirmed", rule="two_people_agree").to_bytes()
    lines = problems(verify(liar.write(tmp_path / "b", key).path, key=key.verifier), "decision")
    assert any("counted twice" in line for line in lines)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"payload": "990101001.01.1.0001!1,2!0!0"}, "payload"),
        ({"sheet_code": "990101009.01.1.0001"}, "sheet_code"),
        ({"evidence": ("print",)}, "does not say that it used a code"),
    ],
)
def test_a_reading_that_is_not_its_payload_is_named(
    make_day: Callable[..., Any], day: Any, key: SigningKey, tmp_path: Path, values: dict[str, Any], named: str
) -> None:
    liar = make_day(day.profile)
    liar.read_code(0, liar.receive(None, "empty"))
    (index, honest) = liar.readings[liar.station(0)][0]
    lie = replace(honest, **values)
    liar.entries[index], liar.readings[liar.station(0)] = lie.to_bytes(), [(index, lie)]
    liar.decide(0)
    lines = problems(verify(liar.write(tmp_path / "b", key).path, key=key.verifier), "reading")
    assert len(lines) == 1 and f"leaf {index} " in lines[0] and named in lines[0]


def test_counts_other_than_the_payloads_are_named(
    make_day: Callable[..., Any], day: Any, key: SigningKey, tmp_path: Path
) -> None:
    liar = make_day(day.profile)
    liar.read_code(0, liar.receive(None, "empty"))
    (index, honest) = liar.readings[liar.station(0)][0]
    lie = replace(honest, counts=liar.counts(3))
    liar.entries[index], liar.readings[liar.station(0)] = lie.to_bytes(), [(index, lie)]
    liar.decide(0)
    lines = problems(verify(liar.write(tmp_path / "b", key).path, key=key.verifier), "reading")
    assert len(lines) == 1 and "counts" in lines[0]


def test_an_image_that_shows_another_station_is_named(
    make_day: Callable[..., Any], day: Any, key: SigningKey, tmp_path: Path
) -> None:
    pictures = list(day.images)
    liar = make_day(day.profile)
    shown = {}
    for number in (0, 1):  # each station's reading points to the other's image
        opened = liar.receive(day.images[pictures[1 - number]])
        shown[number] = pictures[1 - number]
        liar.read_code(number, opened)
        liar.decide(number)
    lines = problems(verify(liar.write(tmp_path / "b", key).path, key=key.verifier), "image")
    assert len(lines) == 2
    assert any(shown[0] in line and liar.station(1) in line for line in lines)


@pytest.mark.parametrize("evidence", [("qr",), ("print", "qr")])
def test_an_image_that_shows_other_counts_is_named(
    make_day: Callable[..., Any], day: Any, key: SigningKey, tmp_path: Path, evidence: tuple[str, ...]
) -> None:
    """Who says that the print helped to read the code is not let off either."""
    liar = make_day(day.profile)
    opened = liar.receive(next(iter(day.images.values())))  # shows station 0's votes
    payload = liar.payload(5).replace(liar.station(5), liar.station(0))
    code = payload.split("!")[0]
    liar.read(
        0, opened=opened, reader="qr/zxing-cpp", evidence=evidence, payload=payload, sheet_code=code,
        counts=liar.counts(5),
    )  # fmt: skip
    liar.decide(0)
    lines = problems(verify(liar.write(tmp_path / "b", key).path, key=key.verifier), "image")
    assert len(lines) == 1 and "it shows" in lines[0]


def test_a_drawing_in_a_real_bundle_is_named(
    make_day: Callable[..., Any], day: Any, key: SigningKey, tmp_path: Path
) -> None:
    liar = make_day(day.profile, rehearsal=False)
    liar.read_code(0, liar.receive(next(iter(day.images.values()))))
    liar.decide(0)
    lines = problems(verify(liar.write(tmp_path / "b", key).path, key=key.verifier), "image")
    assert len(lines) == 1 and "SIMULACRO" in lines[0]


def test_an_image_that_no_leaf_names_is_named(forger: Any, day: Any, key: SigningKey, bundle: Path) -> None:
    data = b"\xff\xd8 not in the log"
    digest = sha256(data).hexdigest()
    forger.put(f"sheets/{digest[:2]}/{digest}.jpg", data)
    forger.sign(day.entries)
    lines = problems(verify(bundle, key=key.verifier), "image")
    assert lines == [f"sheets/{digest[:2]}/{digest}.jpg: no opened leaf of the log names it"]


def test_an_image_left_out_of_the_manifest_is_named(forger: Any, day: Any, key: SigningKey, bundle: Path) -> None:
    path = next(bundle.glob("sheets/*/*.jpg"))
    name = path.relative_to(bundle).as_posix()
    path.unlink()
    path.parent.rmdir()
    del forger.manifest["files"][name]
    forger.sign(day.entries)
    lines = problems(verify(bundle, key=key.verifier), "image")
    assert len(lines) == 1 and lines[0].startswith(name)


@pytest.mark.parametrize(
    ("field", "lie"), [("profile", "00" * 32), ("register", "11" * 32), ("election", "other"), ("rehearsal", False)]
)
def test_another_configuration_than_the_logged_one_is_named(
    forger: Any, day: Any, key: SigningKey, bundle: Path, field: str, lie: Any
) -> None:
    logged = parse_leaf(day.entries[0])
    assert isinstance(logged, ConfigurationLeaf)
    forger.sign([replace(logged, **{field: lie}).to_bytes(), *day.entries[1:]])
    lines = problems(verify(bundle, key=key.verifier, images=False), "configuration")
    assert len(lines) == 1 and field in lines[0]


def test_a_leaf_that_is_none_is_named(forger: Any, day: Any, key: SigningKey, bundle: Path) -> None:
    forger.sign([*day.entries, b'{"type":"receipt"}'])
    lines = problems(verify(bundle, key=key.verifier, images=False), "leaf")
    assert len(lines) == 1 and f"leaf {len(day.entries)}" in lines[0]


def test_a_leaf_that_names_a_later_one_is_named(forger: Any, day: Any, key: SigningKey, bundle: Path) -> None:
    forger.sign([*day.entries, OpenedLeaf(9999, "empty").to_bytes()])
    lines = problems(verify(bundle, key=key.verifier, images=False), "leaf")
    assert len(lines) == 1 and "9999" in lines[0]


@pytest.mark.parametrize(
    "path", ["../outside", "/etc/passwd", "sheets/../../x", "sheets/aa/../../manifest.json", "tallies.parquet/", ".."]
)
def test_a_path_that_leaves_the_bundle_is_refused_and_not_opened(
    forger: Any, day: Any, key: SigningKey, bundle: Path, path: str
) -> None:
    forger.manifest["files"][path] = {"sha256": "0" * 64, "size": 1}
    forger.sign(day.entries)
    lines = problems(verify(bundle, key=key.verifier, images=False), "manifest")
    assert lines == [f"manifest.json, {path}: a bundle has no file of this path"]


def test_a_release_leaf_inserted_before_is_named(forger: Any, day: Any, key: SigningKey, bundle: Path) -> None:
    forger.sign([*day.entries, ReleaseLeaf(7, "ab" * 32).to_bytes()])
    assert problems(verify(bundle, key=key.verifier, images=False), "release")


def test_an_invented_change_is_named(forger: Any, day: Any, key: SigningKey, bundle: Path) -> None:
    data = (bundle / "changes.csv").read_bytes() + b'"tallies","presidente","990101001.01","removed","","",""\n'
    forger.put("changes.csv", data)
    forger.sign(day.entries)
    lines = problems(verify(bundle, key=key.verifier, images=False), "changes")
    assert len(lines) == 1 and "990101001.01" in lines[0]


def test_a_register_with_a_station_twice_is_named(forger: Any, day: Any, key: SigningKey, bundle: Path) -> None:
    table = pq.read_table(bundle / "stations.parquet")
    forger.put("stations.parquet", parquet_bytes(pa.concat_tables([table, table.slice(0, 1)])))
    forger.sign(day.entries)
    lines = problems(verify(bundle, key=key.verifier, images=False), "table")
    assert any(line.startswith("stations.parquet") and "990101001.01" in line for line in lines)


@pytest.mark.parametrize(("field", "lie"), [("made", "2024-07-29T12:00:00Z"), ("why", {"es": "nada"})])
def test_another_manifest_than_the_one_in_the_log_is_named(bundle: Path, key: SigningKey, field: str, lie: Any) -> None:
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    (bundle / "manifest.json").write_bytes(canonical(manifest | {field: lie}))
    lines = problems(verify(bundle, key=key.verifier, images=False), "release")
    assert [line.split(":")[0] for line in lines] == ["manifest.json"]


def test_null_votes_that_only_the_csv_has_are_found_by_the_sum(
    forger: Any, day: Any, key: SigningKey, bundle: Path
) -> None:
    table = pq.read_table(bundle / "tallies.parquet")
    forger.put("tallies.csv", csv_bytes(altered(table, "null", 5)))
    forger.sign(day.entries)
    (line,) = problems(verify(bundle, key=key.verifier, images=False), "sum")
    assert line.startswith("tallies.csv, presidente confirmed: null: the log's decisions sum to 6, the table to 11")
