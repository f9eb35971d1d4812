"""A picture under way from paper to file, and what is known of it: where each point of each sheet came to lie.

Rules of this module
--------------------
1. Every change of geometry goes through :class:`Picture`, so that the truth follows the pixels.
2. Points are (x, y), x to the right, y downwards; whole numbers are the upper left corners of pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from testigo.simulate.paper import Image

Points = NDArray[np.float64]
#: A rectangle in a drawing's pixels: x, y, width, height.
Place = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A sheet as drawn, and where on it the things are that damage aims at and tests ask for.

    Attributes:
        pixels: grey, shape (height, width): flat, clean, complete.
        code: place of its QR without the white border; ``None`` without one.
        rows: places of the rows with counts.
        private: places of names, ID numbers, signatures and notes: what nobody may see published.
        payload: what its QR says; empty without one.
        millimetres: width of the paper that sizes of damage are told by; any roll counts as one of 80 mm.
    """

    pixels: Image
    code: Place | None = None
    rows: tuple[Place, ...] = ()
    private: tuple[Place, ...] = ()
    payload: str = ""
    millimetres: float = 80.0

    @property
    def unit(self) -> float:
        """Pixels per millimetre: what sizes of damage are told in."""
        return float(self.pixels.shape[1]) / self.millimetres

    @property
    def target(self) -> Place:
        """Where damage to the code goes: the code, or where a tape has it."""
        height, width = self.pixels.shape[:2]
        return self.code or (width * 0.15, height - width * 1.2, width * 0.7, width * 0.7)


class Step(Protocol):
    """One change of geometry."""

    def forward(self, points: Points) -> Points:
        """Points (n, 2) before the change -> after it."""


