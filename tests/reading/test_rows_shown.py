"""A sheet that was printed otherwise than the profile says: its counts are shown, and nobody's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from testigo.election import load_profile
from testigo.reading import FoundSheet, OpenedImage, Published, open_image, publish_image, read_sheet, redact_image
from testigo.reading.showing.rows_shown import visible_rows
from testigo.records import Opening, Withheld
from testigo.simulate import figures_for, invented_counts, invented_register, make_sheet
from testigo.simulate.look import Fit, Look
from testigo.simulate.press import draw_sheet

Grey = npt.NDArray[np.uint8]
ToJpeg = Callable[..., bytes]
DPI = 203.2
LOOK = Look(row=1.12, group=1.2, gaps=(3.0, 2.0, 0.0, 4.0, 6.0, 2.0))


class Tape:
    """A drawn tape of another look than the profile's, and where its private blocks are."""

    def __init__(self, seed: int) -> None:
        self.profile = load_profile("ve2024")
        contest = self.profile.contest()
        register = invented_register(self.profile, 6, seed)
        station = register.find(sorted(register.rows)[0])
        assert station is not None
        self.counts = invented_counts(contest, register, seed)[station.code]
        sheet = make_sheet(self.profile, contest, register, station, self.counts, seed)
        sheet = replace(sheet, figures=figures_for(contest, self.counts, 900))
        self.pixels: Grey = draw_sheet(self.profile, contest, sheet, look=LOOK)
        assert contest.layout is not None
        fit = Fit(LOOK, contest.layout)
        scale = self.pixels.shape[0] / fit.height
        edges = [
            (float(fit.y(block.box.y)) * scale, float(fit.y(block.box.bottom)) * scale)
            for block in contest.layout.blocks
            if not block.public
        ]
        self.private = (min(top for top, _ in edges), max(bottom for _, bottom in edges))


@pytest.fixture(scope="module")
def tape() -> Tape:
    return Tape(4)


@pytest.fixture(scope="module")
def opened(tape: Tape) -> OpenedImage:
    image = open_image(cv2.imencode(".jpg", tape.pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())
    assert isinstance(image, OpenedImage)
    return image


@pytest.fixture(scope="module")
def sheet(tape: Tape, opened: OpenedImage) -> FoundSheet:
    (found,) = read_sheet(tape.profile, opened, rehearsal=True, print_mode="always").found
    return found


def test_without_its_print_such_a_sheet_is_withheld(tape: Tape, opened: OpenedImage) -> None:
    readings = read_sheet(tape.profile, opened, rehearsal=True, print_mode="never")
    assert publish_image(tape.profile, opened, readings) == Withheld.NOT_ALIGNED


def test_every_ballot_line_is_shown_and_nothing_between_totals_and_code(tape: Tape, opened: OpenedImage) -> None:
    shown = redact_image(tape.profile, opened, rehearsal=True)
    assert isinstance(shown, Published)
    top, bottom = tape.private
    for _, y, _, height in shown.rectangles:
        assert y + height <= top or y >= bottom, "a private block would show"
    assert len(shown.rows) == len(tape.profile.contest().line_codes)
    # Who reads the picture again reads the same numbers, without the code's help.
    again = open_image(shown.jpeg)
    assert isinstance(again, OpenedImage)
    (found,) = read_sheet(tape.profile, again, rehearsal=True, print_mode="always").found
    assert found.counts == tape.counts
    assert found.by_print is not None
    assert {line.name: line.figures for line in found.by_print.reading.lines} == tape.counts.lines


def test_a_row_that_was_not_surely_read_withholds_the_picture(sheet: FoundSheet, opened: OpenedImage) -> None:
    assert visible_rows(sheet, opened.size)
    assert sheet.by_print is not None
    lines = sheet.by_print.reading.lines
    for doubt in (
        replace(lines[7], confidence=700),
        replace(lines[7], box=None),
        replace(lines[7], named=False, words=None),
        replace(lines[7], figures_box=(0, 100, 500, 900)),
    ):
        reading = replace(sheet.by_print.reading, lines=(*lines[:7], doubt, *lines[8:]))
        doubtful = replace(sheet, by_print=replace(sheet.by_print, reading=reading))
        assert visible_rows(doubtful, opened.size) == ()


def test_a_sheet_that_lies_otherwise_is_withheld(tape: Tape, sheet: FoundSheet, to_jpeg: ToJpeg) -> None:
    image = open_image(to_jpeg(np.ascontiguousarray(np.rot90(tape.pixels, 2))))
    assert isinstance(image, OpenedImage)
    assert isinstance(redact_image(tape.profile, image, rehearsal=True), Withheld)
    assert sheet.by_print is not None
    paper = sheet.by_print.paper
    (x, y), (right, upper), low, left = paper.corners
    slanting = replace(paper, corners=((x, y), (right, upper + 0.05 * (right - x)), low, left))
    for other in (replace(paper, mirrored=True), slanting):
        assert visible_rows(replace(sheet, by_print=replace(sheet.by_print, paper=other)), (10_000, 10_000)) == ()


def test_a_drawing_is_refused_outside_a_rehearsal(tape: Tape, opened: OpenedImage) -> None:
    assert redact_image(tape.profile, opened, rehearsal=False) == Opening.SIMULACRO


def test_rectangles_lie_inside_and_do_not_overlap(sheet: FoundSheet, opened: OpenedImage) -> None:
    end = 0
    for x, y, width, height in visible_rows(sheet, opened.size):
        assert 0 <= x < x + width <= opened.width
        assert end <= y < y + height <= opened.height
        end = y + height


def test_an_image_of_nothing_shows_nothing(tape: Tape, to_jpeg: ToJpeg) -> None:
    image: Any = open_image(to_jpeg(np.full((900, 640), 240, np.uint8)))
    assert redact_image(tape.profile, image, rehearsal=True) == Withheld.NO_SHEET
