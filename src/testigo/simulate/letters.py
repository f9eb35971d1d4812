"""Type: the faces that OpenCV carries within, and what can be done to them: of equal width, wider, slanted, in dots.

Rules of this module
--------------------
1. No font of the system is needed, so that a drawing has the same pixels on every machine with the same version. Fonts
   of the system may be named by their path, for looks that nobody has to make again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from testigo.errors import InputError

#: OpenCV's own faces.
BUILT_IN = ("uni", "sans", "italic")
_FOLDER = Path("/usr/share/fonts/truetype")
#: Fonts that many systems have, some of equal width as printers' are.
_KNOWN = (
    "dejavu/DejaVuSansMono.ttf",
    "dejavu/DejaVuSans.ttf",
    "dejavu/DejaVuSansCondensed.ttf",
    "dejavu/DejaVuSerif.ttf",
    "liberation/LiberationMono-Regular.ttf",
    "liberation/LiberationSans-Regular.ttf",
    "liberation/LiberationSansNarrow-Regular.ttf",
    "noto/NotoSansMono-Regular.ttf",
)
Pixels = NDArray[np.uint8]


@lru_cache(maxsize=16)
def face(name: str) -> Any:
    """OpenCV's built-in typeface of that name, or the one in the file with that path.

    Raises:
        InputError: the OpenCV here is too old to have one.
    """
    if not hasattr(cv2, "FontFace"):
        raise InputError("Drawing sheets needs OpenCV 5 or newer.", "Run: pip install 'opencv-python-headless>=5'.")
    return cv2.FontFace(name)


def system_fonts() -> tuple[str, ...]:
    """Paths of those fonts that this system has; another system may have others."""
    return tuple(str(_FOLDER / name) for name in _KNOWN if (_FOLDER / name).is_file())


@dataclass(frozen=True, slots=True)
class Letters:
    """A type.

    Attributes:
        face: one of :data:`BUILT_IN`, or a font's path.
        weight: 300 (thin) to 700 (bold); a font of the system has its own alone.
        pitch: width of every letter as a share of the size; 0: each has its own.
        wide: how much wider than usual.
        dots: dots of a letter's size, as a coarse print head makes them; 0: smooth.
    """

    face: str
    weight: int
    pitch: float = 0.0
    wide: float = 1.0
    dots: int = 0


#: The type of every drawing without a look.
PLAIN, BOLD = Letters("uni", 400), Letters("sans", 600)


@lru_cache(maxsize=65536)
def length(text: str, letters: Letters, pixels: int) -> int:
    """The width of a line of text, letters ``pixels`` large."""
    if letters.pitch:
        return round(len(text) * letters.pitch * pixels)
    room = (100000, 1000)
    taken = int(cv2.getTextSize(room, text, (0, 0), face(letters.face), pixels, letters.weight)[2])
    return taken if letters.wide == 1.0 else round(taken * letters.wide)


def write(canvas: Pixels, at: tuple[int, int], text: str, letters: Letters, pixels: int, ink: int) -> None:
    """Write a line whose base line begins at (x, y)."""
    if letters.pitch:
        step = letters.pitch * pixels
        alone = replace(letters, pitch=0.0)
        for number, letter in enumerate(text):
            taken = length(letter, alone, pixels)
            # A letter wider than its room is narrowed, as in every type of equal widths.
            narrowed = alone if taken <= step else replace(alone, wide=alone.wide * step / taken)
            x = at[0] + number * step + max(0.0, step - taken) / 2
            if letter != " ":
                write(canvas, (round(x), at[1]), letter, narrowed, pixels, ink)
    elif letters.wide == 1.0 and not letters.dots:
        cv2.putText(canvas, text, at, ink, face(letters.face), pixels, letters.weight)
    else:
        _write_changed(canvas, at, text, letters, pixels, ink)


def _write_changed(canvas: Pixels, at: tuple[int, int], text: str, letters: Letters, pixels: int, ink: int) -> None:
    """Write aside, change, and lay on."""
    plain = replace(letters, wide=1.0, dots=0)
    patch = np.full((pixels * 2, length(text, plain, pixels) + pixels), 255, np.uint8)
    cv2.putText(patch, text, (pixels // 4, round(pixels * 1.4)), ink, face(plain.face), pixels, plain.weight)
    width = max(1, round(patch.shape[1] * letters.wide))
    size = (width, patch.shape[0])
    if letters.dots:
        few = min(1.0, letters.dots / pixels)
        coarse = cv2.resize(
            patch, (max(1, round(width * few)), max(1, round(size[1] * few))), interpolation=cv2.INTER_AREA
        )
        coarse = np.where(coarse < (ink + 255) / 2, ink, 255).astype(np.uint8)
        changed = cv2.resize(coarse, size, interpolation=cv2.INTER_NEAREST)
    else:
        changed = cv2.resize(patch, size, interpolation=cv2.INTER_AREA)
    left, top = at[0] - round(pixels // 4 * letters.wide), at[1] - round(pixels * 1.4)
    rows = slice(max(0, top), min(canvas.shape[0], top + size[1]))
    columns = slice(max(0, left), min(canvas.shape[1], left + width))
    if rows.start < rows.stop and columns.start < columns.stop:
        part = changed[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        np.minimum(canvas[rows, columns], part, out=canvas[rows, columns])
