"""The indelible marks: every drawing says on its face, and to every machine, that it is one.

Rules of this module
--------------------
1. :func:`stamp` is the last thing that touches a drawing, and :class:`testigo.simulate.press.Press` has no way round
   it: no option, no argument, no setting.
2. Each published zone carries marks, so that cutting a drawing to its zones leaves it marked; the main code has one on
   either side, within its own block, so that cutting out the code does too.
3. What they say is defined in :mod:`testigo.election.simulacro`, which reading shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
import segno
from numpy.typing import NDArray

from testigo.election import Box, Layout
from testigo.election.simulacro import CODE_PREFIX, WORD
from testigo.simulate.letters import face
from testigo.simulate.paper import Image, Paper

MODULE = 0.5  # millimetres: 4 pixels at 203 dpi, 2 when decoded at half size
MODULES = 21  # QR version 1: its alphanumeric mode just holds the prefix and a number
QUIET = 2  # modules of white round a mark
SIDE = MODULE * MODULES
ROOM = SIDE + 2 * QUIET * MODULE  # what a mark needs, white included
PALE = 196  # the word's grey: print stays readable through it


@lru_cache(maxsize=16)
def mark_modules(number: int) -> NDArray[np.bool_]:
    """The modules of the mark with that number (0 to 9), dark ones true."""
    code = segno.make_qr(f"{CODE_PREFIX}{number}", version=1, error="M", boost_error=False)
    return np.array([[bool(m) for m in row] for row in code.matrix])


def side_marks(layout: Layout, modules: int) -> tuple[Box, ...]:
    """Marks left and right of the main code, as large as the margin lets them be; none without a main code."""
    code, block = layout.code_box(modules), layout.block("code")
    if code is None or block is None:
        return ()
    side = min(SIDE, (code.x - block.box.x) - 2 * 1.6)
    left = block.box.x + 1.2
    return (
        Box(left, code.y + code.height * 0.12, side, side),
        Box(block.box.right - 1.2 - side, code.y + code.height * 0.62, side, side),
    )


def stamp(paper: Paper, layout: Layout, places: Sequence[Box], beside: Sequence[Box]) -> None:
    """Mark a drawing.

    Args:
        places: squares for marks, with room for their white border.
        beside: squares for the marks beside the main code, whose white must not reach into the code.
    """
    width = min(layout.paper_width * 0.86, 72.0)
    word = _word(round(width * paper.scale), paper.dpi)
    columns = max(1, int(layout.paper_width // (width * 1.15)))
    for block in layout.blocks:
        rows = max(1, round(block.box.height / 36.0))
        for row in range(rows):
            y = block.box.y + block.box.height * (row + 0.5) / rows
            for column in range(columns):
                paper.darken(layout.paper_width * (column + 0.5) / columns, y, word)
    for number, box in enumerate((*places, *beside)):
        quiet = QUIET * MODULE if number < len(places) else 0.8
        paper.matrix(box, mark_modules(number % 10), quiet)
        paper.text(box.x + box.width / 2, box.bottom + 2.0, WORD, 1.9, align="centre", width=box.width)


@lru_cache(maxsize=8)
def _word(width: int, dpi: float) -> Image:
    """The word, pale and slanted, ``width`` pixels wide."""
    size = max(8, width // 7)
    canvas = np.full((size * 2, width * 2), 255, np.uint8)
    right = int(cv2.putText(canvas, WORD, (4, round(size * 1.4)), PALE, face("sans"), size, 700)[0][0])
    height = round(canvas.shape[0] * width / (right + 4))
    flat = cv2.resize(canvas[:, : right + 4], (width, height), interpolation=cv2.INTER_AREA)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 8.0, 1.0)
    turn[1, 2] += height * 0.4
    slanted = cv2.warpAffine(flat, turn, (width, round(height * 1.8)), borderValue=255)
    return np.asarray(slanted, np.uint8)
