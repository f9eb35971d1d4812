"""One sheet of an image as an upright, unmirrored, straight picture, with the way back to the image's pixels.

Rules of this module
--------------------
1. Every place of the straight picture has exactly one place on the image: :meth:`Straight.to_image` names it.
2. What a roller did is undone only where it was measured: a code's sides tell the stretch; a band of rows that are one
   and the same row is taken out. Whatever else it did is not guessed at.
3. Nothing is sharpened or brightened: grey levels are the image's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.opening.images import OpenedImage
from testigo.reading.papers.finding import Paper
from testigo.reading.papers.outlines import ink_of
from testigo.reading.pixels import Grey, as_grey, shrunk

Floats = npt.NDArray[np.float64]

_MOST_SIDE = 32_000  # OpenCV cannot warp more
_MOST_PIXELS = 120_000_000
_MOST_STRETCH = 0.25
_LEAST_STRETCH = 0.01  # less is what finding a code's corners is wrong by
_BAND_SHARE = 0.025  # of the width: rows that repeat for longer (2 mm of a tape) are no print
_SAME = 1.0  # grey levels above the noise of rows that are the same
_LEAST_CHANGES = 8  # from light to dark in a row, so that a blank or a ruled row is no evidence


@dataclass(frozen=True, slots=True)
class Straight:
    """A sheet made straight.

    Attributes:
        pixels: grey, shape (height, width): upright, unmirrored, the paper from side to side.
        matrix: shape (3, 3): the straight picture's pixels, before rows were taken out -> the image's upright pixels.
        removed: bands of rows that were taken out: (row of ``pixels`` before which, how many rows).
        stretch: how much longer than wide the sheet was drawn by the feed, as its code shows it (1.0: not, or not
            known); undone here.
    """

    pixels: Grey
    matrix: Floats
    removed: tuple[tuple[int, int], ...] = ()
    stretch: float = 1.0

    def to_image(self, points: npt.ArrayLike) -> Floats:
        """Places on the straight picture -> the same places on the image.

        Args:
            points: shape (n, 2), x and y in pixels.

        Returns:
            Shape (n, 2), in the image's upright pixels.
        """
        places = np.array(points, np.float64).reshape(-1, 2)
        rows = places[:, 1].copy()
        for before, count in self.removed:
            places[:, 1] += np.where(rows >= before, count, 0)
        moved = np.column_stack((places, np.ones(len(places)))) @ self.matrix.T
        return np.asarray(moved[:, :2] / moved[:, 2:], np.float64)

    def from_image(self, points: npt.ArrayLike) -> Floats:
        """The way back of :meth:`to_image`; places within a band that was taken out go to its edge."""
        places = np.array(points, np.float64).reshape(-1, 2)
        moved = np.column_stack((places, np.ones(len(places)))) @ np.linalg.inv(self.matrix).T
        straight = moved[:, :2] / moved[:, 2:]
        for before, count in reversed(self.removed):
            above = sum(n for row, n in self.removed if row < before)
            beyond = straight[:, 1] - (before + above)
            straight[:, 1] -= np.clip(beyond, 0, count)
        return np.asarray(straight, np.float64)


def straighten(image: OpenedImage, paper: Paper, width_px: int, *, undo_bands: bool = True) -> Straight:
    """A sheet as it lies flat and upright.

    Args:
        image: where it is.
        paper: of :func:`testigo.reading.find_papers` on that image.
        width_px: how wide the picture shall be; less, where it would become too tall for what OpenCV can do.
        undo_bands: whether rows that the scanner repeated are taken out.
    """
    corners = np.array(paper.corners, np.float64)
    wide, tall = paper.size
    stretch = _stretch(paper)
    aspect = tall / max(1.0, wide) / stretch
    width = int(max(16, min(width_px, _MOST_SIDE, _MOST_SIDE / aspect, math.sqrt(_MOST_PIXELS / aspect))))
    height = max(16, round(width * aspect))
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix: Floats = np.asarray(cv2.getPerspectiveTransform(target, corners.astype(np.float32)), np.float64)
    pixels = _warped(image, matrix, (width, height), wide / width)
    removed = _bands(pixels, _codes_on(paper, matrix)) if undo_bands else ()
    if removed:
        pixels = _without(pixels, removed)
    return Straight(pixels, matrix, removed, stretch)


def _warped(image: OpenedImage, matrix: Floats, size: tuple[int, int], shrink: float) -> Grey:
    """The sheet's pixels. A much larger original is made smaller first, so that thin strokes do not fall between."""
    source = image.half() if shrink >= 2.0 else image.full()
    shrink /= image.width / source.shape[1]
    if shrink > 1.3 or max(source.shape) > _MOST_SIDE:
        zoom = min(1.0 / shrink if shrink > 1.3 else 1.0, _MOST_SIDE / max(source.shape))
        source = shrunk(source, zoom)
    fx, fy = source.shape[1] / image.width, source.shape[0] / image.height
    # A matrix speaks of places; OpenCV counts from the middle of the first pixel.
    to_source = _shifted(-0.5) @ np.diag([fx, fy, 1.0]) @ matrix @ _shifted(0.5)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return as_grey(cv2.warpPerspective(source, to_source, size, flags=flags, borderValue=255.0))


