"""Streaks that dirt on a scanner's glass draws through every sheet, all the way down.

Rules of this module
--------------------
1. Dark or grey: darker than the paper on either side in most rows, also where nothing is printed.
2. White: print on either side, none in the streak, from the first row to the last. Gaps between columns of print are
   no streaks: headings, rules and the code run through them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from testigo.reading.papers.outlines import ink_of
from testigo.reading.pixels import Grey, as_grey

Floats = npt.NDArray[np.float64]

DARK, WHITE = "dark", "white"
_DARKER = 9.0  # grey levels
_ROWS = 0.72  # of the rows must be darker
_PRINT = 0.10  # of the ink beside it is what a white streak may still show
_LEAST_INK = 0.03  # of the rows beside it must have ink
_MOST_MM = 4.0
_MARGIN_MM = 1.5
_APART_MM = 1.5
_MOST = 8  # streaks told of one sheet
_ROWS_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class Streak:
    """A streak: ``kind`` is dark or white; ``middle`` and ``width`` in pixels of what was looked at."""

    kind: str
    middle: float
    width: float


def find_streaks(pixels: Grey, per_mm: float) -> tuple[Streak, ...]:
    """The streaks of a sheet, from left to right.

    Args:
        pixels: the sheet from side to side, feed direction downwards.
        per_mm: pixels per millimetre.
    """
    height, width = pixels.shape
    if height < 40 or width < 20:
        return ()
    rows = as_grey(pixels[:: max(1, height // _ROWS_LOOKED_AT)])
    found = [Streak(DARK, *run) for run in _runs(_dark(rows, per_mm), per_mm)]
    found += [Streak(WHITE, *run) for run in _runs(_white(rows, per_mm), per_mm)]
    widest = sorted(_apart(sorted(found, key=lambda streak: streak.middle), per_mm), key=lambda s: -s.width)
    return tuple(sorted(widest[:_MOST], key=lambda streak: streak.middle))


def _apart(streaks: list[Streak], per_mm: float) -> list[Streak]:
    """One streak for those that are hardly apart: one speck of dirt has a dark and a bright side."""
    kept: list[Streak] = []
    for streak in streaks:
        if kept and streak.middle - kept[-1].middle < _APART_MM * per_mm:
            kept[-1] = max(kept[-1], streak, key=lambda one: one.width)
        else:
            kept.append(streak)
    return kept


def _dark(rows: Grey, per_mm: float) -> npt.NDArray[np.bool_]:
    levels = np.partition(rows, int(_ROWS * (len(rows) - 1)), axis=0)[int(_ROWS * (len(rows) - 1))].astype(float)
    reach = max(3, round(3 * per_mm))
    around = _running_median(levels, reach)
    dark: npt.NDArray[np.bool_] = levels < around - _DARKER
    return _without_margins(dark, per_mm)


def _white(rows: Grey, per_mm: float) -> npt.NDArray[np.bool_]:
    inked = np.count_nonzero(ink_of(rows), axis=0) / len(rows)
    reach = max(3, round(2 * per_mm))
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(inked, reach), reach)
    medians = np.median(windows, axis=1)  # of the ``reach`` columns from x - reach on
    beside = np.minimum(medians[: len(inked)], medians[reach + 1 : reach + 1 + len(inked)])
    white: npt.NDArray[np.bool_] = (beside > _LEAST_INK) & (inked < _PRINT * beside)
    return _without_margins(white, per_mm)


def _running_median(values: Floats, reach: int) -> Floats:
    padded = np.pad(values, reach, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1), np.float64)


def _without_margins(columns: npt.NDArray[np.bool_], per_mm: float) -> npt.NDArray[np.bool_]:
    margin = max(2, round(_MARGIN_MM * per_mm))
    columns[:margin] = False
    columns[-margin:] = False
    return columns


def _runs(columns: npt.NDArray[np.bool_], per_mm: float) -> list[tuple[float, float]]:
    """(middle, width) of each run of columns, unless it is as wide as a shadow or a fold."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], columns.astype(np.int8), [0]))))
    runs = [((start + end) / 2, float(end - start)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    return [run for run in runs if run[1] <= _MOST_MM * per_mm]
