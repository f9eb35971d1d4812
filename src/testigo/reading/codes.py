"""Find two-dimensional codes on an image, by zxing-cpp.

Rules of this module
--------------------
1. Knows symbols, not sheets: what a code's bytes mean is decided by the caller.
2. Coordinates are always the opened image's own pixels, whatever size was searched.
3. A code whose error correction did not come out right is no code; its place is a trace for those who can do more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import zxingcpp

from testigo.reading.opening.images import Grey
from testigo.reading.soft.symbol import EC_PER_BLOCK, LEVELS, VERSIONS, format_bits, layout

#: A rectangle in pixels: x, y, width, height.
Region = tuple[int, int, int, int]
#: A point in pixels: x to the right, y downwards.
Point = tuple[float, float]

_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_QR_AND_MARKS = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix])


@dataclass(frozen=True, slots=True)
class Code:
    """One code as found.

    Attributes:
        text: its bytes as Latin-1, so that every byte string has one text and none fails.
        corners: upper left, upper right, lower right, lower left *of the symbol*, in the image's pixels.
        is_qr: QR code, or another kind (DataMatrix).
        modules: modules per side of a QR code; 0 if not told.
        level: error correction level of a QR code; empty if not told.
        unused: per mille of the error correction that was left over in the worst block; 1000 for an intact code.
        corrected: codewords corrected in the worst block (so: at least so many in all); 0 if not told.
        erased: codewords that were not seen, or not believed.
        symbols: one letter per codeword in the order in which the symbol holds them: ``.`` as seen, ``c`` corrected,
            ``e`` erased; empty if not told.
        mirrored: whether the image shows it from behind.
    """

    text: str
    corners: tuple[Point, Point, Point, Point]
    is_qr: bool
    modules: int
    level: str
    unused: int
    corrected: int
    erased: int = 0
    symbols: str = ""
    mirrored: bool = False

    @property
    def side(self) -> float:
        """Length of the symbol's sides in pixels (their mean)."""
        around = zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True)
        return sum(math.dist(a, b) for a, b in around) / 4

    @property
    def region(self) -> Region:
        """The upright rectangle around the symbol."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        left, top = int(min(xs)), int(min(ys))
        return left, top, int(max(xs)) - left + 1, int(max(ys)) - top + 1


@dataclass(frozen=True, slots=True)
class Trace:
    """Where something looks like a QR code that could not be decoded: corners as those of :class:`Code`."""

    corners: tuple[Point, Point, Point, Point]


def find_codes(pixels: Grey, scale: int = 1) -> tuple[Code, ...]:
    """Every QR code on the pixels, dark on light, from top to bottom.

    Args:
        pixels: grey, shape (height, width).
        scale: how many of the image's pixels one of these stands for (2 for the half size).
    """
    return _found(pixels, scale, formats=_QR, try_invert=False)[0]


def find_codes_and_traces(
    pixels: Grey, *, offset: Point = (0.0, 0.0), scale: float = 1.0, binarizer: str = "local"
) -> tuple[tuple[Code, ...], tuple[Trace, ...]]:
    """QR codes on a part of an image, and those that could not be decoded.

    Args:
        pixels: of the part, grey.
        offset: its upper left corner on the image.
        scale: how many of the image's pixels one of these stands for.
        binarizer: ``local`` or ``global``.
    """
    which = zxingcpp.Binarizer.LocalAverage if binarizer == "local" else zxingcpp.Binarizer.GlobalHistogram
    return _found(pixels, scale, offset, formats=_QR, return_errors=True, binarizer=which, try_invert=False)


def find_marks(pixels: Grey, *, offset: Point = (0.0, 0.0), scale: float = 1.0) -> tuple[Code, ...]:
    """Every small code, QR or DataMatrix, dark on light, on a part of an image: the marks of a drawing are such.

    Args:
        pixels, offset, scale: as for :func:`find_codes_and_traces`.
    """
    return _found(pixels, scale, offset, formats=_QR_AND_MARKS, try_invert=False, try_downscale=False)[0]


def _found(
    pixels: Grey, scale: float, offset: Point = (0.0, 0.0), **options: Any
) -> tuple[tuple[Code, ...], tuple[Trace, ...]]:
    if min(pixels.shape) < 8:  # fewer pixels than the smallest code has modules
        return (), ()
    codes, traces = [], []
    for barcode in zxingcpp.read_barcodes(pixels, **options):
        if barcode.valid and barcode.error is None:
            codes.append(_code(barcode, pixels, scale, offset))
        elif barcode.format == zxingcpp.BarcodeFormat.QRCode:
            corners = _corners(barcode)
            traces.append(Trace(_placed(corners, scale, offset)))
    return tuple(sorted(codes, key=lambda code: (code.region[1], code.region[0]))), tuple(traces)


def _corners(barcode: Any) -> tuple[Point, ...]:
    """In the pixels searched, clockwise on the picture, the symbol's upper left first."""
    position = barcode.position
    four = position.top_left, position.top_right, position.bottom_right, position.bottom_left
    return tuple((p.x + 0.5, p.y + 0.5) for p in four)


