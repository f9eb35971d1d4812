"""Boxes in columns: the rows of a form together say where the frames of each of them stand.

How the boxes are found
-----------------------
1. Beside every label stands a row of boxes, as many as a number has places, alike in size, and in the same columns in
   all rows. What is darker than its surroundings beside most of the labels is the frames' upright sides: digits, stains
   and watermarks stand there in some rows only.
2. In the same way what most rows show above and below the labels' middle is the level sides.
3. Every row is then moved a little to where its own frames are best seen.
4. Where other such boxes stand, beside no known label, they are rows as well.

Rules of this module
--------------------
1. No frame has to be whole: blots, faded, blurred and broken lines are outvoted by the other rows.
2. One row proves nothing: fewer than four labels are not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from testigo.reading.print.page import Float, Page
from testigo.reading.print.segments import Piece

_FINE = 4.0  # pixels per millimetre at which lines are looked for
_SIDE = (4.0, 16.0)  # millimetres: width of a box
_GAP = (0.0, 6.0)  # millimetres between two boxes
_TALL = (0.75, 1.4)  # height of a box, widths
_BAND = 2.2  # millimetres above and below a label's middle that lie within its boxes
_ROUND = 2.0  # millimetres on both sides of a line over which something must be lighter
_LEAST_ROWS = 4
_MIDDLE = (0.12, 0.25, 0.35, 0.5, 0.65, 0.75, 0.88)  # of a box's width: where there is no frame in it
_BESIDE = (0.12, 0.25, 0.4, 0.6)  # of a box's width: where there is none at the sides of all
_EMPTY = 0.6  # what the ink in the middle of boxes, and beside them, counts against them
_MOST = 0.5  # of the strongest ink: what a line shows at most; digits are no better lines than frames
_CLEAR = 0.2  # of the strongest ink: how much darker than their insides frames must be
_ALSO = 0.6  # of what most rows show: what a row without a label must show
_BEYOND = 3  # heights above the first label and below the last where further rows may stand
_PLAY = 1.2  # millimetres by which a row may stand off the others

Double = NDArray[np.float64]
Boxes = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """The boxes of a form, each row from left to right, in the page's pixels.

    Attributes:
        beside: those beside each label that was given.
        others: rows of such boxes elsewhere.
    """

    beside: tuple[Boxes, ...]
    others: tuple[Boxes, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The boxes of a row in the lines' picture: left edges, where their tops are below the label, width, height."""

    lefts: tuple[int, ...]
    top: int
    width: int
    height: int


