"""Where the modules of a code lie on an image: fitted to the whole function pattern.

Rules of this module
--------------------
1. A grid is a centre for each module; it may bend, stretch and lack parts. It is rated by what every code has: function
   patterns where they must be, and modules that are dark or light, not between.
2. No single corner is needed: finders, timing, alignment and version bits weigh alike.
3. Pixels: i covers i to i + 1, its centre is at i + 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.opening.images import Grey
from testigo.reading.soft import symbol

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

_NEAR = 11  # modules over which light and dark are told apart
_FLOOR = 0.14  # of the picture's contrast: where less varies, nothing is seen
_BIMODAL = 0.55  # weight of "dark or light, not between" against the function pattern


@dataclass(frozen=True)
class View:
    """A part of an image prepared for sampling.

    Attributes:
        sharp: the pixels, float32.
        soft: the same, blurred by a third of a module.
        contrast: grey levels between dark and light.
        offset: of the part's upper left corner on the image.
        zoom: the view's pixels per pixel of the image.
    """

    sharp: Singles
    soft: Singles
    contrast: float
    offset: tuple[int, int]
    zoom: float = 1.0

    def of_image(self, points: Floats) -> Floats:
        """Places on the image, shape (…, 2), as places on the view."""
        return np.asarray((points - np.array(self.offset)) * self.zoom)

    def to_image(self, grid: Grid) -> Grid:
        """A grid on the view as one on the image."""
        left, top = self.offset
        x, y = grid.x / self.zoom + left, grid.y / self.zoom + top
        return replace(grid, x=x.astype(np.float32), y=y.astype(np.float32))

    def from_image(self, grid: Grid) -> Grid:
        """The inverse of :meth:`to_image`."""
        left, top = self.offset
        x, y = (grid.x - left) * self.zoom, (grid.y - top) * self.zoom
        return replace(grid, x=x.astype(np.float32), y=y.astype(np.float32))


@dataclass(frozen=True)
class Grid:
    """Centres of modules on a view: shape (n, n) each, row first, in the order of the picture's square.

    Attributes:
        x, y: the centres in the view's pixels.
        turns: quarter turns (counter-clockwise, of the sampled square) that make the symbol upright.
        score: how well it fits, about a normal deviate.
    """

    x: Singles
    y: Singles
    turns: int = 0
    score: float = 0.0

    @property
    def modules(self) -> int:
        """Per side."""
        return len(self.x)

    @property
    def pitch(self) -> float:
        """Pixels per module, as the square root of a module's area (its mean)."""
        n = self.modules - 1
        across = np.hypot(self.x[:, -1] - self.x[:, 0], self.y[:, -1] - self.y[:, 0]).mean() / n
        down = np.hypot(self.x[-1] - self.x[0], self.y[-1] - self.y[0]).mean() / n
        return float(np.sqrt(across * down))


def view_of(pixels: Grey, box: tuple[int, int, int, int], pitch: float) -> View:
    """Prepare a box (left, top, right, bottom; cut to the image) for modules of about that many pixels."""
    height, width = pixels.shape
    left, top, right, bottom = max(0, box[0]), max(0, box[1]), min(width, box[2]), min(height, box[3])
    part: Grey = np.ascontiguousarray(pixels[top:bottom, left:right])
    if not part.size:
        return View(np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32), 8.0, (left, top))
    zoom = 6.5 / pitch if pitch < 5.0 else 9.0 / pitch if pitch > 12.0 else 1.0
    if zoom != 1.0:
        how = cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_AREA
        size = max(1, round(part.shape[1] * zoom)), max(1, round(part.shape[0] * zoom))
        part = np.asarray(cv2.resize(part, size, interpolation=how), np.uint8)
    sharp = part.astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), max(0.35, 0.3 * pitch * zoom)), np.float32)
    low, high = np.percentile(soft[::3, ::3], (4, 96))
    return View(sharp, soft, max(float(high - low), 8.0), (left, top), zoom)


