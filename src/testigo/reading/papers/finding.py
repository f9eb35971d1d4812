"""Find each sheet of paper on an image, and straighten it.

Rules of this module
--------------------
1. How sheets are found: (1) outlines by light, or by print where no ground shows; (2) an outline that holds codes of
   several sheets is parted between them; (3) each sheet's reading order from its code, else from its print; (4) ends
   that print runs into are missing.
2. Which way up a sheet lies is known from a code or from its print, or it is a guess and says so.
3. Nothing here knows what a sheet says, or which election it is of.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.codes import Code, Point
from testigo.reading.opening.images import OpenedImage
from testigo.reading.papers.outlines import Outline, find_outlines, fit_print, ink_of
from testigo.reading.papers.turning import WAYS, Way, lines_across, which_way
from testigo.reading.pixels import Grey, as_grey, shrunk

Floats = npt.NDArray[np.float64]
Corners = tuple[Point, Point, Point, Point]

TOP, BOTTOM, LEFT, RIGHT = "top", "bottom", "left", "right"
SIDES = (TOP, RIGHT, BOTTOM, LEFT)  # the side after each corner, in the sheet's reading order
BY_CODE, BY_PRINT, BY_SHAPE = "code", "print", "shape"

_SHORT, _LONG = 420, 4200  # pixels of the reduced image on which outlines are looked for
_LOOK = 640  # pixels of a sheet's shorter side on which its print is looked at
_TAPE = 3.0  # a sheet so much longer than wide is a tape, and its lines run across
_LEAST_IMAGE = 40  # pixels of the shorter side: less shows no sheet
_LEAST_SHORT = 100  # a sheet of fewer pixels on its shorter side has no print to read
_AS_DARK = 0.45  # of the print's contrast: paler lines at an edge are a watermark or a shadow
_AT_THE_EDGE = slice(1, 3)  # rows of a sheet 400 pixels wide: half a millimetre of a tape
_STROKES = 4
_ALL_THE_WAY = 0.85  # of 12 mm of a tape: print is not as tall
_MOST_SIDE = 32_000


@dataclass(frozen=True, slots=True)
class Paper:
    """One sheet on an image.

    Attributes:
        corners: upper left, upper right, lower right, lower left *of the sheet as it is read*, in the image's upright
            pixels; of a sheet that is cut, of the part that is there.
        mirrored: whether it is seen from behind (a bad scanner driver).
        missing: which of ``top``, ``bottom``, ``left``, ``right`` is cut off: print runs into the edge there.
        certainty: per mille, that this is one sheet and its edges are there.
        oriented_by: ``code``, ``print``, or ``shape``: which way up it lies is a guess.
        edges_seen: whether its edges were seen against a ground.
        codes: the codes on it.
    """

    corners: Corners
    mirrored: bool
    missing: tuple[str, ...]
    certainty: int
    oriented_by: str
    edges_seen: bool = True
    codes: tuple[Code, ...] = ()

    @property
    def turned(self) -> int:
        """By which multiple of 90 degrees it lies turned clockwise: 0, 90, 180 or 270."""
        (x, y), (_, _), (_, _), (left, bottom) = self.corners
        return round(math.degrees(math.atan2(x - left, bottom - y)) / 90) % 4 * 90

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in the image's pixels (means of opposite sides)."""
        a, b, c, d = self.corners
        return (math.dist(a, b) + math.dist(d, c)) / 2, (math.dist(a, d) + math.dist(b, c)) / 2

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """The upright rectangle around it: x, y, width, height."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        left, top = math.floor(min(xs)), math.floor(min(ys))
        return left, top, math.ceil(max(xs)) - left, math.ceil(max(ys)) - top


def find_papers(image: OpenedImage, codes: Sequence[Code] = ()) -> tuple[Paper, ...]:
    """Every sheet on an image, from top to bottom, then from left to right.

    Args:
        image: as opened.
        codes: sheets' codes that were found on it (not the marks of a drawing); they settle which way up a sheet lies,
            and part sheets that touch.

    Returns:
        At least one sheet: the whole image, with little certainty, if nothing else was seen.
    """
    if min(image.size) < _LEAST_IMAGE:
        width, height = float(image.width), float(image.height)
        return (Paper(((0.0, 0.0), (width, 0.0), (width, height), (0.0, height)), False, (), 0, BY_SHAPE, False, ()),)
    pixels, scale = _reduced(image)
    papers: list[Paper] = []
    for outline in find_outlines(pixels):
        papers += [_paper(image, pixels, part, held, scale) for part, held in _parted(outline, codes, scale)]
    return tuple(sorted(papers, key=lambda paper: (paper.bounds[1], paper.bounds[0])))


def _reduced(image: OpenedImage) -> tuple[Grey, float]:
    """The image for finding outlines, and how many image pixels one of its pixels is."""
    half = image.half()
    short, long = min(half.shape), max(half.shape)
    factor = min(1.0, max(_SHORT / short, 0.1), _LONG / long)
    size = max(1, round(half.shape[1] * factor)), max(1, round(half.shape[0] * factor))
    small = half if factor == 1.0 else cv2.resize(half, size, interpolation=cv2.INTER_AREA)
    return as_grey(small), image.width / size[0]


# ------------------------------------------------------------------ one code, one sheet


def _parted(outline: Outline, codes: Sequence[Code], scale: float) -> list[tuple[Outline, tuple[Code, ...]]]:
    """An outline, parted between the codes of different sheets on it: halfway, across the line that joins them."""
    around = outline.corners.astype(np.float32)
    held = [code for code in codes if cv2.pointPolygonTest(around, tuple(_middle(code) / scale), False) >= 0]
    different = {code.text: code for code in held}
    if len(different) < 2:
        return [(outline, tuple(held))]
    parts: list[tuple[Outline, tuple[Code, ...]]] = []
    for text, code in different.items():
        corners = around
        for other in different.values():
            if other is not code:
                corners = _half_plane(corners, *_parting(code, other, scale))
        if len(corners) >= 3:
            box = (corners if len(corners) == 4 else cv2.boxPoints(cv2.minAreaRect(corners))).astype(np.float64)
            mine = tuple(one for one in held if one.text == text)
            parts.append((replace(outline, corners=box, certainty=outline.certainty // 2), mine))
    return parts


def _middle(code: Code) -> Floats:
    return np.asarray(np.mean(np.array(code.corners), axis=0), np.float64)


def _parting(code: Code, other: Code, scale: float) -> tuple[Floats, Floats]:
    """A point on the line that parts two sheets, and the direction of the other sheet (reduced pixels).

    A code stands near its sheet's lower end and in the middle of its width. So sheets side by side are parted halfway;
    of sheets end to end the one that lies above ends a third of its code's side below its code.
    """
    here, there = _middle(code) / scale, _middle(other) / scale
    towards = _along_the_sheet(code, there - here)
    for one, middle, sign in ((code, here, 1.0), (other, there, -1.0)):
        down = np.array(one.corners[3]) - np.array(one.corners[0])
        along = float(down @ (towards * sign)) / max(1e-6, float(np.linalg.norm(down)))
        if along > 0.8:
            return middle + towards * sign * one.side / scale * 0.95, towards
    return (here + there) / 2, towards


def _along_the_sheet(code: Code, direction: Floats) -> Floats:
    """That of the code's four directions which is nearest to one: sheets lie beside each other in these."""
    corners = np.array(code.corners)
    right, down = corners[1] - corners[0], corners[3] - corners[0]
    ways = [way / max(1e-6, float(np.linalg.norm(way))) for way in (right, -right, down, -down)]
    return np.asarray(max(ways, key=lambda way: float(way @ direction)), np.float64)


