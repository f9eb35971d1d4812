"""The print of a tape: read whole where it can be, and never proven where somebody changed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from testigo.reading import byprint
from testigo.reading.byprint import _still_a_drawing, find_sheets_by_print
from testigo.reading.opening.images import image_of
from testigo.reading.papers.finding import BY_PRINT, Paper
from testigo.reading.print import PrintReading, read_print
from testigo.records import Counts
from testigo.simulate.damage import damaged

TRUETYPE = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
    Path("/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf"),
)


def read(tape: Any, pixels: Any, **options: Any) -> PrintReading:
    reading = read_print(tape.profile, pixels, **options)
    assert reading is not None
    return reading


def says(reading: PrintReading, counts: Counts) -> bool:
    return reading.counts is not None and reading.counts.agrees_with(counts)


@pytest.fixture(scope="module")
def clean(tape: Any) -> tuple[PrintReading, Counts, Any]:
    counts = tape.counts(3, PSUV=188, UNTC=1107)
    pixels = tape.draw(counts, 3)
    return read(tape, pixels), counts, pixels


def test_a_clean_tape_is_read_whole(clean: tuple[PrintReading, Counts, Any]) -> None:
    reading, counts, _ = clean
    assert reading.proven and reading.problems == ()
    assert reading.counts is not None
    assert reading.counts.lines == counts.lines
    assert (reading.counts.null, reading.counts.blank) == (4, 2)
    assert reading.station == "040200003.01"
    assert reading.printed == {
        "electors": 9000, "voters_machine": counts.cast, "voters_book": counts.cast, "votes": counts.cast,
        "valid": counts.valid,
    }  # fmt: skip
    assert all(row.named and row.figures == row.words == row.value for row in reading.lines)


def test_header_signatures_and_marks_of_a_drawing(clean: tuple[PrintReading, Counts, Any]) -> None:
    reading, _, _ = clean
    assert reading.sheet_code is not None and reading.sheet_code.text == "040200003.01.1.0001"
    assert reading.uuid is not None and reading.uuid.text.startswith("51a00c20-")
    assert reading.printed_at is not None and reading.printed_at.text == "28/07/2024 07:03:30 PM"
    assert reading.simulacro
    assert set(reading.signatures) == {"president", "secretary", "member_a", "observer_a", "observer_b", "operator"}
    assert all(reading.signatures.values())


def test_boxes_lie_on_the_row_in_the_given_pixels(tape: Any, clean: tuple[PrintReading, Counts, Any]) -> None:
    reading, _, pixels = clean
    for row in reading.lines:
        assert row.box is not None
        expected = tape.row(row.name)
        assert expected.start - 10 <= row.box[1] and row.box[1] + row.box[3] <= expected.stop + 10
    twice = cv2.resize(pixels, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    smaller = read(tape, np.pad(twice, ((40, 0), (25, 25)), constant_values=20))
    first, second = reading.lines[20].box, smaller.lines[20].box
    assert first is not None and second is not None
    assert abs(first[1] * 0.8 + 40 - second[1]) < 8 and abs(first[0] * 0.8 + 25 - second[0]) < 8
    assert smaller.proven


def test_a_figure_changed_by_hand_is_seen_and_located(tape: Any, clean: tuple[PrintReading, Counts, Any]) -> None:
    _, _, pixels = clean
    other = tape.draw(tape.counts(3, PSUV=788, UNTC=1107), 3)
    forged, row = pixels.copy(), tape.row("PSUV")
    upper = slice(row.start, row.start + 34)  # the line with the figures; the words stay
    forged[upper] = other[upper]
    reading = read(tape, forged)
    assert not reading.proven
    assert "words_differ" in reading.problems
    (seen,) = reading.differing
    assert (seen.name, seen.figures, seen.words) == ("PSUV", 788, 188)
    assert seen.figures_box is not None and row.start - 6 <= seen.figures_box[1] <= row.stop


def test_a_row_changed_in_figures_and_words_breaks_the_sum(tape: Any, clean: tuple[PrintReading, Counts, Any]) -> None:
    _, _, pixels = clean
    other = tape.draw(tape.counts(3, PSUV=788, UNTC=1107), 3)
    forged, row = pixels.copy(), tape.row("PSUV")
    forged[row] = other[row]
    reading = read(tape, forged)
    assert not reading.proven
    assert "sum_differs" in reading.problems
    assert {row.name: row.value for row in reading.lines}["PSUV"] == 788  # told as it stands, not mended


def test_a_lost_row_is_missing_and_moves_no_other(tape: Any, clean: tuple[PrintReading, Counts, Any]) -> None:
    _, counts, pixels = clean
    row = tape.row("TUPAMARO")
    reading = read(tape, np.vstack([pixels[: row.start], pixels[row.stop :]]))
    assert not reading.proven
    assert "row_missing" in reading.problems
    values = {row.name: row.value for row in reading.lines}
    assert values.pop("TUPAMARO") is None
    assert counts.lines is not None
    assert values == {code: votes for code, votes in counts.lines.items() if code != "TUPAMARO"}


def test_a_row_fed_twice_moves_no_other(tape: Any, clean: tuple[PrintReading, Counts, Any]) -> None:
    _, counts, pixels = clean
    row = tape.row("MEP")
    reading = read(tape, np.vstack([pixels[: row.stop], pixels[row.start :]]))
    assert not reading.proven or says(reading, counts)
    assert counts.lines is not None
    assert {row.name: row.value for row in reading.lines if row.name != "MEP"} == {
        code: votes for code, votes in counts.lines.items() if code != "MEP"
    }


def test_another_source_with_another_code_is_contradicted(tape: Any, clean: tuple[PrintReading, Counts, Any]) -> None:
    _, _, pixels = clean
    reading = read(tape, pixels, sheet_code="040200004.01.1.0001")
    assert not reading.proven
    assert "code_differs" in reading.problems


@pytest.mark.parametrize(("family", "grade"), [("fading", 0.35), ("jpeg", 0.1), ("bilevel", 0.2), ("feed", 0.1)])
def test_moderate_damage_is_read(tape: Any, family: str, grade: float) -> None:
    counts = tape.counts(11)
    picture = damaged(family, grade, tape.draw(counts, 11), 7)
    pixels = picture.pixels if picture.pixels.ndim == 2 else cv2.cvtColor(picture.pixels, cv2.COLOR_BGR2GRAY)
    reading = read(tape, np.asarray(pixels, np.uint8))
    assert reading.proven, reading.problems
    assert says(reading, counts)


@pytest.mark.parametrize(("face", "beside"), [("simplex", True), ("triplex", False)])
def test_type_never_drawn_here_is_read(tape: Any, strange: Callable[..., Any], face: str, beside: bool) -> None:
    counts = tape.counts(21)
    reading = read(tape, strange(tape, counts, face, beside))
    assert says(reading, counts)
    assert reading.proven, reading.problems


def test_three_words_to_a_number_are_read(tape: Any, strange: Callable[..., Any]) -> None:
    """The sheets of 2024 print four; nobody promised that."""
    counts = tape.counts(23)
    reading = read(tape, strange(tape, counts, "simplex", True, 3))
    assert says(reading, counts)
    assert reading.proven, reading.problems


def test_words_that_the_edge_cuts_off_are_no_shorter_numbers(tape: Any, strange: Callable[..., Any]) -> None:
    counts = tape.counts(24)
    reading = read(tape, strange(tape, counts, "simplex", True)[:, :522])
    assert not reading.proven
    for row in reading.lines:
        assert row.words in (None, counts.lines[row.name]) or row.words_confidence < 800, row
        assert row.value in (None, counts.lines[row.name])


@pytest.mark.parametrize(("face", "beside"), [(TRUETYPE[0], False), (TRUETYPE[1], True)], ids=["mono", "serif"])
def test_typefaces_of_the_system_are_read(tape: Any, strange: Callable[..., Any], face: Path, beside: bool) -> None:
    if not face.exists():
        pytest.skip(f"the typeface {face.name} is not installed")
    counts = tape.counts(22)
    reading = read(tape, strange(tape, counts, face, beside))
    assert says(reading, counts)
    assert reading.proven, reading.problems


def test_a_tape_cut_by_the_finder_is_read_from_the_whole_image_but_not_beside_its_code(
    clean: tuple[PrintReading, Counts, Any], tape: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, counts, pixels = clean
    image = image_of(pixels)
    width, half = float(image.width), image.height * 0.6
    part = Paper(((0.0, 0.0), (width, 0.0), (width, half), (0.0, half)), False, (), 400, BY_PRINT)
    monkeypatch.setattr(byprint, "find_papers", lambda *_: (part,))
    (sheet,) = find_sheets_by_print(tape.profile, image, {}, lambda _: True, 4)
    assert sheet.reading.proven and says(sheet.reading, counts)
    assert sheet.region == (0, 0, image.width, image.height)
    assert sheet.reading.simulacro
    code: Any = object()
    (alone,) = find_sheets_by_print(tape.profile, image, {code: "1"}, lambda _: True, 4)
    assert not alone.reading.proven
    # A mark that only the part showed is not forgotten.
    unmarked = replace(sheet, reading=replace(sheet.reading, simulacro=False))
    assert _still_a_drawing(unmarked, [alone]).reading.simulacro
    assert not _still_a_drawing(unmarked, [unmarked]).reading.simulacro


def test_what_is_no_sheet_gives_no_reading(tape: Any) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1500, 700), np.uint8)
    assert read_print(tape.profile, noise) is None
    assert read_print(tape.profile, np.full((900, 600), 255, np.uint8)) is None
    assert read_print(tape.profile, np.zeros((10, 10), np.uint8)) is None
