"""A tape in several overlapping photos: which photos show one sheet, and one picture of it.

Rules of this module
--------------------
1. Parts are joined only where they overlap with certainty: what the end of one shows, the beginning of the next shows
   too, over a good part of its width, and nowhere else fits nearly as well.
2. **Parts of different sheets are never joined.** All tapes look alike but for their figures: so every single piece of
   print in a long overlap must be the same on both, and codes that differ forbid it. Two sheets that print the same
   figures in the whole of the overlap cannot be told apart: whoever reads a joined picture must hold the sheet code in
   its header against the one in its code.
3. Every place of the joined picture has its place on one of the photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.codes import Code
from testigo.reading.opening.images import OpenedImage
from testigo.reading.papers.finding import BY_SHAPE, find_papers
from testigo.reading.papers.straightening import Straight, straighten
from testigo.reading.pixels import Grey, as_grey

Floats = npt.NDArray[np.float64]

_WIDTH = 600  # pixels of a part's width for matching
_LEAST_OVERLAP, _MOST_OVERLAP = 0.8, 6.0  # of the width
_PROBE = 0.4  # of the width: height of the band that is looked for
_LEAST_MATCH, _CLEAR = 0.55, 0.12  # of the band; better than anywhere else by
_CELL, _REACH = 40, 16  # pixels of a piece of print, and how far it may have moved
_LEAST_CELLS = 40
#: Correlation of a piece of print with itself on another photo: 0.95 and more, also blurred; a row of a sheet with
#: another figure brings some pieces below 0.77.
_WORST_CELL, _MEAN_CELL = 0.87, 0.94


@dataclass(frozen=True, slots=True)
class Part:
    """A photo's part of a joined picture.

    Attributes:
        image: its number in the sequence given.
        straight: its sheet made straight.
        rows: (first, last but one) row of the joined picture that come from it.
        matrix: shape (2, 3): joined picture -> its straight picture.
    """

    image: int
    straight: Straight
    rows: tuple[int, int]
    matrix: Floats


@dataclass(frozen=True, slots=True)
class Joined:
    """One picture of a sheet from several photos, from top to bottom. ``certainty`` per mille, of the weakest joint."""

    pixels: Grey
    parts: tuple[Part, ...]
    certainty: int

    def to_image(self, points: npt.ArrayLike) -> list[tuple[int, tuple[float, float]]]:
        """Places on the joined picture -> (number of the image, place in its upright pixels)."""
        placed = []
        for x, y in np.asarray(points, np.float64).reshape(-1, 2):
            part = next((part for part in self.parts if y < part.rows[1]), self.parts[-1])
            ((px, py),) = part.straight.to_image([part.matrix @ (x, y, 1.0)])
            placed.append((part.image, (float(px), float(py))))
        return placed


@dataclass(frozen=True, slots=True)
class _Piece:
    image: int
    straight: Straight
    ink: npt.NDArray[np.uint8]
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Joint:
    """How a lower part hangs on an upper one: matrix upper -> lower, and how well (0 to 1)."""

    matrix: Floats
    good: float


def same_sheet_parts(images: Sequence[OpenedImage], codes: Sequence[Sequence[Code]] = ()) -> list[tuple[int, ...]]:
    """Which images show parts of one sheet: groups of their numbers, each from top to bottom.

    Args:
        images: each with one sheet, or a part of one; others stay alone.
        codes: for each image the sheets' codes found on it.
    """
    return [tuple(piece.image for piece, _ in chain) for chain in _chains(_pieces(images, codes), len(images))]


def join_parts(images: Sequence[OpenedImage], codes: Sequence[Sequence[Code]] = ()) -> Joined | None:
    """One picture of a sheet from overlapping photos of it, or ``None`` if not all of them certainly are of one.

    Args:
        images, codes: as for :func:`same_sheet_parts`.
    """
    chains = _chains(_pieces(images, codes), len(images))
    if len(chains) != 1 or len(chains[0]) != len(images) or len(images) < 2:
        return None
    return _joined(chains[0])


def _pieces(images: Sequence[OpenedImage], codes: Sequence[Sequence[Code]]) -> list[_Piece]:
    pieces = []
    for number, image in enumerate(images):
        held = tuple(codes[number]) if codes else ()
        papers = find_papers(image, held)
        if len(papers) != 1 or papers[0].oriented_by == BY_SHAPE:
            continue
        straight = straighten(image, papers[0], _WIDTH, undo_bands=False)
        said = frozenset(code.text for code in held)
        pieces.append(_Piece(number, straight, np.asarray(255 - _flat(straight.pixels), np.uint8), said))
    return pieces


def _flat(pixels: Grey) -> Grey:
    """Even light: each pixel as a share of the paper's light around it."""
    around = cv2.blur(cv2.dilate(pixels, np.ones((25, 25), np.uint8)), (51, 51)).astype(np.float32)
    return as_grey(np.clip(pixels * (255.0 / np.maximum(around, 1.0)), 0, 255).astype(np.uint8))


