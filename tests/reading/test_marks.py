"""A drawing is found out by one mark, wherever it lies, without searching the whole image at full size."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp

from testigo.election.simulacro import CODE_PREFIX, says_simulacro
from testigo.reading.cascade import find_sheets_by_code
from testigo.reading.codes import find_marks
from testigo.reading.marks import find_marks_besides
from testigo.reading.opening.images import image_of

PIXELS_PER_MM = 8.0
KINDS = [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix]


def with_mark(pixels: Any, kind: Any, size: int, x: int, y: int) -> Any:
    made = zxingcpp.create_barcode(CODE_PREFIX + "3", kind)
    mark = np.array(made.to_image(scale=size, add_quiet_zones=True))
    out = pixels.copy()
    out[y : y + mark.shape[0], x : x + mark.shape[1]] = mark
    return out


def texts(pixels: Any, codes: Any, per_mm: float | None) -> list[str]:
    return [code.text for code in find_marks_besides(image_of(pixels), codes, per_mm)]


@pytest.mark.parametrize("place", [(30, 40), (500, 60), (300, 3000), (20, 6640)])
@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_a_mark_between_lines_of_text_is_found(tapes: Any, kind: Any, size: int, place: tuple[int, int]) -> None:
    bare = tapes.drawn(1)
    codes = [sheet.code for sheet in find_sheets_by_code(tapes.profile, image_of(bare), rehearsal=True).sheets]
    for mark in find_marks_besides(image_of(bare), [], None):
        cv2.fillConvexPoly(bare, np.round(mark.corners).astype(np.int32), 255) if mark.side < 200 else None
    assert not says_simulacro(texts(bare, codes, PIXELS_PER_MM))
    assert not says_simulacro(texts(bare, codes, None))
    marked = with_mark(bare, kind, size, *place)
    assert says_simulacro(texts(marked, codes, PIXELS_PER_MM))


def test_where_the_half_size_is_too_coarse_everything_is_searched(tapes: Any) -> None:
    small = cv2.resize(tapes.plain(1), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    marked = with_mark(np.asarray(small, np.uint8), KINDS[1], 3, 120, 900)
    assert says_simulacro(texts(marked, [], PIXELS_PER_MM / 2))


def test_the_sheets_own_code_is_not_searched_for_marks(tapes: Any) -> None:
    """It is denser than any mark; searching it would cost what is to be saved."""
    image = image_of(tapes.plain(1))
    codes = [sheet.code for sheet in find_sheets_by_code(tapes.profile, image, rehearsal=True).sheets]
    assert find_marks_besides(image, codes, PIXELS_PER_MM) == ()
    assert [code.text for code in find_marks(image.full())] == [tapes.payload(1)]
