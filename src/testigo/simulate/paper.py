"""Paper to draw on: everything is placed in millimetres, ink only ever darkens.

Rules of this module
--------------------
1. Coordinates are millimetres from the paper's upper left corner; pixels exist only inside.
2. The letters are those that OpenCV 5 carries within: no font of the system is needed, so that a drawing has the same
   pixels on every machine with the same version.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from testigo.election import Box
from testigo.errors import InputError
from testigo.simulate.letters import BOLD, PLAIN, length, write
from testigo.simulate.look import OWN, Fit, Look

Image = NDArray[np.uint8]

#: 8 pixels per millimetre, what receipt printers do: a tape of 80 mm is 640 pixels wide.
DPI = 203.2

BLACK = 25  # thermal print is not quite black
_SHIFT = 4  # sub-pixel bits of OpenCV's line drawing


class Paper:
    """A grey sheet of paper.

    Args:
        width, height: millimetres.
        dpi: pixels per inch.
        pixels: what is drawn already (taken over, not copied); blank without it.
        fit: the look that moves things and chooses the type; it has its own width and height. ``None``: none.
    """

    def __init__(
        self, width: float, height: float, dpi: float = DPI, pixels: Image | None = None, fit: Fit | None = None
    ) -> None:
        self.dpi = dpi
        self.scale = dpi / 25.4
        self.fit = fit
        if fit is not None:
            width, height = fit.width, fit.height
        shape = (round(height * self.scale), round(width * self.scale))
        self.pixels: Image = np.full(shape, 255, np.uint8) if pixels is None else pixels

    def px(self, millimetres: float) -> int:
        """Millimetres in whole pixels."""
        return round(millimetres * self.scale)

    @property
    def look(self) -> Look:
        """The look; the profile's own without one."""
        return OWN if self.fit is None else self.fit.look

    def at(self, x: float, y: float) -> tuple[int, int]:
        """A point of the layout in whole pixels."""
        if self.fit is None:
            return self.px(x), self.px(y)
        return self.px(float(self.fit.x(x))), self.px(float(self.fit.y(y)))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 3.4,
        *,
        bold: bool = False,
        align: str = "left",
        width: float = 0.0,
    ) -> None:
        """Write a line of text.

        Args:
            x, y: where its base line begins (``align="left"``), has its middle (``centre``) or ends (``right``).
            size: of the letters, in millimetres.
            width: the room it has; a longer text is written smaller. 0: no limit.
        """
        if not text:
            return
        # The bold face strikes its zero through, so figures are always in the other one.
        letters, ink, factor = BOLD if bold else PLAIN, BLACK, 1.0
        if self.fit is not None:
            look = self.fit.look
            letters, ink, factor = look.bold if bold else look.letters, look.ink, look.text
        pixels = max(6, self.px(size * factor))
        taken = length(text, letters, pixels)
        while width and taken > width * self.scale and pixels > 6:
            pixels -= 1
            taken = length(text, letters, pixels)
        left, base = self.at(x, y)
        left -= {"left": 0, "centre": taken // 2, "right": taken}[align]
        write(self.pixels, (left, base), text, letters, pixels, ink)

    def rule(self, x: float, y: float, right: float, thickness: float = 0.25) -> None:
        """A horizontal line."""
        self._fill(Box(x, y, right - x, thickness))

    def frame(self, box: Box, thickness: float = 0.25) -> None:
        """The border of a box."""
        self.rule(box.x, box.y, box.right, thickness)
        self.rule(box.x, box.bottom - thickness, box.right, thickness)
        self._fill(Box(box.x, box.y, thickness, box.height))
        self._fill(Box(box.right - thickness, box.y, thickness, box.height))

    def _fill(self, box: Box) -> None:
        thick = min(box.width, box.height)
        left, top = self.at(box.x, box.y)
        right, bottom = self.at(box.right, box.bottom)
        if self.fit is not None:  # lines keep their thickness
            right = left + self.px(thick) if box.width == thick else right
            bottom = top + self.px(thick) if box.height == thick else bottom
        right, bottom = max(left + 1, right), max(top + 1, bottom)
        self.pixels[top:bottom, left:right] = BLACK

    def stroke(self, points: NDArray[np.float64], thickness: float = 0.45, ink: int = BLACK) -> None:
        """A line drawn by hand through points (n, 2) in millimetres."""
        if self.fit is not None:
            points = np.column_stack([self.fit.x(points[:, 0]), self.fit.y(points[:, 1])])
        fixed = np.round(points * self.scale * (1 << _SHIFT)).astype(np.int32)
        width = max(1, round(thickness * self.scale))
        cv2.polylines(self.pixels, [fixed.reshape(-1, 1, 2)], False, ink, width, cv2.LINE_AA, _SHIFT)

    def matrix(self, box: Box, modules: NDArray[np.bool_], quiet: float = 0.0, *, is_main: bool = False) -> None:
        """A two-dimensional code that fills a box, on white that reaches ``quiet`` further on every side.

        ``is_main``: it is the sheet's own code, whose size follows the look; all others keep theirs.
        """
        if self.fit is not None:
            box = self.fit.square(box, self.fit.look.module if is_main else 1.0)
        left, top = self.px(box.x - quiet), self.px(box.y - quiet)
        right, bottom = self.px(box.right + quiet), self.px(box.bottom + quiet)
        self.pixels[max(0, top) : bottom, max(0, left) : right] = 255
        left, top, right, bottom = self.px(box.x), self.px(box.y), self.px(box.right), self.px(box.bottom)
        grey = np.where(modules, BLACK, 255).astype(np.uint8)
        self.pixels[top:bottom, left:right] = cv2.resize(
            grey, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST
        )

    def darken(self, x: float, y: float, patch: Image) -> None:
        """Put a patch of pixels with its middle at (x, y), keeping whatever is darker; what hangs over is cut off."""
        height, width = patch.shape
        left, top = self.at(x, y)
        top, left = top - height // 2, left - width // 2
        rows = slice(max(0, top), min(self.pixels.shape[0], top + height))
        columns = slice(max(0, left), min(self.pixels.shape[1], left + width))
        if rows.start < rows.stop and columns.start < columns.stop:
            part = patch[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
            np.minimum(self.pixels[rows, columns], part, out=self.pixels[rows, columns])


def encode_jpeg(image: Image, quality: int = 75, dpi: float = 0.0) -> bytes:
    """The image as JPEG; ``dpi`` is written into its header (0: nothing is said)."""
    good, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not good:
        raise InputError("The drawing is too large for a JPEG.", "Draw it with fewer dots per inch.")
    body = bytearray(data.tobytes())
    if dpi and body[6:11] == b"JFIF\0":
        body[13] = 1  # dots per inch
        body[14:18] = round(dpi).to_bytes(2, "big") * 2
    return bytes(body)