def _half_plane(polygon: npt.NDArray[np.float32], point: Floats, normal: Floats) -> npt.NDArray[np.float32]:
    """What of a polygon lies on this side of a line."""
    kept: list[Floats] = []
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        da, db = float((a - point) @ normal), float((b - point) @ normal)
        if da <= 0:
            kept.append(a)
        if (da < 0 < db) or (db < 0 < da):
            kept.append(a + (b - a) * da / (da - db))
    return np.array(kept, np.float32).reshape(-1, 2)


# -------------------------------------------------------------------- one sheet


def _paper(image: OpenedImage, pixels: Grey, outline: Outline, codes: tuple[Code, ...], scale: float) -> Paper:
    corners = _clockwise(outline.corners)
    if not outline.by_ground:
        corners = _to_its_print(pixels, corners)
    code = max(codes, key=lambda code: code.side, default=None)
    by, mirrored = BY_CODE, False
    if code is not None:
        corners, mirrored = _ordered_by_code(corners, code)
    else:
        way = _way_of(_looked_at(image, corners * scale)) if _large_enough(corners * scale) else (WAYS[0], 0.0)
        by = BY_SHAPE if way[1] == 0 else BY_PRINT
        corners, mirrored = _ordered_by_way(corners, way[0])
    missing = edges_that_cut(pixels, corners)
    certainty = outline.certainty if by != BY_SHAPE else outline.certainty // 2
    placed = tuple((float(x * scale), float(y * scale)) for x, y in corners)
    return Paper(placed, mirrored, missing, certainty, by, outline.by_ground, codes)  # type: ignore[arg-type]


