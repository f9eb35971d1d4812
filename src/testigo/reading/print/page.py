"""From the given picture to an even page: paper white, ink dark, rows level, whatever the scanner or the light did.

How a page is made
------------------
1. The picture is brought to a working size: the letters of a tape some 25 pixels tall, never more.
2. The paper's brightness is measured column by column and band by band: a grey streak is part of the paper, and goes.
3. Columns that hold no picture (a black margin, a dead sensor) become paper; narrow ones are bridged by their
   neighbours.
4. The rows are levelled by the turn that makes them sharpest.
5. Where the ink is weak it is made strong again, neighbourhood by neighbourhood.

Rules of this module
--------------------
1. Nothing is sharpened, filled or completed: light and dark are stretched, and narrow gaps in columns bridged, no more.
2. Every place on the page can be said in the pixels that were given.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Float = NDArray[np.float32]

#: Left, top, width, height, in the pixels that were given.
Region = tuple[int, int, int, int]

#: Working size, pixels per millimetre at most, and at least.
FINEST, COARSEST = 8.5, 5.5

_BAND = 96  # rows over which the paper's brightness is measured
_DEAD = 0.42  # darker than this share of the paper around: no picture there
_BRIDGE = 5  # dead columns side by side that are bridged
_BLOCK = 40  # side of the squares in which the ink's strength is measured
_PART, _PAPER, _GRAIN = 200, 65, 1.45  # parts of so many pixels; the level, per cent, that is paper; ink is darker
_THICKEST = 1.35  # millimetres: no stroke of print or pen is thicker
_BLURRED = 3.2  # millimetres: the same where a picture is blurred, or has few dots
_STRONG, _KEPT = 0.6, 0.72  # ink that says whether it is: how dark, and how much of it the usual thickness must keep
_FRAME = 8.0  # millimetres: sides of boxes, and words one below the other, are not wider
_RULE = 6.0  # millimetres: what is so long is a ruled line
_DARK, _LIGHT, _TWO_TONE = 40, 215, 0.03  # a page without greys: between which levels hardly any pixel is
_COARSEST_STROKES = 5.5  # pixels per millimetre at which that is asked
_BLACK = 35  # ground so dark carries no print
_ACROSS = 0.62  # what the strongest ink of the whole row of squares counts for beside a weaker one
_FAINTEST = 0.10  # contrast below which nothing is taken for ink
_PALE, _FULL = 0.42, 0.75  # share of the local ink at which a pixel begins to count as ink, and counts wholly


@dataclass(frozen=True)
class Page:
    """An even page.

    Attributes:
        grey: paper 255, level rows, at working size.
        ink: how much of a pixel is ink, 0 to 1.
        scale: pixels per millimetre, supposing that the paper fills the picture's width.
        to_page: 2 x 3 matrix from the given pixels to the page's.
        lost: where the columns hold no picture, 1; else 0. ``None``: nowhere.
    """

    grey: Grey
    ink: Float
    scale: float
    to_page: NDArray[np.float64]
    lost: Grey | None = None

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.grey.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.grey.shape[1])

    def lost_columns(self, left: int, top: int, right: int, bottom: int) -> int:
        """How many columns of a rectangle of the page hold no picture."""
        if self.lost is None:
            return 0
        part = self.lost[max(0, top) : bottom, max(0, left) : right]
        return int(np.count_nonzero(part.mean(axis=0) > 0.5)) if part.size else 0

    def region(self, left: float, top: float, right: float, bottom: float) -> Region:
        """A rectangle of the page, as the upright rectangle round it in the given pixels."""
        back = cv2.invertAffineTransform(self.to_page)
        corners = np.array([(left, top, 1), (right, top, 1), (left, bottom, 1), (right, bottom, 1)], np.float64)
        placed = corners @ np.asarray(back, np.float64).T
        x, y = np.floor(placed.min(axis=0)), np.ceil(placed.max(axis=0))
        x = np.maximum(x, 0)
        return int(x[0]), int(x[1]), int(y[0] - x[0]), int(y[1] - x[1])


def make_page(pixels: Grey, paper_width: float, *, form: bool = False) -> Page:
    """The page of a picture.

    Args:
        pixels: one sheet, upright, grey, shape (height, width).
        paper_width: millimetres, roughly.
        form: whether it is a form, with boxes' sides one below the other and small type, of which blur takes more.
    """
    grey, zoom = _working_size(pixels, paper_width)
    scale = grey.shape[1] / paper_width
    even, dead = _even(grey, round(_FRAME * scale) if form else 0)
    even = _thin(even, scale, _thickest(even, scale) if form else _THICKEST)
    lost = np.repeat(dead.view(np.uint8), _BAND, axis=0)[: even.shape[0]] if dead.any() else None
    turn = _turn(even)
    middle = (even.shape[1] / 2, even.shape[0] / 2)
    to_page = np.asarray(cv2.getRotationMatrix2D(middle, turn, 1.0), np.float64)
    if abs(turn) > 0.05:
        size = (even.shape[1], even.shape[0])
        even = np.asarray(cv2.warpAffine(even, to_page, size, flags=cv2.INTER_LINEAR, borderValue=255), np.uint8)
        if lost is not None:
            lost = np.asarray(cv2.warpAffine(lost, to_page, size, flags=cv2.INTER_NEAREST), np.uint8)
    else:
        to_page = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    resize = np.diag([zoom, zoom, 1.0])
    return Page(even, _ink(even), grey.shape[1] / paper_width, to_page @ resize, lost)


def _working_size(pixels: Grey, paper_width: float) -> tuple[Grey, float]:
    scale = pixels.shape[1] / paper_width
    zoom = min(1.0, FINEST / scale) if scale > FINEST else max(1.0, COARSEST / scale)
    if zoom == 1.0:
        return pixels, 1.0
    size = (round(pixels.shape[1] * zoom), round(pixels.shape[0] * zoom))
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8), size[0] / pixels.shape[1]


# ----------------------------------------------------------------------------------- brightness


def _even(grey: Grey, frames: int = 0) -> tuple[Grey, NDArray[np.bool_]]:
    """Paper at 255 everywhere; what is no picture is paper. Besides, which columns of each band hold none.

    Args:
        frames: columns; what is no wider is no paper either, however far down it runs: the sides of boxes.
    """
    height, width = grey.shape
    bands = max(1, -(-height // _BAND))
    padded = np.pad(grey, ((0, bands * _BAND - height), (0, 0)), mode="edge")
    sample = padded.reshape(bands, _BAND, width)[:, ::3]
    # Ink rarely covers more than half of a column, so three quarters up is paper.
    place = (sample.shape[1] * 3) // 4
    paper = np.partition(sample, place, axis=1)[:, place].astype(np.float32)
    paper = np.asarray(cv2.medianBlur(paper, 3), np.float32) if bands >= 3 else paper
    if frames:
        # A black margin goes on beyond the picture.
        wide = np.pad(paper, ((0, 0), (frames, frames)))
        wide = np.asarray(cv2.morphologyEx(wide, cv2.MORPH_CLOSE, np.ones((1, frames), np.uint8)), np.float32)
        paper = wide[:, frames:-frames]
    around = np.asarray(cv2.dilate(cv2.blur(paper, (5, 1)), np.ones((1, max(3, width // 8)), np.uint8)), np.float32)
    level = float(np.percentile(paper, 70))
    dead = (paper < _DEAD * around) | (around < 0.5 * level)
    paper[dead] = 255.0
    full = cv2.resize(paper, (width, height), interpolation=cv2.INTER_NEAREST)
    even = np.asarray(cv2.divide(grey, full.astype(np.uint8), scale=250), np.uint8)
    for band in range(bands):
        _bridge(even[band * _BAND : (band + 1) * _BAND], dead[band])
    return even, dead


def _thickest(even: Grey, scale: float) -> float:
    """Millimetres: how thick strokes are on a page, blurred or not. What is thicker is ground."""
    sample = even[::3, ::3]
    if float(((sample > _DARK) & (sample < _LIGHT)).mean()) < _TWO_TONE:
        return _BLURRED  # what bled is no ground: it would be taken for white
    small = min(1.0, _COARSEST_STROKES / scale)
    size = (round(even.shape[1] * small), round(even.shape[0] * small))
    picture = np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.uint8)
    thin, thick = (
        cv2.morphologyEx(picture, cv2.MORPH_BLACKHAT, np.ones((side, side), np.uint8))
        for side in (max(3, round(width * scale * small)) for width in (_THICKEST, _BLURRED))
    )
    # Ruled lines stay thin when a picture is moved along them.
    long = round(_RULE * scale * small)
    for shape in ((1, long), (long, 1)):
        thick = np.where(cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones(shape, np.uint8)) > 0.5 * thick, 0, thick)
    strong = thick > _STRONG * max(1.0, float(np.percentile(thick[::2, ::2], 99.0)))
    darkest = strong & (picture == cv2.erode(picture, np.ones((3, 3), np.uint8)))
    kept = float(np.median(thin[darkest] / thick[darkest])) if darkest.any() else 1.0
    return _THICKEST if kept >= _KEPT else _BLURRED


def _thin(even: Grey, scale: float, thickest: float) -> Grey:
    """What is thin, on white. Watermarks, stains and shadows are thicker than any stroke of print: they are ground."""
    side = max(5, round(thickest * scale))
    ground = cv2.morphologyEx(even, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    thin = np.asarray(cv2.divide(even, ground, scale=250), np.uint8)
    thin[ground < _BLACK] = 250
    return thin


def _bridge(rows: Grey, dead: NDArray[np.bool_]) -> None:
    """Narrow runs of dead columns get the picture of their neighbours, wide ones paper."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], dead.view(np.int8), [0]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        left, right = start - 2, end + 1
        if end - start > _BRIDGE or left < 0 or right >= rows.shape[1]:
            rows[:, max(0, start - 1) : end + 1] = 255
            continue
        share = (np.arange(left + 1, right) - left) / (right - left)
        between = rows[:, left, None] * (1 - share) + rows[:, right, None] * share
        rows[:, left + 1 : right] = between.astype(np.uint8)


