"""Find a sheet's layout on an image, or say that it cannot be found with certainty.

Rules of this module
--------------------
1. How a sheet is aligned: (1) its code is measured to a fraction of a pixel and must lie flat, upright, square; (2) it
   predicts where the paper's four edges are; (3) each edge is looked for there, and must be there, or all must be blank
   there; (4) the paper must be as wide, and the code as far from both ends, as the layout says; (5) every private block
   that follows a public one must show its printed heading near where the layout has it, and the border above the code
   must be blank (``anchors.py``): so slips that cancel out between the paper's top and the code are seen too.
2. Whatever fails withholds the image. A wrong alignment shows somebody's name; a missing image shows nothing.
3. The paper's ends, the code and the headings are independent witnesses of where a zone ends. Where they differ (a
   roller slipped), the one that shows less is believed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from testigo.election.layout import Box, Layout
from testigo.election.printing import Printing
from testigo.reading.codes import Code
from testigo.reading.opening.images import Grey, OpenedImage
from testigo.reading.showing.anchors import EDGES, Heading, blank_above_code, is_blank_along, private_headings
from testigo.reading.showing.registration import Grid, register
from testigo.records import Withheld

Floats = npt.NDArray[np.float64]

_MOST_ANGLE_DEGREES = 1.2
_MOST_SHEAR_DEGREES = 0.35
_MOST_STRETCH = 0.018  # between the scales of x and y
_MOST_WIDTH_ERROR = 0.018  # between the paper's width and the code's scale
_SIDE_TOLERANCE_MM = 1.8
_TOP_TOLERANCE_MM = 4.0  # 0.5 % of the way from the code to the top
_BOTTOM_TOLERANCE_MM = 2.5
_STRAIGHT_MM = 0.6
_BAND_MM = 20.0
_LEAST_BANDS = 0.75  # of the bands must show the edge
_INSIDE_MM, _OUTSIDE_MM = 5.0, 6.0  # how far to either side of its predicted place an edge is looked for
_DARK = 0.45  # of the paper's light level: anything darker, for a millimetre, is not paper
_NEAR_THE_CODE_MM = 15.0
_BLANK_INSIDE_MM, _BLANK_OUTSIDE_MM = 1.0, 6.0  # to either side of an edge that does not show
_WHITE_INSIDE_MM = 1.2  # inside its predicted place such a side is taken to be
_SAME_EDGE_MM = 0.01
_MOST_SIDE_PIXELS = 32_000  # OpenCV's limit for some of its functions; a flat tape at 300 dpi has 11,000


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where a sheet lies on an image. Lengths in millimetres of the layout, places in upright pixels.

    Attributes:
        layout: the sheet's.
        grid: its code, measured.
        code: where the layout puts the code.
        left, right: the paper's sides: (x at y = 0, change of x per pixel of y).
        top_error, bottom_error: how far the paper's ends lie below where the code predicts them, in pixels.
        size: of the image, (width, height).
        headings: of the private blocks that follow public ones.
    """

    layout: Layout
    grid: Grid
    code: Box
    left: tuple[float, float]
    right: tuple[float, float]
    top_error: float
    bottom_error: float
    size: tuple[int, int]
    headings: tuple[Heading, ...] = ()

    @property
    def module(self) -> float:
        """Size of one module."""
        return self.code.width / self.grid.modules

    def predict(self, x: float, y: float) -> tuple[float, float]:
        """Where the code alone predicts a place of the layout."""
        return self.grid.at((x - self.code.x) / self.module, (y - self.code.y) / self.module)

    @property
    def scale(self) -> float:
        """Pixels per millimetre downwards."""
        return math.hypot(*self.grid.down) / self.module

    def estimates(self, x: float, y: float) -> tuple[float, ...]:
        """What each witness says about the height of a place of the layout, in pixels from the image's top."""
        predicted = self.predict(x, y)[1]
        distance = max(self.code.y - y, y - self.code.bottom, 0.0)
        if distance < _NEAR_THE_CODE_MM:  # nothing slips unseen so near: the code itself would be distorted
            return (predicted,)
        slope = math.tan(math.radians(self.grid.angles[0]))
        here = self.predict(x, y)[0]
        said = [h.y + slope * (here - h.x) for h in self.headings if abs(h.boundary - y) < _SAME_EDGE_MM]
        return predicted, predicted + (self.top_error if y < self.code.y else self.bottom_error), *said

    def best(self, x: float, y: float) -> float:
        """The likeliest height of a place of the layout, in pixels: the ends' error spread evenly."""
        predicted = self.predict(x, y)[1]
        if y < self.code.y:
            return predicted + self.top_error * (1.0 - max(0.0, y) / self.code.y)
        return predicted