def find_grid(page: Page, labels: Sequence[Piece], places: int) -> Grid | None:
    """The boxes beside labels and others like them; ``None`` if the rows do not show any together.

    Args:
        labels: what stands at the left of the boxes, one piece per row.
        places: how many boxes a number has.
    """
    if len(labels) < _LEAST_ROWS:
        return None
    zoom = min(1.0, _FINE / page.scale)
    size = (round(page.width * zoom), round(page.height * zoom))
    dark = (255.0 - cv2.resize(page.grey, size, interpolation=cv2.INTER_AREA)) / np.float32(255)
    scale = page.scale * zoom
    dark = np.asarray(dark, np.float32)
    middles = [round(label.middle * zoom) for label in labels]
    # Most labels end before the boxes begin; a long one may run on into a stain.
    first = round(float(np.median([label.right for label in labels])) * zoom)
    frame = _frame(dark, middles, first, places, scale)
    if frame is None:
        return None
    lines = _lines(dark, scale)
    play = round(_PLAY * scale)
    beside = [_settled(lines, frame, middle + frame.top, play) for middle in middles]
    shift = round(float(np.median([across for _, across, _ in beside])))
    least = _ALSO * float(np.median([said for _, _, said in beside]))
    taken = [top for top, _, _ in beside]
    others: list[tuple[int, int, float]] = []
    reach = _BEYOND * frame.height
    for top in range(max(0, min(taken) - reach), min(size[1] - frame.height, max(taken) + reach), max(1, play // 2)):
        if all(abs(top - other) > 0.8 * frame.height for other in taken):
            found = _settled(lines, frame, top, play, shift)
            if found[2] >= least and all(abs(found[0] - other) > 0.8 * frame.height for other in taken):
                others.append(found)
    others = _without_overlaps(others, frame.height)
    rows = [
        tuple(_piece(page, (left + across, top, frame.width, frame.height), zoom) for left in frame.lefts)
        for top, across, _ in (*beside, *others)
    ]
    return Grid(tuple(rows[: len(beside)]), tuple(rows[len(beside) :]))


def _without_overlaps(found: Sequence[tuple[int, int, float]], height: int) -> list[tuple[int, int, float]]:
    kept: list[tuple[int, int, float]] = []
    for one in sorted(found, key=lambda one: -one[2]):
        if all(abs(one[0] - other[0]) > 0.8 * height for other in kept):
            kept.append(one)
    return sorted(kept)


def _piece(page: Page, box: tuple[float, float, float, float], zoom: float) -> Piece:
    # A line runs through the middle of its pixel.
    left, top = ((value + 0.5) / zoom for value in box[:2])
    width, height = (value / zoom for value in box[2:])
    return Piece(
        max(0, round(left)), max(0, round(top)), min(page.width, round(left + width)),
        min(page.height, round(top + height)),
    )  # fmt: skip


# -------------------------------------------------------------------------------- all rows together


def _frame(dark: Float, middles: Sequence[int], first: int, places: int, scale: float) -> _Frame | None:
    """Where most rows have their boxes."""
    strong = max(0.15, float(np.percentile(dark[::3, ::3], 99.0)))
    band = round(_BAND * scale)
    rows = [dark[max(0, m - band) : m + band + 1] for m in middles]
    across = np.median([_ridges(row.mean(axis=0), scale, strong) for row in rows], axis=0)
    across[: max(0, first)] = 0
    best: tuple[float, int, int, int] | None = None
    for width in range(round(_SIDE[0] * scale), round(_SIDE[1] * scale) + 1):
        for gap in range(round(_GAP[0] * scale), min(round(_GAP[1] * scale), width // 2) + 1):
            room = len(across) - (places - 1) * (width + gap) - width
            if room < 1:
                break
            said = _columns_said(across, width, gap, places, room)
            x = int(said.argmax())
            if best is None or said[x] > best[0]:
                best = (float(said[x]), x, width, gap)
    if best is None or best[0] < _CLEAR:
        return None
    _, x, width, gap = best
    lefts = tuple(x + n * (width + gap) for n in range(places))
    inner = round(0.2 * width)
    spans = np.concatenate([np.arange(left + inner, left + width - inner) for left in lefts])
    reach = round(_TALL[1] * width) + 2
    tall = [m for m in middles if m - reach >= 0 and m + reach < len(dark)]
    if len(tall) < _LEAST_ROWS:
        return None
    down = np.median(
        [_ridges(dark[m - reach : m + reach + 1][:, spans].mean(axis=1), scale, strong) for m in tall], axis=0
    )
    level = _level(down, reach, width)
    return None if level is None else _Frame(lefts, level[0], width, level[1])


def _ridges(profile: Float, scale: float, strong: float) -> Double:
    """How much darker each place is than the lightest on both its sides, in shares of the strongest ink."""
    side = max(2, round(_ROUND * scale))
    padded = np.pad(profile.astype(np.float64), side, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, side)
    left, right = windows[: len(profile)].min(axis=1), windows[side + 1 :][: len(profile)].min(axis=1)
    ridge = np.clip((profile - np.maximum(left, right)) / strong, 0, _MOST)
    # Rows do not stand quite below each other.
    return np.asarray(np.sqrt(cv2.dilate(ridge[None], np.ones((1, 3), np.uint8))[0]), np.float64)


def _columns_said(across: Double, width: int, gap: int, places: int, room: int) -> Double:
    """What boxes of a size, beginning at each column, show: dark sides, and light insides and surroundings."""
    step = width + gap
    edges = [n * step + at for n in range(places) for at in (0, width)]
    insides = [n * step + round(width * share) for n in range(places) for share in _MIDDLE]
    sides = np.stack([across[at : at + room] for at in edges])
    inside = np.mean([across[at : at + room] for at in insides], axis=0)
    around = np.pad(across, width)
    end = width + (places - 1) * step + width
    outsides = [round(at) for share in _BESIDE for at in (width * (1 - share), end + width * share)]
    outside = np.mean([around[at : at + room] for at in outsides], axis=0)
    said = 0.5 * sides.mean(axis=0) + 0.5 * sides.min(axis=0) - _EMPTY * (inside + outside)
    return np.asarray(said, np.float64)


def _level(down: Double, middle: int, width: int) -> tuple[int, int] | None:
    """Where the boxes' tops are, from the label's middle, and their height."""
    best: tuple[float, int, int] | None = None
    for height in range(round(_TALL[0] * width), round(_TALL[1] * width) + 1):
        for top in range(max(0, middle - height + 2), middle - 1):
            bottom = top + height
            if bottom >= len(down):
                continue
            inside = float(down[top + height // 4 : bottom - height // 4].mean())
            said = 0.5 * float(down[top] + down[bottom]) + 0.5 * min(float(down[top]), float(down[bottom])) - inside
            said -= 0.1 * abs(height / width - 1) + 0.02 * abs(top + height / 2 - middle) / height
            if best is None or said > best[0]:
                best = (said, top - middle, height)
    return None if best is None or best[0] < _CLEAR / 2 else (best[1], best[2])


# ---------------------------------------------------------------------------------------- one row


def _lines(dark: Float, scale: float) -> tuple[Float, Float]:
    """How much darker each pixel is than what lies on its lighter side: of upright lines, and of level ones."""
    strong = max(0.15, float(np.percentile(dark[::3, ::3], 99.0)))
    thin = np.asarray(cv2.blur(dark, (3, 3)), np.float32)
    off = max(2, round(_ROUND / 2 * scale))
    lines = []
    for axis in (1, 0):
        beside = np.minimum(np.roll(thin, off, axis), np.roll(thin, -off, axis))
        lines.append(np.asarray(np.clip((thin - beside) / (0.3 * strong), 0, 1), np.float32))
    return lines[0], lines[1]


def _settled(lines: tuple[Float, Float], frame: _Frame, top: int, play: int, shift: int = 0) -> tuple[int, int, float]:
    """Top and shift to the right at which a row's own frames are seen best, and how well."""
    upright, level = lines
    tall, wide = upright.shape
    best = (-1.0, top, shift)
    lefts = np.array(frame.lefts)
    edges = np.concatenate([lefts, lefts + frame.width])
    inner = round(0.1 * frame.width)
    spans = np.concatenate([np.arange(left + inner, left + frame.width - inner) for left in frame.lefts])
    for first in range(max(0, top - play), min(tall - frame.height - 1, top + play) + 1):
        part = upright[first : first + frame.height].mean(axis=0)
        ends = level[first] + level[first + frame.height]
        for across in range(shift - play, shift + play + 1):
            if edges.min() + across < 0 or edges.max() + across >= wide:
                continue
            said = float(part[edges + across].mean()) + 0.5 * float(ends[spans + across].mean())
            best = max(best, (said - 0.004 * (abs(first - top) + abs(across - shift)), first, across))
    return best[1], best[2], best[0]
