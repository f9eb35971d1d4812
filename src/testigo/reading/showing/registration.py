"""Measure where a QR code lies to a fraction of a pixel: the ruler by which a sheet is aligned.

Rules of this module
--------------------
1. Only what every QR code has is used: its three finder patterns. What it says does not matter.
2. Edges from light to dark and back come in pairs, so print that bleeds or fades shifts nothing.
3. Pixel i covers the interval from i to i + 1; its centre is at i + 0.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.codes import Code, Point
from testigo.reading.opening.images import Grey

Floats = npt.NDArray[np.float64]

#: A line through the middle of a finder pattern crosses edges at these modules: darker, lighter, darker, …
_FINDER_EDGES = (0, 1, 2, 5, 6, 7)
_FINDER_MIDDLE = 3.5
_STEP = 0.05  # modules between samples along a line
_HALF_WIDTH = 1.2  # modules to either side over which a line is averaged; the core has 1.5
_REACH = 0.6  # modules within which an edge is looked for
_LEAST_CONTRAST = 40.0  # grey levels between the code's dark and light modules
_LEAST_EDGES = 0.85  # of the edges must be found
_MOST_RMS = 0.10  # modules; flat scans stay below 0.03


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a code's modules are: module (i, j) begins at ``origin + i * right + j * down``.

    Attributes:
        origin: the symbol's upper left corner, in pixels.
        right, down: one module to the right, one module down, in pixels.
        modules: per side.
        light: grey level of its light modules.
        rms: how far the measured edges lie from this grid (root mean square, in modules).
    """

    origin: Point
    right: Point
    down: Point
    modules: int
    light: float
    rms: float

    def at(self, i: float, j: float) -> Point:
        """The place of module coordinates in pixels."""
        return (
            self.origin[0] + i * self.right[0] + j * self.down[0],
            self.origin[1] + i * self.right[1] + j * self.down[1],
        )

    @property
    def angles(self) -> tuple[float, float]:
        """Degrees by which its rows and its columns are turned, clockwise."""
        rows = math.degrees(math.atan2(self.right[1], self.right[0]))
        return rows, math.degrees(math.atan2(-self.down[0], self.down[1]))


def register(pixels: Grey, code: Code) -> Grid | None:
    """The code's grid to a fraction of a pixel, or ``None`` where it does not lie flat and upright.

    Args:
        pixels: the image at full size, grey, shape (height, width).
        code: as found; its corners are right to about a module.
    """
    if not code.is_qr or code.modules < 21:
        return None
    n = code.modules
    (left, top), (right, upper), _, (lower_left, bottom) = code.corners
    along = ((right - left) / n, (upper - top) / n)
    down = ((lower_left - left) / n, (bottom - top) / n)
    if along[0] < 1.5 or down[1] < 1.5:  # turned, mirrored, or too small to be measured
        return None
    grid = Grid((left, top), along, down, n, 255.0, 0.0)
    for _ in range(3):  # the first round starts from corners that are a module off
        better = _refined(pixels, grid)
        if better is None:
            return None
        grid = better
    return grid if grid.rms <= _MOST_RMS else None


def _refined(pixels: Grey, grid: Grid) -> Grid | None:
    far = grid.modules - _FINDER_MIDDLE
    both = (*_FINDER_EDGES, *(grid.modules - edge for edge in reversed(_FINDER_EDGES)))
    # (across is fixed at this module, vertical line?, edges that it crosses): three finders, no fourth
    lines = (
        (_FINDER_MIDDLE, True, both),
        (far, True, _FINDER_EDGES),
        (_FINDER_MIDDLE, False, both),
        (far, False, _FINDER_EDGES),
    )
    rows: dict[bool, list[tuple[float, float, float]]] = {True: [], False: []}
    lights: list[float] = []
    for fixed, vertical, edges in lines:
        crossings = _crossings(pixels, grid, fixed, vertical, edges)
        if crossings is None:
            return None
        lights.append(crossings[1])
        for edge, found in crossings[0]:
            i, j = (fixed, found) if vertical else (found, fixed)
            x, y = grid.at(i, j)
            rows[vertical].append((fixed, edge, y) if vertical else (edge, fixed, x))
    ys, xs = _fit(rows[True]), _fit(rows[False])
    rms = math.sqrt((ys[3] / abs(grid.down[1]) ** 2 + xs[3] / abs(grid.right[0]) ** 2) / 2)
    light = float(np.median(lights))
    return Grid((xs[0], ys[0]), (xs[1], ys[1]), (xs[2], ys[2]), grid.modules, light, rms)


def _fit(rows: list[tuple[float, float, float]]) -> tuple[float, float, float, float]:
    """Least squares of ``value = a + b i + c j``; and the mean squared residual in pixels."""
    table = np.array(rows)
    unknowns = np.column_stack((np.ones(len(table)), table[:, 0], table[:, 1]))
    solution, *_ = np.linalg.lstsq(unknowns, table[:, 2], rcond=None)
    residuals = table[:, 2] - unknowns @ solution
    return float(solution[0]), float(solution[1]), float(solution[2]), float(np.mean(residuals**2))


def _crossings(
    pixels: Grey, grid: Grid, fixed: float, vertical: bool, edges: tuple[int, ...]
) -> tuple[list[tuple[int, float]], float] | None:
    """Where a line through finder patterns crosses their edges: (edge, place) in modules; and the light level."""
    places = np.arange(min(edges) - 1.5, max(edges) + 1.5, _STEP)
    values = _sample(pixels, grid, fixed, places, vertical)
    near = np.any([np.abs(places - edge) < 1.0 for edge in edges], axis=0)
    dark, light = np.percentile(values[near], (8, 92))
    if light - dark < _LEAST_CONTRAST:
        return None
    darker = (values - (dark + light) / 2) < 0
    found: list[tuple[int, float]] = []
    for number, edge in enumerate(edges):
        into_dark = number % 2 == 0
        change = np.flatnonzero((darker[1:] == into_dark) & (darker[:-1] != into_dark))
        if len(change) == 0:
            continue
        k = change[np.argmin(np.abs(places[change] + _STEP / 2 - edge))]
        step = values[k + 1] - values[k]
        place = places[k] + _STEP * float(((dark + light) / 2 - values[k]) / step if step else 0.5)
        if abs(place - edge) <= _REACH:
            found.append((edge, place))
    return (found, float(light)) if len(found) >= _LEAST_EDGES * len(edges) else None


def _sample(pixels: Grey, grid: Grid, fixed: float, places: Floats, vertical: bool) -> Floats:
    """Grey levels along a line of the grid, averaged across it."""
    across = fixed + np.linspace(-_HALF_WIDTH, _HALF_WIDTH, 13)
    along, over = np.meshgrid(places, across, indexing="ij")
    i, j = (over, along) if vertical else (along, over)
    x = grid.origin[0] + i * grid.right[0] + j * grid.down[0]
    y = grid.origin[1] + i * grid.right[1] + j * grid.down[1]
    left, top = max(0, int(x.min()) - 2), max(0, int(y.min()) - 2)
    part = pixels[top : int(y.max()) + 3, left : int(x.max()) + 3]  # remap takes at most 32,767 pixels a side
    if part.size == 0:
        return np.zeros(len(places))
    maps = (x - 0.5 - left).astype(np.float32), (y - 0.5 - top).astype(np.float32)
    sampled = cv2.remap(part, *maps, interpolation=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    levels: Floats = np.asarray(sampled, dtype=np.float64).mean(axis=1)
    return levels
