"""Find two-dimensional codes on an image, by zxing-cpp.

Rules of this module
--------------------
1. Knows symbols, not sheets: what a code's bytes mean is decided by the caller.
2. Coordinates are always the opened image's own pixels, whatever size was searched.
3. A code whose error correction did not come out right is no code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import zxingcpp

from testigo.reading.opening import Grey

#: A rectangle in pixels: x, y, width, height.
Region = tuple[int, int, int, int]
#: A point in pixels: x to the right, y downwards.
Point = tuple[float, float]

_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_QR_AND_MARKS = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix])

#: Error correction codewords per block of QR versions 1-15 (ISO/IEC 18004, table 9).
_EC_PER_BLOCK = {
    "L": (7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22),
    "M": (10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24),
    "Q": (13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30),
    "H": (17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24),
}


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
        symbols: one letter per codeword: ``.`` as seen, ``c`` corrected, ``e`` erased; empty if not told.
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


def find_codes(pixels: Grey, scale: int = 1) -> tuple[Code, ...]:
    """Every QR code on the pixels, from top to bottom.

    Args:
        pixels: grey, shape (height, width).
        scale: how many of the image's pixels one of these stands for (2 for the half size).
    """
    return _found(pixels, scale, formats=_QR)


def find_marks(pixels: Grey) -> tuple[Code, ...]:
    """Every small code, QR or DataMatrix, dark on light, at full size: the marks of a drawing are such."""
    return _found(pixels, 1, formats=_QR_AND_MARKS, try_invert=False, try_downscale=False)


def _found(pixels: Grey, scale: int, **options: Any) -> tuple[Code, ...]:
    if min(pixels.shape) < 8:  # fewer pixels than the smallest code has modules
        return ()
    found = zxingcpp.read_barcodes(pixels, **options)
    codes = [_code(barcode, scale) for barcode in found if barcode.valid and barcode.error is None]
    return tuple(sorted(codes, key=lambda code: (code.region[1], code.region[0])))


def _code(barcode: Any, scale: int) -> Code:
    extra = barcode.extra or {}
    version = int(extra.get("Version", 0)) if str(extra.get("Version", "")).isdigit() else 0
    level = str(extra.get("ECLevel", ""))
    unused = min(1000, max(0, round(1000 * float(extra.get("UEC", 1.0)))))
    position = barcode.position
    corners = tuple(
        ((p.x + 0.5) * scale, (p.y + 0.5) * scale)
        for p in (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    )
    is_qr = barcode.format == zxingcpp.BarcodeFormat.QRCode
    return Code(
        text=bytes(barcode.bytes).decode("latin-1"),
        corners=corners,  # type: ignore[arg-type]
        is_qr=is_qr,
        modules=17 + 4 * version if is_qr and version else 0,
        level=level,
        unused=unused,
        corrected=_corrected(version, level, unused) if is_qr else 0,
    )


def _corrected(version: int, level: str, unused: int) -> int:
    per_block = _EC_PER_BLOCK.get(level, ())
    if not 1 <= version <= len(per_block):
        return 0
    return round((1000 - unused) * (per_block[version - 1] // 2) / 1000)