def _shifted(by: float) -> Floats:
    return np.array([[1, 0, by], [0, 1, by], [0, 0, 1.0]])


def _stretch(paper: Paper) -> float:
    """How much taller than wide the sheet's largest code is, in the sheet's own directions."""
    code = max(paper.codes, key=lambda code: code.side, default=None)
    if code is None or code.side < 60:
        return 1.0
    wide, tall = paper.size
    target = np.array([(0, 0), (wide, 0), (wide, tall), (0, tall)], np.float32)
    matrix = cv2.getPerspectiveTransform(np.array(paper.corners, np.float32), target)
    a, b, c, d = cv2.perspectiveTransform(np.array([code.corners], np.float32), matrix)[0]
    across = (math.dist(a, b) + math.dist(d, c)) / 2
    down = (math.dist(a, d) + math.dist(b, c)) / 2
    if abs((b - a)[0]) < abs((b - a)[1]):  # corners of a mirrored code may be told the other way round
        across, down = down, across
    ratio = down / max(1.0, across)
    return ratio if _LEAST_STRETCH <= abs(ratio - 1) <= _MOST_STRETCH else 1.0


def _codes_on(paper: Paper, matrix: Floats) -> list[tuple[int, int]]:
    """The rows of the straight picture that codes cover: modules are bands of equal rows."""
    spans = []
    for code in paper.codes:
        placed = cv2.perspectiveTransform(np.array([code.corners], np.float32), np.linalg.inv(matrix))[0]
        spans.append((math.floor(placed[:, 1].min()), math.ceil(placed[:, 1].max())))
    return spans


def _bands(pixels: Grey, codes: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Bands of rows that are one row many times over: (row before which they were, once taken out, how many)."""
    found, gone = [], 0
    for start, end in repeated_rows(pixels, round(_BAND_SHARE * pixels.shape[1]), codes):
        found.append((start + 1 - gone, end - start))
        gone += end - start
    return tuple(found)


def repeated_rows(pixels: Grey, least: int, codes: Sequence[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """Where one row is repeated: (first, last) row of each band.

    Args:
        pixels: a sheet, its lines from side to side.
        least: rows that a band must have (6 at the least); print has fewer equal ones.
        codes: (first, last) rows of codes, whose modules are equal rows of their own.
    """
    least = max(6, least)
    if pixels.shape[0] < 4 * least or pixels.shape[1] < 4:
        return []
    differ = cv2.absdiff(pixels[1:], pixels[:-1]).mean(axis=1)
    noise = float(np.quantile(differ, 0.1))
    calm = differ < noise + _SAME
    found = []
    for start, end in _runs(calm):
        if end - start >= least and not any(start < last + least and end > first - least for first, last in codes):
            ink = ink_of(as_grey(pixels[max(0, start - least) : end + least]), 0.05)
            found += (
                [(start, end)] if _is_one_row(ink[min(start, least) : min(start, least) + end - start + 1] > 0) else []
            )
    return found


def _runs(wanted: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], wanted.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _is_one_row(ink: npt.NDArray[np.bool_]) -> bool:
    """Whether a band has print (not a blank, not a rule), in the same places in its first and its last row."""
    changes = np.count_nonzero(ink[:, 1:] & ~ink[:, :-1], axis=1)
    if len(ink) < 4 or np.quantile(changes, 0.1) < _LEAST_CHANGES:
        return False
    first, last = ink[:2].any(axis=0), ink[-2:].any(axis=0)
    return bool(np.count_nonzero(first & last) >= 0.9 * np.count_nonzero(first | last))


def _without(pixels: Grey, removed: tuple[tuple[int, int], ...]) -> Grey:
    kept, gone, at = [], 0, 0
    for before, count in removed:
        kept.append(pixels[at : before + gone])
        at = before + gone + count
        gone += count
    kept.append(pixels[at:])
    return as_grey(np.vstack(kept))
