"""Finder patterns, and the squares that two or three of them can be corners of.

Rules of this module
--------------------
1. A finder crosses as 1:1:3:1:1, dark first, along rows *and* columns through its middle.
2. What is missing (a corner cut off or under a stain) is made up for by trying the squares that the others allow.
3. Nothing is decided here: squares are proposals, rated on the whole function pattern later.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.opening.images import Grey
from testigo.reading.soft import symbol

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_BLURRED_PITCH = 3.0  # pixels per module at which blurred finders are looked for
_RATIOS = np.array((1.0, 1.0, 3.0, 1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Finder:
    """A finder pattern: its centre, pixels per module, and how many crossings found it."""

    x: float
    y: float
    pitch: float
    votes: int


@dataclass(frozen=True)
class Square:
    """A proposal: a symbol of that version between these corners (of the picture's square, clockwise), (4, 2)."""

    version: int
    corners: Floats
    why: str


def find_finders(pixels: Grey, most: int = 12) -> list[Finder]:
    """Finder patterns on grey pixels, the surest first."""
    smallest = min(pixels.shape)
    if smallest < 24:
        return []
    window = max(15, min(smallest // 6, 91)) | 1
    flat = cv2.GaussianBlur(pixels, (3, 3), 0)
    mean = cv2.boxFilter(flat, -1, (window, window), borderType=cv2.BORDER_REPLICATE)
    dark = np.asarray(flat.astype(np.int16) < mean.astype(np.int16) - 3)
    across = _crossings(dark)
    down = _crossings(np.ascontiguousarray(dark.T))[:, [1, 0, 2]]
    return _agreeing(across, down, pixels.shape)[:most]


def _crossings(dark: npt.NDArray[np.bool_]) -> Floats:
    """Middles of 1:1:3:1:1 along rows: x, y, pitch."""
    height, width = dark.shape
    edged = np.zeros((height, width + 2), np.int8)
    edged[:, 1:-1] = dark
    change = np.flatnonzero(np.diff(edged.ravel()))
    length = np.diff(change)
    if len(length) < 5:
        return np.zeros((0, 3))
    runs = np.stack([length[k : len(length) - 4 + k] for k in range(5)], axis=1).astype(np.float64)
    start = change[: len(runs)]
    row = start // (width + 2)
    same_row = (change[5:] // (width + 2)) == row
    is_dark = edged.ravel()[start + 1] == 1
    pitch = runs.sum(axis=1) / 7
    off = np.abs(runs - _RATIOS * pitch[:, None])
    fits = (off <= np.maximum(0.62 * pitch, 0.9)[:, None] * np.array((1, 1, 1.5, 1, 1))).all(axis=1)
    good = same_row & is_dark & fits & (pitch >= 1.2)
    middle = start + 1 + runs[:, :2].sum(axis=1) + runs[:, 2] / 2
    x = middle - row * (width + 2) - 1
    return np.stack((x[good], row[good] + 0.5, pitch[good]), axis=1)


def _agreeing(across: Floats, down: Floats, shape: tuple[int, ...]) -> list[Finder]:
    """Where crossings along rows and columns meet."""
    if not len(across) or not len(down):
        return []
    cell = 4.0
    size = (int(shape[0] / cell) + 2, int(shape[1] / cell) + 2)
    votes = []
    for points in (across, down):
        heap = np.zeros(size, np.float32)
        np.add.at(heap, ((points[:, 1] / cell).astype(int), (points[:, 0] / cell).astype(int)), 1.0)
        votes.append(cv2.boxFilter(heap, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT))
    both = np.minimum(votes[0], votes[1])
    found: list[Finder] = []
    peaks = np.argwhere((both >= 1) & (both == cv2.dilate(both, np.ones((3, 3), np.uint8))))
    order = np.argsort(-both[tuple(peaks.T)], kind="stable")
    for row, column in peaks[order][:400]:
        finder = _centred(across, down, (column + 0.5) * cell, (row + 0.5) * cell, cell)
        if finder and all(math.hypot(f.x - finder.x, f.y - finder.y) > 3 * f.pitch for f in found):
            found.append(finder)
    return sorted(found, key=lambda f: -f.votes / f.pitch)


def _centred(across: Floats, down: Floats, x: float, y: float, cell: float) -> Finder | None:
    reach = 2.5 * cell
    a = across[(np.abs(across[:, 0] - x) < reach) & (np.abs(across[:, 1] - y) < reach)]
    d = down[(np.abs(down[:, 0] - x) < reach) & (np.abs(down[:, 1] - y) < reach)]
    if not len(a) or not len(d):
        return None
    pitch_a, pitch_d = float(np.median(a[:, 2])), float(np.median(d[:, 2]))
    if not 0.55 < pitch_a / pitch_d < 1.8:
        return None
    pitch = math.sqrt(pitch_a * pitch_d)
    return Finder(float(np.median(a[:, 0])), float(np.median(d[:, 1])), pitch, min(len(a), len(d)))


def find_blurred_finders(pixels: Grey, angle: float, side: float, most: int = 6) -> list[Finder]:
    """Finder patterns too blurred for their crossings, by correlation with a blurred one at several sizes.

    Args:
        pixels: of the part, grey.
        angle: degrees by which the code is turned, up to quarter turns.
        side: of the code, in pixels, to a half.
        most: how many.
    """
    found: list[Finder] = []
    for modules in np.geomspace(34.0, 84.0, 9):
        pitch = side / modules
        zoom = _BLURRED_PITCH / pitch
        size = max(8, round(pixels.shape[1] * zoom)), max(8, round(pixels.shape[0] * zoom))
        if min(size) < 40 or max(size) > 900:
            continue
        how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
        small = cv2.GaussianBlur(cv2.resize(pixels, size, interpolation=how), (0, 0), 0.8)
        wanted = _blurred_template(angle)
        match = cv2.matchTemplate(small, wanted, cv2.TM_CCOEFF_NORMED)
        peaks = (match == cv2.dilate(match, np.ones((7, 7), np.uint8))) & (match > 0.5)
        half = wanted.shape[0] / 2
        for row, column in np.argwhere(peaks):
            x, y = (column + half) / zoom, (row + half) / zoom
            found.append(Finder(float(x), float(y), pitch, int(1000 * match[row, column])))
    best: list[Finder] = []
    for finder in sorted(found, key=lambda f: -f.votes):
        if all(math.hypot(f.x - finder.x, f.y - finder.y) > 4 * f.pitch for f in best):
            best.append(finder)
    return best[:most]


@lru_cache(maxsize=32)
def _blurred_template(angle: float) -> npt.NDArray[np.uint8]:
    """A finder pattern with its white border, blurred, turned by the angle."""
    modules = np.full((11, 11), 255, np.uint8)
    modules[2:9, 2:9] = 0
    modules[3:8, 3:8] = 255
    modules[4:7, 4:7] = 0
    pixel = 4 * int(_BLURRED_PITCH)
    large = np.kron(modules, np.ones((pixel, pixel), np.uint8))
    turn = cv2.getRotationMatrix2D((large.shape[1] / 2, large.shape[0] / 2), -angle, 1.0)
    turned = cv2.warpAffine(large, turn, large.shape[::-1], borderValue=255)
    soft = cv2.GaussianBlur(turned, (0, 0), 0.75 * pixel)
    inner = soft[pixel : 10 * pixel, pixel : 10 * pixel]
    size = round(9 * _BLURRED_PITCH)
    return np.asarray(cv2.resize(inner, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def squares_of(finders: list[Finder], versions: tuple[int, ...]) -> Iterator[Square]:
    """Every square that three or two finders can be corners of; those of three first.

    Args:
        finders: the surest first.
        versions: that may be, the likeliest first.
    """
    alike = [f for f in finders if f.votes > 0]
    for three in combinations(alike, 3):
        yield from _of_three(three, versions)
    for two in combinations(alike, 2):
        yield from _of_two(two, versions)


def _of_three(three: tuple[Finder, ...], versions: tuple[int, ...]) -> Iterator[Square]:
    pitches = [f.pitch for f in three]
    if max(pitches) > 1.7 * min(pitches):
        return
    points = [np.array((f.x, f.y)) for f in three]
    for corner in range(3):
        a, b = points[(corner + 1) % 3] - points[corner], points[(corner + 2) % 3] - points[corner]
        la, lb = float(np.hypot(*a)), float(np.hypot(*b))
        cosine = abs(float(a @ b)) / max(la * lb, 1e-9)
        if cosine > 0.62 or not 0.6 < la / lb < 1.67:
            continue
        if a[0] * b[1] - a[1] * b[0] < 0:
            a, b = b, a
        yield from _sized(points[corner], a, b, math.sqrt(la * lb) / float(np.mean(pitches)), versions, "three")


def _of_two(two: tuple[Finder, ...], versions: tuple[int, ...]) -> Iterator[Square]:
    if max(f.pitch for f in two) > 1.5 * min(f.pitch for f in two):
        return
    p, q = (np.array((f.x, f.y)) for f in two)
    span, pitch = q - p, (two[0].pitch + two[1].pitch) / 2
    length = float(np.hypot(*span))
    side = np.array((-span[1], span[0]))
    yield from _sized(p, span, side, length / pitch, versions, "two")
    yield from _sized(q, -span, -side, length / pitch, versions, "two")
    half, other = span / 2, side / 2  # opposite corners
    yield from _sized(p, half + other * -1, half + other, length / math.sqrt(2) / pitch, versions, "opposite")


def _sized(
    origin: Floats, a: Floats, b: Floats, modules: float, versions: tuple[int, ...], why: str
) -> Iterator[Square]:
    """Squares whose finder centres are ``modules`` apart, more or less: the measure is good to a tenth."""
    if not 20 < modules < 90:
        return
    fitting = [v for v in versions if 0.84 < (symbol.side(v) - 7) / modules < 1.19]
    for version in fitting:
        apart = symbol.side(version) - 7
        i, j = a / apart, b / apart
        upper_left = origin - 3.5 * (i + j)
        n = symbol.side(version)
        corners = np.array((upper_left, upper_left + n * i, upper_left + n * (i + j), upper_left + n * j))
        yield Square(version, corners.astype(np.float64), why)
