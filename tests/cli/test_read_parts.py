"""``testigo read --parts``: a tape that was sent in two photos; a code that two scans show between them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("rapidocr")

import cv2
import numpy as np

from testigo.cli import main
from testigo.election import load_profile
from testigo.reading import read_sheet
from testigo.simulate import invented_counts, invented_register, make_sheet
from testigo.simulate.damage import Drawing
from testigo.simulate.paper import Image
from testigo.simulate.places import drawing_of


def drawn(seed: int) -> Drawing:
    """An invented sheet, with the place of its code."""
    profile = load_profile("ve2024")
    contest, register = profile.contest(), invented_register(profile, 12, seed)
    station = register.find(sorted(register.rows)[0])
    assert station is not None
    counts = invented_counts(contest, register, seed)[station.code]
    return drawing_of(profile, contest, make_sheet(profile, contest, register, station, counts, seed))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Upper and lower part of a drawn tape on a dark table."""
    pixels = drawn(3).pixels
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


def spoilt(drawing: Drawing, share: float, seed: int) -> Image:
    """The end of a tape, its code splashed with ink and whitener."""
    assert drawing.code is not None
    rng, pixels = np.random.default_rng(seed), drawing.pixels.copy()
    left, top, side, _ = drawing.code
    for _ in range(round(share * 49 * 49)):
        at = (round(left + rng.uniform(0, side)), round(top + rng.uniform(0, side)))
        cv2.circle(pixels, at, round(side * rng.uniform(0.007, 0.02)), int(rng.choice([20, 240])), -1)
    return pixels[round(top - 0.4 * side) :]


def test_two_scans_of_one_code_give_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawing, profile = drawn(3), load_profile("ve2024")
    names = [str(tmp_path / name) for name in ("a.png", "b.png")]
    for share in (0.16, 0.19, 0.22, 0.25):
        for seed, name in enumerate(names):
            cv2.imwrite(name, spoilt(drawing, share, seed))
        alone = [read_sheet(profile, Path(name).read_bytes(), rehearsal=True, print_mode="never") for name in names]
        if not any(one.found for one in alone):
            break
    status = main(["read", "--profile", "ve2024", "--rehearsal", "--parts", "--print", "never", "--json", *names])
    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert status == 0
    assert (line["file"], line["by"], line["stage"]) == (" + ".join(names), "qr", "combined")
    assert line["payload"] == drawing.payload


def test_a_file_that_is_no_image_has_its_line_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no image")
    assert main(["read", "--profile", "ve2024", "--parts", "--json", str(tmp_path / "a.jpg")]) == 1
    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert (line["by"], [one["code"] for one in line["problems"]]) == (None, ["not_an_image"])


@pytest.mark.parametrize("more", [["--dask", "tcp://127.0.0.1:1"], ["--out", "x.jsonl"], ["--verdict"]])
def test_options_that_do_not_go_with_parts_are_refused(more: list[str], photos: list[str]) -> None:
    assert main(["read", "--profile", "ve2024", "--parts", *more, *photos]) == 2
