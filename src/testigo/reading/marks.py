"""The marks of a drawing, looked for where they can be.

Rules of this module
--------------------
1. Looking for every small code over a whole image at full size takes longer than reading the sheet. So the half size is
   asked first where something is as dense as a mark: dark and light in every row and column of it, without the gaps
   that lie between lines of text. Only there is the full size searched.
2. Where the scale is not known, or the half size too coarse to show a mark, everything is searched.
3. It need not be certain that there is no mark: a drawing carries a dozen (:mod:`testigo.election.simulacro`).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from testigo.election.simulacro import says_simulacro
from testigo.reading.codes import Code, find_marks
from testigo.reading.opening.images import Grey, OpenedImage

#: Millimetres: less than the side of the smallest mark; what round a dense place is searched too.
_WITHIN_MM, _ROUND_MM = 5.0, 6.0
#: Share of every row and column of such a square that lies beside an edge: text has less, for its lines have gaps.
_DENSE = 0.6
#: Pixels per millimetre of the half size: below, text is as dense as marks; above, edges lie too far apart.
_LEAST_PER_MM, _MOST_PER_MM = 3.2, 7.0
_EDGE = 0.25  # of the contrast


def find_marks_besides(image: OpenedImage, codes: Sequence[Code], per_mm: float | None) -> tuple[Code, ...]:
    """The small codes on an image whose sheets' codes were read.

    Args:
        image: opened.
        codes: the sheets' codes, which are dense and no marks.
        per_mm: pixels per millimetre of paper; ``None`` if it is not known.
    """
    scale = image.half().shape[1] / image.width
    if per_mm is None or not _LEAST_PER_MM <= per_mm * scale <= _MOST_PER_MM:
        return find_marks(image.full())
    dense = _dense(image.half(), [scale * np.array(code.corners) for code in codes], per_mm * scale)
    rows = np.flatnonzero(dense.any(axis=1)) / scale
    reach = _ROUND_MM * per_mm
    parts = np.split(rows, np.flatnonzero(np.diff(rows) > 2 * reach) + 1) if rows.size else []
    found: list[Code] = []
    for part in parts:
        top = max(0, int(part[0] - reach))
        found += find_marks(image.full()[top : int(part[-1] + reach)], offset=(0.0, float(top)))
    return tuple(found)


def find_marks_round(pixels: Grey, code: Code) -> tuple[Code, ...]:
    """The marks of a drawing round a code that was hard to read, looked for at several sizes."""
    x, y, width, height = code.region
    side = max(width, height)
    left, top = max(0, x - side), max(0, y - side // 2)
    part = pixels[top : y + height + side // 2, left : x + width + side]
    found: tuple[Code, ...] = ()
    for zoom in (1.0, 2.0, 3.0):
        size = (round(part.shape[1] * zoom), round(part.shape[0] * zoom))
        if 0 < size[0] * size[1] < 12_000_000:
            sized = cv2.resize(part, size, interpolation=cv2.INTER_CUBIC)
            found += find_marks(np.asarray(sized, np.uint8), offset=(left, top), scale=1 / zoom)
        if says_simulacro([mark.text for mark in found]):
            break
    return found


def _dense(half: Grey, codes: Sequence[npt.NDArray[np.float64]], per_mm: float) -> npt.NDArray[np.bool_]:
    """Middles of squares of which every row and column is full of edges, those within the codes left out."""
    low, high = np.percentile(half[::8, ::4], (3, 97))
    contrast = max(float(high) - float(low), 12.0)
    steps = cv2.morphologyEx(half, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    edges = np.asarray(cv2.threshold(steps, _EDGE * contrast, 255, cv2.THRESH_BINARY)[1], np.uint8)
    for corners in codes:
        cv2.fillConvexPoly(edges, np.round(corners).astype(np.int32), (0.0,))
    side = round(_WITHIN_MM * per_mm) | 1
    dense = _every_line(edges, (side, 1))
    rows = np.flatnonzero(dense.any(axis=1))
    if rows.size:  # few sheets come so far: the columns cost as much again
        part = slice(max(0, rows[0] - side), rows[-1] + side)
        dense[part] &= _every_line(edges[part], (1, side))
    return dense


def _every_line(edges: npt.NDArray[np.uint8], line: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Middles of squares whose every row (``line`` is ``(side, 1)``) or column is full of edges."""
    share = cv2.boxFilter(edges, -1, line, borderType=cv2.BORDER_CONSTANT)
    least = cv2.erode(share, np.ones(line, np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=(0.0,))
    return np.asarray(least > 255 * _DENSE)
