"""Lines of a picture -> the rows of modules they show, by dynamic programming.

Rules of this module
--------------------
1. A path says where each stretch of lines ends and which row of modules it is. It gains by edges between stretches and
   by function modules that are as they must be; it pays for uneven lengths, for rows that are missing, for rows that
   come again.
2. Only what every code of the version has is used: function patterns.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from testigo.reading.soft.linear import product

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

_SHORTEST, _LONGEST = 0.3, 2.0  # rows of modules, in columns' pitches
_ELASTIC = 2.0
_EDGE = 4.0  # weight of an edge between two rows
_KNOWN = 0.8  # weight of a known module's nats
_STEEP = 2.5  # nats for a module that is as dark as can be
#: From the row before to this one: how many rows further, and what that costs. 1 is how it should be.
_STEPS = ((1, 0.0), (2, 4.0), (3, 6.0), (4, 8.0), (0, 5.0), (-1, 6.0), (-2, 7.0))
_BEGUN_LATE = 6.0  # the first row that is seen is not the code's first


@dataclass(frozen=True)
class Rows:
    """Where each row of modules is: first and last line (fractions are possible); lost ones lie between others."""

    tops: Floats
    bottoms: Floats
    lost: Bools
    score: float

    @property
    def middles(self) -> Floats:
        """Of each row."""
        return np.asarray((self.tops + self.bottoms) / 2)


def rows_of(dark: Singles, known: Singles, first: int, unit: int) -> Rows:
    """Tell the rows of a code.

    Args:
        dark: shape (lines, columns), about -1 to 1.
        known: shape (n, n): the function pattern as it lies, +1 dark, -1 light.
        first: column with which the code begins; may lie outside.
        unit: lines per module, were the rows as high as the columns are wide.
    """
    n = len(known)
    left, right = max(0, first), min(dark.shape[1], first + n)
    inside = np.ascontiguousarray(dark[:, left:right])
    there = known[:, left - first : right - first].T
    fits = product(_gain(inside), np.ascontiguousarray(there > 0, np.float32))
    fits += product(_gain(-inside), np.ascontiguousarray(there < 0, np.float32))
    path, score = _Path(fits.astype(np.float64), _edges(inside, unit), unit).best()
    return _as_rows(path, n, score)


def _gain(dark: Singles) -> Singles:
    """Nats that a module gains over chance if it is known to be dark: a little if it is, much the less if it is not."""
    return np.asarray(np.log(2) - np.logaddexp(0, -_STEEP * dark), np.float32)


def _edges(dark: Singles, unit: int) -> Floats:
    """How much more edge there is before each line than nearby (0 to the number of lines)."""
    values = np.zeros(len(dark) + 1)
    values[1:-1] = np.minimum(np.abs(np.diff(dark, axis=0)), 0.8).mean(axis=1)
    fine = cv2.GaussianBlur(values[:, None], (0, 0), 0.1 * unit)[:, 0]
    calm = cv2.GaussianBlur(values[:, None], (0, 0), 1.5 * unit)[:, 0]
    more = fine - calm
    clear = float(np.percentile(more, 92)) + 1e-6  # one line in six is a boundary
    return np.asarray(np.clip(more / clear, -1.0, 1.5), np.float64)


class _Path:
    """The best cut of the lines into rows: for each line and row the best score of a path whose row begins there."""

    def __init__(self, fits: Floats, edges: Floats, unit: int) -> None:
        self.count, self.n = fits.shape
        self.edges = _EDGE * edges
        self.sums = _KNOWN * np.concatenate((np.zeros((1, self.n)), np.cumsum(fits, axis=0)))
        self.lengths = np.arange(max(2, round(_SHORTEST * unit)), round(_LONGEST * unit) + 1)
        self.uneven = _ELASTIC * np.log(self.lengths / unit) ** 2
        self.rows = np.arange(self.n)
        before = self.rows - np.array([step for step, _ in _STEPS])[:, None]
        self.before = np.where((before >= 0) & (before < self.n), before, self.n)  # n: there is none
        self.prices = np.array([price for _, price in _STEPS])[:, None]
        self.fresh = np.where(self.rows == 0, 0.0, -_BEGUN_LATE)
        self.begin = np.full((self.count + 1, self.n), -np.inf)
        self.came = np.full((self.count + 1, self.n), -1)  # the row before; -1: the first
        self.ended = np.full((self.count + 1, self.n + 1), -np.inf)
        self.long = np.zeros((self.count + 1, self.n), np.int64)

    def best(self) -> tuple[list[tuple[int, int, int]], float]:
        """(first line, line after the last, row) of each stretch from top to bottom; and the score."""
        for line in range(self.count + 1):
            self._end(line)
            self._begin(line)
        final = self.ended[:, :-1] - np.where(self.rows == self.n - 1, 0.0, _BEGUN_LATE)
        line, row = (int(v) for v in np.unravel_index(int(final.argmax()), final.shape))
        score = float(final[line, row])
        path = []
        while row >= 0 and self.long[line, row]:
            start = line - int(self.long[line, row])
            path.append((start, line, row))
            line, row = start, int(self.came[start, row])
        return path[::-1], score

    def _end(self, line: int) -> None:
        """Rows that end before this line, each with its best length."""
        starts = line - self.lengths
        possible = int((starts >= 0).sum())
        if possible:
            at, size = starts[:possible], self.lengths[:possible, None]
            value = self.begin[at] + (self.sums[line] - self.sums[at]) / size - self.uneven[:possible, None]
            pick = value.argmax(axis=0)
            self.ended[line, :-1] = value[pick, self.rows] + self.edges[line]
            self.long[line] = self.lengths[pick]

    def _begin(self, line: int) -> None:
        """Rows that begin at this line, each after the best row before it, or as the first."""
        options = self.ended[line][self.before] - self.prices
        pick = options.argmax(axis=0)
        after = options[pick, self.rows]
        fresh = self.fresh + self.edges[line]
        self.begin[line] = np.maximum(after, fresh)
        self.came[line] = np.where(after > fresh, self.before[pick, self.rows], -1)


def _as_rows(path: list[tuple[int, int, int]], n: int, score: float) -> Rows:
    tops, bottoms, lost = np.zeros(n), np.zeros(n), np.ones(n, bool)
    for start, stop, row in path:
        if lost[row] or stop - start > bottoms[row] - tops[row]:
            tops[row], bottoms[row], lost[row] = start, stop, False
    there = np.flatnonzero(~lost)
    index = np.arange(n)
    if len(there) < 2:
        return Rows(tops, bottoms, lost, 0.0)
    middles = np.interp(index, there, (tops[there] + bottoms[there]) / 2)
    pitch = float(np.median(bottoms[there] - tops[there]))
    middles = middles + pitch * (np.minimum(index - there[0], 0) + np.maximum(index - there[-1], 0))
    tops = np.where(lost, middles - pitch / 4, tops)
    bottoms = np.where(lost, middles + pitch / 4, bottoms)
    return Rows(tops, bottoms, lost, score)
