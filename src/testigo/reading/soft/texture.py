"""Where on an image a code may be when its finders are gone: dense black and white in a square.

Rules of this module
--------------------
1. Text has gaps between its lines, a code has none: a code's every cell of some modules holds dark and light in about
   equal parts.
2. Works on the image made small; the size of a code is not assumed, only that it is a good part of the paper's width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.opening.images import Grey

Singles = npt.NDArray[np.float32]

_WIDTH = 300  # of the image made small; a tape's code then has modules of 3 pixels
_TALLEST = 5000
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
        most: how many; up to two more for codes whose ink has bled.
    """
    small, zoom = _small(pixels)
    low, high = np.percentile(small[::4, ::4], (3, 97))
    contrast = max(float(high) - float(low), 12.0)
    balanced: list[Region] = []
    bled: list[Region] = []
    for share in _SIZES:
        side = share * min(small.shape)
        if side >= 40:
            busy, dark = _activity(small, side, contrast)
            balanced += _peaks(busy * _fit(dark, 0.5, 0.14), side, zoom)
            bled += _peaks(busy * _fit(dark, 0.7, 0.17), side, zoom)
    first = _apart(sorted(balanced, key=lambda r: -r.density), most)
    return first + _apart(sorted(bled, key=lambda r: -r.density), 2, first)


def _small(pixels: Grey) -> tuple[Grey, float]:
    height, width = pixels.shape
    zoom = min(1.0, _WIDTH / min(height, width), _TALLEST / max(height, width))
    if height < 2.2 * width and width < 2.2 * height:
        zoom = min(1.0, 2 * zoom)  # a photo: the code may be a small part of it
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8), zoom


def _activity(small: Grey, side: float, contrast: float) -> tuple[Singles, Singles]:
    """Where cells (a ninth of a code) change between dark and light (0 to 1), and how much of them is dark."""
    cell = max(3, round(side / 9)) | 1
    blurred = cv2.boxFilter(small, cv2.CV_32F, (cell, cell))
    near = max(3, round(side / 18)) | 1
    spread_ = np.ones((near, near), np.uint8)
    span = cv2.dilate(small, spread_).astype(np.float32) - cv2.erode(small, spread_)
    busy = cv2.boxFilter((span > 0.3 * contrast).astype(np.float32), -1, (cell, cell))
    top = cv2.boxFilter(cv2.dilate(small, np.ones((cell, cell), np.uint8)), cv2.CV_32F, (cell, cell))
    bottom = cv2.boxFilter(cv2.erode(small, np.ones((cell, cell), np.uint8)), cv2.CV_32F, (cell, cell))
    balance = (top - blurred) / np.maximum(top - bottom, 0.2 * contrast)  # share of dark
    return np.asarray(busy, np.float32), np.asarray(balance, np.float32)


def _fit(dark: Singles, middle: float, slack: float) -> Singles:
    return np.asarray(np.clip(1 - (np.abs(dark - middle) - slack) / 0.16, 0, 1), np.float32)


def _peaks(active: Singles, side: float, zoom: float) -> list[Region]:
    size = max(3, round(0.92 * side)) | 1
    inside = cv2.boxFilter(active, -1, (size, size), borderType=cv2.BORDER_CONSTANT)
    wide = max(3, round(1.35 * side)) | 1
    around = cv2.boxFilter(active, -1, (wide, wide), borderType=cv2.BORDER_CONSTANT)
    ring = (around * wide**2 - inside * size**2) / (wide**2 - size**2)
    merit = inside - 0.35 * ring
    step = max(1, round(side / 12))
    coarse = merit[step // 2 :: step, step // 2 :: step]
    if not coarse.size:
        return []
    peak = (coarse == cv2.dilate(coarse, np.ones((9, 9), np.uint8))) & (coarse > 0.25)
    return [
        Region((c * step + step // 2) / zoom, (r * step + step // 2) / zoom, side / zoom, float(coarse[r, c]))
        for r, c in np.argwhere(peak)
    ]


def _apart(regions: list[Region], most: int, taken: Sequence[Region] = ()) -> list[Region]:
    kept: list[Region] = []
    for region in regions:
        near = [
            k for k in (*taken, *kept) if math.hypot(k.x - region.x, k.y - region.y) < 0.35 * max(k.side, region.side)
        ]
        if not near or (len(near) == 1 and not 0.75 < near[0].side / region.side < 1.34):
            kept.append(region)
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
