"""A side is called cut because print or the code ends there, never because of dirt on the glass."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from testigo.reading import Code, read_sheet
from testigo.reading.opening.images import image_of
from testigo.reading.papers.finding import BOTTOM, LEFT, RIGHT, TOP
from testigo.reading.quality import judge
from testigo.reading.sides import sides_shown

PIXELS_PER_MM = 8


def cuts(tapes: Any, pixels: Any) -> set[str]:
    image = image_of(np.ascontiguousarray(pixels))
    found = read_sheet(tapes.profile, image, rehearsal=True, print_mode="never").found
    assert found, "the code is to be read"
    return {reason.code for reason in judge(image, tapes.profile, found).reasons if reason.code.startswith("cut")}


def code_on(tapes: Any, pixels: Any) -> Code:
    (sheet,) = read_sheet(tapes.profile, image_of(pixels), rehearsal=True).found
    assert sheet.code is not None
    return sheet.code


def on_ground(pixels: Any) -> Any:
    return cv2.copyMakeBorder(pixels, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=(30.0,))


@pytest.mark.parametrize("columns", [(150, 300, 420, 560, 610), (90, 100, 330, 335, 500, 505)])
def test_dark_columns_from_end_to_end_are_no_cut_print(tapes: Any, columns: tuple[int, ...]) -> None:
    pixels = tapes.drawn(1)
    for column in columns:
        pixels[:, column : column + 3] = 40
    assert cuts(tapes, pixels) == set()
    assert cuts(tapes, on_ground(pixels)) == set()


@pytest.mark.parametrize("quarters", range(4))
def test_a_code_that_reaches_beyond_the_image_is_cut_on_the_sheets_own_side(tapes: Any, quarters: int) -> None:
    """Ten millimetres of the code are missing on the right of the sheet, whichever way it lies."""
    pixels = tapes.drawn(1)
    right = round(max(x for x, _ in code_on(tapes, pixels).corners))
    lying = np.rot90(pixels[:, : right - 10 * PIXELS_PER_MM], quarters)
    assert "cut_right" in cuts(tapes, lying)


def test_only_what_the_image_surely_shows_is_called_shown(tapes: Any) -> None:
    pixels = tapes.drawn(1)
    code = code_on(tapes, pixels)
    layout = tapes.profile.contest("presidente").layout
    height, width = pixels.shape
    assert sides_shown(code, layout, (width, height)) == {BOTTOM: True, LEFT: True, RIGHT: True}
    lower = {side: shown for side, shown in sides_shown(code, layout, (width, height - 100)).items() if side != TOP}
    assert lower == {LEFT: True, RIGHT: True}
    inside = round(min(code.corners[2][1], code.corners[3][1])) - 3 * PIXELS_PER_MM
    assert sides_shown(code, layout, (width, inside))[BOTTOM] is False
