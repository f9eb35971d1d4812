"""One release after another: nothing changes without being listed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from testigo.bundle import BundleInfo
from testigo.election import Register, read_register, write_register
from testigo.errors import InputError
from testigo.ledger import SigningKey
from testigo.records import ConfigurationLeaf, parse_leaf
from testigo.verify import verify


@pytest.fixture
def releases(make_day: Any, day: Any, key: SigningKey, tmp_path: Path) -> tuple[BundleInfo, BundleInfo, Any]:
    """Two releases of a short day, and the day."""
    short = make_day(day.profile)
    opened = short.receive(None, "empty")
    short.read(0, person=1, opened=opened)
    short.decide(0)
    first = short.write(tmp_path / "1", key)
    short.entries = list(first.entries)
    short.read(0, person=2, opened=opened)
    short.decide(0)
    short.read(1, person=1, opened=opened)
    short.decide(1)
    rows = short.register.table
    kept = rows.slice(0, rows.num_rows - 1)
    before, short.register = short.register, Register(day.profile, kept)
    second = short.write(tmp_path / "2", key, previous=first.manifest, previous_register=before)
    return first, second, short


def test_changes_hold_against_the_previous_release(releases: Any, key: SigningKey) -> None:
    first, second, _ = releases
    report = verify(second.path, key=key.verifier, previous=first.path, earlier=first.checkpoint)
    assert report.passed, report.problems
    codes = {one.code for one in report.not_checked}
    assert "changed_stations" not in codes and "earlier" not in codes
    text = (second.path / "changes.csv").read_text()
    assert '"standing","documented","confirmed"' in text and '"stations","","990101045.01","removed"' in text


def test_without_the_previous_release_changed_stations_are_not_checked(releases: Any, key: SigningKey) -> None:
    report = verify(releases[1].path, key=key.verifier)
    assert report.passed and "changed_stations" in {one.code for one in report.not_checked}


@pytest.mark.parametrize("table", ["stations", "tallies"])
def test_a_change_that_is_not_listed_is_named(
    releases: Any, key: SigningKey, tmp_path: Path, table: str, make_forger: Any
) -> None:
    first, second, short = releases
    forger = make_forger(second.path, key)
    lines = (second.path / "changes.csv").read_text().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith(f'"{table}"'))
    forger.put("changes.csv", "".join(lines[:at] + lines[at + 1 :]).encode())
    forger.sign(short.entries)
    report = verify(second.path, key=key.verifier, previous=first.path)
    (problem,) = report.problems
    assert problem.kind == "changes" and "leaves out" in problem.what and table in problem.where


def test_another_previous_release_than_the_named_one_is_named(
    releases: Any, key: SigningKey, original: BundleInfo
) -> None:
    report = verify(releases[1].path, key=key.verifier, previous=original.path)
    assert {problem.kind for problem in report.problems} == {"changes", "history"}


def test_an_older_release_of_the_same_log_says_that_a_newer_one_exists(
    releases: Any, key: SigningKey, tmp_path: Path
) -> None:
    first, second, _ = releases
    held_back = tmp_path / "held back"
    shutil.copytree(first.path, held_back)
    shutil.rmtree(held_back / "ledger")
    shutil.copytree(second.path / "ledger", held_back / "ledger")
    report = verify(held_back, key=key.verifier)
    assert report.passed and "newer_release" in {one.code for one in report.not_checked}


def test_a_previous_release_that_is_no_bundle_is_bad_input(releases: Any, key: SigningKey, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        verify(releases[1].path, key=key.verifier, previous=tmp_path)
    with pytest.raises(InputError):
        verify(releases[1].path, key=key.verifier, earlier=b"not a checkpoint")
    with pytest.raises(InputError):
        verify(tmp_path / "absent")


def test_a_decision_under_an_earlier_configuration_is_not_checked(
    make_day: Any, day: Any, key: SigningKey, tmp_path: Path
) -> None:
    changed = make_day(day.profile)
    now = parse_leaf(changed.entries[0])
    assert isinstance(now, ConfigurationLeaf)
    changed.entries[0] = replace(now, register="ab" * 32).to_bytes()
    changed.read(0, person=1, opened=changed.receive(None, "empty"))
    changed.decide(0)
    changed.add(now)
    report = verify(changed.write(tmp_path / "b", key).path, key=key.verifier)
    assert report.passed and "earlier_configuration" in {one.code for one in report.not_checked}


def test_the_register_as_configured_is_recognised_by_its_bytes(
    make_day: Any, day: Any, key: SigningKey, tmp_path: Path
) -> None:
    for ending in ("csv", "parquet"):
        mine = make_day(day.profile)
        file = tmp_path / f"register.{ending}"
        write_register(mine.register, file)
        mine.register = read_register(day.profile, file)
        now = parse_leaf(mine.entries[0])
        assert isinstance(now, ConfigurationLeaf)
        mine.entries[0] = replace(now, register=sha256(file.read_bytes()).hexdigest()).to_bytes()
        report = verify(mine.write(tmp_path / ending, key).path, key=key.verifier)
        assert report.passed and "register_file" not in {one.code for one in report.not_checked}