def align(
    layout: Layout | None, image: OpenedImage, code: Code, printing: Printing | None = None
) -> Alignment | Withheld:
    """Find the layout on the image of a sheet whose code was read.

    Args:
        layout: of the sheet's contest.
        image: the opened image; it is decoded at full size.
        code: the sheet's code as found on it.
        printing: the sheet's words. Without them no heading can be looked for, and a sheet with private blocks below
            public ones is not aligned.

    Returns:
        The alignment, or NO_LAYOUT or NOT_ALIGNED.
    """
    box = layout.code_box(code.modules) if layout else None
    if layout is None or box is None:
        return Withheld.NO_LAYOUT
    if not code.modules or max(image.size) > _MOST_SIDE_PIXELS:
        return Withheld.NOT_ALIGNED
    pixels = image.full()
    grid = register(pixels, code)
    if grid is None or not _is_flat(grid, code):
        return Withheld.NOT_ALIGNED
    nowhere = (0.0, 0.0)
    draft = Alignment(layout, grid, box, nowhere, nowhere, 0.0, 0.0, image.size)
    edges = _edges(pixels, draft) or _white_edges(pixels, draft)
    if edges is None:
        return Withheld.NOT_ALIGNED
    left, right, top, bottom = edges
    aligned = Alignment(layout, grid, box, left, right, top, bottom, image.size)
    headings = private_headings(aligned, pixels, printing)
    if headings is None or not blank_above_code(aligned, pixels):
        return Withheld.NOT_ALIGNED
    return replace(aligned, headings=headings)


def _is_flat(grid: Grid, code: Code) -> bool:
    """Whether the code is a square lying upright: a photo taken at an angle makes it something else."""
    rows, columns = grid.angles
    stretch = math.hypot(*grid.down) / math.hypot(*grid.right)
    fourth = math.dist(grid.at(grid.modules, grid.modules), code.corners[2])
    return (
        max(abs(rows), abs(columns)) <= _MOST_ANGLE_DEGREES
        and abs(rows - columns) <= _MOST_SHEAR_DEGREES
        and abs(stretch - 1.0) <= _MOST_STRETCH
        and fourth <= 1.5 * math.hypot(*grid.right)
    )


_Line = tuple[float, float]
_Edges = tuple[_Line, _Line, float, float]


def _edges(pixels: Grey, draft: Alignment) -> _Edges | None:
    """The paper's sides and the errors of its ends, each seen against a dark ground or at the image's border."""
    left, right = _side(pixels, draft, leftmost=True), _side(pixels, draft, leftmost=False)
    top, bottom = _end(pixels, draft, upper=True), _end(pixels, draft, upper=False)
    if left is None or right is None or top is None or bottom is None or not _width_fits(draft, left, right):
        return None
    return left, right, top, bottom


def _white_edges(pixels: Grey, draft: Alignment) -> _Edges | None:
    """The same where the ground is as white as the paper: as the code predicts them, a little further inside.

    Nothing may stand for some millimetres to either side of each edge: so there is nothing that could be shown, and
    the headings are what tells whether the feed was even.
    """
    if not all(is_blank_along(pixels, draft, side, _BLANK_INSIDE_MM, _BLANK_OUTSIDE_MM) for side in EDGES):
        return None
    lines = []
    for x_mm in (_WHITE_INSIDE_MM, draft.layout.paper_width - _WHITE_INSIDE_MM):
        (x0, y0), (x1, y1) = draft.predict(x_mm, 0.0), draft.predict(x_mm, draft.layout.paper_height)
        slope = (x1 - x0) / (y1 - y0)
        lines.append((x0 - slope * y0, slope))
    return lines[0], lines[1], 0.0, 0.0


def _width_fits(draft: Alignment, left: tuple[float, float], right: tuple[float, float]) -> bool:
    middle = draft.size[1] / 2
    across = (right[0] + right[1] * middle) - (left[0] + left[1] * middle)
    angle = math.radians(draft.grid.angles[1])
    expected = draft.layout.paper_width * math.hypot(*draft.grid.right) / draft.module / math.cos(angle)
    return abs(across / expected - 1.0) <= _MOST_WIDTH_ERROR


# ----------------------------------------------------------------------- edges