def _clockwise(corners: Floats) -> Floats:
    """Corners clockwise as seen, the one nearest to the upper left first."""
    middle = corners.mean(axis=0)
    around = np.arctan2(corners[:, 1] - middle[1], corners[:, 0] - middle[0])
    ordered = corners[np.argsort(around)]
    return np.roll(ordered, -int(np.argmin(ordered.sum(axis=1))), axis=0)


def _to_its_print(pixels: Grey, corners: Floats) -> Floats:
    """The frame round the print where no edge of the paper shows; the whole part if that is hardly more."""
    x, y, w, h = cv2.boundingRect(corners.astype(np.float32))
    x, y = max(0, x), max(0, y)
    part = pixels[y : y + h, x : x + w]
    if lines_across(as_grey(part)) < 0:  # lying on its side: the lean of its lines is measured upright
        frame, degrees = fit_print(as_grey(np.rot90(part)))
        frame = np.column_stack((part.shape[1] - frame[:, 1], frame[:, 0]))
    else:
        frame, degrees = fit_print(as_grey(part))
    if abs(degrees) < 0.15 and cv2.contourArea(frame.astype(np.float32)) > 0.85 * part.size:
        return corners
    limit = (pixels.shape[1], pixels.shape[0])
    return _clockwise(np.clip(frame + np.array([x, y]), 0, limit))


def _ordered_by_code(corners: Floats, code: Code) -> tuple[Floats, bool]:
    """Corners in the sheet's reading order, as its code lies."""
    upper_left, upper_right, _, lower_left = (np.array(corner) for corner in code.corners)
    right, down = upper_right - upper_left, lower_left - upper_left
    mirrored = bool(right[0] * down[1] - right[1] * down[0] < 0)
    if not mirrored and getattr(code, "mirrored", False):
        mirrored, right, down = True, down, right
    middle = corners.mean(axis=0)
    places = [(corner - middle) @ np.column_stack((right, down)) for corner in corners]
    norm = np.array([np.linalg.norm(right), np.linalg.norm(down)])
    units = np.array(places) / norm
    spread = np.abs(units).max(axis=0)
    first = int(np.argmin((units / spread).sum(axis=1)))
    ordered = np.roll(corners, -first, axis=0)
    return (ordered[[0, 3, 2, 1]] if mirrored else ordered), mirrored


def _large_enough(corners: Floats) -> bool:
    """Whether print on so small a sheet could be read at all."""
    return min(math.dist(corners[0], corners[1]), math.dist(corners[0], corners[3])) >= _LEAST_SHORT


