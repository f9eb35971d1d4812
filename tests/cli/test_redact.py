"""``testigo redact``: pictures for everybody, named by nothing but their own bytes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

pytest.importorskip("cv2")

from testigo.cli import main
from testigo.election import load_profile
from testigo.simulate import invented_counts, invented_register, make_sheet, scan_of


@pytest.fixture(scope="module")
def scan() -> bytes:
    profile = load_profile("ve2024")
    contest, register = profile.contest(), invented_register(profile, 12, 3)
    station = register.find(sorted(register.rows)[0])
    assert station is not None
    counts = invented_counts(contest, register, 3)[station.code]
    return scan_of(profile, make_sheet(profile, contest, register, station, counts, 3), "redact")


def test_a_picture_is_named_by_its_bytes_and_not_by_whoever_sent_it(
    scan: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, out = tmp_path / "maria-perez.jpg", tmp_path / "public"
    given.write_bytes(scan)
    status = main(["redact", "--profile", "ve2024", "--rehearsal", "--json", "--out", str(out), str(given)])
    answer = json.loads(capsys.readouterr().out)
    assert status == 0
    (picture,) = out.iterdir()
    assert picture.name == hashlib.sha256(picture.read_bytes()).hexdigest() + ".jpg"
    assert answer["image"] == str(picture)
    assert answer["withheld"] == ""
    width, height = answer["size"]
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in answer["rectangles"])


def test_what_cannot_be_shown_says_why_and_the_others_go_on(
    scan: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good, out = tmp_path / "a.jpg", tmp_path / "b.jpg", tmp_path / "public"
    bad.write_bytes(b"not an image")
    good.write_bytes(scan)
    status = main(["redact", "--profile", "ve2024", "--rehearsal", "--json", "--out", str(out), str(bad), str(good)])
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert status == 1
    assert (first["image"], first["withheld"]) == (None, "not_an_image")
    assert second["image"] is not None


def test_a_drawing_is_no_picture_outside_a_rehearsal(
    scan: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, out = tmp_path / "a.jpg", tmp_path / "public"
    given.write_bytes(scan)
    assert main(["redact", "--profile", "ve2024", "--out", str(out), str(given)]) == 1
    assert "(simulacro)" in capsys.readouterr().out
    assert list(out.iterdir()) == []


def test_a_missing_file_is_said_before_anything_is_done(tmp_path: Path) -> None:
    assert main(["redact", "--profile", "ve2024", "--out", str(tmp_path / "o"), str(tmp_path / "none.jpg")]) == 2
    assert not (tmp_path / "o").exists()
