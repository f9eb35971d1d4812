"""``testigo read --parts``: a tape that was sent in two photos."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("rapidocr")

import cv2
import numpy as np

from testigo.cli import main
from testigo.election import load_profile
from testigo.simulate import invented_counts, invented_register, make_sheet
from testigo.simulate.press import draw_sheet


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Upper and lower part of a drawn tape on a dark table."""
    profile = load_profile("ve2024")
    contest, register = profile.contest(), invented_register(profile, 12, 3)
    station = register.find(sorted(register.rows)[0])
    assert station is not None
    counts = invented_counts(contest, register, 3)[station.code]
    pixels = draw_sheet(profile, contest, make_sheet(profile, contest, register, station, counts, 3))
    folder = tmp_path_factory.mktemp("photos")
    for name, part in (("top.jpg", pixels[:4200]), ("end.jpg", pixels[3500:])):
        table = np.full((part.shape[0] + 160, part.shape[1] + 160), 60, np.uint8)
        table[80:-80, 80:-80] = part
        cv2.imwrite(str(folder / name), table)
    return [str(folder / "end.jpg"), str(folder / "top.jpg")]


def test_two_photos_of_one_tape_give_one_line(photos: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["read", "--profile", "ve2024", "--rehearsal", "--parts", "--json", *photos])
    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert status == 0
    assert (line["file"], line["by"]) == (f"{photos[1]} + {photos[0]}", "qr+print")


def test_a_file_that_is_no_image_has_its_line_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no image")
    assert main(["read", "--profile", "ve2024", "--parts", "--json", str(tmp_path / "a.jpg")]) == 1
    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert (line["by"], [one["code"] for one in line["problems"]]) == (None, ["not_an_image"])


@pytest.mark.parametrize("more", [["--dask", "tcp://127.0.0.1:1"], ["--out", "x.jsonl"], ["--verdict"]])
def test_options_that_do_not_go_with_parts_are_refused(more: list[str], photos: list[str]) -> None:
    assert main(["read", "--profile", "ve2024", "--parts", *more, *photos]) == 2
