"""The grid of a code by its own modules: for codes whose finders are gone, stretched by a roller, or slipped.

How a lattice is found
----------------------
1. The part is turned upright (the edges of the modules say by how much, up to quarter turns).
2. Edges between modules lie on lines. How far apart: by the spectrum of where edges are.
3. Boundaries of columns and of rows are followed by dynamic programming: each about one pitch from the last, where the
   edges are strongest. Stretch, lost and repeated lines only change the steps.
4. The function patterns of every version, in the four ways in which it can lie, are correlated with the cells: where
   one stands out is the code. No corner is needed.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.opening.images import Grey
from testigo.reading.soft import symbol
from testigo.reading.soft.grid import Grid, normalised, template

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

_OVERSAMPLE = 6.0  # pixels per module after resizing
_ELASTIC = 5.0  # how much a step that is not one pitch costs
_LEAST_SCORE, _WEAK_SCORE = 6.5, 4.8


def find_lattices(
    pixels: Grey, centre: tuple[float, float], side: float, angle: float, versions: tuple[int, ...], most: int = 3
) -> list[Grid]:
    """Grids of codes near a place, the surest first; in the image's pixels.

    Args:
        pixels: the image.
        centre, side: of the square where a code may be, in pixels.
        angle: degrees by which it is turned, up to quarter turns.
        versions: that may be.
        most: how many.
    """
    found = _lattices(pixels, centre, side, angle, versions)
    if (
        found and found[0].score < _LEAST_SCORE
    ):  # what is seen of a code is not its middle: look round where that must be
        weak = found[0]
        middle = float(weak.x.mean()), float(weak.y.mean())
        found = _lattices(pixels, middle, weak.pitch * weak.modules, angle, versions)
    return [grid for grid in found[:most] if grid.score >= _LEAST_SCORE]


def _lattices(
    pixels: Grey, centre: tuple[float, float], side: float, angle: float, versions: tuple[int, ...]
) -> list[Grid]:
    reach = 0.72 * side
    size = max(32, round(2 * reach))
    zoom = min(4.0, 420.0 / size) if size < 420 else max(0.25, 720.0 / size) if size > 720 else 1.0
    out = round(size * zoom)
    turn = cv2.getRotationMatrix2D((0.0, 0.0), angle, zoom)
    turn[:, 2] = out / 2 - turn[:, :2] @ np.array(centre)
    part = cv2.warpAffine(pixels, turn, (out, out), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    flat = cv2.GaussianBlur(part, (0, 0), 0.8).astype(np.float32)
    across, down = edges_of(flat, 1), edges_of(flat, 0)
    low, high = max(2.6, 0.6 * side * zoom / 90), 1.35 * side * zoom / 37
    pitches = _pitches(across, down, low, high)
    found: list[Grid] = []
    back = np.asarray(cv2.invertAffineTransform(turn), np.float64)
    for pitch in pitches:
        columns, rows = followed(across, pitch), followed(down, pitch)
        if columns is None or rows is None:
            continue
        found += _matched(flat, _between(columns), _between(rows), versions)
    return [_placed(grid, back) for grid in sorted(found, key=lambda grid: -grid.score)]


def _placed(grid: Grid, back: Floats) -> Grid:
    x = back[0, 0] * grid.x + back[0, 1] * grid.y + back[0, 2]
    y = back[1, 0] * grid.x + back[1, 1] * grid.y + back[1, 2]
    return Grid(x.astype(np.float32), y.astype(np.float32), grid.turns, grid.score)


def edges_of(flat: Singles, axis: int) -> Floats:
    """How much edge there is at each column (axis 1) or row (axis 0): between pixel k and k + 1 stands at k + 1."""
    step = np.abs(np.diff(flat, axis=axis))
    limit = np.percentile(step, 97) + 1e-3
    profile = np.minimum(step, limit).mean(axis=1 - axis)
    return np.concatenate(([0.0], profile.astype(np.float64), [0.0]))


def _pitches(across: Floats, down: Floats, low: float, high: float) -> list[float]:
    """Pixels per module: where the spectra of both edge profiles peak together."""
    length = 8192
    frequencies = np.arange(length // 2 + 1) / length
    spectra = []
    for profile in (across, down):
        calm = profile - cv2.GaussianBlur(profile[:, None], (0, 0), high)[:, 0]
        window = np.hanning(len(calm))
        spectra.append(np.abs(np.fft.rfft(calm * window, length)))
    good = (frequencies > 1 / high) & (frequencies < 1 / low)
    both = np.sqrt(spectra[0] * spectra[1])
    found: list[float] = []
    masked = np.where(good, both, 0)
    for _ in range(2):
        k = int(masked.argmax())
        if masked[k] <= 0:
            break
        found.append(1 / frequencies[k])
        masked[np.abs(frequencies / frequencies[k] - 1) < 0.12] = 0
    return found


def followed(profile: Floats, pitch: float) -> Floats | None:
    """Boundaries by dynamic programming over whole pixels, then to a fraction of one."""
    fine = 2 if pitch < 6 else 1
    places = np.arange(0, len(profile) - 1 + 1e-9, 1 / fine)
    values = np.interp(places, np.arange(len(profile)), cv2.GaussianBlur(profile[:, None], (0, 0), 0.12 * pitch)[:, 0])
    calm = cv2.GaussianBlur(values[:, None], (0, 0), 1.5 * pitch * fine)[:, 0]
    merit = (values - calm) / (calm.mean() + 1e-6)
    unit = pitch * fine
    steps = np.arange(max(2, round(0.55 * unit)), round(1.6 * unit) + 1)
    cost = _ELASTIC * (np.log(steps / unit)) ** 2
    count = len(places)
    if count < 10 * unit:
        return None
    best = np.full(count, 0.0)
    came = np.full(count, -1)
    for k in range(count):
        before = k - steps
        valid = before >= 0
        best[k] = merit[k]
        if valid.any():
            options = best[before[valid]] - cost[valid]
            pick = int(options.argmax())
            if options[pick] > 0 or k > 1.6 * unit:
                best[k] += options[pick]
                came[k] = before[valid][pick]
    k = int(count - round(1.2 * unit) + best[count - round(1.2 * unit) :].argmax())
    chain = []
    while k >= 0:
        chain.append(places[k])
        k = int(came[k])
    return np.array(chain[::-1])


def _between(places: Floats) -> Floats:
    return np.asarray((places[1:] + places[:-1]) / 2)


def _matched(flat: Singles, columns: Floats, rows: Floats, versions: tuple[int, ...]) -> list[Grid]:
    """Codes on the cells between the boundaries."""
    x, y = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
    values = cv2.remap(cv2.GaussianBlur(flat, (0, 0), 1.0), x - 0.5, y - 0.5, cv2.INTER_LINEAR)
    low, high = np.percentile(values, (4, 96))
    dark = normalised(np.asarray(values, np.float32), max(float(high - low), 8.0))
    found = []
    for version in versions:
        n = symbol.side(version)
        margin = n // 2
        if min(dark.shape) < 0.5 * n:
            continue
        padded = cv2.copyMakeBorder(dark, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0.0)
        if min(padded.shape) < n:
            continue
        total = math.sqrt(float(np.abs(symbol.layout(version).known).sum()))
        for turns in range(4):
            match = cv2.matchTemplate(padded, template(version, turns), cv2.TM_CCORR)
            _, best, _, (column, row) = cv2.minMaxLoc(match)
            score = best / total
            if score >= _WEAK_SCORE:
                found.append((float(score), version, turns, row - margin, column - margin))
    found.sort(reverse=True)
    return [
        Grid(*_extended(columns, rows, column, row, symbol.side(version)), turns, score)
        for score, version, turns, row, column in found[:2]
    ]


def _extended(columns: Floats, rows: Floats, column: int, row: int, n: int) -> tuple[Singles, Singles]:
    """Centres of n columns and rows from the found ones, going on evenly where there are none."""
    across, down = _run_on(columns, column, n), _run_on(rows, row, n)
    x, y = np.meshgrid(across, down)
    return x.astype(np.float32), y.astype(np.float32)


def _run_on(centres: Floats, first: int, n: int) -> Floats:
    index = np.arange(first, first + n)
    inside = np.clip(index, 0, len(centres) - 1)
    tail = min(12, len(centres) - 1)
    before = (centres[tail] - centres[0]) / tail
    after = (centres[-1] - centres[-1 - tail]) / tail
    beyond = index - inside
    return np.asarray(centres[inside] + np.where(beyond < 0, before, after) * beyond)
