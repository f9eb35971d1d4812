"""Published counts, drawn as sheets, taken in and read: they must come back to the last vote, without a web server."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testigo.server.postgres import processes

pytestmark = pytest.mark.xdist_group("cli-round-trip")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A data home; its server ends by itself when nobody uses it."""
    folder = Path(tempfile.mkdtemp(prefix="testigo-cli-"))
    try:
        yield folder / "home"
    finally:
        data, deadline = folder / "home" / "postgres" / "data", time.monotonic() + 15
        while data.exists() and processes.servers_of(data) and time.monotonic() < deadline:
            time.sleep(0.05)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def sheets(testigo: Callable[..., Any], table: Callable[..., Path], tmp_path_factory: Any) -> Path:
    """Four of the six stations, drawn."""
    out: Path = tmp_path_factory.mktemp("sheets") / "S"
    words = ("--profile", "ve2024", "--stations", 4, "--seed", 3, "--out", out, "--json")
    ran = testigo("simulate", "--from", table("V1"), *words)
    assert (ran.status, ran.answer["sheets"]) == (0, 4), ran.err
    return out


@pytest.fixture(scope="module")
def truth(sheets: Path) -> dict[str, Any]:
    files: dict[str, Any] = json.loads((sheets / "truth.json").read_bytes())["files"]
    return files


def test_a_drawing_is_refused_by_name_outside_a_rehearsal(testigo: Callable[..., Any], sheets: Path) -> None:
    path = sheets / "sheet-00001.jpg"
    ran = testigo("read", "--profile", "ve2024", "--json", path)
    assert (ran.status, ran.answer["by"], ran.answer["candidates"]) == (1, None, None)
    assert [problem["code"] for problem in ran.answer["problems"]] == ["simulacro"]
    said = testigo("read", "--profile", "ve2024", path, TESTIGO_LANG="es")
    assert "SIMULACRO" in said.out
    assert str(path) in said.out


def test_in_a_rehearsal_every_sheet_reads_as_the_truth_says(
    testigo: Callable[..., Any], sheets: Path, truth: dict[str, Any]
) -> None:
    ran = testigo("read", "--profile", "ve2024", "--rehearsal", "--json", *sorted(sheets.glob("*.jpg")))
    assert ran.status == 0, ran.err
    lines = {Path(line["file"]).name: line for line in map(json.loads, ran.out.splitlines())}
    assert set(lines) == set(truth)
    for name, line in lines.items():
        assert line["by"] == "qr"
        for field in ("contest", "station", "counts", "candidates", "null", "blank"):
            assert line[field] == truth[name][field]


def test_a_folder_comes_back_to_the_last_vote_and_becomes_a_verified_release(
    testigo: Callable[..., Any], sheets: Path, truth: dict[str, Any], home: Path, tmp_path: Path
) -> None:
    (sheets / "again.jpg").write_bytes((sheets / "sheet-00001.jpg").read_bytes())
    (sheets / "empty.jpg").write_bytes(b"")
    (sheets / "letter.jpg").write_text("no image")
    ran = testigo("ingest", sheets, "--profile", "ve2024", "--rehearsal", "--home", home, "--json")
    assert ran.status == 0, ran.err
    assert ran.answer["received"] == 7
    assert ran.answer["read"] == 4
    assert ran.answer["refused"] == {"empty": 1, "not_an_image": 1}
    answer = testigo("tally", "--home", home, "--standing", "documented", "--json").answer
    for candidate in answer["candidates"]:
        assert candidate["votes"] == sum(sheet["candidates"][candidate["code"]] for sheet in truth.values())
    assert answer["stations"]["by_standing"]["documented"] == answer["stations"]["with_tally"] == 4
    assert answer["rehearsal"] is True
    assert testigo("tally", "--home", home, "--json").answer["valid"] == 0  # one reading confirms nothing
    assert "SIMULACRO" in testigo("tally", "--home", home).out

    bundle = tmp_path / "B"
    made = testigo("bundle", "--out", bundle, "--home", home, "--why", "es=Ensayo", "--json")
    assert (made.status, made.answer["release"]) == (0, 1), made.err
    report = testigo("verify", bundle, "--key", made.answer["key"], "--json")
    assert (report.status, report.answer["problems"]) == (0, [])
    assert (report.answer["stations"], report.answer["images_read"]) == (4, 4)
    assert report.answer["sentence"].startswith("A REHEARSAL")
    assert testigo("tally", bundle, "--standing", "documented", "--json").answer == answer


def test_a_rehearsal_stays_one_for_ever(testigo: Callable[..., Any], sheets: Path, tmp_path: Path) -> None:
    home = tmp_path / "h"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert testigo("ingest", empty, "--profile", "ve2024", "--rehearsal", "--home", home).status == 0
    ran = testigo("ingest", empty, "--profile", "ve2024", "--home", home)
    assert ran.status == 2
    assert "rehearsal, for ever" in ran.err
