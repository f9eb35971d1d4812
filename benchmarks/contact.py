"""A contact sheet of the families of damage, for the documentation: ``python -m benchmarks.contact docs/images/…``."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.graded import profile_of, sheet_number
from testigo.simulate.damage import FAMILIES, Damaged, damaged
from testigo.simulate.places import drawing_of

GRADES = (0.1, 0.5, 0.95)
#: Seeds that show what words cannot: a cut from below, two tapes side by side, a tape at an angle.
SHOWN = {"turned": 2, "two_tapes": 9, "watermark_and_stamps": 2, "folds_and_stains": 1}
SIDE, GAP, NAME = 150, 6, 18
Pixels = NDArray[np.uint8]


def cell(picture: Damaged) -> Pixels:
    """What is around the codes, as a colour square."""
    corners = np.vstack([shown.corners(shown.drawing.code) for shown in picture.sheets])
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle, reach = (low + high) / 2, float((high - low).max()) * 0.66
    size = np.array(picture.pixels.shape[1::-1])
    left, top = np.clip(middle - reach, 0, size).astype(int)
    right, bottom = np.clip(middle + reach, 0, size).astype(int)
    part = picture.pixels[top:bottom, left:right]
    part = np.dstack([part] * 3) if part.ndim == 2 else part
    zoom = SIDE / max(part.shape[:2])
    small = cv2.resize(part, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    square = np.full((SIDE, SIDE, 3), 128, np.uint8)
    y, x = (SIDE - small.shape[0]) // 2, (SIDE - small.shape[1]) // 2
    square[y : y + small.shape[0], x : x + small.shape[1]] = small
    return square


def sheet() -> Pixels:
    """All families in two rows of columns, mild above bad."""
    profile = profile_of()
    contest = profile.contest()
    drawings = [drawing_of(profile, contest, sheet_number("dev", number)) for number in (3, 4)]
    half = -(-len(FAMILIES) // 2)
    row = NAME + len(GRADES) * (SIDE + GAP) + GAP
    canvas = np.full((2 * row, half * (SIDE + GAP) + GAP, 3), 255, np.uint8)
    for number, family in enumerate(FAMILIES):
        x, y = GAP + number % half * (SIDE + GAP), number // half * row + GAP
        cv2.putText(canvas, family.replace("_", " "), (x, y + NAME - 6), (0, 0, 0), cv2.FontFace("sans"), 13, 400)
        for n, grade in enumerate(GRADES):
            top = y + NAME + n * (SIDE + GAP)
            canvas[top : top + SIDE, x : x + SIDE] = cell(damaged(family, grade, drawings, SHOWN.get(family, 0)))
    return canvas


def main() -> None:
    """Write it."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    data = cv2.imencode(".jpg", sheet(), [cv2.IMWRITE_JPEG_QUALITY, 72])[1].tobytes()
    if target is not None:
        target.write_bytes(data)
    print(f"{len(FAMILIES)} families at grades {GRADES}: {len(data) // 1000} kB")


if __name__ == "__main__":
    main()
