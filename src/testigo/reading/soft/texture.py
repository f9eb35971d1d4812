"""Where on an image a code may be when its finders are gone: dense black and white in a square.

Rules of this module
--------------------
1. Text has gaps between its lines, a code has none: a code's every cell of some modules holds dark and light in about
   equal parts.
2. Works on the image made small; the size of a code is not assumed, only that it is a good part of the paper's width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.opening.images import Grey
from testigo.reading.pixels import as_grey, shrunk

Singles = npt.NDArray[np.float32]

_WIDTH = 300  # of the image made small; a tape's code then has modules of 3 pixels
_TALLEST = 5000
_LEAST_CONTRAST = 6.0  # grey levels: as faint as print may be
_SIDE = 80  # pixels of a code at which it is looked for: specks of noise are evened out, modules are not
_BY_CONTRAST = 0.25
_SURELY, _WORTH = 0.8, 0.5  # a region this dense is one, whatever the ink did; one that the change of ink brought out
_GROWTH = 0.009  # of the image's shorter side by which ink that has bled is taken back: half a module of a tape's code
_SIZES = (0.2, 0.3, 0.42, 0.55, 0.7, 0.85)  # sides of a code, as shares of the image's shorter side


@dataclass(frozen=True, slots=True)
class Region:
    """A square that may hold a code: centre and side in the image's pixels, and how dense it is (0 to 1)."""

    x: float
    y: float
    side: float
    density: float


def find_regions(pixels: Grey, most: int = 4) -> list[Region]:
    """Squares that look like codes, the likeliest first.

    Args:
        pixels: the image at any size.
        most: how many; up to two more for codes whose ink has bled or whose lines have thinned.
    """
    found = _squares(pixels)
    if found and found[0].density >= _SURELY:
        return _apart(found, most)
    size = max(1, round(_GROWTH * min(pixels.shape)))
    if size > 1:
        around = np.ones((size, size), np.uint8)
        more = _squares(as_grey(cv2.dilate(pixels, around))) + _squares(as_grey(cv2.erode(pixels, around)))
        found += [region for region in more if region.density > _WORTH]
    return _apart(sorted(found, key=lambda r: -r.density), most + 2)


def _squares(pixels: Grey) -> list[Region]:
    """Squares that are busy and dark in about equal parts, the likeliest first."""
    small, zoom = _small(pixels)
    found: list[Region] = []
    for share in _SIZES:
        side = share * min(small.shape)
        if side >= 40:
            less = min(1.0, _SIDE / side)
            fewer = shrunk(small, less) if less < 0.9 else small
            side, pixel = side * len(fewer) / len(small), zoom * len(fewer) / len(small)
            busy, dark, contrast = _activity(fewer, side)
            found += _peaks(busy * _fit(dark, 0.5, 0.14), contrast, side, pixel)
    return sorted(found, key=lambda r: -r.density)


def _small(pixels: Grey) -> tuple[Grey, float]:
    height, width = pixels.shape
    zoom = min(1.0, _WIDTH / min(height, width), _TALLEST / max(height, width))
    if height < 2.2 * width and width < 2.2 * height:
        zoom = min(1.0, 2 * zoom)  # a photo: the code may be a small part of it
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8), zoom


def _activity(small: Grey, side: float) -> tuple[Singles, Singles, Singles]:
    """Where it changes between dark and light (0 to 1), how much is dark, and the contrast; of cells and their code.

    The contrast is that of a square as large as the code, so that neither a black edge of the scan nor faded print
    matters. Changes are told by their spread, not by their extremes: specks of noise are rare or faint.
    """
    cell, near, whole = (max(3, round(side / part)) | 1 for part in (9, 18, 1))
    flat = small.astype(np.float32)
    contrast = np.maximum(2 * _spread(flat, whole), _LEAST_CONTRAST)
    busy = np.clip(_spread(flat, near) / contrast * 5 - 0.5, 0, 1)
    top = cv2.boxFilter(cv2.dilate(small, np.ones((cell, cell), np.uint8)), cv2.CV_32F, (cell, cell))
    bottom = cv2.boxFilter(cv2.erode(small, np.ones((cell, cell), np.uint8)), cv2.CV_32F, (cell, cell))
    mean = cv2.boxFilter(flat, -1, (cell, cell))
    balance = (top - mean) / np.maximum(top - bottom, 0.4 * contrast)  # share of dark
    return np.asarray(busy, np.float32), np.asarray(balance, np.float32), np.asarray(contrast, np.float32)


