"""Pixels -> the bytes of a file: JPEG mostly, G4 TIFF for black and white, PNG where somebody photographed a screen."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
import PIL.Image

from testigo.simulate.paper import Image

#: EXIF orientation -> how pixels as seen become pixels as stored: quarters against the clock.
_STORED_TURNED = {1: 0, 3: 2, 6: 1, 8: 3}
_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class File:
    """What kind of file a picture is saved as.

    Attributes:
        kind: ``jpeg``, ``tiff`` (black and white, CCITT group 4) or ``png``.
        quality: of the JPEG, 1 to 95.
        first: quality of a JPEG that it was before; 0: none.
        orientation: EXIF orientation 1, 3, 6 or 8: the pixels are stored turned, and a tag says so.
    """

    kind: str = "jpeg"
    quality: int = 75
    first: int = 0
    orientation: int = 1


def save(pixels: Image, file: File) -> bytes:
    """The bytes of a picture, grey or colour (blue, green, red)."""
    if file.kind == "jpeg":
        return _jpeg(pixels, file)
    out = io.BytesIO()
    picture = PIL.Image.fromarray(pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[:, :, ::-1]))
    if file.kind == "tiff":
        picture.convert("1", dither=PIL.Image.Dither.NONE).save(out, "TIFF", compression="group4", dpi=(203, 203))
    else:
        picture.save(out, "PNG", compress_level=3)
    return out.getvalue()


def _jpeg(pixels: Image, file: File) -> bytes:
    if file.first:
        before = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, file.first])[1]
        again = cv2.imdecode(before, cv2.IMREAD_UNCHANGED)
        pixels = np.asarray(again, np.uint8)
    stored = np.ascontiguousarray(np.rot90(pixels, _STORED_TURNED[file.orientation]))
    data = bytes(cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, file.quality])[1].tobytes())
    if file.orientation == 1:
        return data
    tags = PIL.Image.Exif()
    tags[_ORIENTATION] = file.orientation
    block = tags.tobytes()
    block = block if block.startswith(b"Exif\0\0") else b"Exif\0\0" + block
    return data[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + data[2:]