def _chains(pieces: list[_Piece], count: int) -> list[list[tuple[_Piece, _Joint | None]]]:
    """Parts that hang together, each from top to bottom; a part with two possible neighbours has none."""
    below: dict[int, tuple[_Piece, _Joint]] = {}
    for upper in pieces:
        found = [(lower, joint) for lower in pieces if (joint := _joint(upper, lower)) is not None]
        if len(found) == 1:
            below[upper.image] = found[0]
    followers = [lower.image for lower, _ in below.values()]
    below = {image: found for image, found in below.items() if followers.count(found[0].image) == 1}
    heads = [piece for piece in pieces if piece.image not in {lower.image for lower, _ in below.values()}]
    chains: list[list[tuple[_Piece, _Joint | None]]] = []
    for head in heads:
        chain: list[tuple[_Piece, _Joint | None]] = [(head, None)]
        while chain[-1][0].image in below and len(chain) <= count:
            chain.append(below[chain[-1][0].image])
        chains.append(chain)
    placed = {piece.image for chain in chains for piece, _ in chain}
    alone = [image for image in range(count) if image not in placed]
    blank = np.zeros((1, 1), np.uint8)
    nothing = Straight(as_grey(blank), np.eye(3))
    return chains + [[(_Piece(image, nothing, blank, frozenset()), None)] for image in alone]


# ------------------------------------------------------------------- one joint


def _joint(upper: _Piece, lower: _Piece) -> _Joint | None:
    """Whether the lower part certainly continues the upper one."""
    if upper is lower or (upper.codes and lower.codes and upper.codes != lower.codes):
        return None
    start = _offset(upper.ink, lower.ink)
    if start is None:
        return None
    return _proved(upper.ink, lower.ink, start)


def _offset(upper: npt.NDArray[np.uint8], lower: npt.NDArray[np.uint8]) -> int | None:
    """At which row of the upper part the lower one begins: the lower's first band is found there and only there."""
    width = upper.shape[1]
    probe = round(_PROBE * width)
    margin = round(0.03 * width)
    inked = np.count_nonzero(lower[: 2 * width] > 90, axis=1)
    if len(lower) < 2 * probe or len(upper) < 2 * probe or not inked.any():
        return None
    first = min(int(np.argmax(inked > 0)), len(lower) - probe) + margin
    band = _small(lower[first : first + probe, margin * 2 : width - margin * 2])
    reach = _small(upper[max(0, len(upper) - round(_MOST_OVERLAP * width)) :])
    if reach.shape[0] <= band.shape[0]:
        return None
    scores = cv2.matchTemplate(reach, band, cv2.TM_CCOEFF_NORMED).max(axis=1)
    best = int(np.argmax(scores))
    apart = round(0.06 * width / _SHRINK)
    others = np.concatenate((scores[: max(0, best - apart)], scores[best + apart :]))
    if scores[best] < _LEAST_MATCH or (len(others) and scores[best] - others.max() < _CLEAR):
        return None
    row = best * _SHRINK + max(0, len(upper) - round(_MOST_OVERLAP * width)) - first
    return row if row >= 0 and len(upper) - row >= _LEAST_OVERLAP * width and row + len(lower) > len(upper) else None


