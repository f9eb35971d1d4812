"""Bytes -> grey pixels, upright, of every page; or a refusal.

Rules of this module
--------------------
1. How a file is opened: (1) empty or over the limit: refused; (2) kind and size from its header, never from a name;
   (3) too many pixels: refused before anything is decoded; (4) decoded; whatever does not decode to its end is damaged,
   also where earlier pages are whole: an upload that broke off must be sent again, not be read in part in silence.
2. Nothing but grey pixels, their size and the number of pages leaves: no EXIF, no position, no name, no colour profile.
3. Hostile bytes end in a :class:`Refusal`. No decoder's exception passes.
4. One thread: the processes around this one are the parallelism. PDF and HEIC are decoded in a process of their own.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

import cv2
import numpy as np
from PIL import Image

from testigo.reading.limits import Limits, Refusal
from testigo.reading.opening.headers import HEIC, JPEG, PDF, TIFF, Header, HeaderError, read_header, without_words
from testigo.reading.opening.rendering import render
from testigo.reading.pixels import Grey, as_grey, turned_upright
from testigo.records import Opening

__all__ = ["Grey", "OpenedImage", "as_grey", "open_image", "open_pages"]

cv2.setNumThreads(1)

_ORIENTATION = 0x0112
_BYTE_PER_PIXEL = ("1", "L", "P")
_DEFAULT = Limits()


class OpenedImage:
    """An image that was opened: grey pixels, upright.

    Attributes:
        width, height: in pixels, upright. All coordinates that reading gives are in these.
        pages: how many pages the file has.
    """

    __slots__ = ("_data", "_full", "_half", "_orientation", "height", "pages", "width")

    def __init__(self, half: Grey | None, full: Grey | None, data: bytes, orientation: int, pages: int = 1) -> None:
        self._half, self._full, self._data, self._orientation = half, full, data, orientation
        self.pages = pages
        self.width = self.height = 0

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, upright."""
        return self.width, self.height

    def full(self) -> Grey:
        """The pixels, shape (height, width), uint8. A JPEG is decoded at full size only when this is first asked."""
        if self._full is None:
            decoded = _decode_jpeg(self._data, cv2.IMREAD_GRAYSCALE)
            if decoded is None:  # it decoded at half size: treat what cannot be seen as white, so that nothing is read
                decoded = np.full((self.height, self.width), 255, np.uint8)
            else:
                decoded = turned_upright(decoded, self._orientation)
            self._full, self._data = decoded, b""
        return self._full

    def half(self) -> Grey:
        """The pixels at half size (rounded up), shape (height, width), uint8."""
        if self._half is None:
            size = (max(1, (self.width + 1) // 2), max(1, (self.height + 1) // 2))
            self._half = as_grey(cv2.resize(self.full(), size, interpolation=cv2.INTER_AREA))
        return self._half


def open_image(data: bytes, limits: Limits = _DEFAULT) -> OpenedImage | Refusal:
    """Open an image by its content; of a file with several pages the first.

    Args:
        data: the file's bytes, whatever they are.
        limits: the resource policy.

    Returns:
        The image, or why it was refused, as in :func:`open_pages`.
    """
    pages = _open(data, limits, wanted=1)
    return pages if isinstance(pages, Refusal) else pages[0]


def open_pages(data: bytes, limits: Limits = _DEFAULT) -> tuple[OpenedImage, ...] | Refusal:
    """Open every page of a JPEG, PNG, WebP, TIFF, PDF or HEIC by its content.

    Args:
        data: the file's bytes, whatever they are.
        limits: the resource policy.

    Returns:
        The pages in the file's order, at least one; or why the file was refused: EMPTY, TOO_LARGE, NOT_AN_IMAGE (also
        a PDF that asks for a password), DAMAGED, TOO_MANY_PIXELS (also too many pages, too much time). Never raises
        for what the bytes hold.
    """
    return _open(data, limits, wanted=limits.max_pages)


def _open(data: bytes, limits: Limits, wanted: int) -> tuple[OpenedImage, ...] | Refusal:
    if not data:
        return Refusal(Opening.EMPTY)
    if len(data) > limits.max_bytes:
        return Refusal(Opening.TOO_LARGE, f"{len(data)} bytes, allowed are {limits.max_bytes}")
    try:
        header = read_header(data)
        if header is None:
            return Refusal(Opening.NOT_AN_IMAGE)
        too_many = _too_many(header, limits)
        if too_many is not None:
            return too_many
        if header.too_short:
            return Refusal(Opening.DAMAGED, "the JPEG has less data than its size needs")
        if header.kind == JPEG:
            return _open_jpeg(data, header)
        if header.kind in (PDF, HEIC):
            drawn = render(header.kind, data, limits, pages=wanted)
            return drawn if isinstance(drawn, Refusal) else _from_pixels(drawn, len(drawn))
        return _open_other(data, header, limits, wanted)
    except HeaderError as error:
        return Refusal(Opening.DAMAGED, str(error))


def image_of(pixels: Grey, pages: int = 1) -> OpenedImage:
    """Pixels that were made here, shape (height, width), as an image."""
    image = OpenedImage(None, pixels, b"", 1, pages)
    image.height, image.width = pixels.shape
    return image


def _from_pixels(pages: list[Grey], count: int) -> tuple[OpenedImage, ...]:
    return tuple(image_of(pixels, count) for pixels in pages)


def _too_many(header: Header, limits: Limits) -> Refusal | None:
    pixels = header.width * header.height
    allowed = limits.max_progressive_pixels if header.progressive else limits.max_pixels
    if pixels > allowed or max(header.width, header.height) > limits.max_side_pixels:
        return Refusal(Opening.TOO_MANY_PIXELS, f"{header.width} x {header.height}")
    if header.scans > limits.max_scans:
        return Refusal(Opening.TOO_MANY_PIXELS, f"{header.scans} scans")
    return None


# ------------------------------------------------------------------------- JPEG


def _open_jpeg(data: bytes, header: Header) -> tuple[OpenedImage] | Refusal:
    """Decode at half size at once (that is what reading needs first), at full size on demand."""
    half = _decode_jpeg(data, cv2.IMREAD_REDUCED_GRAYSCALE_2)
    if half is None:
        return Refusal(Opening.DAMAGED, "the JPEG does not decode")
    orientation = _orientation_of(header.exif)
    image = OpenedImage(turned_upright(half, orientation), None, without_words(data, header), orientation)
    turned = orientation >= 5
    image.width, image.height = (header.height, header.width) if turned else (header.width, header.height)
    return (image,)


def _decode_jpeg(data: bytes, flag: int) -> Grey | None:
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return None if decoded is None else as_grey(decoded)


def _orientation_of(exif: bytes) -> int:
    """The orientation (1-8) that an EXIF block names; 1 for none, or for one that cannot be understood."""
    if not exif:
        return 1
    try:
        tags = Image.Exif()
        tags.load(b"Exif\0\0" + exif)
        return _valid_orientation(tags.get(_ORIENTATION))
    except Exception:  # Pillow's parsers raise whatever they stumble over; a bad tag must not lose a sheet
        return 1


def _valid_orientation(value: Any) -> int:
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


# --------------------------------------------------------------- PNG, TIFF, WebP


def _open_other(data: bytes, header: Header, limits: Limits, wanted: int) -> tuple[OpenedImage, ...] | Refusal:
    pages: list[Grey] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a decoder's remarks on odd files; what matters is refused below
            with Image.open(io.BytesIO(data), formats=(header.kind,)) as picture:
                count = _count_pages(picture, limits) if header.kind == TIFF else 1
                if count > limits.max_pages:
                    return Refusal(Opening.TOO_MANY_PIXELS, f"more than {limits.max_pages} pages")
                for number in range(min(count, wanted)):
                    picture.seek(number)
                    too_many = _too_many_here(picture, header, limits, sum(page.size for page in pages))
                    if too_many is not None:
                        return too_many
                    picture.load()
                    orientation = _valid_orientation(picture.getexif().get(_ORIENTATION))
                    pages.append(turned_upright(_to_grey(picture), orientation))
    except (MemoryError, Image.DecompressionBombError) as error:
        return Refusal(Opening.TOO_MANY_PIXELS, type(error).__name__)
    except Exception as error:  # decoders raise whatever they stumble over; hostile bytes must end in a refusal
        return Refusal(Opening.DAMAGED, f"page {len(pages) + 1}: {type(error).__name__}")
    return _from_pixels(pages, count)


def _count_pages(picture: Image.Image, limits: Limits) -> int:
    """How many pages a TIFF has, counted only until there are too many: its directories may go on for ever."""
    for number in range(1, limits.max_pages + 1):
        try:
            picture.seek(number)
        except EOFError:
            return number
    return limits.max_pages + 1


def _too_many_here(picture: Image.Image, header: Header, limits: Limits, before: int) -> Refusal | None:
    """Whether a page is too large, before it is decoded; ``before``: the pixels of the pages before it."""
    pixels = picture.width * picture.height
    plain = picture.mode in _BYTE_PER_PIXEL and "transparency" not in picture.info
    if not plain and pixels > limits.max_colour_pixels:
        return Refusal(Opening.TOO_MANY_PIXELS, f"{picture.width} x {picture.height} in colour")
    if before + pixels > limits.max_document_pixels:
        return Refusal(Opening.TOO_MANY_PIXELS, "all pages together")
    return _too_many(Header(header.kind, picture.width, picture.height), limits)


def _to_grey(picture: Image.Image) -> Grey:
    """Grey pixels of any mode; what is transparent is white paper."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        return as_grey((np.asarray(picture).clip(0, 65535) >> 8).astype(np.uint8))
    if picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info:
        layered = picture.convert("LA")
        white = Image.new("LA", picture.size, (255, 255))
        white.paste(layered, mask=layered.getchannel("A"))
        return as_grey(np.array(white.getchannel("L")))
    return as_grey(np.array(picture.convert("L")))
