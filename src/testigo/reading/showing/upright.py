"""A sheet that lies on its side, on its head or shows its back, made upright by its code: every pixel stays what it is.

Coordinates of the upright image are what a published picture's rectangles are told in (docs/bundle-format.md).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from testigo.reading.codes import Code, Point
from testigo.reading.opening.images import OpenedImage, image_of
from testigo.reading.papers.turning import WAYS, Way, changed


def upright(image: OpenedImage, code: Code) -> tuple[OpenedImage, Code]:
    """The image and the code on it, turned by quarters and mirrored so that the code lies as it was printed."""
    way = max(WAYS, key=lambda way: _lies_right(_moved(code, way, image.size)))
    if way == Way(0, False):
        return image, code
    turned = image_of(changed(image.full(), way))
    a, b, c, d = _moved(code, way, image.size)
    return turned, replace(code, corners=(a, b, c, d), mirrored=False)


def _moved(code: Code, way: Way, size: tuple[int, int]) -> list[Point]:
    """The code's corners after :func:`~testigo.reading.papers.turning.changed`."""
    (width, height), corners = size, list(code.corners)
    for _ in range(way.quarters):
        corners = [(y, width - x) for x, y in corners]
        width, height = height, width
    return [(width - x, y) for x, y in corners] if way.mirrored else corners


def _lies_right(corners: list[Point]) -> float:
    """How far the symbol's upper edge points to the right and its left edge down."""
    first, second, _, fourth = np.array(corners)
    return float((second - first)[0] + (fourth - first)[1])
