"""From a grid on an image to how dark each module seems, and how far that can be trusted.

Rules of this module
--------------------
1. A linear equaliser undoes blur: it is fitted by least squares on the modules whose colour is known (function
   patterns, then blocks already decoded), then on those that are already clear.
2. Trust is measured, not assumed: from how far the equalised values scatter about dark and light nearby.
3. A neighbourhood without contrast (cut away, blotted out, a streak) is not seen: its trust is 0.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.soft.grid import Grid, View, normalised, sample, template
from testigo.reading.soft.linear import least_squares, product

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

_OFFSETS = (-1.0, -0.5, 0.0, 0.5, 1.0)
_WIDE = ((-2.0, 0.0), (2.0, 0.0), (0.0, -2.0), (0.0, 2.0), (-1.5, 0.0), (1.5, 0.0), (0.0, -1.5), (0.0, 1.5))
_ROUNDS = 3
_UNIFORM = 4  # modules: a square of one colour of this size is hardly ever data
_LONG_RUN = 14  # modules of one colour in a line: a streak, not data


def module_trust(view: View, grid: Grid, expected: npt.NDArray[np.int8] | None = None) -> Floats:
    """The map of modules as :func:`testigo.reading.soft.decode.decode_modules` takes it: upright.

    Args:
        view: with the pixels.
        grid: where the modules are, and how the symbol lies.
        expected: shape (n, n), upright: colours known (+1 dark, -1 light, 0 not); the function pattern, if not given.

    Returns:
        Shape (n, n): positive dark, negative light, in nats.
    """
    version = (grid.modules - 17) // 4
    known = template(version, grid.turns) if expected is None else np.rot90(expected, -grid.turns).astype(np.float32)
    features, plain, seen = _features(view, grid)
    estimate = _equalised(features, plain, seen, known)
    trust = _trusted(estimate, seen, known)
    trust[_featureless(np.sign(estimate), template(version, grid.turns)) | ~seen] = 0
    return np.ascontiguousarray(np.rot90(trust, grid.turns))


def _features(view: View, grid: Grid) -> tuple[Singles, Singles, Bools]:
    """Values round each module, shape (n * n, features); the plain value (n, n); whether the module is on the image."""
    ux, uy = np.gradient(grid.x, axis=1), np.gradient(grid.y, axis=1)
    vx, vy = np.gradient(grid.x, axis=0), np.gradient(grid.y, axis=0)
    slightly = np.asarray(cv2.GaussianBlur(view.sharp, (0, 0), max(0.3, 0.16 * grid.pitch)), np.float32)
    middle = sample(slightly, grid.x, grid.y)
    places = [(a, b) for b in _OFFSETS for a in _OFFSETS] + list(_WIDE)
    stack = np.stack([sample(slightly, grid.x + a * ux + b * vx, grid.y + a * uy + b * vy) for a, b in places])
    seen = ~np.isnan(middle)
    base, spread = _levels(middle, view.contrast)
    table = np.where(np.isnan(stack), 0, (base - np.nan_to_num(stack)) / spread)
    table = np.clip(table, -3, 3).reshape(len(places), -1).T
    ones = np.ones((len(table), 1), np.float32)
    return np.concatenate((table, ones), axis=1).astype(np.float32), normalised(middle, view.contrast), seen


def _levels(values: Singles, contrast: float) -> tuple[Singles, Singles]:
    """Local middle and spread of module values (nearer than :func:`normalised` looks would blur streaks)."""
    seen = ~np.isnan(values)
    filled = np.where(seen, values, 0).astype(np.float32)
    weight = np.maximum(cv2.boxFilter(seen.astype(np.float32), -1, (9, 9), borderType=cv2.BORDER_REFLECT), 1e-3)
    mean = cv2.boxFilter(filled, -1, (9, 9), borderType=cv2.BORDER_REFLECT) / weight
    square = cv2.boxFilter(filled * filled, -1, (9, 9), borderType=cv2.BORDER_REFLECT) / weight
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    return mean.astype(np.float32), np.maximum(spread, 0.14 * contrast).astype(np.float32)


def _equalised(features: Singles, plain: Singles, seen: Bools, known: Singles) -> Singles:
    """Module values near -1 and 1."""
    estimate = plain.astype(np.float64)
    fixed = known.astype(np.float64)
    for round_ in range(_ROUNDS):
        clear = 0.75 - 0.2 * round_
        target = np.where(fixed != 0, fixed, np.sign(estimate))
        weight = np.where(fixed != 0, 1.0, np.where(np.abs(estimate) > clear, 0.6, 0.0))
        # a known module that seems to be the very opposite is covered by something: it teaches nothing
        weight = np.where((fixed != 0) & (fixed * estimate < -0.4), 0.0, weight) * seen
        rows = np.flatnonzero(weight.ravel() > 0)
        if len(rows) < 3 * features.shape[1]:
            return plain
        scale = np.sqrt(weight.ravel()[rows])
        solution = least_squares(features[rows].astype(np.float64) * scale[:, None], target.ravel()[rows] * scale, 3e-3)
        estimate = product(features, solution[:, None].astype(np.float32)).reshape(plain.shape).astype(np.float64)
    return np.where(seen, np.clip(estimate, -2.5, 2.5), 0).astype(np.float32)


def _trusted(estimate: Singles, seen: Bools, known: Singles) -> Floats:
    """Values -> log-likelihood ratios, by the local scatter about the nearer (or known) colour."""
    target = np.where(known != 0, known, np.sign(estimate))
    error = np.where(seen, np.minimum((estimate - target) ** 2, 2.0), 0)
    # scatter about the nearer colour is too small where colours are mistaken: E[min] of a normal is known only roughly
    count = cv2.GaussianBlur(seen.astype(np.float64), (0, 0), 2.0) + 1e-6
    local = cv2.GaussianBlur(error.astype(np.float64), (0, 0), 2.0) / count
    overall = float(error.sum() / max(1, seen.sum()))
    variance = 0.7 * local + 0.3 * overall + 0.03
    variance = variance / np.maximum(0.25, 1 - 1.6 * variance)
    return np.asarray(2 * estimate / variance, np.float64)


def _featureless(colour: Singles, known: Singles) -> Bools:
    """Modules in squares or long lines of one colour, away from the function pattern: covered or cut away."""
    out = np.zeros(colour.shape, bool)
    for value in (1.0, -1.0):
        same = (colour == value).astype(np.uint8)
        square = cv2.morphologyEx(same, cv2.MORPH_OPEN, np.ones((_UNIFORM, _UNIFORM), np.uint8), borderValue=0)
        tall = cv2.morphologyEx(same, cv2.MORPH_OPEN, np.ones((_LONG_RUN, 1), np.uint8), borderValue=0)
        flat = cv2.morphologyEx(same, cv2.MORPH_OPEN, np.ones((1, _LONG_RUN), np.uint8), borderValue=0)
        for shape in (square, tall, flat):
            out |= np.asarray(shape) > 0
    return np.asarray(out & (known == 0), bool)