_SHRINK = 3


def _small(ink: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    shrunk = cv2.resize(ink, None, fx=1 / _SHRINK, fy=1 / _SHRINK, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(shrunk, (0, 0), 1.2), np.uint8)


def _proved(upper: npt.NDArray[np.uint8], lower: npt.NDArray[np.uint8], start: int) -> _Joint | None:
    """Every piece of print in the overlap, looked for in the lower part near where it must be."""
    blurred = [cv2.GaussianBlur(ink, (0, 0), 1.3) for ink in (upper, lower)]
    here, there, scores = [], [], []
    shift = np.zeros(2)
    for top in range(start + _CELL // 2, len(upper) - _CELL, _CELL):
        moved = []
        for left in range(_CELL // 2, upper.shape[1] - _CELL, _CELL):
            cell = blurred[0][top : top + _CELL, left : left + _CELL]
            if np.count_nonzero(upper[top : top + _CELL, left : left + _CELL] > 100) < 0.04 * _CELL**2:
                continue
            y, x = round(top - start + shift[1]) - _REACH, round(left + shift[0]) - _REACH
            around = blurred[1][max(0, y) : y + _CELL + 2 * _REACH, max(0, x) : x + _CELL + 2 * _REACH]
            if min(around.shape) < _CELL:
                continue
            match = cv2.matchTemplate(around, cell, cv2.TM_CCOEFF_NORMED)
            _, score, _, (mx, my) = cv2.minMaxLoc(match)
            scores.append(score)
            if score >= _WORST_CELL:
                here.append((left, top))
                there.append((max(0, x) + mx, max(0, y) + my))
                moved.append((max(0, x) + mx - left, max(0, y) + my - (top - start)))
        if len(moved) >= 2:
            shift = 0.5 * shift + 0.5 * np.median(moved, axis=0)
    if len(scores) < _LEAST_CELLS:
        return None
    if min(scores) < _WORST_CELL or float(np.mean(scores)) < _MEAN_CELL:
        return None
    matrix, inside = cv2.estimateAffine2D(np.array(here, float), np.array(there, float), ransacReprojThreshold=4.0)
    if matrix is None or np.count_nonzero(inside) < 0.8 * len(here) or abs(np.linalg.det(matrix[:, :2]) - 1) > 0.12:
        return None
    return _Joint(np.asarray(matrix, np.float64), float(np.mean(scores)))


def _joined(chain: list[tuple[_Piece, _Joint | None]]) -> Joined:
    """The parts below one another; each joint in the middle of its overlap."""
    to_part: list[Floats] = []
    matrix = np.eye(3)
    for _, joint in chain:
        if joint is not None:
            matrix = np.vstack([joint.matrix, [0, 0, 1]]) @ matrix
        to_part.append(matrix)
    heights = [len(piece.straight.pixels) for piece, _ in chain]
    ends = [(np.linalg.inv(m) @ (0, height, 1))[1] for height, m in zip(heights, to_part, strict=True)]
    starts = [(np.linalg.inv(m) @ (0, 0, 1))[1] for m in to_part]
    cuts = [round((max(0.0, begins) + ends_) / 2) for begins, ends_ in zip(starts[1:], ends[:-1], strict=True)]
    rows = list(zip([0, *cuts], [*cuts, round(ends[-1])], strict=True))
    parts, pictures = [], []
    for (piece, _), m, (first, last) in zip(chain, to_part, rows, strict=True):
        shifted = m @ np.array([[1, 0, 0], [0, 1, first], [0, 0, 1.0]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (chain[0][0].straight.pixels.shape[1], max(1, last - first))
        pictures.append(cv2.warpAffine(piece.straight.pixels, shifted[:2], size, flags=flags, borderValue=255.0))
        parts.append(Part(piece.image, piece.straight, (first, last), m[:2]))
    certainty = min((round(1000 * joint.good) for _, joint in chain if joint is not None), default=0)
    return Joined(as_grey(np.vstack(pictures)), tuple(parts), certainty)


__all__ = ["Joined", "Part", "join_parts", "same_sheet_parts"]