def _looked_at(image: OpenedImage, corners: Floats) -> Grey:
    """A sheet as its print is looked at: from the half-size image where that is fine enough."""
    half = image.half()
    scale = image.width / half.shape[1]
    short = min(math.dist(corners[0], corners[1]), math.dist(corners[0], corners[3])) / scale
    if short >= _LOOK * 0.75:
        return _flattened(half, corners / scale, _LOOK)
    return _flattened(image.full(), corners, _LOOK)


def _way_of(flat: Grey) -> tuple[Way, float]:
    """Which way a sheet lies, from its print; with 0 where that is a guess from its shape."""
    ratio = lines_across(flat)
    across = [way for way in WAYS if way.quarters % 2 == 0]
    ways = across if ratio > 0.7 else [way for way in WAYS if way not in across] if ratio < -0.7 else list(WAYS)
    found = which_way(flat, tuple(ways))
    if found is None and len(ways) < len(WAYS):
        found = which_way(flat, tuple(way for way in WAYS if way not in ways))
    if found is not None:
        return found[0], max(found[1], 1e-6)
    tall = flat.shape[0] / flat.shape[1]
    # Of a tape the shape says more than faint print does.
    lying = ratio < 0 if 1 / _TAPE < tall < _TAPE else tall < 1
    return Way(1 if lying else 0, False), 0.0


def _ordered_by_way(corners: Floats, way: Way) -> tuple[Floats, bool]:
    """Corners in reading order: quarter turns against the clock bring a later corner to the upper left."""
    ordered = np.roll(corners, -way.quarters, axis=0)
    return (ordered[[1, 0, 3, 2]] if way.mirrored else ordered), way.mirrored


def _flattened(pixels: Grey, corners: Floats, short: int) -> Grey:
    """A sheet cut out of the reduced image, its shorter side so many pixels."""
    a, b, c, d = corners
    width, height = (math.dist(a, b) + math.dist(d, c)) / 2, (math.dist(a, d) + math.dist(b, c)) / 2
    zoom = short / max(1.0, min(width, height))
    size = max(8, min(_MOST_SIDE, round(width * zoom))), max(8, min(_MOST_SIDE, round(height * zoom)))
    if zoom < 0.7:
        smaller = shrunk(pixels, zoom)
        corners = corners * (smaller.shape[1] / pixels.shape[1], smaller.shape[0] / pixels.shape[0])
        pixels = smaller
    target = np.array([(0, 0), (size[0], 0), size, (0, size[1])], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    return as_grey(cv2.warpPerspective(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


# ------------------------------------------------------------------ what is missing


def edges_that_cut(pixels: Grey, corners: Floats) -> tuple[str, ...]:
    """The sides of a sheet that print runs into: it is cut there, by the image's border or by scissors.

    Args:
        pixels: grey, shape (height, width).
        corners: of the sheet in these pixels, shape (4, 2), in its reading order.
    """
    flat = _flattened(pixels, corners, 400)
    return tuple(side for side in SIDES if _runs_off(flat, side))


def _runs_off(flat: Grey, side: str) -> bool:
    """Whether print is cut by a side: several separate dark strokes that begin inside and reach the very edge."""
    lying = {TOP: flat, BOTTOM: flat[::-1], LEFT: flat.T, RIGHT: flat.T[::-1]}[side]
    depth = max(6, min(flat.shape) // 40)
    strip = as_grey(lying[: depth * 6])
    paper, ink = (float(level) for level in np.percentile(strip, (75, 1)))
    dark = (ink_of(strip, 0.1) > 0) & (strip < paper - _AS_DARK * (paper - ink))
    edge = dark[_AT_THE_EDGE].all(axis=0)
    if side in (TOP, BOTTOM):  # what is dark all the way down is dirt on the glass, and no stroke of print
        edge &= dark.mean(axis=0) < _ALL_THE_WAY
    changes = np.flatnonzero(np.diff(np.concatenate(([0], edge.astype(np.int8), [0]))))
    lengths = changes[1::2] - changes[::2]
    strokes = int(np.count_nonzero(lengths <= max(8, strip.shape[1] // 12)))
    return strokes >= (_STROKES if side in (TOP, BOTTOM) else max(_STROKES + 1, strip.shape[1] // 250))