@dataclass(frozen=True, slots=True)
class Flat:
    """Turned, moved, scaled, seen at an angle: a 3 x 3 homography."""

    matrix: NDArray[np.float64]

    def forward(self, points: Points) -> Points:
        """See :class:`Step`."""
        moved = np.column_stack([points, np.ones(len(points))]) @ self.matrix.T
        return np.asarray(moved[:, :2] / moved[:, 2:], np.float64)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows fed unevenly: ``source[y]`` is the row shown at y (never decreasing), ``shift[y]`` how far it lies right."""

    source: NDArray[np.float64]
    shift: NDArray[np.float64]

    def forward(self, points: Points) -> Points:
        """See :class:`Step`. A row that is shown several times is placed at the first."""
        apart = self.source + np.arange(len(self.source)) * 1e-6
        rows = np.arange(len(apart), dtype=np.float64) + 0.5
        beyond = np.minimum(points[:, 1] - apart[0], 0) + np.maximum(points[:, 1] - apart[-1], 0)
        y = np.interp(points[:, 1], apart, rows) + beyond
        x = points[:, 0] + np.interp(y, rows, self.shift)
        return np.column_stack([x, y])


@dataclass(frozen=True, slots=True)
class Shown:
    """A sheet on a picture.

    Attributes:
        drawing: as drawn.
        steps: what happened to its geometry, in order.
        hidden: places of the drawing that are covered or torn off.
        size: (width, height) of the picture.
    """

    drawing: Drawing
    steps: tuple[Step, ...] = ()
    hidden: tuple[Place, ...] = ()
    size: tuple[int, int] = (0, 0)

    def to_picture(self, points: Points) -> Points:
        """Points (n, 2) of the drawing's pixels -> of the picture's; they may lie outside it."""
        moved = np.asarray(points, np.float64).reshape(-1, 2)
        for step in self.steps:
            moved = step.forward(moved)
        return moved

    def corners(self, place: Place | None = None) -> Points:
        """The corners (4, 2) of a place, or of the sheet, on the picture: upper left first, clockwise as drawn."""
        height, width = self.drawing.pixels.shape[:2]
        x, y, w, h = place or (0.0, 0.0, float(width), float(height))
        return self.to_picture(np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)]))

    def share_visible(self, place: Place) -> float:
        """Which share of a place of the drawing is on the picture and not covered (a grid of 16 x 16 points)."""
        x, y, w, h = place
        steps = (np.arange(16) + 0.5) / 16
        grid = np.array([(x + w * u, y + h * v) for v in steps for u in steps])
        there = np.ones(len(grid), np.bool_)
        for hx, hy, hw, hh in self.hidden:
            there &= ~((grid[:, 0] >= hx) & (grid[:, 0] < hx + hw) & (grid[:, 1] >= hy) & (grid[:, 1] < hy + hh))
        moved = self.to_picture(grid)
        there &= np.all((moved >= 0) & (moved < np.array(self.size)), axis=1)
        return float(there.mean())

    @property
    def code_visible(self) -> float:
        """Which share of the code is there; 0 without a code."""
        return self.share_visible(self.drawing.code) if self.drawing.code else 0.0

    @property
    def rows_visible(self) -> bool:
        """Whether every row with counts is there whole."""
        return all(self.share_visible(place) == 1.0 for place in self.drawing.rows)


@dataclass(slots=True)
class Picture:
    """Pixels under way, grey (height, width) or colour (height, width, 3; blue, green, red), with their sheets."""

    pixels: Image
    sheets: list[Shown] = field(default_factory=list)

    @classmethod
    def of(cls, drawing: Drawing) -> Picture:
        """A drawing as it leaves the printer."""
        return cls(drawing.pixels.copy(), [Shown(drawing)])

    @property
    def unit(self) -> float:
        """Pixels per millimetre of its first sheet's drawing (before anything scaled it)."""
        return self.sheets[0].drawing.unit

    def _stepped(self, step: Step) -> None:
        self.sheets = [replace(sheet, steps=(*sheet.steps, step)) for sheet in self.sheets]

    def warp(
        self, matrix: NDArray[Any], size: tuple[int, int], border: float = 255, how: int = cv2.INTER_LINEAR
    ) -> None:
        """Apply a homography of points (x, y); the picture becomes (width, height) large."""
        full = np.vstack([matrix, (0.0, 0.0, 1.0)]) if matrix.shape == (2, 3) else matrix
        # OpenCV's whole numbers are the middles of pixels, ours their corners.
        half = np.array([(1, 0, 0.5), (0, 1, 0.5), (0, 0, 1)], np.float64)
        centred = np.linalg.inv(half) @ full @ half
        fill = (border,) * 3
        if np.allclose(full[2], (0, 0, 1)):
            warped = cv2.warpAffine(self.pixels, centred[:2], size, flags=how, borderValue=fill)
        else:
            warped = cv2.warpPerspective(self.pixels, centred, size, flags=how, borderValue=fill)
        self.pixels = np.asarray(warped, np.uint8)
        self._stepped(Flat(np.asarray(full, np.float64)))

    def resize(self, width: int, height: int, how: int = cv2.INTER_AREA) -> None:
        """Scale to (width, height)."""
        rows, columns = self.pixels.shape[:2]
        self.pixels = np.asarray(cv2.resize(self.pixels, (width, height), interpolation=how), np.uint8)
        self._stepped(Flat(np.diag([width / columns, height / rows, 1.0])))

    def crop(self, left: int, top: int, right: int, bottom: int) -> None:
        """Keep columns left to right and rows top to bottom (the far ones excluded)."""
        self.pixels = np.ascontiguousarray(self.pixels[top:bottom, left:right])
        self._stepped(Flat(np.array([(1, 0, -left), (0, 1, -top), (0, 0, 1)], np.float64)))

    def turn(self, quarters: int, *, mirrored: bool = False) -> None:
        """Mirror left and right if asked, then turn by quarters, against the clock."""
        height, width = self.pixels.shape[:2]
        matrix = np.eye(3)
        pixels = self.pixels
        if mirrored:
            pixels, matrix = pixels[:, ::-1], np.array([(-1, 0, width), (0, 1, 0), (0, 0, 1)], np.float64)
        for _ in range(quarters % 4):
            pixels = np.rot90(pixels)
            matrix = np.array([(0, 1, 0), (-1, 0, width), (0, 0, 1)], np.float64) @ matrix
            width, height = height, width
        self.pixels = np.ascontiguousarray(pixels)
        self._stepped(Flat(matrix))

    def feed(self, source: NDArray[np.float64], shift: NDArray[np.float64]) -> None:
        """Show at each row y the row ``source[y]`` of before (never decreasing), ``shift[y]`` further right."""
        height, width = self.pixels.shape[:2]
        columns = np.broadcast_to(np.arange(width, dtype=np.float32), (len(source), width))
        x = columns - shift[:, None].astype(np.float32)
        y = np.broadcast_to((np.clip(source, 0, height) - 0.5)[:, None], x.shape).astype(np.float32)
        moved = cv2.remap(self.pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        self.pixels = np.asarray(moved, np.uint8)
        self._stepped(Rows(np.asarray(source, np.float64), np.asarray(shift, np.float64)))

    def hide(self, place: Place) -> None:
        """Note that a place of the first sheet's drawing is covered or gone."""
        self.sheets[0] = replace(self.sheets[0], hidden=(*self.sheets[0].hidden, place))

    def finished(self) -> tuple[Shown, ...]:
        """The sheets, with the picture's size."""
        height, width = self.pixels.shape[:2]
        return tuple(replace(sheet, size=(width, height)) for sheet in self.sheets)


def beside(
    pictures: Sequence[Picture], offsets: Sequence[tuple[int, int]], size: tuple[int, int], tone: int
) -> Picture:
    """Pictures laid on one ground, later ones on top; ``offsets`` (x, y) of their upper left corners."""
    canvas = np.full((size[1], size[0]), tone, np.uint8)
    sheets: list[Shown] = []
    for picture, (x, y) in zip(pictures, offsets, strict=True):
        rows, columns = picture.pixels.shape
        canvas[y : y + rows, x : x + columns] = picture.pixels
        step = Flat(np.array([(1, 0, x), (0, 1, y), (0, 0, 1)], np.float64))
        sheets += [replace(sheet, steps=(*sheet.steps, step)) for sheet in picture.sheets]
    return Picture(canvas, sheets)