def _texture(dark: Grey) -> Grey:
    """How dark the paper itself is here and there: the stripes that a sensor makes of a weave, grain. Ink covers much
    less than a third of any part of a sheet as large as a few lines, be it blurred."""
    height, width = dark.shape
    rows, columns = max(1, height // _PART), max(1, width // _PART)
    high, wide = height // rows, width // columns
    parts = dark[: rows * high : 3, : columns * wide : 2]
    levels = np.array([
        [np.percentile(part, _PAPER) for part in np.array_split(band, columns, axis=1)]
        for band in np.array_split(parts, rows, axis=0)
    ])  # fmt: skip
    levels = np.clip(_GRAIN * levels, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _ink(even: Grey) -> Float:
    """How much of each pixel is ink: its darkness as a share of the darkest in the neighbourhood."""
    dark = np.asarray(cv2.subtract(255 - even, _texture(255 - even)), np.uint8)
    height, width = dark.shape
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    soft = cv2.blur(dark, (3, 3))
    padded = np.pad(soft, ((0, rows * _BLOCK - height), (0, columns * _BLOCK - width)))[::2, ::2]
    half = _BLOCK // 2
    blocks = padded.reshape(rows, half, columns, half).swapaxes(1, 2).reshape(rows, columns, -1)
    place = blocks.shape[2] - max(2, blocks.shape[2] // 33)
    strength = np.partition(blocks, place, axis=2)[:, :, place].astype(np.float32) / 255
    # Beside strong print a watermark must not pass for weak print: the whole width has a say.
    across = np.asarray(cv2.dilate(strength, np.ones((3, 9), np.uint8)), np.float32)
    near = np.asarray(cv2.dilate(strength, np.ones((3, 3), np.uint8)), np.float32)
    strength = np.maximum(np.maximum(near, _ACROSS * across), np.float32(_FAINTEST))
    smooth = cv2.resize(cv2.blur(strength, (3, 3)), (columns * _BLOCK, rows * _BLOCK), interpolation=cv2.INTER_LINEAR)
    share = dark.astype(np.float32) / (255 * smooth[:height, :width])
    return np.asarray(np.clip((share - _PALE) / (_FULL - _PALE), 0, 1), np.float32)


# ----------------------------------------------------------------------------------------- turn


def _turn(even: Grey, most: float = 2.5) -> float:
    """Degrees by which the page must be turned so that its rows are level."""
    columns = 16
    height, width = even.shape
    step = max(1, height // 4000)
    narrow = cv2.resize(255 - even, (columns, -(-height // step)), interpolation=cv2.INTER_AREA).astype(np.float32)
    profile = narrow - cv2.blur(narrow, (1, max(3, round(width / 16 / step))))
    place = (np.arange(columns) + 0.5 - columns / 2) * width / columns / step

    def sharpness(degrees: float) -> float:
        shifts = np.round(np.tan(np.radians(degrees)) * place).astype(int)
        total = sum(np.roll(profile[:, n], -shifts[n]) for n in range(columns))
        return float(np.square(total).sum())

    coarse = max(np.arange(-most, most + 0.01, 0.2), key=sharpness)
    best = max(np.arange(coarse - 0.2, coarse + 0.21, 0.04), key=sharpness)
    return float(best) if sharpness(best) > 1.02 * sharpness(0.0) else 0.0
