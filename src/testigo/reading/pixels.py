"""Grey pixels, and how they are turned.

Rules of this module
--------------------
1. The pixel in row y and column x of an array covers the square from (x, y) to (x + 1, y + 1).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

#: Grey pixels, shape (height, width), uint8.
Grey = npt.NDArray[np.uint8]


def as_grey(pixels: npt.NDArray[Any]) -> Grey:
    """The array as contiguous grey pixels."""
    return np.ascontiguousarray(pixels, dtype=np.uint8)


def turned_upright(pixels: Grey, orientation: int) -> Grey:
    """Turn and mirror pixels as EXIF orientation 1-8 asks."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.T
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def shrunk(pixels: Grey, zoom: float) -> Grey:
    """Pixels made smaller by a factor, each the mean of what it covers; at least one in each direction."""
    size = max(1, round(pixels.shape[1] * zoom)), max(1, round(pixels.shape[0] * zoom))
    return as_grey(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