def _spread(flat: Singles, size: int) -> Singles:
    mean = cv2.boxFilter(flat, -1, (size, size))
    return np.sqrt(np.maximum(cv2.sqrBoxFilter(flat, cv2.CV_32F, (size, size)) - mean * mean, 0)).astype(np.float32)


def _fit(dark: Singles, middle: float, slack: float) -> Singles:
    return np.asarray(np.clip(1 - (np.abs(dark - middle) - slack) / 0.16, 0, 1), np.float32)


def _peaks(active: Singles, contrast: Singles, side: float, zoom: float) -> list[Region]:
    size = max(3, round(0.92 * side)) | 1
    inside = cv2.boxFilter(active, -1, (size, size), borderType=cv2.BORDER_CONSTANT)
    wide = max(3, round(1.35 * side)) | 1
    around = cv2.boxFilter(active, -1, (wide, wide), borderType=cv2.BORDER_CONSTANT)
    ring = (around * wide**2 - inside * size**2) / (wide**2 - size**2)
    merit = inside - 0.35 * ring
    step = max(1, round(side / 12))
    coarse, strong = merit[step // 2 :: step, step // 2 :: step], contrast[step // 2 :: step, step // 2 :: step]
    if not coarse.size:
        return []
    peak = (coarse == cv2.dilate(coarse, np.ones((9, 9), np.uint8))) & (coarse > 0.25)
    strongest = max(float(strong[peak].max(initial=0.0)), _LEAST_CONTRAST)
    density = coarse * (strong / strongest) ** _BY_CONTRAST  # a code is printed, grain is not
    places = (np.argwhere(peak) * step + step // 2) / zoom
    return [
        Region(float(x), float(y), side / zoom, float(merit))
        for (y, x), merit in zip(places, density[peak], strict=True)
    ]


def _apart(regions: list[Region], most: int) -> list[Region]:
    """The first of those that lie on or in one another, and one more of quite another size."""
    kept: list[Region] = []
    alone: list[Region] = []  # those of which there is no other size yet
    for region in regions:
        near = [
            k for k in kept if max(abs(k.x - region.x), abs(k.y - region.y)) < max(0.45 * k.side, 0.35 * region.side)
        ]
        if not near:
            kept.append(region)
            alone.append(region)
        elif len(near) == 1 and near[0] in alone and not 0.75 < near[0].side / region.side < 1.34:
            kept.append(region)
            alone.remove(near[0])
        if len(kept) == most:
            break
    return kept


def dominant_angle(pixels: Grey) -> float:
    """The angle in degrees (-45 to 45) by which a grid of dark and light is turned, clockwise."""
    flat = cv2.GaussianBlur(pixels, (0, 0), 1.0).astype(np.float32)
    gx, gy = cv2.Sobel(flat, cv2.CV_32F, 1, 0), cv2.Sobel(flat, cv2.CV_32F, 0, 1)
    strength = np.hypot(gx, gy) ** 2
    angle = np.arctan2(gy, gx)
    y, x = np.mgrid[-1 : 1 : flat.shape[0] * 1j, -1 : 1 : flat.shape[1] * 1j]
    weight = strength * np.exp(-1.5 * (x**2 + y**2))
    return math.degrees(
        math.atan2(float((weight * np.sin(4 * angle)).sum()), float((weight * np.cos(4 * angle)).sum())) / 4
    )