def _side(pixels: Grey, draft: Alignment, *, leftmost: bool) -> tuple[float, float] | None:
    """The paper's left or right side as a line (x at y = 0, slope), or ``None`` if it is not where it should be."""
    x_mm = 0.0 if leftmost else draft.layout.paper_width
    bands = np.arange(_BAND_MM / 2, draft.layout.paper_height, _BAND_MM)
    places: list[tuple[float, float, float]] = []
    for y_mm in bands:
        x, y = draft.predict(x_mm, float(y_mm))
        half = _BAND_MM / 2 * draft.scale
        rows = slice(max(0, int(y - half)), max(0, int(y + half)))
        found = _edge(pixels, rows, x, draft, axis=0, outward=-1 if leftmost else 1)
        if found is not None:
            places.append((y, found, found - x))
    table = np.array(places).reshape(-1, 3)
    tolerance = _SIDE_TOLERANCE_MM * draft.scale
    if len(table) < _LEAST_BANDS * len(bands) or np.quantile(np.abs(table[:, 2]), 0.9) > tolerance:
        return None
    slope, start = _robust_line(table[:, 0], table[:, 1])
    off = np.abs(table[:, 1] - (start + slope * table[:, 0]))
    return (start, slope) if np.quantile(off, 0.9) <= _STRAIGHT_MM * draft.scale else None


def _robust_line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and start of a line: least squares, once more without the worst fifth."""
    slope, start = np.polyfit(x, y, 1)
    off = np.abs(y - (start + slope * x))
    keep = off <= np.quantile(off, 0.8)
    slope, start = np.polyfit(x[keep], y[keep], 1)
    return float(slope), float(start)


def _end(pixels: Grey, draft: Alignment, *, upper: bool) -> float | None:
    """How far the paper's upper or lower end lies below its predicted place, in pixels; ``None`` if not there."""
    y_mm = 0.0 if upper else draft.layout.paper_height
    tolerance = _TOP_TOLERANCE_MM if upper else _BOTTOM_TOLERANCE_MM
    width = draft.layout.paper_width
    errors = []
    strips = [width * part for part in (0.15, 0.325, 0.5, 0.675, 0.85)]
    for x_mm in strips:
        x, y = draft.predict(x_mm, y_mm)
        half = width / 16 * draft.scale
        columns = slice(max(0, int(x - half)), max(0, int(x + half)))
        found = _edge(pixels, columns, y, draft, axis=1, outward=-1 if upper else 1)
        if found is not None:
            errors.append(found - y)
    if len(errors) < len(strips) - 1:
        return None
    middle = float(np.median(errors))
    straight = float(np.quantile(np.abs(np.array(errors) - middle), 0.8)) <= _STRAIGHT_MM * draft.scale
    return middle if straight and abs(middle) <= tolerance * draft.scale else None


def _edge(pixels: Grey, across: slice, predicted: float, draft: Alignment, *, axis: int, outward: int) -> float | None:
    """Where the paper ends near a predicted place, going outwards: at a millimetre of dark, or at the image's border.

    Args:
        across: the rows (columns) over which the levels are averaged.
        axis: 0 for a side (columns are searched), 1 for an end (rows are).
        outward: -1 towards 0, 1 towards the image's far end.
    """
    length = pixels.shape[1 - axis]
    inside, outside = round(_INSIDE_MM * draft.scale), round(_OUTSIDE_MM * draft.scale)
    low = predicted - (inside if outward > 0 else outside)
    high = predicted + (outside if outward > 0 else inside)
    if not (low < length and high > 0):
        return None
    first, last = max(0, math.floor(low)), min(length, math.ceil(high))
    part = pixels[across, first:last] if axis == 0 else pixels[first:last, across]
    if part.size == 0:
        return None
    dark = part.mean(axis=axis) < _DARK * draft.grid.light
    if outward < 0:
        dark = dark[::-1]
    border = first == 0 if outward < 0 else last == length
    run = max(2, round(draft.scale))
    where = _first_run(dark, run, to_the_end=border)
    if where is None:
        where = len(dark) if border else -1
    if where <= 0:  # dark throughout, or paper as far as one can see
        return None
    return float(last - where) if outward < 0 else float(first + where)


def _first_run(dark: npt.NDArray[np.bool_], run: int, *, to_the_end: bool) -> int | None:
    """Where the first run of that many dark places begins; at the end a shorter one (of 2) counts too."""
    starts = np.flatnonzero(dark & ~np.concatenate(([False], dark[:-1])))
    for start in starts:
        bright = np.flatnonzero(~dark[start:])
        length = int(bright[0]) if len(bright) else len(dark) - int(start)
        if length >= run or (to_the_end and not len(bright) and length >= 2):
            return int(start)
    return None