def sample(picture: Singles, x: Singles, y: Singles) -> Singles:
    """Bilinear values at places; outside the picture NaN."""
    values = cv2.remap(picture, x - 0.5, y - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    height, width = picture.shape
    outside = (x < 0) | (y < 0) | (x > width) | (y > height)
    return np.where(outside, np.float32(np.nan), values).astype(np.float32)


def normalised(values: Singles, contrast: float) -> Singles:
    """Module values as darkness about their neighbourhood's middle, about -1 to 1; 0 where nothing is seen."""
    seen = ~np.isnan(values)
    filled = np.where(seen, values, 0).astype(np.float32)
    size = (_NEAR, _NEAR)
    weight = cv2.boxFilter(seen.astype(np.float32), -1, size, borderType=cv2.BORDER_REFLECT)
    weight = np.maximum(weight, 1e-3)
    mean = cv2.boxFilter(filled, -1, size, borderType=cv2.BORDER_REFLECT) / weight
    square = cv2.boxFilter(filled * filled, -1, size, borderType=cv2.BORDER_REFLECT) / weight
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    dark = (mean - filled) / np.maximum(spread, _FLOOR * contrast)
    return np.where(seen, np.clip(dark, -1.6, 1.6), 0).astype(np.float32)


@lru_cache(maxsize=64)
def template(version: int, turns: int) -> Singles:
    """The function pattern as it lies in a picture that needs ``turns`` quarter turns to be upright."""
    known = symbol.layout(version).known.astype(np.float32)
    return np.ascontiguousarray(np.rot90(known, -turns))


def rated(view: View, grid: Grid) -> Floats:
    """Score of each of the four ways in which the symbol may lie on the grid (quarter turns to be upright)."""
    dark = normalised(sample(view.soft, grid.x, grid.y), view.contrast)
    version = (grid.modules - 17) // 4
    total = float(np.sqrt(np.abs(symbol.layout(version).known).sum()))
    return np.array([float((template(version, turns) * dark).sum()) / total for turns in range(4)])


def square_grid(version: int, to_pixels: Floats) -> Grid:
    """The grid of a flat square: ``to_pixels`` is the 3 x 3 homography from modules (0 to n) to pixels."""
    n = symbol.side(version)
    centres = np.arange(n, dtype=np.float64) + 0.5
    i, j = np.meshgrid(centres, centres)
    w = to_pixels[2, 0] * i + to_pixels[2, 1] * j + to_pixels[2, 2]
    w = np.where(np.abs(w) < 1e-9, 1e-9, w)
    x = (to_pixels[0, 0] * i + to_pixels[0, 1] * j + to_pixels[0, 2]) / w
    y = (to_pixels[1, 0] * i + to_pixels[1, 1] * j + to_pixels[1, 2]) / w
    return Grid(x.astype(np.float32), y.astype(np.float32))


def quad_to_pixels(version: int, corners: Floats) -> Floats:
    """The homography from modules to pixels by the symbol's four corners (upper left first, clockwise)."""
    n = float(symbol.side(version))
    flat = np.array([(0, 0), (n, 0), (n, n), (0, n)], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(flat, corners.astype(np.float32)), np.float64)


def objective(view: View, grid: Grid) -> float:
    """How well a grid fits: function pattern, and modules that are dark or light rather than between."""
    dark = normalised(sample(view.soft, grid.x, grid.y), view.contrast)
    known = template((grid.modules - 17) // 4, grid.turns)
    fit = float((known * dark).sum()) / float(np.abs(known).sum())
    return fit + _BIMODAL * float(np.abs(dark).mean())


def fitted_quad(view: View, version: int, corners: Floats, turns: int, reach: float = 2.0) -> tuple[Floats, Grid]:
    """Move four corners until the flat square between them fits best.

    Args:
        corners: shape (4, 2), in the view's pixels; right to about ``reach`` modules.
        turns: how the symbol lies.
        reach: modules by which a corner may first be moved.
    """

    def made(points: Floats) -> Grid:
        return replace(square_grid(version, quad_to_pixels(version, points)), turns=turns)

    best = objective(view, made(corners))
    module = float(np.sqrt(abs(cv2.contourArea(corners.astype(np.float32))))) / symbol.side(version)
    step = reach
    while step >= 0.12:
        moved = False
        for corner in range(4):
            for dx, dy in ((step, 0), (-step, 0), (0, step), (0, -step)):
                trial = corners.copy()
                trial[corner] += np.array((dx, dy)) * module
                value = objective(view, made(trial))
                if value > best + 1e-4:
                    best, corners, moved = value, trial, True
        if not moved:
            step /= 2
    return corners, replace(made(corners), score=best)


def refined(view: View, grid: Grid, rounds: int = 3, window: int = 9, reach: float = 0.6) -> Grid:
    """Let the grid bend: each neighbourhood moves to where its modules are most clearly dark or light.

    Args:
        rounds: of moving; each looks half as far.
        window: modules per side of a neighbourhood.
        reach: modules by which it may move in the first round.
    """
    known = template((grid.modules - 17) // 4, grid.turns)
    for round_ in range(rounds):
        step = reach / 3 * 0.6**round_
        ux, uy = np.gradient(grid.x, axis=1), np.gradient(grid.y, axis=1)
        vx, vy = np.gradient(grid.x, axis=0), np.gradient(grid.y, axis=0)
        total = np.zeros_like(grid.x)
        along, down = np.zeros_like(grid.x), np.zeros_like(grid.x)
        maps = []
        places = [(a * step, b * step) for a in range(-3, 4) for b in range(-3, 4)]
        for a, b in places:
            dark = normalised(sample(view.soft, grid.x + a * ux + b * vx, grid.y + a * uy + b * vy), view.contrast)
            merit = np.where(known != 0, 1.6 * known * dark, np.abs(dark)).astype(np.float32)
            maps.append(cv2.GaussianBlur(merit, (0, 0), window / 3.0))
        stack = np.stack(maps)
        sharp = np.exp(28 * (stack - stack.max(axis=0)))
        for weight, (a, b) in zip(sharp, places, strict=True):
            total += weight
            along += weight * a
            down += weight * b
        along, down = along / total, down / total
        certain = stack.max(axis=0) - stack.mean(axis=0)  # where no shift is better, neighbours decide
        along, down = _smoothed(along, certain, window / 3), _smoothed(down, certain, window / 3)
        grid = replace(
            grid,
            x=(grid.x + along * ux + down * vx).astype(np.float32),
            y=(grid.y + along * uy + down * vy).astype(np.float32),
        )
    return grid


def bent(view: View, grid: Grid) -> Grid:
    """Let the grid bend far: for paper that curls. What is known well (the finders) draws its surroundings along."""
    for window, reach, rounds in ((21, 2.0, 2), (15, 2.0, 3), (11, 1.2, 2), (9, 0.6, 3)):
        grid = refined(view, grid, rounds, window, reach)
    return grid


def _smoothed(field: Singles, weight: Singles, sigma: float) -> Singles:
    weight = np.maximum(weight, 1e-4).astype(np.float32)
    over = cv2.GaussianBlur((field * weight).astype(np.float32), (0, 0), sigma)
    return np.asarray(over / cv2.GaussianBlur(weight, (0, 0), sigma), np.float32)
