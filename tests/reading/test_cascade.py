"""From cheap to costly: which stage reads what, what it says of its certainty, and what it may cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from testigo.election.simulacro import CODE_PREFIX
from testigo.reading import OpenedImage, open_image
from testigo.reading.cascade import CodeAnswer, Search, find_sheets_by_code
from testigo.reading.problems import PROBLEMS
from testigo.simulate.marks import mark_modules

Grey = npt.NDArray[np.uint8]
ToJpeg = Callable[..., bytes]
# On a plain tape of the fixtures the code of 49 modules begins at about (95, 6725) and is 451 pixels wide.
LEFT, TOP, SIDE = 95, 6725, 451


def searched(
    tapes: Any, data: bytes, rehearsal: bool = True, search: Search | None = None
) -> tuple[CodeAnswer, list[str]]:
    image = open_image(data)
    assert isinstance(image, OpenedImage)
    answer = find_sheets_by_code(tapes.profile, image, rehearsal=rehearsal, search=search or Search(30.0, 30.0))
    return answer, [sheet.payload.text for sheet in answer.sheets]


def fitting(tapes: Any, start: int) -> int:
    """A number from ``start`` on whose payload fits version 8."""
    return next(n for n in range(start, start + 200) if len(tapes.payload(n)) <= 107)


def lower_cut(tape: Grey, share: float) -> Grey:
    """The tape cut off through its code."""
    return np.ascontiguousarray(tape[: TOP + round((1 - share) * SIDE)])


def test_a_clean_code_is_read_at_half_size_and_nothing_else_is_tried(tapes: Any, to_jpeg: ToJpeg) -> None:
    answer, texts = searched(tapes, to_jpeg(tapes.plain(1)))
    assert texts == [tapes.payload(1)]
    (sheet,) = answer.sheets
    assert (sheet.stage, sheet.problems, sheet.code.mirrored) == ("half", (), False)


def test_a_tape_cut_through_its_code_is_read_and_says_what_it_did_not_see(tapes: Any, to_jpeg: ToJpeg) -> None:
    number = fitting(tapes, 10)
    answer, texts = searched(tapes, to_jpeg(lower_cut(tapes.plain(number), 0.35)), rehearsal=False)
    assert texts == [tapes.payload(number)]
    (sheet,) = answer.sheets
    code = sheet.code
    assert sheet.stage == "soft"
    assert (code.modules, code.level, code.is_qr, code.mirrored) == (49, "Q", True, False)
    assert len(code.symbols) == 242
    assert (code.symbols.count("e"), code.symbols.count("c")) == (code.erased, code.corrected)
    assert code.erased > 60
    assert sheet.problems == ("code_damaged",)
    assert set(sheet.problems) <= set(PROBLEMS)
    corners = np.array([(LEFT, TOP), (LEFT + SIDE, TOP), (LEFT + SIDE, TOP + SIDE), (LEFT, TOP + SIDE)])
    assert np.abs(np.array(code.corners) - corners).max() < 10


@pytest.mark.parametrize("mirrored", [False, True])
def test_corners_go_round_the_symbol_from_its_own_upper_left(mirrored: bool, tapes: Any, to_jpeg: ToJpeg) -> None:
    number = fitting(tapes, 20)
    whole, cut = tapes.plain(number), lower_cut(tapes.plain(number), 0.3)
    for tape in (whole, cut):
        seen = np.ascontiguousarray(tape[:, ::-1]) if mirrored else tape
        (sheet,) = searched(tapes, to_jpeg(seen))[0].sheets
        assert sheet.payload.text == tapes.payload(number)
        assert sheet.code.mirrored is mirrored
        (x0, y0), (x1, y1), _, (x3, y3) = sheet.code.corners
        assert (x1 < x0) is mirrored
        assert abs(y1 - y0) < 10
        assert y3 - y0 > 400
        assert abs(x3 - x0) < 10


def test_a_second_tape_whose_code_is_cut_is_not_lost(tapes: Any, to_jpeg: ToJpeg) -> None:
    first, second = fitting(tapes, 30), fitting(tapes, 300)
    cut = tapes.plain(second).copy()
    cut[TOP + 300 :] = 250
    both = np.hstack((tapes.plain(first), cut))
    answer, texts = searched(tapes, to_jpeg(both))
    assert list(dict.fromkeys(texts)) == [tapes.payload(first), tapes.payload(second)]
    assert (answer.sheets[0].stage, answer.sheets[-1].stage) == ("half", "soft")


def test_blur_beyond_the_plain_reader(tapes: Any, to_jpeg: ToJpeg) -> None:
    number = fitting(tapes, 50)
    blurred = np.asarray(cv2.GaussianBlur(tapes.plain(number), (0, 0), 6.0), np.uint8)
    answer, texts = searched(tapes, to_jpeg(blurred))
    assert texts == [tapes.payload(number)]
    assert answer.sheets[0].stage == "soft"


@pytest.mark.parametrize("pixels", [1.2, 1.45])
def test_hardly_more_pixels_than_modules(pixels: float, tapes: Any, to_jpeg: ToJpeg) -> None:
    number = fitting(tapes, 60)
    zoom = pixels * 49 / SIDE
    lower = tapes.plain(number)[TOP - 800 :]
    small = cv2.resize(cv2.GaussianBlur(lower, (0, 0), 3.0), None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    _, texts = searched(tapes, to_jpeg(small, 90))
    assert texts == [tapes.payload(number)]


def test_a_damaged_drawing_does_not_pass_for_a_sheet(tapes: Any, to_jpeg: ToJpeg) -> None:
    """Only the soft decoder can read its code, and its mark is too small for a first look."""
    number = fitting(tapes, 60)
    cut = tapes.plain(number).copy()
    cut[TOP + 300 :] = 250
    mark = np.where(mark_modules(3), 60, 250).astype(np.uint8)
    cut[TOP + 20 : TOP + 20 + 63, 10 : 10 + 63] = np.kron(mark, np.ones((3, 3), np.uint8))
    data = to_jpeg(np.asarray(cv2.GaussianBlur(cut, (0, 0), 0.9), np.uint8))
    assert searched(tapes, data)[1] == [tapes.payload(number)]
    answer, _ = searched(tapes, data, rehearsal=False)
    assert answer.is_drawing
    assert any(code.text.startswith(CODE_PREFIX) for code in answer.codes)


def test_confidence_falls_with_what_was_missing_and_never_says_certain(tapes: Any, to_jpeg: ToJpeg) -> None:
    number = fitting(tapes, 70)
    whole = searched(tapes, to_jpeg(tapes.plain(number)))[0].sheets[0].confidence
    barely = searched(tapes, to_jpeg(lower_cut(tapes.plain(number), 0.45)))[0].sheets[0].confidence
    assert 900 <= barely < whole < 1000


def test_a_code_that_was_barely_corrected_carries_the_map_of_what_was(tapes: Any, to_jpeg: ToJpeg) -> None:
    number = fitting(tapes, 100)
    for size in range(60, 200, 8):
        stained = tapes.plain(number)
        stained[TOP + 150 : TOP + 150 + size, LEFT + 150 : LEFT + 150 + size] = 30
        (sheet,) = searched(tapes, to_jpeg(stained))[0].sheets
        assert sheet.payload.text == tapes.payload(number)
        if sheet.problems and sheet.stage != "soft":
            assert len(sheet.code.symbols) == 242
            assert sheet.code.symbols.count("c") == sheet.code.corrected
            return
    raise AssertionError("no stain was just barely corrected")


def test_time_is_limited(tapes: Any, to_jpeg: ToJpeg) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (4000, 640)).astype(np.uint8)
    image = open_image(to_jpeg(noise))
    assert isinstance(image, OpenedImage)
    began = time.process_time()
    answer = find_sheets_by_code(tapes.profile, image, rehearsal=True, search=Search(costly_seconds=0.5))
    assert time.process_time() - began < 3.0
    assert answer.sheets == ()


def test_paper_without_a_code_has_no_sheet(tapes: Any, to_jpeg: ToJpeg) -> None:
    for pixels in (np.full((3000, 640), 250, np.uint8), np.full((30, 20), 10, np.uint8), tapes.drawn(2)[:6000]):
        assert searched(tapes, to_jpeg(pixels))[1] == []