def _placed(corners: tuple[Point, ...], scale: float, offset: Point) -> tuple[Point, Point, Point, Point]:
    a, b, c, d = ((x * scale + offset[0], y * scale + offset[1]) for x, y in corners)
    return a, b, c, d


def _code(barcode: Any, pixels: Grey, scale: float, offset: Point) -> Code:
    extra = barcode.extra or {}
    version = int(extra.get("Version", 0)) if str(extra.get("Version", "")).isdigit() else 0
    level = str(extra.get("ECLevel", ""))
    unused = min(1000, max(0, round(1000 * float(extra.get("UEC", 1.0)))))
    is_qr = barcode.format == zxingcpp.BarcodeFormat.QRCode
    corners = _corners(barcode)
    mirrored = is_qr and _is_mirrored(pixels, corners, version, level, extra.get("DataMask"))
    if mirrored:
        corners = (corners[0], corners[3], corners[2], corners[1])
    return Code(
        text=bytes(barcode.bytes).decode("latin-1"),
        corners=_placed(corners, scale, offset),
        is_qr=is_qr,
        modules=17 + 4 * version if is_qr and version else 0,
        level=level,
        unused=unused,
        corrected=_corrected(version, level, unused) if is_qr else 0,
        mirrored=mirrored,
    )


def _is_mirrored(pixels: Grey, corners: tuple[Point, ...], version: int, level: str, mask: Any) -> bool:
    """Whether the format information reads better from behind (zxing-cpp reads both ways and does not tell which)."""
    if version not in VERSIONS or level not in LEVELS or not isinstance(mask, int) or not 0 <= mask < 8:
        return False
    n = 17.0 + 4 * version
    flat = np.array([(0, 0), (n, 0), (n, n), (0, n)], np.float32)
    to_pixels = cv2.getPerspectiveTransform(flat, np.array(corners, np.float32))
    rows, columns = np.array(layout(version).format_places).reshape(-1, 2).T
    bits = np.tile(format_bits(level, mask), 2).astype(np.float64)
    fits = []
    for across, down in ((columns, rows), (rows, columns)):
        places = np.stack((across, down), axis=1)[None].astype(np.float32) + 0.5
        x, y = cv2.perspectiveTransform(places, to_pixels)[0].T
        here = np.clip(x.astype(int), 0, pixels.shape[1] - 1), np.clip(y.astype(int), 0, pixels.shape[0] - 1)
        values = pixels[here[1], here[0]].astype(np.float64)
        fits.append(abs(float((bits * (values - values.mean())).sum())))
    return fits[1] > fits[0]


def _corrected(version: int, level: str, unused: int) -> int:
    per_block = EC_PER_BLOCK.get(level, ())
    if not 1 <= version <= len(per_block):
        return 0
    return round((1000 - unused) * (per_block[version - 1] // 2) / 1000)
