"""Codes whose rows a roller lost, repeated, stretched or jogged: which line of the picture shows which row.

How rows are told
-----------------
1. The part is turned upright. Across the way of the paper the columns are even: their pitch is the spectrum's; how far
   each line is jogged to the side is the phase of its own edges.
2. A line of the picture has a darkness in each column. What it must be in the function patterns says which row it can
   be: a finder's rows are unmistakable, the timing pattern turns over from row to row.
3. Lines are cut into stretches, each one row of modules (:mod:`testigo.reading.soft.rows`).
4. What was found is laid out evenly again, so that everything after it sees a code that was fed well. Lost rows are
   not seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.opening.images import Grey
from testigo.reading.soft import symbol
from testigo.reading.soft.grid import Grid, template
from testigo.reading.soft.lattice import edges_of, followed
from testigo.reading.soft.linear import product
from testigo.reading.soft.rows import Rows, rows_of

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

UNIT = 6  # lines and pixels per module, after resizing
_MARGIN = 3  # modules of white that are laid out round the code
_HYPOTHESES, _NEARLY = 5, 0.74  # that are looked into; as shares of the best
_LEAST_ENDS = 12.5  # what the upper and lower rows must fit, about a normal deviate
_VERSIONS = 4
_ASIDE = 6  # modules by which a code may reach beyond the columns that were found
_EVEN = 9.0  # the spectrum's peak over its median; codes have 12 and more, when moved while taken, otherwise 50
_FLOOR = 0.14  # of the contrast: where less varies, nothing is seen


@dataclass(frozen=True)
class Fed:
    """A code laid out evenly.

    Attributes:
        pixels: the code with a margin, :data:`UNIT` pixels per module.
        grid: where its modules lie on ``pixels``; the score is that of the rows.
        on_image: where they lie on the image.
        lost: shape (n, n), upright: modules that are not seen.
    """

    pixels: Grey
    grid: Grid
    on_image: Grid
    lost: Bools


@dataclass(frozen=True)
class _Lines:
    """A part with even columns.

    Attributes:
        flat: its pixels.
        dark: shape (lines, columns), how dark each line is in each column, about -1 to 1.
        columns: their middles, in pixels.
        jog: how far right each line lies, in pixels.
        back: from the part's pixels to the image's, (2, 3).
    """

    flat: Singles
    dark: Singles
    columns: Floats
    jog: Floats
    back: Floats


@dataclass(frozen=True)
class _Hypothesis:
    score: float
    version: int
    turns: int
    first: int  # column with which the code begins


def find_fed(
    pixels: Grey, centre: tuple[float, float], side: float, angle: float, versions: Sequence[int]
) -> Iterator[Fed]:
    """Codes that a roller fed badly, near a place; the likeliest first.

    Args:
        pixels: the image.
        centre, side: of the square where a code may be, in pixels.
        angle: degrees by which it is turned, so that the paper went up or down.
        versions: that may be, the likeliest first.
    """
    lines = _lines(pixels, centre, side, angle)
    if lines is not None:
        for one in _hypotheses(lines.dark, versions):
            yield _laid_out(lines, one, rows_of(lines.dark, template(one.version, one.turns), one.first, UNIT))


# ------------------------------------------------------------------------- even columns


def _lines(pixels: Grey, centre: tuple[float, float], side: float, angle: float) -> _Lines | None:
    rough = min(1.0, 420.0 / (1.44 * side))
    flat, _ = _turned(pixels, centre, side, angle, rough)
    pitch = _pitch(flat, max(2.4, 0.6 * side * rough / 90), 1.35 * side * rough / 37)
    if pitch is None or not 24 * pitch < len(flat) < 200 * pitch:
        return None
    flat, back = _turned(pixels, centre, side, angle, rough * UNIT / pitch)
    jog = _jog(flat)
    height, width = flat.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    straight = cv2.remap(
        flat, x + jog[:, None].astype(np.float32), y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    boundaries = followed(edges_of(np.asarray(straight, np.float32), 1), float(UNIT))
    if boundaries is None or len(boundaries) < 24:
        return None
    columns = (boundaries[1:] + boundaries[:-1]) / 2
    dark = _darkness(np.asarray(straight, np.float32), columns)
    return _Lines(flat, dark, columns, jog, back)


def _turned(
    pixels: Grey, centre: tuple[float, float], side: float, angle: float, zoom: float
) -> tuple[Singles, Floats]:
    """The square upright, and the way back to the image's pixels."""
    out = round(1.44 * side * zoom)
    turn = cv2.getRotationMatrix2D((0.0, 0.0), angle, zoom)
    turn[:, 2] = out / 2 - turn[:, :2] @ np.array(centre)
    calm = cv2.GaussianBlur(pixels, (0, 0), 0.35 / zoom) if zoom < 0.8 else pixels
    part = cv2.warpAffine(calm, turn, (out, out), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(part, np.float32), np.asarray(cv2.invertAffineTransform(turn), np.float64)


def _pitch(flat: Singles, low: float, high: float) -> float | None:
    """Pixels per column: where the spectrum of the lines' edges peaks, however the lines are jogged."""
    step = np.abs(np.diff(flat, axis=1))
    step = np.minimum(step, np.percentile(step, 97) + 1e-3)
    few = step[: len(step) // 4 * 4].reshape(-1, 4, step.shape[1]).mean(axis=1)
    calm = few - cv2.GaussianBlur(few, (0, 0), sigmaX=high, sigmaY=1e-3)
    length = 4096
    power = (np.abs(np.fft.rfft(calm * np.hanning(calm.shape[1]), length, axis=1)) ** 2).sum(axis=0)
    frequencies = np.arange(length // 2 + 1) / length
    power[(frequencies < 1 / high) | (frequencies > 1 / low)] = 0
    k = int(power.argmax())
    return 1 / frequencies[k] if power[k] > _EVEN * np.median(power[power > 0]) else None


def _jog(flat: Singles) -> Floats:
    """How far right the columns of each line lie, by the phase of its edges, going on from line to line."""
    step = np.abs(np.diff(flat, axis=1))
    step = np.minimum(step, np.percentile(step, 97) + 1e-3)
    step -= cv2.boxFilter(step, -1, (3 * UNIT, 1))
    places = np.arange(1, flat.shape[1]) * (2j * math.pi / UNIT)
    middle = np.hanning(flat.shape[1] - 1)
    wave = step.astype(np.float64) @ (np.exp(places) * middle)
    calm = [cv2.GaussianBlur(part[:, None], (0, 0), 0.8 * UNIT)[:, 0] for part in (wave.real, wave.imag)]
    wave = calm[0] + 1j * calm[1]
    strong = np.abs(wave) > 0.25 * float(np.percentile(np.abs(wave), 80))
    if strong.sum() < 2:
        return np.zeros(len(flat))
    phase = np.unwrap(np.angle(wave[strong]))
    everywhere = np.interp(np.arange(len(flat)), np.flatnonzero(strong), phase)
    jog = everywhere * UNIT / (2 * math.pi)
    return np.asarray(jog - np.median(jog[strong]), np.float64)


def _darkness(straight: Singles, columns: Floats) -> Singles:
    x, y = np.meshgrid(columns.astype(np.float32) - 0.5, np.arange(len(straight), dtype=np.float32))
    values = cv2.remap(straight, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    low, high = np.percentile(values, (4, 96))
    size = (11, 11 * UNIT)
    mean = cv2.boxFilter(values, -1, size, borderType=cv2.BORDER_REFLECT)
    square = cv2.boxFilter(values * values, -1, size, borderType=cv2.BORDER_REFLECT)
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    dark = (mean - values) / np.maximum(spread, _FLOOR * max(float(high - low), 8.0))
    return np.clip(dark, -1.6, 1.6).astype(np.float32)


# ------------------------------------------------------------------------- which code


def _hypotheses(dark: Singles, versions: Sequence[int]) -> list[_Hypothesis]:
    """Versions, ways to lie and first columns under which a code's upper and lower rows are somewhere on the lines."""
    lines = cv2.copyMakeBorder(dark[::3], 0, 0, _ASIDE, _ASIDE, cv2.BORDER_CONSTANT, value=0.0).astype(np.float32)
    found = [one for version in versions[:_VERSIONS] for one in _of_version(lines, version)]
    found.sort(key=lambda one: -one.score)
    least = max(_LEAST_ENDS, _NEARLY * found[0].score) if found else 0.0
    return [one for one in found[:_HYPOTHESES] if one.score >= least]


def _of_version(lines: Singles, version: int) -> Iterator[_Hypothesis]:
    n, width = symbol.side(version), lines.shape[1]
    half = len(lines) // 2
    places = width - n + 1
    if places < 1:
        return
    for turns in range(4):
        known = template(version, turns)
        ends = np.concatenate((known[:8], known[n - 8 :]))
        total = math.sqrt(float(np.abs(ends).sum()))
        shifted = np.zeros((width, places, 16), np.float32)
        for first in range(places):
            shifted[first : first + n, first] = ends.T
        fits = product(lines, np.ascontiguousarray(shifted.reshape(width, -1))).reshape(len(lines), places, 16)
        scores = (fits[: half + half // 3, :, :8].max(axis=0).sum(axis=1)) + fits[half - half // 3 :, :, 8:].max(
            axis=0
        ).sum(axis=1)
        for first in np.argsort(-scores)[:2]:
            yield _Hypothesis(float(scores[first]) / total, version, turns, int(first) - _ASIDE)


# ------------------------------------------------------------------------- laid out evenly


def _laid_out(lines: _Lines, one: _Hypothesis, rows: Rows) -> Fed:
    n = symbol.side(one.version)
    size = (n + 2 * _MARGIN) * UNIT
    index = (np.arange(size) + 0.5) / UNIT - _MARGIN  # in modules
    along = _columns_at(lines.columns, one.first + index)
    down, seen = _lines_at(rows, index)
    x, y = np.meshgrid(along.astype(np.float32), down.astype(np.float32))
    jog = np.interp(down, np.arange(len(lines.jog)) + 0.5, lines.jog).astype(np.float32)
    even = cv2.remap(lines.flat, x + jog[:, None] - 0.5, y - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    middle = even[seen].mean() if seen.any() else 128.0
    even[~seen] = middle
    centres = ((np.arange(n) + _MARGIN + 0.5) * UNIT).astype(np.float32)
    grid = Grid(*np.meshgrid(centres, centres), one.turns, rows.score)
    px, py = np.meshgrid(_columns_at(lines.columns, np.arange(n, dtype=np.float64) + one.first + 0.5), rows.middles)
    px = px + np.interp(rows.middles, np.arange(len(lines.jog)) + 0.5, lines.jog)[:, None]
    back = lines.back
    on_image = Grid(
        (back[0, 0] * px + back[0, 1] * py + back[0, 2]).astype(np.float32),
        (back[1, 0] * px + back[1, 1] * py + back[1, 2]).astype(np.float32),
        one.turns,
        rows.score,
    )
    lost = np.rot90(np.broadcast_to(rows.lost[:, None], (n, n)), one.turns)
    return Fed(np.clip(even, 0, 255).astype(np.uint8), grid, on_image, np.ascontiguousarray(lost))


def _columns_at(columns: Floats, index: Floats) -> Floats:
    """Pixels at places in modules (column k from k to k + 1), going on evenly where no column was found."""
    at = index - 0.5
    inside = np.clip(at, 0, len(columns) - 1)
    return np.asarray(np.interp(inside, np.arange(len(columns)), columns) + (at - inside) * UNIT, np.float64)


def _lines_at(rows: Rows, index: Floats) -> tuple[Floats, Bools]:
    """Lines at places in modules, and whether anything is seen there."""
    n = len(rows.tops)
    row = np.clip(np.floor(index).astype(int), 0, n - 1)
    part = index - row
    height = rows.bottoms[row] - rows.tops[row]
    height = np.where((index < 0) | (index > n), UNIT, height)
    line = np.where(index > n, rows.bottoms[-1] + (index - n) * UNIT, rows.tops[row] + part * height)
    return line, ~rows.lost[row] | (index < 0) | (index > n)
