"""Sheets that a dark fold parts in the picture: their pieces are put together again.

Rules of this module
--------------------
1. Pieces belong together if their sides lie on the same two lines, and the room between them is no more than a fold.
2. A piece as long as a sheet is a sheet: only what is shorter than wide is a piece of the other.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SHORT = 1.2  # times its width: a piece no longer than so is no sheet by itself
_ROOM = 0.6  # of the width: how far apart pieces may lie
_OFF = 0.05  # of the width: by how much their sides may differ


def rejoined(sheets: Sequence[Floats]) -> list[tuple[Floats, tuple[int, ...]]]:
    """Sheets whose pieces were found apart.

    Args:
        sheets: corners of what was found, each of shape (4, 2), clockwise.

    Returns:
        Corners of each sheet, and the numbers of the pieces that it is made of, largest first.
    """
    order = sorted(range(len(sheets)), key=lambda n: -cv2.contourArea(sheets[n].astype(np.float32)))
    whole: list[tuple[Floats, tuple[int, ...]]] = []
    for n in order:
        for place, (corners, pieces) in enumerate(whole):
            joined = _with(corners, sheets[n])
            if joined is not None:
                whole[place] = (joined, (*pieces, n))
                break
        else:
            whole.append((sheets[n], (n,)))
    return whole


def _with(sheet: Floats, piece: Floats) -> Floats | None:
    """A sheet with a piece that continues it beyond one of its short sides; ``None`` if it does not."""
    sides = np.linalg.norm(np.roll(sheet, -1, axis=0) - sheet, axis=1)
    first = int(np.argmin(sides[:2] + sides[2:]))
    a, b, c, d = np.roll(sheet, -first, axis=0)  # a to b is a short side, clockwise
    width = float(np.linalg.norm(b - a) + np.linalg.norm(c - d)) / 2
    along = ((d - a) + (c - b)) / 2
    down = along / max(1e-6, float(np.linalg.norm(along)))
    middle = (a + b + c + d) / 4
    before = float((piece.mean(axis=0) - middle) @ down) < 0
    near, far = ((a, b), (d, c)) if before else ((d, c), (a, b))
    ordered = _lying(piece, down if not before else -down)
    if ordered is None:
        return None
    left, right, end_left, end_right = ordered if before else (ordered[1], ordered[0], ordered[3], ordered[2])
    length = float(np.linalg.norm(end_left - left) + np.linalg.norm(end_right - right)) / 2
    out = -down if before else down
    room = float(((left + right) / 2 - (near[0] + near[1]) / 2) @ out)
    on_line = all(
        _off(point, start, beyond) <= _OFF * width
        for point, start, beyond in ((left, near[0], far[0]), (end_left, near[0], far[0]), (right, near[1], far[1]),
                                     (end_right, near[1], far[1]))
    )  # fmt: skip
    if length > _SHORT * width or not -0.1 * width < room < _ROOM * width or not on_line:
        return None
    return np.array([end_left, end_right, far[1], far[0]] if before else [far[0], far[1], end_right, end_left])


def _lying(piece: Floats, out: Floats) -> tuple[Floats, Floats, Floats, Floats] | None:
    """A piece's corners, seen from the sheet: near left, near right, far left, far right; clockwise corners given."""
    reach = piece @ out
    far = set(np.argsort(reach)[2:].tolist())
    starts = [n for n in range(4) if n in far and (n + 1) % 4 in far]
    if len(starts) != 1:
        return None
    n = starts[0]
    far_left, far_right, near_right, near_left = (piece[(n + k) % 4] for k in range(4))
    return near_left, near_right, far_left, far_right


def _off(point: Floats, start: Floats, beyond: Floats) -> float:
    """How far a point lies off the line through two others."""
    line = (beyond - start) / max(1e-6, float(np.linalg.norm(beyond - start)))
    gap = point - start
    return abs(float(gap[0] * line[1] - gap[1] * line[0]))
