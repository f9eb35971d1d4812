"""Witnesses on the sheet itself for where a private block begins or a public one does: its own printed heading.

A code and the paper's ends tell where a zone should end if the feed was even. Two slips that cancel out between them
(as many lines lost above as are repeated below) deceive both. The private block's heading does not move away from the
private block: nothing below it may be seen, wherever it stands.

Rules of this module
--------------------
1. Where a public zone ends at a private block, that block's heading must be read, near where the layout has it, as the
   profile prints it. Where it is not read, or stands elsewhere, nothing is certain.
2. The strip between a private block and the code below it must be blank: a slip there brings a name nearer.
3. Nothing is taken from what the sheet says otherwise.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from testigo.election.layout import Block, Layout
from testigo.election.printing import Printing
from testigo.errors import InputError
from testigo.reading.pixels import Grey, as_grey
from testigo.reading.print.recogniser import fold, recogniser

if TYPE_CHECKING:
    from testigo.reading.showing.alignment import Alignment

_BAND_MM = (9.0, 16.0)  # above and below a block's upper edge, where its heading is looked for
_ABOVE_MM, _BELOW_MM = 3.5, 9.0  # how far above and below that edge the top of its letters may stand
_ALIKE = 0.8  # of the letters of a heading must have been read
_LINES_READ = 6
_LEAST_LETTER_MM, _MOST_LETTER_MM = 1.2, 7.0
_WHITE, _SPECKS = 0.7, 0.004  # of the code's light; of the pixels along an edge may be darker
_OFF_MM = 0.8  # outside the image may an edge be predicted
_ALL_THE_WAY, _MOST_LINES = 0.9, 0.2  # of a column is dark in a streak; of the columns may be streaks
_BLANK_MM = 1.0  # of the white border above a code that must be blank
_INK = 0.45  # of the code's contrast: as dark as print, unlike a watermark


@dataclass(frozen=True, slots=True)
class Heading:
    """A private block's heading as found.

    Attributes:
        boundary: upper edge of the block in the layout, millimetres.
        x, y: upper left corner of its letters, in the image's upright pixels.
    """

    boundary: float
    x: float
    y: float


def private_headings(draft: Alignment, pixels: Grey, printing: Printing | None) -> tuple[Heading, ...] | None:
    """The headings of all private blocks that follow a public one; ``None`` if one was not found where it must be.

    Args:
        draft: where the code and the paper's ends say that everything is.
        pixels: the image at full size.
        printing: the sheet's words; without them there is nothing to look for.
    """
    found = []
    for block in _first_private(draft.layout):
        heading = _find(draft, pixels, block, _words(block, printing)) if printing is not None else None
        if heading is None:
            return None
        found.append(heading)
    return tuple(found)


def _first_private(layout: Layout) -> tuple[Block, ...]:
    """Private blocks directly below a public one."""
    pairs = zip(layout.blocks, layout.blocks[1:], strict=False)
    return tuple(lower for upper, lower in pairs if upper.public and not lower.public)


def _words(block: Block, printing: Printing) -> str:
    """What the first line of a block says."""
    return fold(printing.label(block.boxes[0] if block.boxes else block.kind))


def _find(draft: Alignment, pixels: Grey, block: Block, words: str) -> Heading | None:
    """The uppermost line that reads as the heading, if it is where the heading must be."""
    if len(words) < 4:
        return None
    scale, edge = draft.scale, block.box.y
    x, y = draft.predict(0.0, edge)
    far, _ = draft.predict(draft.layout.paper_width, edge)
    top, bottom = max(0, round(y - _BAND_MM[0] * scale)), round(y + _BAND_MM[1] * scale)
    left, right = max(0, round(x)), round(far)
    part = _levelled(pixels[top:bottom, left:right], math.tan(math.radians(draft.grid.angles[0])))
    for row, column, line in _lines(part, scale, _threshold(draft, pixels))[:_LINES_READ]:
        if _alike(_read(line), words):
            offset = (top + row - y) / scale
            return Heading(edge, left + column, top + row) if -_ABOVE_MM <= offset <= _BELOW_MM else None
    return None


def _levelled(part: Grey, slope: float) -> Grey:
    """Columns moved up or down so that lines lie level; the left side stays."""
    if part.size == 0 or abs(slope) < 1e-4:
        return part
    shear = np.array([[1, 0, 0], [slope, 1, 0]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return as_grey(cv2.warpAffine(part, shear, part.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _threshold(draft: Alignment, pixels: Grey) -> float:
    """Darker than that is print: between the light and the dark modules of the code, where print may be paler."""
    near = draft.grid.at(0, 0), draft.grid.at(draft.grid.modules, draft.grid.modules)
    (left, top), (right, bottom) = ((max(0, round(x)), max(0, round(y))) for x, y in near)
    inside = pixels[top:bottom:3, left:right:3]
    dark = float(np.percentile(inside, 10)) if inside.size else 0.0
    return draft.grid.light - _INK * (draft.grid.light - dark)


def _lines(part: Grey, scale: float, threshold: float) -> list[tuple[int, int, Grey]]:
    """(row, column, picture) of every piece of print in the left two thirds, from top to bottom."""
    if part.size == 0:
        return []
    dark = (part[:, : part.shape[1] * 2 // 3] < threshold).astype(np.uint8)
    gap = np.ones((1, max(3, round(2.2 * scale))), np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(dark, cv2.MORPH_CLOSE, gap))
    found = []
    for x, y, w, h, _ in stats[1:]:
        if _LEAST_LETTER_MM * scale <= h <= _MOST_LETTER_MM * scale and w > 2 * h:
            pad = max(2, round(0.4 * scale))
            picture = part[max(0, y - pad) : y + h + pad, max(0, x - pad) : x + w + pad]
            found.append((int(y), int(x), as_grey(picture)))
    return sorted(found, key=lambda line: line[0])


def _read(line: Grey) -> str:
    try:
        reader = recogniser()
    except InputError:  # the library is optional; without it no heading is read, and no image shown
        return ""
    return "".join(letter for letter, _ in reader.read([line])[0].text())


def _alike(read: str, words: str) -> bool:
    """Whether a line says the words, perhaps with more after them."""
    plain = fold(read).replace(" ", "")
    wanted = words.replace(" ", "")
    same = sum(match.size for match in difflib.SequenceMatcher(None, plain, wanted, False).get_matching_blocks())
    return same >= _ALIKE * len(wanted) and len(plain) <= 1.4 * len(wanted) + 2


# --------------------------------------------------------------- above the code


def blank_above_code(draft: Alignment, pixels: Grey) -> bool:
    """Whether the white border above the code is blank where it will be seen, from the code's left to its right side.

    A frame or a name there means that the feed slipped just above the code.
    """
    block = draft.layout.block("code")
    if block is None:
        return False
    grid = draft.grid
    upper = min(block.box.y - draft.code.y, -2 * _BLANK_MM)
    rows = np.arange(upper, -_BLANK_MM, 0.5 / draft.scale) / draft.module
    columns = np.arange(0.0, grid.modules, 0.5 / draft.scale / draft.module)
    i, j = np.meshgrid(columns, rows)
    xs = grid.origin[0] + i * grid.right[0] + j * grid.down[0]
    ys = grid.origin[1] + i * grid.right[1] + j * grid.down[1]
    inside = (xs >= 0) & (ys >= 0) & (xs < pixels.shape[1] - 1) & (ys < pixels.shape[0] - 1)
    if not inside.all():
        return False
    levels: npt.NDArray[np.uint8] = pixels[ys.astype(int), xs.astype(int)]
    dark = levels < _threshold(draft, pixels)
    streaks = dark.mean(axis=0) > 0.9  # a line all the way down is dirt on the glass
    printed = np.count_nonzero(dark[:, ~streaks], axis=1)
    return bool((printed <= 0.02 * max(1, dark.shape[1])).all())


# ------------------------------------------------------------------ white ground

LEFT, RIGHT, TOP, BOTTOM = "left", "right", "top", "bottom"
EDGES = (LEFT, RIGHT, TOP, BOTTOM)


def is_blank_along(pixels: Grey, draft: Alignment, side: str, inside: float, outside: float) -> bool:
    """Whether nothing is printed, drawn or lying along an edge of the paper, which must be on the image.

    Args:
        side: one of :data:`EDGES`.
        inside, outside: how far to either side of its predicted place, in millimetres; no further than the image.
    """
    width, height = draft.layout.paper_width, draft.layout.paper_height
    step = 0.5 / draft.scale
    if side in (LEFT, RIGHT):
        across = np.arange(-outside, inside, step) if side == LEFT else width + np.arange(-inside, outside, step)
        x, y = np.meshgrid(across, np.arange(0.0, height, step))
        edge = (0.0 if side == LEFT else width, height / 2)
    else:
        along = np.arange(-outside, inside, step) if side == TOP else height + np.arange(-inside, outside, step)
        x, y = np.meshgrid(np.arange(0.0, width, step), along)
        edge = (width / 2, 0.0 if side == TOP else height)
    px, py = draft.predict(*edge)
    if not (-_OFF_MM * draft.scale <= px <= pixels.shape[1] + _OFF_MM * draft.scale):
        return False
    if not (-_OFF_MM * draft.scale <= py <= pixels.shape[0] + _OFF_MM * draft.scale):
        return False
    i, j = (x - draft.code.x) / draft.module, (y - draft.code.y) / draft.module
    grid = draft.grid
    xs = (grid.origin[0] + i * grid.right[0] + j * grid.down[0]).astype(int)
    ys = (grid.origin[1] + i * grid.right[1] + j * grid.down[1]).astype(int)
    there = (xs >= 0) & (ys >= 0) & (xs < pixels.shape[1]) & (ys < pixels.shape[0])
    dark = np.zeros(there.shape, bool)
    dark[there] = pixels[ys[there], xs[there]] < _WHITE * grid.light
    return float(np.mean(_without_streaks(dark, there))) <= _SPECKS


def _without_streaks(dark: npt.NDArray[np.bool_], there: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """What is dark besides a few lines all the way down, which are dirt on the glass."""
    lines = dark.sum(axis=0) > _ALL_THE_WAY * np.maximum(1, there.sum(axis=0))
    if np.count_nonzero(lines) > _MOST_LINES * max(20, dark.shape[1]):
        return dark
    return np.asarray(dark & ~lines, np.bool_)
