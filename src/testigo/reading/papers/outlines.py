"""Where sheets of paper lie on an image, by light alone: quadrangles, one per sheet.

Rules of this module
--------------------
1. Paper is what is brighter than the ground it lies on. Print, codes and thin streaks are closed over first.
2. Where there is no ground to see (the paper fills the image, or lies on white), the print says where the paper is;
   sheets side by side are then told apart by a strip without any ink from top to bottom.
3. Sides are lines fitted to what was seen, so that a torn corner or a finger at the edge moves nothing.
4. Works on a reduced image; all coordinates are that image's.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.papers.folds import rejoined
from testigo.reading.pixels import Grey, as_grey, shrunk

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.uint8]

_ENOUGH_NOISE = 500_000  # pixels from which on not all are asked how noisy they are
_LEAST_CONTRAST = 38.0  # grey levels between ground and paper
_LEAST_GROUND = 0.02  # of the image's border
_LEAST_SHEET = 0.03  # of the image's pixels
_LEAST_SOLID = 0.72  # of its quadrangle must be paper
_CLOSE_SHARE = 0.024  # of the shorter side: what is thinner and dark is print or a streak
_LIGHT_SHARE = 0.35  # of the shorter side: within so far paper is as bright as its brightest
_GUTTER_SHARE = 0.022  # of the width: a strip without ink that parts two sheets
_CROSSING = 0.002  # of the height: less ink than that in a column is noise
_CROSSING_INK = 0.03  # of the ink in the middling column that has any
_UNPROVED = 1.6  # times as wide must it be where no line all the way (the ground, a shadow) lies in it
_MOST_LEAN = 6.0  # degrees by which such a strip may lean
_TALL = 3.0  # sheets that touch are told apart only if they are that much taller than wide


@dataclass(frozen=True, slots=True)
class Outline:
    """A sheet's place.

    Attributes:
        corners: shape (4, 2), clockwise as seen on the image, beginning anywhere.
        certainty: per mille.
        by_ground: whether the paper's own edge was seen (rather than where its print ends).
    """

    corners: Floats
    certainty: int
    by_ground: bool


def find_outlines(pixels: Grey) -> tuple[Outline, ...]:
    """Every sheet of paper on a reduced image, largest first; at least one, the whole image, if nothing else.

    Args:
        pixels: grey, shape (height, width); about 300 to 1,000 pixels on its shorter side.
    """
    mask = _paper(pixels)
    found = [] if mask is None else _components(mask, pixels)
    return tuple(_without_folds(found)) if found else _by_print(pixels)


def _without_folds(found: list[Outline]) -> list[Outline]:
    """The sheets, those that a dark fold parted put together again."""
    whole = []
    for corners, pieces in rejoined([outline.corners for outline in found]):
        certainty = min(found[n].certainty for n in pieces)
        whole.append(found[pieces[0]] if len(pieces) == 1 else Outline(corners, certainty, True))
    return whole


def largest_outline(pixels: Grey) -> Outline:
    """The largest sheet on a reduced image, sheets that touch not told apart: what a quick look needs.

    Its corners begin at the upper left as seen.
    """
    mask = _paper(pixels)
    whole = Outline(_box(0, 0, pixels.shape[1], pixels.shape[0]), 300, False)
    if mask is None:
        return whole
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea, default=None)
    if largest is None or cv2.contourArea(largest) < _LEAST_SHEET * mask.size:
        return whole
    found = _quadrangle(largest[:, 0, :].astype(np.float64), mask.shape)
    if found is None:
        return whole
    around = np.argsort(np.arctan2(*(found.corners - found.corners.mean(axis=0)).T[::-1]))
    ordered = found.corners[around]
    return Outline(np.roll(ordered, -int(np.argmin(ordered.sum(axis=1))), axis=0), found.certainty, True)


def _paper(pixels: Grey) -> Mask | None:
    """What is paper (255), or ``None`` where no ground is to be told from it."""
    size = max(5, round(_CLOSE_SHARE * min(pixels.shape)) | 1)
    framed = cv2.copyMakeBorder(pixels, size, size, size, size, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    closed = cv2.GaussianBlur(closed[size:-size, size:-size], (0, 0), 1.5)
    level, _ = cv2.threshold(closed, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = closed[closed <= level]
    ring = np.concatenate((closed[0], closed[-1], closed[:, 0], closed[:, -1]))
    if dark.size in (0, closed.size) or np.count_nonzero(ring <= level) < _LEAST_GROUND * ring.size:
        return None  # dark in the middle alone is print: a code
    ground = float(np.quantile(dark, 0.2))
    if float(np.median(closed[closed > level])) - ground < _LEAST_CONTRAST:
        return None
    reach = max(9, round(_LIGHT_SHARE * min(pixels.shape)) | 1)
    light = cv2.dilate(cv2.resize(closed, None, fx=0.25, fy=0.25), np.ones((reach // 4 | 1,) * 2, np.uint8))
    light = cv2.resize(cv2.blur(light, (reach // 4 | 1,) * 2), pixels.shape[::-1]).astype(np.float32)
    near = np.maximum(light - ground, 1.1 * _LEAST_CONTRAST)  # the light differs from corner to corner of a photo
    mask = ((closed - ground) > 0.5 * near).astype(np.uint8) * np.uint8(255)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.uint8)


def _components(mask: Mask, pixels: Grey) -> list[Outline]:
    """One outline for each sheet on the mask; sheets that touch are parted."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    found: list[Outline] = []
    for contour in contours:
        if cv2.contourArea(contour) < _LEAST_SHEET * mask.size:
            continue
        own = np.zeros_like(mask)
        cv2.drawContours(own, [contour], -1, 255, -1)
        x, y, w, h = cv2.boundingRect(contour)
        parts = _parts(np.bitwise_and(ink_of(pixels), own), _box(x, y, x + w, y + h))
        for part in parts:
            piece = np.zeros_like(mask)
            cv2.fillPoly(piece, [np.round(part).astype(np.int32)], 255)
            pieces, _ = cv2.findContours(np.bitwise_and(piece, own), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            largest = max(pieces, key=cv2.contourArea, default=None)  # a part may lie where no paper is
            outline = None if largest is None else _quadrangle(largest[:, 0, :].astype(np.float64), mask.shape)
            if outline is not None:
                found.append(outline)
    return found


def _quadrangle(points: Floats, shape: tuple[int, ...]) -> Outline | None:
    """Four lines fitted to a contour; ``None`` if it is nothing like a sheet."""
    (cx, cy), (w, h), degrees = cv2.minAreaRect(points.astype(np.float32))
    if min(w, h) < 12:
        return None
    angle = np.radians(degrees)
    across, down = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    u, v = (points - (cx, cy)) @ across, (points - (cx, cy)) @ down
    lines, quality = [], 1.0
    for place, along, half, length in ((u, v, w / 2, h), (v, u, h / 2, w)):
        for side in (-1.0, 1.0):
            line, good = _side(place * side, along, half, length, min(w, h))
            lines.append((line[0] * side, line[1] * side))
            quality = min(quality, good)
    left, right, top, bottom = lines  # u = a + b v for the first two, v = a + b u for the others
    corners = [_meet(s, e) for s, e in ((left, top), (right, top), (right, bottom), (left, bottom))]
    placed = np.array([(cx, cy) + corner[0] * across + corner[1] * down for corner in corners])
    area = cv2.contourArea(placed.astype(np.float32))
    filled = cv2.contourArea(points.astype(np.float32)) / max(1.0, area)
    if not _LEAST_SOLID <= filled <= 1.3 or not cv2.isContourConvex(placed.astype(np.float32)):
        return None
    limit = np.array([shape[1], shape[0]], float)
    placed = placed + 0.5
    near = 0.03 * min(limit)  # a little outside is a line's error; further outside, a corner that is not on the image
    placed = np.where((placed < 0) & (placed > -near), 0, placed)
    placed = np.where((placed > limit) & (placed < limit + near), limit, placed)
    return Outline(placed, round(1000 * quality * min(1.0, filled, 1 / filled)), True)


def _side(
    place: Floats, along: Floats, half: float, length: float, breadth: float
) -> tuple[tuple[float, float], float]:
    """A line through the outermost points, and which share of its length lies on it."""
    bins = np.clip(((along / length + 0.5) * 60).astype(int), 0, 59)
    outer = np.full(60, -np.inf)
    np.maximum.at(outer, bins, place)
    centres = ((np.arange(60) + 0.5) / 60 - 0.5) * length
    seen = np.isfinite(outer) & (outer > half - 0.35 * 2 * half)
    seen[[0, 59]] = False
    if np.count_nonzero(seen) < 10:
        return (half, 0.0), 0.3
    x, y = centres[seen], outer[seen]
    tolerance = max(1.5, 0.008 * breadth)
    slope, start = _consensus(x, y, tolerance)
    off = np.abs(y - start - slope * x)
    return (start, slope), float(np.count_nonzero(off <= 2 * tolerance)) / 58


def _consensus(x: Floats, y: Floats, tolerance: float) -> tuple[float, float]:
    """Slope and start of the line that most points lie on (among the lines through any two), then least squares."""
    first, second = np.triu_indices(len(x), max(1, len(x) // 4))
    slopes = (y[second] - y[first]) / (x[second] - x[first])
    starts = y[first] - slopes * x[first]
    near = np.abs(y[None, :] - starts[:, None] - slopes[:, None] * x[None, :]) <= tolerance
    keep = near[np.argmax(near.sum(axis=1))]
    if np.count_nonzero(keep) < 3:
        return 0.0, float(np.median(y))
    slope, start = np.polyfit(x[keep], y[keep], 1)
    return float(slope), float(start)


def _meet(upright: tuple[float, float], level: tuple[float, float]) -> Floats:
    """Where ``u = a + b v`` and ``v = c + d u`` meet."""
    (a, b), (c, d) = upright, level
    u = (a + b * c) / (1 - b * d)
    return np.array([u, c + d * u])


# --------------------------------------------------------------------- by print


def ink_of(pixels: Grey, share: float = 0.02) -> Mask:
    """Ink (255): what is clearly darker than the paper around it, within ``share`` of the shorter side."""
    size = max(9, round(share * min(pixels.shape)) * 2 + 1)
    around = cv2.blur(pixels, (size, size))
    some = slice(None, None, 1 + pixels.size // _ENOUGH_NOISE)
    noise = float(np.median(cv2.absdiff(pixels[:, some], around[:, some]))) * 1.5
    darker = cv2.subtract(around, pixels)
    return np.asarray(cv2.threshold(darker, max(14.0, min(45.0, 4 * noise)), 255, cv2.THRESH_BINARY)[1], np.uint8)


def lean(ink: Mask, most: float = 12.0) -> float:
    """By how many degrees lines of print fall to the right (clockwise, as seen); 0 if there are none to tell.

    The angle at which the rows of ink are most unlike each other, searched from coarse to fine.
    """
    zoom = min(1.0, 700 / ink.shape[1])
    small = shrunk(ink, zoom)
    if small.shape[0] > 1400:  # enough lines
        at = (small.shape[0] - 1400) // 2
        small = small[at : at + 1400]
    ys, xs = np.nonzero(small > 60)
    if len(xs) < 200:
        return 0.0
    if len(xs) > 60_000:
        step = len(xs) // 60_000 + 1
        xs, ys = xs[::step], ys[::step]
    best = 0.0
    for reach, step_size in ((most, 1.0), (1.0, 0.2), (0.2, 0.04)):
        angles = np.arange(best - reach, best + reach + 1e-9, step_size)
        best = float(angles[np.argmax([_sharpness(xs, ys, angle, small.shape[0]) for angle in angles])])
    return best


def _sharpness(xs: npt.NDArray[np.intp], ys: npt.NDArray[np.intp], degrees: float, height: int) -> float:
    rows = (ys - xs * np.tan(np.radians(degrees))).astype(int)
    profile = np.bincount(rows - rows.min(), minlength=height).astype(float)
    return float(np.square(np.diff(profile)).sum())


def _by_print(pixels: Grey) -> tuple[Outline, ...]:
    """Sheets without a visible edge: cut where a strip without ink runs all the way."""
    height, width = pixels.shape
    ink = ink_of(pixels)
    parts = _parts(ink, _box(0, 0, width, height))
    certainty = 300 if not np.any(ink) else 500 + 100 * (len(parts) > 1)
    return tuple(Outline(part, certainty, False) for part in parts)


def _parts(ink: Mask, frame: Floats, depth: int = 2) -> list[Floats]:
    """A frame (4, 2; clockwise from its upper left) in which sheets may lie side by side, parted between them."""
    (x0, y0), (x1, y1) = frame.min(axis=0), frame.max(axis=0)
    width, height = x1 - x0, y1 - y0
    ys, xs = np.nonzero(ink[max(0, int(y0)) : int(y1), max(0, int(x0)) : int(x1)])
    if depth == 0 or len(xs) < 500 or height < _TALL * width / 2:
        return [frame]
    cut = _gutter(xs, ys, int(width) + 1, int(height) + 1)
    if cut is None:
        return [frame]
    upper, lower = x0 + cut[0], x0 + cut[1]
    left = np.array([(x0, y0), (upper, y0), (lower, y1), (x0, y1)])
    right = np.array([(upper, y0), (x1, y0), (x1, y1), (lower, y1)])
    return _parts(ink, left, depth - 1) + _parts(ink, right, depth - 1)


def _gutter(xs: npt.NDArray[np.intp], ys: npt.NDArray[np.intp], width: int, height: int) -> tuple[float, float] | None:
    """The widest strip from top to bottom that no print crosses: where its middle is at the top and at the bottom.

    A line all the way (the ground between two sheets, a shadow, dirt on the glass) is no print; but a strip is a
    strip only by the paper without ink that lies beside such a line.
    """
    thinned = len(xs) // 80_000 + 1
    xs, ys = xs[::thinned], ys[::thinned]
    best: tuple[int, float, float] | None = None
    least = max(5, round(_GUTTER_SHARE * width))
    step = max(0.03, np.degrees(1.0 * least / height))
    for degrees in np.arange(-_MOST_LEAN, _MOST_LEAN + step / 2, step):
        slope = np.tan(np.radians(degrees))
        profile = np.bincount(np.clip((xs - (ys - height / 2) * slope).astype(int), 0, width - 1), minlength=width)
        lines = profile * thinned > 0.4 * height
        lines[1:] |= lines[:-1].copy()
        lines[:-1] |= lines[1:].copy()
        inked = profile[profile > 0]
        most = min(_CROSSING * height, _CROSSING_INK * float(np.median(inked)) * thinned) if len(inked) else 0.0
        empty = (profile * thinned <= most) & ~lines
        for start, end in _runs(empty | lines):
            quiet = int(np.count_nonzero(empty[start:end]))
            middle = (start + end) / 2
            enough = least if lines[start:end].any() else least * _UNPROVED
            if quiet >= enough and 0.2 * width < middle < 0.8 * width and (best is None or quiet > best[0]):
                best = (quiet, middle - height / 2 * slope, middle + height / 2 * slope)
    return None if best is None else best[1:]


def _runs(wanted: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], wanted.view(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _box(left: float, top: float, right: float, bottom: float) -> Floats:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)


def fit_print(pixels: Grey) -> tuple[Floats, float]:
    """A smaller frame round the print of one sheet on white: (corners (4, 2), degrees it leans)."""
    ink = cv2.morphologyEx(ink_of(pixels), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    degrees = lean(as_grey(ink))
    ys, xs = np.nonzero(ink)
    if len(xs) < 200:
        return _box(0, 0, pixels.shape[1], pixels.shape[0]), 0.0
    degrees += _lean_of_margins(xs, ys, degrees)
    turn = _turn(degrees)
    placed = np.column_stack((xs, ys)) @ turn.T
    low, high = np.quantile(placed, 0.0005, axis=0), np.quantile(placed, 0.9995, axis=0)
    margin = 0.035 * min(high - low)
    return _box(*(low - margin), *(high + margin)) @ turn, degrees


def _turn(degrees: float) -> Floats:
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _lean_of_margins(xs: npt.NDArray[np.intp], ys: npt.NDArray[np.intp], degrees: float) -> float:
    """What a margin (labels begin below one another, figures end so) adds to the lean that the lines show.

    A tape is much longer than wide: its margins show its lean better than its lines do.
    """
    u, v = np.column_stack((xs, ys)).astype(np.float64) @ _turn(degrees).T[:, 0], ys.astype(np.float64)
    length, middle = float(np.ptp(v)), float(v.min() + v.max()) / 2
    low, high = np.quantile(u, (0.0005, 0.9995))
    half = float(high - low) / 2
    if length < 3 * half or half < 10:
        return 0.0
    sides = [_side(sign * (u - (low + high) / 2), v - middle, half, length, 2 * half) for sign in (-1.0, 1.0)]
    slope, good = max(((-sides[0][0][1], sides[0][1]), (sides[1][0][1], sides[1][1])), key=lambda side: side[1])
    return float(-np.degrees(np.arctan(slope))) if good >= 0.35 else 0.0
